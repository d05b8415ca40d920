"""REINFORCE (Williams 1992): whole episodes of one task, each batch weighed with what was earned from it on."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from askwell.core import AskwellError, Pool, unknown
from askwell.games import AbstractGame, AbstractState
from askwell.policies import AbstractPolicy
from askwell.training.base import AbstractTrainer, Seen, class_shares
from askwell.training.decisions import decided
from askwell.training.estimators import leave_one_out, returns, shuffled

BASELINES = ("leave-one-out", "running", "none")


class Reinforce(AbstractTrainer):
    """Whole episodes with one task, split and learner seed; what a batch is worth is the return from it on.

    Attributes:
        episodes: so many of one task; 2 or more.
        baseline: what returns are compared to: "leave-one-out", the mean of the other episodes in that round (Kool
            et al. 2019); "running", the `usual` worth that `gradient` is given; "none".
        discount: how much less a reward counts for each round that it comes later.
    """

    name: ClassVar[str] = "reinforce"
    episodes: int = eqx.field(static=True, default=8)
    baseline: str = eqx.field(static=True, default="leave-one-out")
    discount: float = eqx.field(static=True, default=1.0)
    candidates: int = eqx.field(static=True, default=96)
    entropy: float = eqx.field(static=True, default=0.01)
    penalty: float = eqx.field(static=True, default=0.0)
    prior: str = eqx.field(static=True, default="none")

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
        usual: Float[Array, " r"] | None = None,
    ) -> tuple[PyTree, PyTree, Seen]:
        """See `AbstractTrainer.gradient`."""
        game_key, policy_key = jax.random.split(key)
        params, rest = eqx.partition(policy, eqx.is_inexact_array)
        shares = class_shares(pool)
        first = game.reset(jax.random.fold_in(game_key, 0), pool)

        def episode(key: PRNGKeyArray):
            def play(state: AbstractState, round: Int[Array, ""]):
                view = game.view(state)
                some, luck = jax.random.split(jax.random.fold_in(key, round))

                def draw(params: PyTree):
                    act = self.draw(eqx.combine(params, rest), view, luck[None], game.batch, some)
                    return (jnp.sum(act.log_prob), self.bonus(act, view, shares)), act

                _, pull, act = jax.vjp(draw, params, has_aux=True)
                # What a batch was worth is known at the end alone. Until then each round's gradients are kept: far
                # smaller than the views, and playing the episode a second time would refit the learner again.
                one, no = jnp.ones(()), jnp.zeros(())
                steps = pull((one, no))[0], pull((no, one))[0]
                state, outcome = game.step(jax.random.fold_in(game_key, round + 1), state, act.picks[0])
                figures = decided(view, act.picks[0], outcome.answers)
                return state, (
                    *steps,
                    outcome.reward,
                    outcome.selection.accuracy,
                    jnp.mean(act.entropy),
                    figures,
                )

            return jax.lax.scan(play, first, jnp.arange(game.rounds))[1]

        keys = jax.random.split(policy_key, self.episodes)
        likelier, bonus, reward, accuracy, entropy, figures = jax.vmap(episode)(keys)
        worth = jax.vmap(lambda reward: returns(reward, self.discount))(reward)
        among = self.baseline == "leave-one-out"

        def weigh(worth: Float[Array, "e r"]) -> PyTree:
            if among:
                worth = leave_one_out(worth)
            elif self.baseline == "running" and usual is not None:
                worth = worth - usual
            return jax.tree.map(
                lambda step, extra: (
                    (jnp.tensordot(worth / scale, step, 2) + jnp.sum(extra, (0, 1))) / len(worth)
                ),
                likelier,
                bonus,
            )

        mean = lambda tree: jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), tree)
        spread = jnp.var(worth, axis=0, ddof=1)
        seen = Seen(mean(accuracy), mean(worth), spread, mean(entropy), mean(figures))
        other = shuffled(jax.random.fold_in(policy_key, self.episodes), worth, among)
        return weigh(worth), weigh(other), seen
