"""The laws of players whose actions are not just rows: they stop, skip, ask for classes, points or half-spaces.

That hidden labels have no influence is a law of games: a player sees a view, and nothing else.
"""

from collections.abc import Callable
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from askwell.core import (
    NOT_ASKED,
    AbstractPlayer,
    AbstractSpace,
    Classes,
    HalfSpaces,
    Points,
    RowsOrStop,
    Skip,
    View,
)
from askwell.games import (
    AbstractGame,
    BatchGame,
    ClassQueries,
    HalfSpaceQueries,
    LabelOrSkip,
    PointQueries,
    Stop,
)
from askwell.testing.pools import (
    CLASSES,
    D,
    agree,
    anew,
    at,
    hold,
    law,
    make_pool,
    permuted,
    replay,
    without_truth,
)

GAME_OF: dict[type[AbstractSpace], AbstractGame] = {
    Skip: LabelOrSkip(BatchGame(rounds=5, batch=4), every=4),
    Classes: ClassQueries(BatchGame(rounds=16, batch=4), error=0.3),
    Points: PointQueries(BatchGame(rounds=16, batch=4)),
    RowsOrStop: Stop(BatchGame(rounds=16, batch=4)),
    HalfSpaces: HalfSpaceQueries(BatchGame(rounds=16, batch=4)),
}
"""What is played in each space of actions; each game goes through the whole pool."""


def turns_of(player: AbstractPlayer) -> tuple[int, ...]:
    """Turns that are looked at: nothing known yet, one class or two, warm, little left, the last one."""
    last = len(views_of(player).round) - 1
    return 0, round(last / 12), last // 4, 2 * last // 3, last


def views_of(player: AbstractPlayer) -> View:
    """What the player sees in each turn of an episode, with a leading axis of turns."""
    return _views(player.space)


@cache
def _views(space: type[AbstractSpace]) -> View:
    random = np.random.default_rng(3)
    skips = random.permutation(64) < 14  # fourteen points are labelled, early and late
    wanted = random.integers(0, CLASSES, (16, 4))
    where = random.normal(size=(16, 4, D)).astype(np.float32)
    rows = random.permutation(64).reshape(16, 4)
    cuts = np.concatenate([where, 0.5 * where[:, :, :1]], axis=2)
    of_space = {Skip: skips, Classes: wanted, Points: where, RowsOrStop: rows, HalfSpaces: cuts}
    actions = jnp.asarray(of_space[space])
    return without_truth(replay(GAME_OF[space], jax.random.key(0), make_pool(), actions)[0])


@eqx.filter_jit
def _once(player: AbstractPlayer, key: PRNGKeyArray, view: View) -> Array:
    return player.decide(key, view, GAME_OF[player.space].space)


@eqx.filter_jit
def _each(player: AbstractPlayer, key: PRNGKeyArray, views: View) -> Array:
    """One action for each view along the leading axis."""
    keys = jax.random.split(key, len(views.round))
    decide = lambda key, view: player.decide(key, view, GAME_OF[player.space].space)
    return eqx.filter_vmap(decide)(keys, views)


def _many(player: AbstractPlayer, keys: PRNGKeyArray, view: View) -> Array:
    """Many actions from one view."""
    return jax.vmap(lambda key: player.decide(key, view, GAME_OF[player.space].space))(keys)


def acts_in_its_space(player: AbstractPlayer) -> None:
    """The action is one of the space, in every turn: a truth value, or for each place of a batch a group or a point."""
    actions = np.asarray(_each(player, jax.random.key(1), views_of(player)))
    if player.space is Skip:
        told = f"label must return one truth value, not {actions.dtype}{list(actions.shape[1:])}."
        law(actions.dtype == bool and actions.shape == (64,), told)
    elif player.space is Points:
        told = f"points must return 4 points of {D} features, not {actions.dtype}{list(actions.shape[1:])}."
        law(np.issubdtype(actions.dtype, np.floating) and actions.shape == (16, 4, D), told)
        law(np.isfinite(actions).all(), "A point is no number.")
    elif player.space is RowsOrStop:
        asked = np.asarray(views_of(player).y) != NOT_ASKED
        for action, known in zip(actions, asked, strict=True):
            batch = len(set(action.tolist())) == 4 and (action < 64).all() and not known[action].any()
            law(batch or (action == 64).all(), f"{action} is no batch of rows never asked, and no stop.")
    elif player.space is HalfSpaces:
        told = f"cuts must return 4 times {D} features and an offset, not {actions.dtype}{list(actions.shape[1:])}."
        law(np.issubdtype(actions.dtype, np.floating) and actions.shape == (16, 4, D + 1), told)
        law(np.isfinite(actions).all(), "A half-space is no number.")
    else:
        told = f"classes must return 4 numbers of groups, not {actions.dtype}{list(actions.shape[1:])}."
        law(np.issubdtype(actions.dtype, np.integer) and actions.shape == (16, 4), told)
        law(((actions >= 0) & (actions < CLASSES)).all(), "A group was named that does not exist.")


def jitted_equals_eager(player: AbstractPlayer) -> None:
    """Compiling changes no action."""
    for turn in turns_of(player):
        key, view = jax.random.key(turn), at(views_of(player), turn)
        law(
            agree(player.decide(key, view, GAME_OF[player.space].space), _once(player, key, view)),
            f"The compiled action is not the eager one (turn {turn}).",
        )


def vmapped_equals_looped(player: AbstractPlayer) -> None:
    """Playing episodes side by side changes no action."""
    views = views_of(player)
    keys, together = (
        jax.random.split(jax.random.key(2), len(views.round)),
        _each(player, jax.random.key(2), views),
    )
    for turn in turns_of(player):
        alone = _once(player, keys[turn], at(views, turn))
        law(agree(alone, together[turn]), f"The action under vmap is not that of a loop (turn {turn}).")


def same_key_same_action(player: AbstractPlayer) -> None:
    """The key is all that chance comes from: neither earlier calls nor tracing anew change an action."""
    for turn in turns_of(player):
        view, keys = at(views_of(player), turn), jax.random.split(jax.random.key(4), 64)
        again = [anew(_many)(player, keys, view) for _ in range(2)]
        law(agree(*again), "The same key gave another action the second time; draw from the key alone.")


def order_of_rows_says_nothing(player: AbstractPlayer) -> None:
    """Permuting the pool's rows changes no action, of players that may stop: not whether they do.

    Players that name points or half-spaces are exempt: they start at random rows.
    """
    if player.space in (Points, HalfSpaces):
        return
    order = np.random.default_rng(2).permutation(64)
    for turn in turns_of(player):
        view, key = at(views_of(player), turn), jax.random.key(turn)
        actions = [_once(player, key, view), _once(player, key, permuted(view, order))]
        if player.space is RowsOrStop:
            actions = [action == 64 for action in actions]
        law(
            agree(*actions),
            f"Permuting the pool changes the action (turn {turn}).",
        )


PLAYER_LAWS: tuple[Callable[[AbstractPlayer], None], ...] = (
    acts_in_its_space,
    jitted_equals_eager,
    vmapped_equals_looped,
    same_key_same_action,
    order_of_rows_says_nothing,
)


def check_player(player: AbstractPlayer) -> None:
    """Hold a player that may stop, that labels or skips, or that asks for classes, points or half-spaces, to every law.

    Raises:
        AssertionError: a sentence that says which law is broken, and how.
    """
    hold(player, PLAYER_LAWS)
