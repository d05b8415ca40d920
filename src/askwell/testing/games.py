"""The laws of games."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from askwell.core import Pool, View
from askwell.games import AbstractGame, Outcome, Turn, trajectory
from askwell.testing.pools import N, agree, at, hold, law, make_pool, replay, stack, without_truth


def _pool(game: AbstractGame) -> Pool:
    return make_pool(n=N + game.budget)


@eqx.filter_jit
def _drawn(game: AbstractGame, key: jax.Array, pool: Pool) -> Array:
    """Random allowed actions of a whole episode, ``[t, …]``."""

    def act(turn: Turn, state: Any, memory: None):
        action = game.space.sample(turn.act, game.view(state))
        return game.step(turn.game, state, action)[0], memory, action

    return trajectory(game, act, (jax.random.key(0), key), pool)[0]


@eqx.filter_jit
def _reset(game: AbstractGame, key: jax.Array, pool: Pool) -> Any:
    return game.reset(key, pool)


def _actions(game: AbstractGame, pool: Pool, seed: int = 1) -> Array:
    return _drawn(game, jax.random.key(seed), pool)


def _played(game: AbstractGame, pool: Pool, actions: Array, seed: int = 0) -> tuple[View, Outcome]:
    return replay(game, jax.random.key(seed), pool, actions)


def _looked_at(outcomes: Outcome) -> range:
    """Turns to look at: all of a short episode, some of a long one."""
    turns = len(outcomes.reward)
    return range(0, turns, max(1, turns // 8))


def what_is_bought_is_known(game: AbstractGame) -> None:
    """The next view holds exactly the answers bought so far, as rows and as evidence, and the rounds are counted.

    Where a game's answers are about no row, they are the evidence's labels.
    """
    pool = _pool(game)
    actions = _actions(game, pool)
    views, outcomes = _played(game, pool, actions)
    n = len(pool.y)
    expected, order = np.array(at(views, 0).y), np.asarray(at(views, 0).rows)
    order = order[order < n].tolist()
    told = expected[order].tolist()
    for turn in range(len(actions)):
        view = at(views, turn)
        law(
            int(view.round) == turn // game.turns_a_round,
            f"The view of turn {turn} says round {int(view.round)}.",
        )
        law(np.array_equal(view.y, expected), f"The view of turn {turn} does not hold the answers so far.")
        used = np.asarray(view.rows)[np.asarray(view.rows) < n]
        law(np.array_equal(used, order), f"`rows` of turn {turn} are not the points bought so far, in order.")
        x, y, weight = (np.asarray(part) for part in view.evidence)
        own = np.array_equal(y[weight > 0], expected[used]) and np.allclose(x[weight > 0], pool.x[used])
        if game.virtual:
            paid = np.arange(len(y)) < int(view.cost)
            own = np.array_equal(y[paid], told) and np.isfinite(x).all() and not weight[~paid].any()
        law(own, f"The evidence of turn {turn} is not what was bought.")
        told += np.asarray(outcomes.answers[turn]).tolist()
        bought = np.asarray(outcomes.bought[turn])
        for row, answer in zip(bought, np.asarray(outcomes.answers[turn]), strict=True):
            if row < n:
                expected[row] = answer
                order.append(int(row))


def cost_is_counted(game: AbstractGame) -> None:
    """Each answer costs one label, a view says what was paid so far, and no more than the budget is ever paid."""
    pool = _pool(game)
    views, outcomes = _played(game, pool, _actions(game, pool))
    bought = np.sum((np.asarray(outcomes.bought) < len(pool.y)) | game.virtual, axis=1)
    law(np.array_equal(outcomes.cost, bought), "The cost of a turn is not the number of labels bought in it.")
    before = game.start_labels + np.cumsum(bought) - bought
    law(np.array_equal(views.cost, before), "A view's cost is not what was paid before it.")
    law(before[-1] + bought[-1] <= game.budget, "More was paid than the budget allows.")


def allowed_actions_are_legal(game: AbstractGame) -> None:
    """An action that the space draws is legal."""
    pool = _pool(game)
    outcomes = _played(game, pool, _actions(game, pool))[1]
    law(np.all(outcomes.legal), "A random allowed action is called illegal.")


def hidden_labels_stay_hidden(game: AbstractGame) -> None:
    """The view of a turn does not depend on the labels of points that were not asked before it.

    A game in which somebody who guesses at hidden labels has a part is `informed`, and exempt.
    """
    if game.informed:
        return
    pool = _pool(game)
    actions = _actions(game, pool)
    views, outcomes = _played(game, pool, actions)
    views = without_truth(views)
    for turn in _looked_at(outcomes):
        hidden = ~at(views, turn).asked
        other = eqx.tree_at(lambda p: p.y, pool, jnp.where(hidden, (pool.y + 1) % pool.classes, pool.y))
        shown = at(without_truth(_played(game, other, actions)[0]), turn)
        law(agree(at(views, turn), shown, 0), f"The view of turn {turn} depends on hidden labels.")


def report_only_reports(game: AbstractGame) -> None:
    """The report split changes neither view, nor answers, rewards or selection scores."""
    pool = _pool(game)
    actions = _actions(game, pool)
    other = eqx.tree_at(lambda p: (p.report_x, p.report_y), pool, (-pool.report_x, pool.report_y[::-1]))
    (views, out), (other_views, other_out) = (_played(game, p, actions) for p in (pool, other))
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
    """An episode depends on key, pool and actions alone, never on what was played before."""
    pool = _pool(game)
    actions = _actions(game, pool)
    first = _played(game, pool, actions)
    _played(game, pool, _actions(game, pool, seed=2), seed=1)
    law(agree(first, _played(game, pool, actions), 0), "An episode changed after another was played.")
    state, again = (jax.jit(lambda key: game.reset(key, pool))(jax.random.key(0)) for _ in range(2))
    law(agree(state, again, 0), "A reset changed when it was compiled anew.")


def step_is_pure(game: AbstractGame) -> None:
    """The same step from the same state gives the same, compiled or not, and leaves the state as it was."""
    pool = _pool(game)
    action = _actions(game, pool)[0]
    state = _reset(game, jax.random.key(0), pool)
    before = jax.tree.map(np.array, eqx.filter(state, eqx.is_array))
    once, again = (game.step(jax.random.key(3), state, action) for _ in range(2))
    law(agree(once, again, 0), "The same step gave something else the second time.")
    law(agree(before, state, 0), "A step changed the state that it was given.")
    jitted = eqx.filter_jit(lambda key, *given: game.step(key, *given))(jax.random.key(3), state, action)
    law(agree(once, jitted), "A compiled step is not the eager one.")


def vmapped_equals_looped(game: AbstractGame) -> None:
    """Playing episodes side by side changes nothing."""
    pool = _pool(game)
    several = stack([_actions(game, pool, seed) for seed in (1, 2)])
    looped = stack([eqx.filter(_played(game, pool, actions), eqx.is_array) for actions in several])
    play = eqx.filter_vmap(lambda pool, actions: _played(game, pool, actions), in_axes=(None, 0))
    vmapped = eqx.filter_jit(play)(pool, several)
    law(agree(looped, vmapped), "Episodes under vmap are not those of a loop.")


GAME_LAWS: tuple[Callable[[AbstractGame], None], ...] = (
    what_is_bought_is_known,
    cost_is_counted,
    allowed_actions_are_legal,
    hidden_labels_stay_hidden,
    report_only_reports,
    reset_is_a_true_reset,
    step_is_pure,
    vmapped_equals_looped,
)


def check_game(game: AbstractGame) -> None:
    """Hold a game to every law, on a pool of three classes with 64 points more than its budget.

    Raises:
        AssertionError: a sentence that says which law is broken, and how.
    """
    hold(game, GAME_LAWS)
