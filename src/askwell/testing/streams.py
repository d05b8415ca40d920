"""The laws of strategies that label or skip."""

from collections.abc import Callable
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, PRNGKeyArray

from askwell.core import AbstractStreamStrategy, Pool, View
from askwell.games import BatchGame, LabelOrSkip
from askwell.testing.pools import agree, at, hold, law, make_pool, permuted, replay, without_truth

GAME = LabelOrSkip(BatchGame(rounds=5, batch=4), every=4)
TURNS = (0, 5, 17, 40, 63)
"""Turns that are looked at: nothing known yet, one class or two, warm, little left, the last point."""


def _labels() -> Bool[Array, " t"]:
    """What is labelled in the stream that the laws look at: fourteen of its points, early and late."""
    return jnp.asarray(np.random.default_rng(3).permutation(64) < 14)


@cache
def _views() -> View:
    return without_truth(replay(GAME, jax.random.key(0), make_pool(), _labels())[0])


@eqx.filter_jit
def _once(strategy: AbstractStreamStrategy, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
    return strategy.label(key, view)


@eqx.filter_jit
def _each(strategy: AbstractStreamStrategy, key: PRNGKeyArray, views: View) -> Bool[Array, " t"]:
    """One answer for each view along the leading axis."""
    keys = jax.random.split(key, len(views.round))
    return eqx.filter_vmap(lambda key, view: strategy.label(key, view))(keys, views)


def answers_yes_or_no(strategy: AbstractStreamStrategy) -> None:
    """The answer is one truth value, at every point of the stream."""
    answers = _each(strategy, jax.random.key(1), _views())
    law(
        answers.dtype == bool and answers.shape == (64,),
        f"label must return one truth value, not {answers.dtype}{list(answers.shape[1:])}.",
    )


def jitted_equals_eager(strategy: AbstractStreamStrategy) -> None:
    """Compiling changes no answer."""
    for turn in TURNS:
        key, view = jax.random.key(turn), at(_views(), turn)
        law(
            agree(strategy.label(key, view), _once(strategy, key, view)),
            f"The compiled answer is not the eager one (turn {turn}).",
        )


def vmapped_equals_looped(strategy: AbstractStreamStrategy) -> None:
    """Playing episodes side by side changes no answer."""
    keys = jax.random.split(jax.random.key(2), 64)
    together = _each(strategy, jax.random.key(2), _views())
    for turn in TURNS:
        alone = _once(strategy, keys[turn], at(_views(), turn))
        law(agree(alone, together[turn]), f"The answer under vmap is not that of a loop (turn {turn}).")


def same_key_same_answer(strategy: AbstractStreamStrategy) -> None:
    """The key is all that chance comes from: neither earlier calls nor tracing anew change an answer."""
    for turn in TURNS:
        view = at(_views(), turn)
        keys = jax.random.split(jax.random.key(4), 64)
        label = lambda key, view=view: strategy.label(key, view)
        again = [jax.jit(jax.vmap(label))(keys) for _ in range(2)]
        law(agree(*again), "The same key gave another answer the second time; draw from the key alone.")


def order_of_rows_says_nothing(strategy: AbstractStreamStrategy) -> None:
    """Permuting the pool's rows changes no answer: only the stream has an order."""
    order = np.random.default_rng(2).permutation(64)
    for turn in TURNS:
        view = at(_views(), turn)
        key = jax.random.key(turn)
        law(
            agree(_once(strategy, key, view), _once(strategy, key, permuted(view, order))),
            f"Permuting the pool changes the answer (turn {turn}).",
        )


def hidden_labels_change_nothing(strategy: AbstractStreamStrategy) -> None:
    """The labels of points that were not bought have no influence."""
    pool = make_pool()
    for turn in TURNS:
        hidden = ~at(_views(), turn).asked
        other: Pool = eqx.tree_at(lambda p: p.y, pool, jnp.where(hidden, (pool.y + 1) % pool.classes, pool.y))
        shown = at(without_truth(replay(GAME, jax.random.key(0), other, _labels())[0]), turn)
        key = jax.random.key(turn)
        law(
            agree(_once(strategy, key, at(_views(), turn)), _once(strategy, key, shown)),
            f"The answer changed when only hidden labels did (turn {turn}).",
        )


STREAM_LAWS: tuple[Callable[[AbstractStreamStrategy], None], ...] = (
    answers_yes_or_no,
    jitted_equals_eager,
    vmapped_equals_looped,
    same_key_same_answer,
    order_of_rows_says_nothing,
    hidden_labels_change_nothing,
)


def check_stream_strategy(strategy: AbstractStreamStrategy) -> None:
    """Hold a strategy that labels or skips to every law.

    Raises:
        AssertionError: a sentence that says which law is broken, and how.
    """
    hold(strategy, STREAM_LAWS)
