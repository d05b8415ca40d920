"""The laws of games."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from askwell.core import NOT_ASKED, Pool, View
from askwell.games import AbstractGame, Outcome
from askwell.testing.pools import N, agree, at, hold, law, make_pool, replay, stack, without_truth


def _picks(game: AbstractGame, pool: Pool) -> Int[Array, "r q"]:
    """A batch a round, never of a point asked before, start labels included (asked as the game is played)."""
    fixed = np.zeros((game.rounds, game.batch), int)
    start = np.asarray(at(_played(game, pool, jnp.asarray(fixed))[0], 0).asked)
    order = np.random.default_rng(1).permutation(np.flatnonzero(~start))
    return jnp.asarray(order[: fixed.size].reshape(fixed.shape))


def _pool(game: AbstractGame) -> Pool:
    return make_pool(n=N + game.rounds * game.batch)


def _played(game: AbstractGame, pool: Pool, picks: Int[Array, "r q"], seed: int = 0) -> tuple[View, Outcome]:
    return replay(game, jax.random.key(seed), pool, picks)


def picks_are_recorded(game: AbstractGame) -> None:
    """The next view holds exactly the answers given so far, and the rounds are counted."""
    pool = _pool(game)
    picks = _picks(game, pool)
    views, outcomes = _played(game, pool, picks)
    law(agree(outcomes.picks, picks), "The outcome does not hold the picks that were asked.")
    expected = np.array(at(views, 0).y)
    for round in range(game.rounds):
        view = at(views, round)
        law(int(view.round) == round, f"The view of round {round} says round {int(view.round)}.")
        law(np.array_equal(view.y, expected), f"The view of round {round} does not hold the answers so far.")
        used = np.asarray(view.rows)[np.asarray(view.rows) < len(expected)]
        law(
            np.array_equal(np.sort(used), np.flatnonzero(expected != NOT_ASKED)),
            f"`rows` of round {round} are not the points asked so far.",
        )
        law(
            not round or np.array_equal(used[-game.batch :], picks[round - 1]),
            f"`rows` of round {round} do not end with the last picks in their order.",
        )
        expected[np.asarray(picks[round])] = np.asarray(outcomes.answers[round])


def hidden_labels_stay_hidden(game: AbstractGame) -> None:
    """The view of a round does not depend on the labels of points that were not asked before it."""
    pool = _pool(game)
    picks = _picks(game, pool)
    views = without_truth(_played(game, pool, picks)[0])
    for round in range(game.rounds):
        hidden = ~at(views, round).asked
        other = eqx.tree_at(lambda p: p.y, pool, jnp.where(hidden, (pool.y + 1) % pool.classes, pool.y))
        seen = at(without_truth(_played(game, other, picks)[0]), round)
        law(agree(at(views, round), seen, 0), f"The view of round {round} depends on hidden labels.")


def report_only_reports(game: AbstractGame) -> None:
    """The report split changes neither view, nor answers, rewards or selection scores."""
    pool = _pool(game)
    picks = _picks(game, pool)
    other = eqx.tree_at(lambda p: (p.report_x, p.report_y), pool, (-pool.report_x, pool.report_y[::-1]))
    (views, out), (other_views, other_out) = (_played(game, p, picks) for p in (pool, other))
    law(
        agree(without_truth(views), without_truth(other_views)),
        "The report split has an influence on the view.",
    )
    law(agree(out.reward, other_out.reward), "The report split has an influence on the reward.")
    law(
        agree((out.answers, out.selection), (other_out.answers, other_out.selection)),
        "The report split has an influence on answers or selection scores.",
    )
    law(not agree(out.report, other_out.report), "The report scores do not depend on the report split.")


def reset_is_a_true_reset(game: AbstractGame) -> None:
    """An episode depends on key, pool and picks alone, never on what was played before."""
    pool = _pool(game)
    picks = _picks(game, pool)
    first = _played(game, pool, picks)
    _played(game, pool, picks[::-1], seed=1)
    law(agree(first, _played(game, pool, picks), 0), "An episode changed after another was played.")
    state, again = (jax.jit(lambda key: game.reset(key, pool))(jax.random.key(0)) for _ in range(2))
    law(agree(state, again, 0), "A reset changed when it was compiled anew.")


def vmapped_equals_looped(game: AbstractGame) -> None:
    """Playing episodes side by side changes nothing."""
    pool = _pool(game)
    picks = _picks(game, pool)
    batches = stack([picks, picks[::-1]])
    looped = stack([eqx.filter(_played(game, pool, batch), eqx.is_array) for batch in batches])
    vmapped = eqx.filter_jit(eqx.filter_vmap(lambda batch: _played(game, pool, batch)))(batches)
    law(agree(looped, vmapped), "Episodes under vmap are not those of a loop.")


GAME_LAWS: tuple[Callable[[AbstractGame], None], ...] = (
    picks_are_recorded,
    hidden_labels_stay_hidden,
    report_only_reports,
    reset_is_a_true_reset,
    vmapped_equals_looped,
)


def check_game(game: AbstractGame) -> None:
    """Hold a game to every law, on a pool of three classes with 64 points more than its rounds ask for.

    Raises:
        AssertionError: a sentence that says which law is broken, and how.
    """
    hold(game, GAME_LAWS)
