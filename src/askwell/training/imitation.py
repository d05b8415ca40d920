"""Imitation of the oracle: its batches are made more likely. A warm start, from which rewards lead on."""

import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, PRNGKeyArray, PyTree

from askwell.core import Pool
from askwell.games import AbstractGame, AbstractState
from askwell.policies import AbstractPolicy
from askwell.strategies import pickers
from askwell.strategies.search import Search
from askwell.training.base import AbstractTrainer, Seen, class_shares
from askwell.training.decisions import decided


class Imitation(AbstractTrainer):
    """Log-likelihood of the oracle's batch, in random order, at each state that the policy's own play leads to.

    That the states are the policy's own is what keeps its mistakes from adding up (Ross et al. 2011, DAgger). The
    oracle knows hidden labels, so what it does is in part what nobody could: likelihood follows the rest. With
    shuffled rewards a random batch stands in for the oracle's.

    Attributes:
        exchanges: trials a label of the oracle's search, see `askwell.strategies.search.Search`.
    """

    name: ClassVar[str] = "imitation"
    exchanges: int = eqx.field(static=True, default=1)
    candidates: int = eqx.field(static=True, default=96)
    entropy: float = eqx.field(static=True, default=0.0)
    penalty: float = eqx.field(static=True, default=0.0)
    prior: str = eqx.field(static=True, default="none")

    def gradient(
        self,
        policy: AbstractPolicy,
        game: AbstractGame,
        scale: Array,
        key: PRNGKeyArray,
        pool: Pool,
        usual: Array | None = None,
    ) -> tuple[PyTree, PyTree, Seen]:
        """See `AbstractTrainer.gradient`."""
        game_key, policy_key = jax.random.split(key)
        params, rest = eqx.partition(policy, eqx.is_inexact_array)
        shares, n, search = class_shares(pool), pool.x.shape[0], Search(exchanges=self.exchanges)

        def play(carry: tuple[AbstractState, PyTree], round: Int[Array, ""]):
            state, total = carry
            view = game.view(state)
            keys = jax.random.split(jax.random.fold_in(policy_key, round), 6)
            seeing = dataclasses.replace(view, truth=game.reveal(state))
            best = search(keys[0], seeing, game.batch, pool.selection_x, pool.selection_y)
            anyone = pickers.gumbel_top_k(keys[1], jnp.zeros(n), view.asked, game.batch)
            shown = jnp.stack([jax.random.permutation(keys[2], best), anyone])
            # The batches that are shown, and random others that they are to be preferred to.
            first = jnp.zeros(n).at[shown.ravel()].set(1e9)
            most = max(self.candidates, shown.size)
            rows = pickers.gumbel_top_k(keys[3], first, view.asked, most) if most < n else None

            def tell(params: PyTree):
                policy = eqx.combine(params, rest)
                act = jax.vmap(
                    lambda picks: policy.act(
                        keys[4], view, game.batch, rows, policy.decisions_of(view, picks)
                    )
                )
                return jnp.sum(act(shown).log_prob, axis=1)

            def own(params: PyTree):
                act = self.draw(eqx.combine(params, rest), view, keys[4][None], game.batch, keys[5])
                return self.bonus(act, view, shares), act

            _, pull = jax.vjp(tell, params)
            _, lift, act = jax.vjp(own, params, has_aux=True)
            (bonus,) = lift(jnp.ones(()))
            (step,) = jax.vmap(pull)(jnp.eye(2))
            step = jax.tree.map(jnp.add, step, bonus)
            both = jnp.stack([act.picks[0], best])
            step_key = jax.random.fold_in(game_key, round + 1)
            after, outcome = jax.vmap(lambda picks: game.step(step_key, state, picks))(both)
            seen = (
                outcome.selection.accuracy[0],
                outcome.reward[0],
                jnp.var(outcome.reward, ddof=1),
                jnp.mean(act.entropy),
                decided(view, act.picks[0], outcome.answers[0]),
            )
            return (jax.tree.map(lambda leaf: leaf[0], after), jax.tree.map(jnp.add, total, step)), seen

        zero = jax.tree.map(lambda leaf: jnp.zeros((2, *leaf.shape)), params)
        first = game.reset(jax.random.fold_in(game_key, 0), pool)
        (_, total), seen = jax.lax.scan(play, (first, zero), jnp.arange(game.rounds))
        right, other = (jax.tree.map(lambda leaf, i=i: leaf[i], total) for i in (0, 1))
        return right, other, Seen(*seen)
