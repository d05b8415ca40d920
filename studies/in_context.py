"""Teach the network of the learner `in-context` to read labelled points, on synthetic tasks alone.

    python studies/in_context.py --minutes 14 --out runs/in-context

Each task is a synthetic pool (`askwell.data.Synthetic`). Some of its points are labelled: 2 to 128 of them, at random
or mostly near the boundary, as rules for uncertain points choose. The network reads them and predicts points that it
never saw. Its target is half the points' own labels and half the probabilities of a logistic regression that was
fitted to all 256 labels of the pool. On an accelerator give `--tasks 512` and the same number of updates: a chunk
of tasks is one program, and all chunks of an update are one, too.
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PRNGKeyArray
from rich.progress import Progress

from askwell.core import write_whole
from askwell.data import Synthetic
from askwell.learners.in_context import to_bytes
from askwell.learners.logistic import Logistic
from askwell.learners.set_network import CLASSES, LABELS, LabelledSet, SetNetwork

SIZES: dict[str, Any] = {"n": 256, "selection": 96, "report": 1}
WORLDS = (
    (3, Synthetic(d=16, classes=8, network=0.35, tree=0.1, **SIZES)),
    (
        2,
        Synthetic(
            d=24,
            classes=10,
            network=0.35,
            tree=0.1,
            modes=(1, 6),
            decay=(0.0, 2.0),
            noise=(0.0, 0.1),
            **SIZES,
        ),
    ),
    (2, Synthetic(d=12, classes=2, network=0.4, tree=0.15, imbalance=(0.0, 2.0), **SIZES)),
    (1, Synthetic(d=4, classes=4, network=0.4, tree=0.15, bent=(0.0, 0.5), **SIZES)),
    (2, Synthetic(d=40, classes=6, network=0.3, tree=0.1, decay=(0.0, 1.5), bent=(0.0, 0.5), **SIZES)),
)
"""Kinds of tasks, and how often each is drawn."""

ROOM = {32: 3, LABELS: 2}
"""Most labels of a task, and how often: small sets are quicker to learn from, and come most often in use."""

FEATURES = 40


def task(world: Synthetic, target: str, key: PRNGKeyArray) -> tuple[Array, Array, Array, Array]:
    """Points in the order in which they would be labelled, their labels, points to predict, and what to say there."""
    pool_key, near_key, order_key = jax.random.split(key, 3)
    pool = world.sample(pool_key)
    full = Logistic().fit(pool_key, pool.x, pool.y, jnp.ones(len(pool.y)), pool.classes)
    top = jax.lax.top_k(jnp.exp(full.log_proba(pool.x)), 2)[0]
    near = jnp.where(jax.random.uniform(near_key) < 0.5, 0.0, 4.0) * (top[:, 0] - top[:, 1])
    order = jnp.argsort(near - jax.random.gumbel(order_key, near.shape))[: max(ROOM)]
    boundary = jnp.exp(full.log_proba(pool.selection_x))
    labels = jax.nn.one_hot(pool.selection_y, pool.classes)
    says = {"labels": labels, "boundary": boundary, "both": (labels + boundary) / 2}[target]
    wide, more = ((0, 0), (0, FEATURES - world.d)), ((0, 0), (0, CLASSES - world.classes))
    return jnp.pad(pool.x[order], wide), pool.y[order], jnp.pad(pool.selection_x, wide), jnp.pad(says, more)


def loss(
    network: SetNetwork, room: int, key: PRNGKeyArray, x: Array, y: Array, at: Array, says: Array
) -> Float[Array, ""]:
    """Cross-entropy to what should be said, for a random number of labels up to `room`."""
    many = jnp.exp(jax.random.uniform(key, minval=jnp.log(2.0), maxval=jnp.log(room + 0.99)))
    weight = (jnp.arange(room) < jnp.floor(many)).astype(float)
    told = LabelledSet.of(x[:room], y[:room], weight, CLASSES)
    log_proba = jax.nn.log_softmax(network(told, at))
    return -jnp.sum(jnp.where(told.seen, says * log_proba, 0.0)) / len(at)


def main() -> None:
    """Train, and keep the weights after every hundred updates."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("runs/in-context"))
    parser.add_argument("--minutes", type=float, default=14.0)
    parser.add_argument("--updates", type=int, default=6500)
    parser.add_argument("--tasks", type=int, default=24)
    parser.add_argument("--step", type=float, default=4e-3)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--kernels", type=int, default=8)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", choices=("labels", "boundary", "both"), default="both")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    settings = {"width": given.width, "kernels": given.kernels, "steps": given.steps}
    network = SetNetwork(jax.random.key(given.seed), **settings)
    schedule = optax.warmup_cosine_decay_schedule(0.0, given.step, 100, given.updates, given.step / 200)
    optimiser = optax.apply_if_finite(optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule)), 100)
    state = optimiser.init(eqx.filter(network, eqx.is_array))
    averaged = network
    draw = [
        jax.jit(lambda keys, world=world: jax.vmap(lambda key: task(world, given.target, key))(keys))
        for _, world in WORLDS
    ]

    @eqx.filter_jit
    def chunk(network: SetNetwork, room: int, keys: PRNGKeyArray, tasks: tuple) -> Any:
        """Loss and gradient of some tasks, one after the other: so they stay in the processor's cache."""

        def add(total: Any, one: Any) -> tuple[Any, None]:
            found = eqx.filter_value_and_grad(loss)(network, room, one[0], *one[1])
            return jax.tree.map(jnp.add, total, found), None

        zero = jnp.zeros(()), jax.tree.map(jnp.zeros_like, eqx.filter(network, eqx.is_array))
        return jax.lax.scan(add, zero, (keys, tasks))[0]

    @eqx.filter_jit
    def move(network: SetNetwork, averaged: SetNetwork, state: Any, parts: list) -> Any:
        value, slope = jax.tree.map(lambda *each: sum(each) / given.tasks, *parts)
        updates, state = optimiser.update(slope, state)
        network = eqx.apply_updates(network, updates)
        mean = lambda a, b: a + 0.01 * (b - a) if eqx.is_array(a) else a
        return network, jax.tree.map(mean, averaged, network), state, value

    random, started, told = np.random.default_rng(given.seed), time.time(), []
    weights = np.array([share for share, _ in WORLDS]) / sum(share for share, _ in WORLDS)
    rooms = np.array(list(ROOM.values())) / sum(ROOM.values())
    lanes = 2
    some = draw[0](jax.random.split(jax.random.key(0), given.tasks // lanes))
    for room in ROOM:  # each program is compiled once, not by every thread
        chunk(network, room, jax.random.split(jax.random.key(0), given.tasks // lanes), some)
    with ThreadPoolExecutor(lanes) as threads, Progress() as progress:
        bar = progress.add_task("updates", total=given.updates)
        for update in range(given.updates):
            world = random.choice(len(WORLDS), p=weights)
            room = int(random.choice(list(ROOM), p=rooms))
            keys = jax.random.split(jax.random.key(int(random.integers(2**31))), (2, given.tasks))
            tasks = draw[world](keys[0])
            share, found = given.tasks // lanes, []
            for first in range(0, given.tasks, share):
                some = slice(first, first + share)
                part = jax.tree.map(lambda leaf, some=some: leaf[some], (keys[1], tasks))
                found.append(threads.submit(chunk, network, room, *part))
            found = [each.result() for each in found]
            network, averaged, state, value = move(network, averaged, state, found)
            told.append((int(world), room, float(value)))
            progress.advance(bar)
            late = time.time() - started > 60 * given.minutes
            if update % 100 == 99 or late:
                write_whole(given.out / "in-context.safetensors", to_bytes(averaged, settings))
                recent = np.array([value for _, _, value in told[-500:]])
                print(f"{update + 1} {time.time() - started:.0f} s {recent.mean():.4f}", flush=True)
            if late:
                break
    np.savetxt(given.out / "losses.csv", np.array(told), header="world,room,loss", delimiter=",", comments="")


if __name__ == "__main__":
    main()
