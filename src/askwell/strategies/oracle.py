"""Ceilings: strategies that cheat. They search batches by refitting the learner with the hidden labels."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, AskwellError, View
from askwell.strategies.pickers import gumbel_top_k

RANDOM = 8
"""Random batches among the candidates, besides every strategy's proposal."""

EXCHANGES, TRIALS = 20, 16
"""Exchanges tried after that, and points tried in each: 320 refits a round."""


class Oracle(AbstractStrategy):
    """Ceiling: the batch whose labels help most on the selection split, searched by exact refits; it cheats.

    The best of every registered strategy's proposal and a few random batches, then improved by greedy
    exchange of single points. Accuracy decides, log-loss breaks ties. Myopic (one round ahead), and it can
    overfit a small selection split: it is a ceiling in spirit, not a bound.
    """

    name: ClassVar[str] = "oracle"
    needs: ClassVar[tuple[str, ...]] = ("hidden labels", "learner")
    cheats: ClassVar[bool] = True
    proposals: tuple[AbstractStrategy, ...] | None = None

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        truth = _truth(self, view)
        return search(key, view, q, truth.selection_x, truth.selection_y, self.proposals)


class Clairvoyant(AbstractStrategy):
    """Ceiling: like the oracle, but on the very report split that it is scored on; it cheats twice.

    Nothing that may be chosen before the report split is seen can be expected to reach it.
    """

    name: ClassVar[str] = "clairvoyant"
    needs: ClassVar[tuple[str, ...]] = ("hidden labels", "report split", "learner")
    cheats: ClassVar[bool] = True
    proposals: tuple[AbstractStrategy, ...] | None = None

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        truth = _truth(self, view)
        return search(key, view, q, truth.report_x, truth.report_y, self.proposals)


def _truth(strategy: AbstractStrategy, view: View):
    if view.truth is None or view.learner is None:
        raise AskwellError(
            f"The strategy '{strategy.name}' needs the hidden labels, which only a game on labelled data has; "
            "choose one that does not cheat."
        )
    return view.truth


def worth(
    view: View, picks: Int[Array, " q"], x: Float[Array, "m d"], y: Int[Array, " m"]
) -> Float[Array, ""]:
    """Accuracy on ``x, y`` after asking `picks` and refitting; log-loss only breaks ties.

    The learner's seed is fixed: for learners that draw random numbers it is one draw of many.
    """
    assert view.truth is not None
    assert view.learner is not None
    n = view.x.shape[0]
    rows = jax.lax.dynamic_update_slice(view.rows, picks.astype(view.rows.dtype), (jnp.sum(view.rows < n),))
    at = jnp.minimum(rows, n - 1)
    weight = (rows < n).astype(view.x.dtype)
    classes = view.log_proba.shape[1]
    fitted = view.learner.fit(jax.random.key(0), view.x[at], view.truth.answers[at], weight, classes)
    log_proba = fitted.log_proba(x)
    own = log_proba[jnp.arange(len(y)), y]
    hit = jnp.mean(own >= jnp.max(log_proba, axis=1))
    # The tie-break stays below 1/m, the smallest step of accuracy, for any m up to 5,000.
    return hit - 1e-5 * jnp.minimum(-jnp.mean(own), 20.0)


def search(
    key: PRNGKeyArray,
    view: View,
    q: int,
    x: Float[Array, "m d"],
    y: Int[Array, " m"],
    proposals: tuple[AbstractStrategy, ...] | None,
) -> Int[Array, " q"]:
    """The best batch found: never worse on ``x, y`` than any proposal from the same view."""
    n, asked = view.x.shape[0], view.asked
    blind = dataclasses.replace(view, truth=None)
    proposal_key, random_key, key = jax.random.split(key, 3)
    strategies = every_strategy() if proposals is None else proposals
    found = [
        strategy.select(k, blind, q)
        for strategy, k in zip(strategies, jax.random.split(proposal_key, len(strategies)), strict=True)
    ]
    found += [gumbel_top_k(k, jnp.zeros(n), asked, q) for k in jax.random.split(random_key, RANDOM)]
    batches = jnp.stack(found)
    values = jax.lax.map(lambda picks: worth(view, picks, x, y), batches, batch_size=TRIALS)
    best = jnp.argmax(values)

    def exchange(carry, key):
        picks, value = carry
        slot_key, pool_key, found_key = jax.random.split(key, 3)
        slot = jax.random.randint(slot_key, (), 0, q)
        anyone = gumbel_top_k(pool_key, jnp.zeros(n), jnp.zeros(n, bool), min(TRIALS // 2, n))
        proposed = jax.random.choice(found_key, batches.ravel(), (TRIALS // 2,))
        tried = jnp.concatenate([anyone, proposed])
        swapped = jnp.tile(picks, (len(tried), 1)).at[:, slot].set(tried)
        new = jax.vmap(lambda batch: worth(view, batch, x, y))(swapped)
        new = jnp.where(asked[tried] | jnp.any(tried[:, None] == picks, axis=1), -jnp.inf, new)
        top = jnp.argmax(new)
        better = new[top] > value
        return (jnp.where(better, swapped[top], picks), jnp.where(better, new[top], value)), None

    start = (batches[best], values[best])
    (picks, _), _ = jax.lax.scan(exchange, start, jax.random.split(key, EXCHANGES))
    return picks


def every_strategy() -> tuple[AbstractStrategy, ...]:
    """One of each registered strategy that does not cheat, with its default settings."""
    from askwell.strategies import STRATEGIES  # not at the top: the registry holds this module's classes too

    return tuple(kind() for kind in STRATEGIES.values() if not kind.cheats)
