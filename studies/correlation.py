"""Does an action determine its outcome enough to be learned? One table over games.

    python studies/correlation.py --out runs/correlation.json

On tasks of six open sets, at three moments of an episode that is played at random, `ACTIONS` random actions are tried,
each twice. What comes after the action is drawn anew each time: which point a labeller finds, what the other points of
the round are, and, for the return, all later rounds. The correlation of the two tries is then the
share of the outcome's variance that the action decides. "foreseen" is what of it a linear model of the action's
features foretells on sets that it was not fitted to (R², sets left out in turn): what of it carries over.

A choice that the file already holds is not measured again.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.linear_model import RidgeCV

from askwell.core import Classes, Points, Rows, View, write_whole
from askwell.games import AbstractGame, Turn, make_game, trajectory
from askwell.policies import features, group_features, point_gain, skip
from askwell.training import TaskSource

SETS = ("digits", "breast_cancer", "satimage", "texture", "segment", "penbased")
TASKS, ACTIONS, POOL, MOMENTS = 4, 32, 256, (0.1, 0.3, 0.6)
GAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "rows of the pool": ("batch", {}),
    "classes, labeller never wrong": ("class-queries", {"error": 0.0}),
    "classes, wrong one time in five": ("class-queries", {"error": 0.2}),
    "classes, wrong half of the time": ("class-queries", {"error": 0.5}),
    "k-means groups": ("class-queries", {"by": "group"}),
    "points of the data space": ("point-queries", {}),
    "label or skip": ("label-or-skip", {}),
}


def described(game: AbstractGame, view: View, action: jax.Array) -> jax.Array:
    """An action in numbers: the means, over the batch, of what a policy sees of what it chooses."""
    if isinstance(game.space, Rows):
        fixed, moving = features.look(view, game.space.q, jnp.arange(len(view.y)))
        return jnp.mean(features.see(fixed, moving, game.space.q)[0][action], axis=0)
    if isinstance(game.space, Classes):
        empty = jnp.zeros(len(view.geometry.centres))
        seen = group_features.see(group_features.look(view), empty, game.space.q)
        return jnp.mean(seen[action, : len(group_features.FEATURES)], axis=0)
    if isinstance(game.space, Points):
        seen = point_gain.see(*point_gain.look(view), action)
        return jnp.mean(seen[:, : len(point_gain.FEATURES)], axis=0)
    return action * skip.look(view)


def measure(game: AbstractGame, pools: Any, moment: float) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Of each task and action: rewards of the round ``[t, k, 2]``, returns, and the action in numbers ``[t, k, f]``."""
    each = game.turns_a_round
    before = int(moment * game.turns(pools.x.shape[1])) // each * each

    def at_random(turn: Turn, state: Any, memory: Any):
        over = game.over(state)
        action = game.space.sample(turn.act, game.view(state))
        state, outcome = game.step(turn.game, state, action)
        return state, memory, jnp.where(over, 0.0, outcome.reward)

    def task(key: jax.Array, pool: Any):
        keys = jax.random.split(key, 4)
        _, state, _ = trajectory(game, at_random, (keys[0], keys[1]), pool, turns=before)
        view = game.view(state)

        def outcome(action: jax.Array, luck: jax.Array):
            after, now = game.step(luck, state, action)
            more = (jax.random.fold_in(luck, 1), jax.random.fold_in(luck, 2))
            rest = game.turns(len(pool.y)) - before - 1
            later = trajectory(game, at_random, more, start=after, turns=rest)[0]
            return now.reward + jnp.sum(later[: each - 1]), now.reward + jnp.sum(later)

        draw = jax.vmap(lambda key: game.space.sample(key, view))
        actions = draw(jax.random.split(keys[2], ACTIONS))
        lucks = jax.random.split(keys[3], (ACTIONS, 2))
        reward, returned = jax.vmap(jax.vmap(outcome, (None, 0)))(actions, lucks)
        return reward, returned, jax.vmap(lambda action: described(game, view, action))(actions)

    return jax.vmap(task)(jax.random.split(jax.random.key(0), TASKS), pools)


def decided(tries: np.ndarray) -> tuple[float, float, float]:
    """The correlation of two tries within states ``[s, t, k, 2]``, with a 95 % interval over sets ``s``."""
    centred = tries - tries.mean(axis=(-1, -2), keepdims=True)
    both = (centred[..., 0] * centred[..., 1]).mean(axis=(1, 2))
    one = (centred**2).mean(axis=(1, 2, 3))
    rows = np.random.default_rng(0).integers(0, len(one), (2000, len(one)))
    low, high = np.quantile(both[rows].sum(axis=1) / one[rows].sum(axis=1), (0.025, 0.975))
    return float(both.sum() / one.sum()), float(low), float(high)


def foreseen(x: np.ndarray, reward: np.ndarray) -> float:
    """R² of the reward's differences within a state, foretold from the other sets; ``[s, t, k, f]``, ``[s, t, k]``."""
    x = (x - x.mean(axis=2, keepdims=True)) / (x.std(axis=(1, 2), keepdims=True) + 1e-6)
    reward = reward - reward.mean(axis=2, keepdims=True)
    reward = reward / (reward.std(axis=(1, 2), keepdims=True) + 1e-12)
    error = []
    for one in range(len(x)):
        rest = np.arange(len(x)) != one
        model = RidgeCV(np.logspace(0, 6, 13), fit_intercept=False).fit(
            x[rest].reshape(-1, x.shape[-1]), reward[rest].ravel()
        )
        error.append(np.mean((reward[one].ravel() - model.predict(x[one].reshape(-1, x.shape[-1]))) ** 2))
    return float(1 - np.mean(error))


def main() -> None:
    """Measure, and write the table down."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/correlation.json"))
    out = options.parse_args().out
    room = {
        "pool": POOL,
        "features": 64,
        "classes": 11,
    }  # one shape for all, so that each program is compiled once
    sources = [TaskSource.make(datasets=(name,), **room) for name in SETS]
    pools = [source.tasks().draw((0,), TASKS) for source in sources]
    known = {row["choice"]: row for row in json.loads(out.read_text())} if out.exists() else {}
    out.parent.mkdir(parents=True, exist_ok=True)
    for name, (kind, settings) in GAMES.items():
        if name in known:
            continue
        game = make_game(kind, settings)
        measures = [jax.jit(lambda pool, m=moment, g=game: measure(g, pool, m)) for moment in MOMENTS]
        found = [[jax.tree.map(np.asarray, one(pool)) for one in measures] for pool in pools]
        # Moments are states like any other.
        reward, returned = (
            np.stack([np.concatenate([m[part] for m in one]) for one in found]) for part in (0, 1)
        )
        x = np.stack([np.concatenate([m[2] for m in one]) for one in found])
        row = {
            "choice": name,
            "spread": float(reward.std(axis=(-1, -2)).mean()),
            "reward": decided(reward),
            "return": decided(returned),
            "foreseen": foreseen(x, reward.mean(axis=-1)),
        }
        print(row, flush=True)
        known[name] = row
        write_whole(out, json.dumps(list(known.values()), indent=1).encode())


if __name__ == "__main__":
    main()
