"""Sibling batches: several batches from one state, each refitted, each judged against the others."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from askwell.core import AbstractSpace, Classes, Pool, Rows
from askwell.games import AbstractGame, AbstractState, Turn, trajectory
from askwell.policies import AbstractPolicy
from askwell.training.decisions import decided
from askwell.training.estimators import area, leave_one_out, shuffled
from askwell.training.optimiser import Optimiser
from askwell.training.policy_gradient import AbstractPolicyGradient, Metrics, class_shares


class Siblings(AbstractPolicyGradient):
    """Leave-one-out over `k` batches drawn from one state; the episode goes on from the first of them.

    All siblings share data, split, learner seed and candidates, so only the batch makes the difference: what the
    other rounds do to an episode's reward, and drowns one batch's effect there, cancels. With `lookahead` each
    sibling plays so many rounds more, deciding as the policy would, and its return is the area under that curve.

    Attributes:
        k: batches from each state; 2 or more.
        lookahead: rounds that each sibling is followed for, less where the episode ends.
        centred: whether siblings are compared to each other; without, rewards stay as the game gives them.
    """

    name: ClassVar[str] = "siblings"
    spaces: ClassVar[tuple[type[AbstractSpace], ...]] = (Rows, Classes)
    fisher: ClassVar[bool] = True
    k: int = eqx.field(static=True, default=8)
    lookahead: int = eqx.field(static=True, default=0)
    candidates: int = eqx.field(static=True, default=96)
    entropy: float = eqx.field(static=True, default=0.01)
    penalty: float = eqx.field(static=True, default=0.0)
    prior: str = eqx.field(static=True, default="none")
    centred: bool = eqx.field(static=True, default=True)
    optimiser: Optimiser = Optimiser()

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
        params, rest = eqx.partition(policy, eqx.is_inexact_array)
        shares = class_shares(pool)

        def act(turn: Turn, state: AbstractState, memory: tuple[PyTree, Array | None]):
            total, fisher = memory
            view = game.view(state)
            some, shuffle, draws = jax.random.split(turn.act, 3)

            def draw(params: PyTree):
                keys = jax.random.split(draws, self.k)
                act = self.draw(eqx.combine(params, rest), view, keys, game.space, some)
                return (jnp.sum(act.log_prob, axis=1), self.bonus(act, view, shares)), act

            _, pull, act = jax.vjp(draw, params, has_aux=True)
            after, outcome = jax.vmap(lambda action: game.step(turn.game, state, action))(act.action)
            returns = outcome.reward
            if self.lookahead:
                ahead = lambda s, r: self._ahead(policy, game, turn.game, s, r)
                returns = jax.vmap(ahead)(after, returns)
            weigh = leave_one_out if self.centred else lambda returns: returns
            right = weigh(returns) / scale[turn.number] / self.k
            other = weigh(shuffled(shuffle, returns, self.centred)) / scale[turn.number] / self.k
            (step,) = jax.vmap(lambda weight: pull((weight, jnp.ones(()))))(jnp.stack([right, other]))
            if fisher is not None:
                (scores,) = jax.vmap(lambda which: pull((which, jnp.zeros(()))))(jnp.eye(self.k))
                flat = jax.vmap(lambda score: ravel_pytree(score)[0])(scores)
                flat -= jnp.mean(flat, axis=0)
                fisher += flat.T @ flat / self.k
            figures = None
            if act.chance is not None:  # the policy chose the rows
                figures = jax.vmap(lambda p, a: decided(view, p, a))(outcome.bought, outcome.answers)
            told = (
                jnp.mean(outcome.selection.accuracy),
                jnp.mean(returns),
                jnp.var(returns, ddof=1),
                jnp.mean(act.entropy),
                jax.tree.map(jnp.mean, figures),
            )
            first = jax.tree.map(lambda leaf: leaf[0], after)
            return first, (jax.tree.map(jnp.add, total, step), fisher), told

        zero = jax.tree.map(lambda leaf: jnp.zeros((2, *leaf.shape)), params)
        size = sum(leaf.size for leaf in jax.tree.leaves(params))
        memory = zero, jnp.zeros((size, size)) if self.optimiser.natural else None
        game_key, policy_key = jax.random.split(key)
        told, _, (total, fisher) = trajectory(game, act, (game_key, policy_key), pool, memory=memory)
        right, other = (jax.tree.map(lambda leaf, i=i: leaf[i], total) for i in (0, 1))
        return right, other, Metrics(*told, fisher=fisher)

    def _ahead(
        self,
        policy: AbstractPolicy,
        game: AbstractGame,
        key: PRNGKeyArray,
        state: AbstractState,
        reward: Array,
    ) -> Float[Array, ""]:
        def act(turn: Turn, state: Any, memory: None):
            over = game.over(state)
            action = policy.decide(turn.act, game.view(state), game.space)
            state, outcome = game.step(turn.game, state, action)
            return state, memory, jnp.where(over, 0.0, outcome.reward)  # the episode may end first

        game_key, act_key = jax.random.split(key)
        later = trajectory(game, act, (game_key, act_key), start=state, turns=self.lookahead)[0]
        return area(jnp.concatenate([reward[None], later]))
