"""Can one network read another's weights and say where its decision boundary runs?

    python studies/boundary_mlp.py --out runs/boundary-mlp

Networks with one hidden layer are trained on random two-class tasks in the plane. A reader gets their weights, as an
unordered set of hidden units, and a point; it says the probability of the second class there, without computing what
the network computes. It is judged on networks that it never saw.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PRNGKeyArray
from matplotlib.figure import Figure

from askwell.core import write_whole
from askwell.data import Synthetic
from askwell.learners import Mlp
from askwell.plots.files import canvas
from askwell.plots.palette import CLASSES, INK

WORLD = Synthetic(
    d=2,
    classes=2,
    n=80,
    selection=1,
    report=1,
    network=0.6,
    tree=0.0,
    noise=(0.0, 0.05),
    irrelevant=(0.0, 0.0),
)
UNITS, REACH, POINTS, GRID = 16, 2.5, 128, 60


class Reader(eqx.Module):
    """Looks at each hidden unit and the point, adds up what it sees, and decides."""

    look: eqx.nn.MLP
    decide: eqx.nn.MLP

    def __init__(self, key: PRNGKeyArray):
        first, second = jax.random.split(key)
        self.look = eqx.nn.MLP(6, 32, 48, 2, key=first)
        self.decide = eqx.nn.MLP(33, 1, 32, 1, key=second)

    def __call__(
        self, units: Float[Array, "u 4"], bias: Float[Array, ""], x: Float[Array, "2"]
    ) -> Float[Array, ""]:
        """The logit of the second class."""
        seen = jax.vmap(lambda unit: self.look(jnp.concatenate([unit, x])))(units)
        return self.decide(jnp.append(jnp.sum(seen, axis=0) / 4, bias))[0]


def drawn(key: PRNGKeyArray) -> tuple[Array, Array, Any]:
    """The weights of one trained network, and the task's pool."""
    task_key, fit_key = jax.random.split(key)
    pool = WORLD.sample(task_key)
    fitted = Mlp(width=UNITS).fit(fit_key, pool.x, pool.y, jnp.ones(len(pool.y)), 2)
    first, second = fitted.network.layers
    out = second.weight[1] - second.weight[0]
    units = jnp.concatenate([first.weight, first.bias[:, None], out[:, None]], axis=1)
    return units, second.bias[1] - second.bias[0], pool


def answer(units: Array, bias: Array, x: Array) -> Array:
    """The logit that the network itself gives."""
    return jax.nn.relu(x @ units[:, :2].T + units[:, 2]) @ units[:, 3] + bias


def main() -> None:
    """Train the reader, judge it, draw four networks."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/boundary-mlp"))
    parser.add_argument("--networks", type=int, default=4096)
    parser.add_argument("--updates", type=int, default=4000)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    make = jax.jit(jax.vmap(drawn))
    parts = [make(jax.random.split(jax.random.key(i), 128)) for i in range(given.networks // 128)]
    units, bias = (jnp.concatenate([part[at] for part in parts]) for at in range(2))
    test_units, test_bias, test_pool = make(jax.random.split(jax.random.key(10**6), 256))
    reader = Reader(jax.random.key(0))
    optimiser = optax.adam(optax.cosine_decay_schedule(2e-3, given.updates))
    state = optimiser.init(eqx.filter(reader, eqx.is_array))

    def loss(reader: Reader, units: Array, bias: Array, x: Array) -> Array:
        told = jax.vmap(lambda u, b, at: jax.vmap(lambda point: reader(u, b, point))(at))(units, bias, x)
        truth = jax.nn.sigmoid(jax.vmap(answer)(units, bias, x))
        return jnp.mean(optax.sigmoid_binary_cross_entropy(told, truth))

    @eqx.filter_jit
    def update(reader: Reader, state: Any, key: PRNGKeyArray) -> Any:
        which, where = jax.random.split(key)
        some = jax.random.randint(which, (32,), 0, len(units))
        x = REACH * jax.random.uniform(where, (32, POINTS, 2), minval=-1, maxval=1)
        value, slope = eqx.filter_value_and_grad(loss)(reader, units[some], bias[some], x)
        step, state = optimiser.update(slope, state)
        return eqx.apply_updates(reader, step), state, value

    axis = jnp.linspace(-REACH, REACH, GRID)
    grid = jnp.stack(jnp.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    read = eqx.filter_jit(
        lambda reader: jax.lax.map(
            lambda one: jax.vmap(lambda x: reader(one[0], one[1], x))(grid),
            (test_units, test_bias),
            batch_size=8,
        )
    )
    truth = np.asarray(jax.vmap(lambda u, b: answer(u, b, grid))(test_units, test_bias))
    told, rows = np.zeros_like(truth), []
    for number in range(given.updates + 1):
        if number in (0, 100, 300, 1000, given.updates):
            told = np.asarray(read(reader))
            agrees = np.mean((told > 0) == (truth > 0), axis=1)
            major = np.maximum(np.mean(truth > 0, axis=1), np.mean(truth <= 0, axis=1))
            rows.append(
                {"updates": number, "agrees": float(agrees.mean()), "worst": float(np.quantile(agrees, 0.05))}
            )
            rows[-1]["larger side"] = float(major.mean())
            print(rows[-1], flush=True)
        if number < given.updates:
            reader, state, _ = update(reader, state, jax.random.key(number))
    write_whole(given.out / "reader.json", json.dumps(rows).encode())
    draw(truth, told, test_pool).savefig(given.out / "boundary-mlp.png")


def draw(truth: np.ndarray, told: np.ndarray, pool: Any) -> Figure:
    """Four networks: their regions, the points that they were trained on, and the boundary that was read."""
    figure = canvas(11, 3.1)
    figure.set_layout_engine("constrained")
    mixed = np.argsort(np.abs(np.mean(truth > 0, axis=1) - 0.5))[:4]
    for ax, at in zip(figure.subplots(1, 4), mixed, strict=True):
        regions = (truth[at] > 0).reshape(GRID, GRID)
        box = (-REACH, REACH, -REACH, REACH)
        ax.contourf(regions, levels=[-0.5, 0.5, 1.5], extent=box, colors=[CLASSES[0], CLASSES[1]], alpha=0.25)
        ax.contour(told[at].reshape(GRID, GRID), levels=[0.0], extent=box, colors=INK, linewidths=2)
        x, y = np.asarray(pool.x[at]), np.asarray(pool.y[at])
        ax.scatter(*x.T, c=[CLASSES[k] for k in y], s=9)
        ax.set(xlim=box[:2], ylim=box[2:], xticks=[], yticks=[])
        ax.set_title(f"{np.mean((told[at] > 0) == (truth[at] > 0)):.0%} of the plane alike", fontsize=10)
    return figure


if __name__ == "__main__":
    main()
