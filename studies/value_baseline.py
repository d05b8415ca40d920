"""How much of the policy gradient's noise a value network takes away, and how much comparing draws already did.

    python studies/value_baseline.py --out runs/value-baseline.json

The gradient weighs each decision's log-probability with its return less a baseline, and any baseline that does not
depend on the decision leaves the mean as it is. Compared here, on the same draws: no baseline; the turn's mean over
other tasks ("running"); the mean of the other draws ("leave-one-out"); a network that foretells the return from what is
seen of the state ("value"); and the mix of the last two that leaves the least noise, chosen on the network's own tasks.
Two ways to play: sibling batches from one state, whose return is the round's reward, and whole episodes, whose return
is all that is earned from the round on. The network learns from half of the tasks, noise is measured on the others: the
trace of the covariance of a task's gradient, over independent repeats of the same task, as a share of that without any
baseline. Policies: the rule that training starts from, and the shipped one.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from askwell.core import View, write_whole
from askwell.execution import compilation_cache
from askwell.games import Turn, trajectory
from askwell.policies import features, load_policy, make_head
from askwell.training import Reinforce, Siblings, TaskSource

TASKS, CHUNK, ROUNDS, DRAWS = 256, 4, 10, 16
COUNTS = (2, 4, 8)
SHARES = np.linspace(0, 1, 21)
POLICIES: dict[str, Callable[[], Any]] = {
    "start": lambda: make_head("pointwise", jax.random.key(0), {}),
    "learned": lambda: load_policy("learned"),
}


def seen(view: View, batch: int, scores: Any) -> jax.Array:
    """What the network reads of a state: what the policy sees of it, and how good the learner is by now."""
    sight, empty = features.look(view, batch, jnp.arange(len(view.y)))
    return jnp.append(features.see(sight, empty, batch)[1], jnp.stack([scores.accuracy, scores.log_loss]))


def siblings(policy: Any, source: TaskSource) -> Callable[..., Any]:
    """A task's gradients of log-probability ``[k, r, p]``, rewards ``[k, r]``, states ``[k, r, f]``: one a round."""
    game, trainer = source.make_game(), Siblings(entropy=0.0)
    params, rest = eqx.partition(policy, eqx.is_inexact_array)

    def act(turn: Turn, state: Any, memory: Any):
        view = game.view(state)
        some, draws = jax.random.split(turn.act)
        draw = lambda p, key: trainer.draw(eqx.combine(p, rest), view, key[None], game.space, some)
        flat, unravel = ravel_pytree(params)
        keys = jax.random.split(draws, DRAWS)
        score = jax.grad(lambda f, key: jnp.sum(draw(unravel(f), key).log_prob))
        scores = jax.vmap(lambda key: score(flat, key))(keys)
        actions = jax.vmap(lambda key: draw(params, key).action[0])(keys)
        after, outcome = jax.vmap(lambda action: game.step(turn.game, state, action))(actions)
        told = scores, outcome.reward, seen(view, source.batch, memory)
        first = jax.tree.map(lambda leaf: leaf[0], (after, outcome.selection))
        return first[0], first[1], told

    def play(key: jax.Array, pool: Any):
        game_key, policy_key = jax.random.split(key)
        first = blank(game, game_key, pool)
        scores, reward, state = trajectory(game, act, (game_key, policy_key), pool, memory=first)[0]
        return scores.swapaxes(0, 1), reward.T, jnp.broadcast_to(state, (DRAWS, *state.shape))

    return play


def episodes(policy: Any, source: TaskSource) -> Callable[..., Any]:
    """The same of `DRAWS` whole episodes of one task: each has states of its own, and returns of all later rounds."""
    game, trainer = source.make_game(), Reinforce(entropy=0.0)
    params, rest = eqx.partition(policy, eqx.is_inexact_array)

    def act(turn: Turn, state: Any, memory: Any):
        view = game.view(state)
        some, draw_key = jax.random.split(turn.act)
        draw = lambda p: trainer.draw(eqx.combine(p, rest), view, draw_key[None], game.space, some)
        flat, unravel = ravel_pytree(params)
        score = jax.grad(lambda f: jnp.sum(draw(unravel(f)).log_prob))(flat)
        after, outcome = game.step(turn.game, state, draw(params).action[0])
        return after, outcome.selection, (score, outcome.reward, seen(view, source.batch, memory))

    def play(key: jax.Array, pool: Any):
        game_key, policy_key = jax.random.split(key)
        first = blank(game, game_key, pool)
        one = lambda k: trajectory(game, act, (game_key, k), pool, memory=first)[0]
        scores, reward, state = jax.lax.map(one, jax.random.split(policy_key, DRAWS))
        return scores, jnp.cumsum(reward[:, ::-1], axis=1)[:, ::-1], state

    return play


def blank(game: Any, key: jax.Array, pool: Any) -> Any:
    """Scores of the learner before the first turn."""
    state = game.reset(jax.random.fold_in(key, 0), pool)
    return jax.tree.map(
        jnp.zeros_like,
        game.step(key, state, jnp.arange(game.view(state).x.shape[0])[: game.curve_step])[1].selection,
    )


def collected(play: Callable[..., Any], pools: Any) -> tuple[np.ndarray, ...]:
    """Of all tasks: gradients' inner products ``[t, k, r, k, r]``, returns ``[t, k, r]``, states ``[t, k, r, f]``."""

    def one(key: jax.Array, pool: Any):
        scores, returns, states = play(key, pool)
        return jnp.einsum("krp,lsp->krls", scores, scores), returns, states

    run = jax.jit(jax.vmap(one))
    keys = jax.random.split(jax.random.key(1), TASKS)
    parts = []
    for at in range(0, TASKS, CHUNK):
        some = jax.tree.map(lambda leaf, a=at: leaf[a : a + CHUNK], pools)
        parts.append(jax.tree.map(np.asarray, run(keys[at : at + CHUNK], some)))
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def noise(products: np.ndarray, weights: np.ndarray, k: int) -> np.ndarray:
    """The trace of the covariance of a task's gradient from `k` draws, ``[t]``; weights ``[t, draws, r]``.

    `products` are inner products ``[t, draws, r, draws, r]`` of gradients of log-probability.
    """
    repeats = DRAWS // k
    of_repeat = np.zeros((len(weights), repeats, *weights.shape[1:]))
    for one in range(repeats):
        part = slice(one * k, (one + 1) * k)
        of_repeat[:, one, part] = weights[:, part] / k
    inner = np.einsum("takr,tkrls,tbls->tab", of_repeat, products, of_repeat, optimize=True)
    return (np.trace(inner, axis1=1, axis2=2) - inner.sum(axis=(1, 2)) / repeats) / (repeats - 1)


def others(returns: np.ndarray, k: int) -> np.ndarray:
    """Of each draw the mean return of the others among its `k`."""
    t, draws, r = returns.shape
    parts = returns.reshape(t, draws // k, k, r)
    return ((parts.sum(axis=2, keepdims=True) - parts) / (k - 1)).reshape(returns.shape)


def measure(products: np.ndarray, returns: np.ndarray, states: np.ndarray, seed: int) -> dict[str, Any]:
    """Noise by baseline and number of draws, as a share of that without a baseline, with a bootstrap interval."""
    half = TASKS // 2
    flat = states[:half].reshape(-1, states.shape[-1])
    # Draws of one task are alike, so the penalty is chosen by leaving tasks out.
    task = np.repeat(np.arange(half), DRAWS * ROUNDS)
    network: Any = GridSearchCV(
        make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(64, 64), random_state=seed)),
        {"mlpregressor__alpha": (0.01, 1.0, 10.0), "mlpregressor__max_iter": (10, 40)},
        cv=GroupKFold(4),
    )
    unit = returns[:half].std()
    network.fit(flat, returns[:half].ravel() / unit, groups=task)
    # The mix is chosen on the tasks that the network learned from, each foretold by a network that had not seen it.
    own: Any = cross_val_predict(
        network.best_estimator_, flat, returns[:half].ravel() / unit, groups=task, cv=GroupKFold(4)
    )
    rest_of = network.predict(states[half:].reshape(-1, states.shape[-1]))
    value = unit * np.concatenate([own, rest_of]).reshape(returns.shape)
    mean = returns[:half].mean(axis=(0, 1))
    rest = slice(half, None)
    left, spread = returns[rest] - value[rest], returns[rest] - mean
    found: dict[str, Any] = {"foreseen": float(1 - (left**2).mean() / (spread**2).mean()), "noise": {}}
    rng = np.random.default_rng(0)
    drawn = rng.integers(half, size=(1000, half))
    for k in COUNTS:
        other = others(returns, k)
        mixed = [
            noise(products[:half], (returns - s * other - (1 - s) * value)[:half], k).mean() for s in SHARES
        ]
        share = float(SHARES[int(np.argmin(mixed))])
        residual = returns - value
        weights = {
            "none": returns,
            "running": returns - mean,
            "leave-one-out": returns - other,
            "value": residual,
            "leave-one-out of what the network did not foretell": residual - others(residual, k),
            "mix": returns - share * other - (1 - share) * value,
        }
        of_task = {name: noise(products[rest], w[rest], k) for name, w in weights.items()}
        base, loo = of_task["none"], of_task["leave-one-out"]
        rows = {}
        for name, own in of_task.items():
            ratio, less = own[drawn].mean(1) / base[drawn].mean(1), own[drawn].mean(1) / loo[drawn].mean(1)
            rows[name] = {
                "share": float(own.mean() / base.mean()),
                "interval": np.quantile(ratio, (0.025, 0.975)).tolist(),
                "of leave-one-out": float(own.mean() / loo.mean()),
                "its interval": np.quantile(less, (0.025, 0.975)).tolist(),
            }
        found["noise"][k] = {"mixed": share, "baselines": rows}
    return found


def main() -> None:
    """Measure, and write the table down."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/value-baseline.json"))
    given = options.parse_args()
    compilation_cache()
    source = TaskSource.make(rounds=ROUNDS, batch=10, pool=256, features=16, classes=8)
    pools, found = source.tasks().draw((7,), TASKS), {}
    for name, make in POLICIES.items():
        for way, play in {"siblings": siblings, "episodes": episodes}.items():
            found[f"{name}, {way}"] = measure(*collected(play(make(), source), pools), seed=0)
            print(name, way, json.dumps(found[f"{name}, {way}"]), flush=True)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(given.out, json.dumps({"tasks": TASKS, "draws": DRAWS, "found": found}, indent=1).encode())


if __name__ == "__main__":
    main()
