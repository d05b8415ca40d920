"""REINFORCE (Williams 1992): whole episodes of one task, each action weighed with what was earned from it on."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from askwell.core import AskwellError, Pool, unknown
from askwell.games import AbstractGame, Turn, trajectory
from askwell.policies import AbstractPolicy
from askwell.training.decisions import decided
from askwell.training.estimators import leave_one_out, returns, shuffled
from askwell.training.optimiser import Optimiser
from askwell.training.policy_gradient import AbstractPolicyGradient, Metrics, class_shares

BASELINES = ("leave-one-out", "running", "none")


class Reinforce(AbstractPolicyGradient):
    """Whole episodes with one task, split and learner seed; an action's return is what was earned from it on.

    Attributes:
        episodes: so many of one task; 2 or more.
        baseline: what returns are compared to: "leave-one-out", the mean of the other episodes in that turn (Kool
            et al. 2019); "running", the mean so far that `gradient` is given; "none".
        discount: how much less a reward counts for each turn that it comes later.
    """

    name: ClassVar[str] = "reinforce"
    episodes: int = eqx.field(static=True, default=8)
    baseline: str = eqx.field(static=True, default="leave-one-out")
    discount: float = eqx.field(static=True, default=1.0)
    candidates: int = eqx.field(static=True, default=96)
    entropy: float = eqx.field(static=True, default=0.01)
    penalty: float = eqx.field(static=True, default=0.0)
    prior: str = eqx.field(static=True, default="none")
    optimiser: Optimiser = Optimiser()

    def __check_init__(self):
        """Refuse settings that no gradient can come of."""
        if self.baseline not in BASELINES:
            raise AskwellError(unknown("baseline", self.baseline, BASELINES))
        if self.episodes < 2:
            raise AskwellError(
                f"REINFORCE compares 2 or more episodes of a task; {self.episodes} were given."
            )
        if not 0 <= self.discount <= 1:
            raise AskwellError(f"The discount lies in 0..1; {self.discount} was given.")

    def gradient(
        self,
        policy: AbstractPolicy,
        game: AbstractGame,
        scale: Float[Array, " r"],
        key: PRNGKeyArray,
        pool: Pool,
        baseline: Float[Array, " r"] | None = None,
    ) -> tuple[PyTree, PyTree, Metrics]:
        """See `AbstractPolicyGradient.gradient`."""
        game_key, policy_key = jax.random.split(key)
        params, rest = eqx.partition(policy, eqx.is_inexact_array)
        shares = class_shares(pool)

        def act(turn: Turn, state: Any, memory: None):
            view = game.view(state)
            some, draws = jax.random.split(turn.act)

            def draw(params: PyTree):
                act = self.draw(eqx.combine(params, rest), view, draws[None], game.space, some)
                return (jnp.sum(act.log_prob), self.bonus(act, view, shares)), act

            _, pull, act = jax.vjp(draw, params, has_aux=True)
            # The return of an action is known at the end only. Each turn's gradients are kept until then. They are far
            # smaller than the views, and playing the episode a second time would refit the learner again.
            one, no = jnp.ones(()), jnp.zeros(())
            steps = pull((one, no))[0], pull((no, one))[0]
            state, outcome = game.step(turn.game, state, act.action[0])
            figures = (
                decided(view, outcome.bought, outcome.answers)
                if act.chance is not None  # the policy chose the rows
                else None
            )
            told = *steps, outcome.reward, outcome.selection.accuracy, jnp.mean(act.entropy), figures
            return state, memory, told

        keys = jax.random.split(policy_key, self.episodes)
        episode = lambda key: trajectory(game, act, (game_key, key), pool)[0]
        likelier, bonus, reward, accuracy, entropy, figures = jax.vmap(episode)(keys)
        earned = jax.vmap(lambda reward: returns(reward, self.discount))(reward)
        among = self.baseline == "leave-one-out"

        def weigh(earned: Float[Array, "e r"]) -> PyTree:
            if among:
                earned = leave_one_out(earned)
            elif self.baseline == "running" and baseline is not None:
                earned = earned - baseline
            return jax.tree.map(
                lambda step, extra: (
                    (jnp.tensordot(earned / scale, step, 2) + jnp.sum(extra, (0, 1))) / len(earned)
                ),
                likelier,
                bonus,
            )

        mean = lambda tree: jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), tree)
        spread = jnp.var(earned, axis=0, ddof=1)
        metrics = Metrics(mean(accuracy), mean(earned), spread, mean(entropy), mean(figures))
        other = shuffled(jax.random.fold_in(policy_key, self.episodes), earned, among)
        return weigh(earned), weigh(other), metrics
