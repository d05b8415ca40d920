"""Sibling batches: several batches from one state, each refitted, each judged against the others."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float, Int, PRNGKeyArray, PyTree

from askwell.core import Pool
from askwell.games import AbstractGame, AbstractState
from askwell.policies import AbstractPolicy
from askwell.training.base import AbstractTrainer, Seen, class_shares
from askwell.training.decisions import decided
from askwell.training.estimators import area, leave_one_out, shuffled


class Siblings(AbstractTrainer):
    """Leave-one-out over `k` batches drawn from one state; the episode goes on from the first of them.

    All siblings share data, split, learner seed and candidates, so only the batch makes the difference: what the
    other rounds do to an episode's reward, and drowns one batch's effect there, cancels. With `lookahead` each
    sibling plays so many rounds more, deciding as the policy would, and is worth the area under that curve.

    Attributes:
        k: batches from each state; 2 or more.
        lookahead: rounds that each sibling is followed for, less where the episode ends.
        centred: whether siblings are compared to each other; without, rewards stay as the game gives them.
        fisher: whether the Fisher matrix is told, which the natural gradient needs; it costs a pull a sibling.
    """

    name: ClassVar[str] = "siblings"
    k: int = eqx.field(static=True, default=8)
    lookahead: int = eqx.field(static=True, default=0)
    candidates: int = eqx.field(static=True, default=96)
    entropy: float = eqx.field(static=True, default=0.01)
    penalty: float = eqx.field(static=True, default=0.0)
    prior: str = eqx.field(static=True, default="none")
    centred: bool = eqx.field(static=True, default=True)
    fisher: bool = eqx.field(static=True, default=False)

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

        def play(carry: tuple[AbstractState, PyTree, Array | None], round: Int[Array, ""]):
            state, total, fisher = carry
            view = game.view(state)
            some, shuffle, draws = jax.random.split(jax.random.fold_in(policy_key, round), 3)

            def draw(params: PyTree):
                keys = jax.random.split(draws, self.k)
                act = self.draw(eqx.combine(params, rest), view, keys, game.batch, some)
                return (jnp.sum(act.log_prob, axis=1), self.bonus(act, view, shares)), act

            _, pull, act = jax.vjp(draw, params, has_aux=True)
            step_key = jax.random.fold_in(game_key, round + 1)
            after, outcome = jax.vmap(lambda picks: game.step(step_key, state, picks))(act.picks)
            worth = outcome.reward
            if self.lookahead:
                worth = jax.vmap(lambda s, r: self._ahead(policy, game, step_key, s, r))(after, worth)
            weigh = leave_one_out if self.centred else lambda worth: worth
            right = weigh(worth) / scale[round] / self.k
            other = weigh(shuffled(shuffle, worth, self.centred)) / scale[round] / self.k
            (step,) = jax.vmap(lambda weight: pull((weight, jnp.ones(()))))(jnp.stack([right, other]))
            if fisher is not None:
                (scores,) = jax.vmap(lambda which: pull((which, jnp.zeros(()))))(jnp.eye(self.k))
                flat = jax.vmap(lambda score: ravel_pytree(score)[0])(scores)
                flat -= jnp.mean(flat, axis=0)
                fisher += flat.T @ flat / self.k
            figures = jax.vmap(lambda p, a: decided(view, p, a))(act.picks, outcome.answers)
            seen = (
                jnp.mean(outcome.selection.accuracy),
                jnp.mean(worth),
                jnp.var(worth, ddof=1),
                jnp.mean(act.entropy),
                jax.tree.map(jnp.mean, figures),
            )
            first = jax.tree.map(lambda leaf: leaf[0], after)
            return (first, jax.tree.map(jnp.add, total, step), fisher), seen

        zero = jax.tree.map(lambda leaf: jnp.zeros((2, *leaf.shape)), params)
        size = sum(leaf.size for leaf in jax.tree.leaves(params))
        first = game.reset(jax.random.fold_in(game_key, 0), pool)
        carry = first, zero, jnp.zeros((size, size)) if self.fisher else None
        (_, total, fisher), seen = jax.lax.scan(play, carry, jnp.arange(game.rounds))
        right, other = (jax.tree.map(lambda leaf, i=i: leaf[i], total) for i in (0, 1))
        return right, other, Seen(*seen, fisher)

    def _ahead(
        self,
        policy: AbstractPolicy,
        game: AbstractGame,
        key: PRNGKeyArray,
        state: AbstractState,
        reward: Array,
    ) -> Float[Array, ""]:
        def play(state: AbstractState, i: Int[Array, ""]):
            now = jax.random.fold_in(key, i)
            view = game.view(state)
            state, outcome = game.step(now, state, policy.select(now, view, game.batch))
            return state, jnp.where(
                view.round < view.rounds, outcome.reward, 0.0
            )  # the episode may end first

        later = jax.lax.scan(play, state, jnp.arange(self.lookahead))[1]
        return area(jnp.concatenate([reward[None], later]))
