"""Imitation of the oracle: its batches are made more likely. A warm start, from which rewards lead on."""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, PyTree

from askwell.core import AbstractSpace, Pool, Rows
from askwell.games import AbstractGame, AbstractState, Turn, trajectory
from askwell.policies import AbstractHead, AbstractPolicy, AbstractRowsPolicy
from askwell.strategies import pickers
from askwell.strategies.search import Search
from askwell.training.decisions import decided
from askwell.training.optimiser import Optimiser
from askwell.training.policy_gradient import AbstractPolicyGradient, Metrics, class_shares


class Imitation(AbstractPolicyGradient):
    """Log-likelihood of the oracle's batch, in random order, at each state that the policy's own play leads to.

    That the states are the policy's own is what keeps its mistakes from adding up (Ross et al. 2011, DAgger). The
    oracle knows hidden labels, so what it does is in part what nobody could: likelihood follows the rest. With
    shuffled rewards a random batch stands in for the oracle's.

    Attributes:
        exchanges: trials a label of the oracle's search, see `askwell.strategies.search.Search`.
    """

    name: ClassVar[str] = "imitation"
    heads: ClassVar[type[AbstractHead]] = AbstractRowsPolicy
    spaces: ClassVar[tuple[type[AbstractSpace], ...]] = (Rows,)
    exchanges: int = eqx.field(static=True, default=1)
    candidates: int = eqx.field(static=True, default=96)
    entropy: float = eqx.field(static=True, default=0.0)
    penalty: float = eqx.field(static=True, default=0.0)
    prior: str = eqx.field(static=True, default="none")
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
        assert isinstance(policy, AbstractRowsPolicy)
        assert isinstance(game.space, Rows)
        params, rest = eqx.partition(policy, eqx.is_inexact_array)
        shares, n, q, search = (
            class_shares(pool),
            pool.x.shape[0],
            game.space.q,
            Search(exchanges=self.exchanges),
        )

        def act(turn: Turn, state: AbstractState, total: PyTree):
            view = game.view(state)
            keys = jax.random.split(turn.act, 6)
            seeing = dataclasses.replace(view, truth=game.reveal(state))
            best = search(keys[0], seeing, q, pool.selection_x, pool.selection_y)
            anyone = pickers.gumbel_top_k(keys[1], jnp.zeros(n), view.asked, q)
            shown = jnp.stack([jax.random.permutation(keys[2], best), anyone])
            # The batches that are shown, and random others that they are to be preferred to.
            first = jnp.zeros(n).at[shown.ravel()].set(1e9)
            most = max(self.candidates, shown.size)
            rows = pickers.gumbel_top_k(keys[3], first, view.asked, most) if most < n else None

            def tell(params: PyTree):
                policy: Any = eqx.combine(params, rest)
                act = jax.vmap(lambda picks: policy.act(keys[4], view, game.space, rows, picks))
                return jnp.sum(act(shown).log_prob, axis=1)

            def own(params: PyTree):
                act = self.draw(eqx.combine(params, rest), view, keys[4][None], game.space, keys[5])
                return self.bonus(act, view, shares), act

            _, pull = jax.vjp(tell, params)
            _, lift, act = jax.vjp(own, params, has_aux=True)
            (bonus,) = lift(jnp.ones(()))
            (step,) = jax.vmap(pull)(jnp.eye(2))
            step = jax.tree.map(jnp.add, step, bonus)
            both = jnp.stack([act.action[0], best])
            after, outcome = jax.vmap(lambda picks: game.step(turn.game, state, picks))(both)
            told = (
                outcome.selection.accuracy[0],
                outcome.reward[0],
                jnp.var(outcome.reward, ddof=1),
                jnp.mean(act.entropy),
                decided(view, act.action[0], outcome.answers[0]),
            )
            return jax.tree.map(lambda leaf: leaf[0], after), jax.tree.map(jnp.add, total, step), told

        zero = jax.tree.map(lambda leaf: jnp.zeros((2, *leaf.shape)), params)
        game_key, policy_key = jax.random.split(key)
        told, _, total = trajectory(game, act, (game_key, policy_key), pool, memory=zero)
        right, other = (jax.tree.map(lambda leaf, i=i: leaf[i], total) for i in (0, 1))
        return right, other, Metrics(*told)
