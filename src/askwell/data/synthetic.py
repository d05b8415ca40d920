"""Synthetic classification tasks: an endless, keyed source of tasks to train a policy on.

Points come from mixtures of Gaussians with random correlated covariances; the mixtures are the classes, or a
random network or a random tree names the classes after the points are drawn. How many classes, modes and useless
features there are, how far classes overlap, how unequal they are, how many labels are wrong and how many pool
points are near-duplicates is drawn anew for every task. Sampling 1,000 tasks of the default sizes at once
takes 0.55 s on 2 CPU cores and 0.7 GB, 32 tasks 11 ms (compilation, once: 4 s).
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AskwellError, Pool

FACTORS = 3
"""Directions in which a mode is stretched: its covariance is the identity plus a matrix of this rank."""

SIZES = {"n": 2, "selection": 1, "report": 1, "d": 1, "classes": 2}
RANGES = {
    "modes": (1, 32),
    "imbalance": (0, 10),
    "separation": (0, 1000),
    "scatter": (0, 1),
    "anisotropy": (0, 1),
    "irrelevant": (0, 1),
    "noise": (0, 1),
    "duplicates": (0, 0.95),
    "decay": (0, 3),
    "bent": (0, 1),
}

HIDDEN, DEPTH = 12, 3
"""Units of the random networks, and questions that a random tree asks about a point."""


def _static(default: Any) -> Any:
    """A field that is fixed at compile time; lists (from TOML) become tuples."""
    return eqx.field(default=default, static=True, converter=lambda v: tuple(v) if isinstance(v, list) else v)


class Synthetic(eqx.Module):
    """A family of tasks; `sample` draws one. Ranges are ``(lowest, highest)``, drawn from uniformly.

    Flipped labels belong to the task: all three sets are flipped alike, so no classifier passes ``1 - noise``
    but by chance. Near-duplicates occur in the pool only, carry their source's class, and are flipped on
    their own. The pool's mean and standard deviation standardise all three sets. Before flips and copies a
    class is missing from the pool with a probability of at most ``(1 - rarest) ** n`` (default: 0.6 %).

    Attributes:
        n: pool points; `selection` and `report` are the sizes of the evaluation sets, `d` the features.
        classes: the capacity ``Pool.classes``; a task has 2..classes classes, labelled from 0.
        modes: Gaussians per class, drawn for each class.
        imbalance: standard deviation of the logarithm of the classes' shares; 0: equal shares.
        rarest: the least share of any class.
        separation: root mean square distance between modes of two classes, in standard deviations of a mode.
        scatter: the same between modes of one class, squared, as a share of `separation` squared.
        anisotropy: share of the variance inside a mode that lies in `FACTORS` directions of its own.
        irrelevant: share of features that are pure noise; one feature always matters.
        decay: features are mixed at random, the j-th with weight ``j ** -decay``: the higher, the fewer directions
            carry the variance, as in images. Highest 0: they stay as they are.
        bent: share of features that are not smooth: each is log-normal, zero below a random point, or in a few steps.
        network, tree: share of tasks in which a random network or a random tree names the classes; there a class
            may be rarer than `rarest`, or missing.
        noise: share of labels flipped to another of the task's classes.
        duplicates: share of pool points that are copies of other pool points.
        jitter: standard deviation of the noise added to a copy, in those of the features.

    Raises:
        AskwellError: if a size or a range is not allowed.
    """

    n: int = _static(256)
    selection: int = _static(256)
    report: int = _static(512)
    d: int = _static(16)
    classes: int = _static(8)
    modes: tuple[int, int] = _static((1, 4))
    imbalance: tuple[float, float] = _static((0.0, 1.5))
    rarest: float = _static(0.02)
    separation: tuple[float, float] = _static((2.0, 8.0))
    scatter: tuple[float, float] = _static((0.0, 0.7))
    anisotropy: tuple[float, float] = _static((0.0, 0.9))
    irrelevant: tuple[float, float] = _static((0.0, 0.6))
    decay: tuple[float, float] = _static((0.0, 0.0))
    bent: tuple[float, float] = _static((0.0, 0.0))
    network: float = _static(0.0)
    tree: float = _static(0.0)
    noise: tuple[float, float] = _static((0.0, 0.2))
    duplicates: tuple[float, float] = _static((0.0, 0.4))
    jitter: float = _static(0.05)

    def __check_init__(self):
        for name, least in SIZES.items():
            size = getattr(self, name)
            if not isinstance(size, int) or size < least:
                raise AskwellError(f"{name} is {size!r}; give a whole number of at least {least}.")
        for name, (low, high) in RANGES.items():
            span, kind = getattr(self, name), int if name == "modes" else int | float
            pair = isinstance(span, tuple) and len(span) == 2 and all(isinstance(v, kind) for v in span)
            if not (pair and low <= span[0] <= span[1] <= high):
                unit = "whole numbers" if name == "modes" else "numbers"
                raise AskwellError(
                    f"{name} is {span!r}; give the lowest and highest: {unit} in {low}..{high}."
                )
        for name, high in {
            "rarest": 1 / self.classes,
            "jitter": 10,
            "network": 1,
            "tree": 1 - self.network,
        }.items():
            value = getattr(self, name)
            if not (isinstance(value, int | float) and 0 <= value <= high):
                raise AskwellError(f"{name} is {value!r}; give a number in 0..{high:g}.")

    def sample(self, key: PRNGKeyArray) -> Pool:
        """One task. Pure in `key`; all shapes are static, so it compiles once and maps over keys."""
        # Few large draws instead of many small ones: each costs compile time.
        keys = iter(jax.random.split(key, 11))
        n, p, d, c, k = self.n, self.n + self.selection + self.report, self.d, self.classes, self.modes[1]
        low, high = jnp.array([[float(v) for v in getattr(self, name)] for name in list(RANGES)[1:-2]]).T
        settings = low + jax.random.uniform(next(keys), low.shape) * (high - low)
        imbalance, separation, scatter, anisotropy, irrelevant, noise, duplicates = settings

        # The true class of every point: logistic-normal shares with a floor.
        count = jax.random.uniform(next(keys), (c + 1,))
        drawn = 2 + _below(count[0], c - 1)
        exists = jnp.arange(c) < drawn
        share = jax.nn.softmax(imbalance * jax.random.normal(next(keys), (c,)), where=exists)
        share = self.rarest + (1 - self.rarest * drawn) * share
        y = jax.random.categorical(next(keys), jnp.where(exists, jnp.log(share), -jnp.inf), shape=(p,))

        # Features; mode i of class j is row j k + i.
        modes = self.modes[0] + _below(count[1:], k + 1 - self.modes[0])
        pick, flip, step = jax.random.uniform(next(keys), (3, p))
        mode = y * k + _below(pick, modes[y])
        of_class = jax.random.normal(next(keys), (c, 1, d))
        of_mode = jax.random.normal(next(keys), (c * k, d, 1 + FACTORS))
        centre = jnp.sqrt(1 - scatter) * of_class + jnp.sqrt(scatter) * of_mode[:, :, 0].reshape(c, k, d)
        useless = jnp.minimum(jnp.floor(irrelevant * d), d - 1)
        centre = separation / jnp.sqrt(2 * (d - useless)) * centre.reshape(c * k, d)
        within = jax.random.normal(next(keys), (p, d + FACTORS))
        along = jnp.einsum("pdf,pf->pd", of_mode[mode, :, 1:], within[:, d:]) / FACTORS**0.5
        x = centre[mode] + jnp.sqrt(1 - anisotropy) * within[:, :d] + jnp.sqrt(anisotropy) * along
        noisy = jnp.argsort(jax.random.uniform(next(keys), (d,))) < useless
        x = jnp.where(noisy, within[:, :d], x)
        if self.network or self.tree:
            x_key, kind_key = jax.random.split(jax.random.fold_in(key, 1))
            seen = jnp.where(noisy, 0.0, (x - jnp.mean(x, axis=0)) / (jnp.std(x, axis=0) + 1e-6))
            kind = jax.random.uniform(kind_key)
            logit = jnp.where(exists, imbalance * jax.random.normal(kind_key, (c,)) / 2, -jnp.inf)
            named = jnp.where(
                kind < self.network, _network(x_key, seen, logit), _tree(x_key, seen, noisy, share)
            )
            y = jnp.where(kind < self.network + self.tree, named, y)

        if self.decay[1]:
            x = _mix(jax.random.fold_in(key, 3), x, self.decay)
        if self.bent[1]:
            x = _bend(jax.random.fold_in(key, 2), x, self.bent)

        # Random rows of the pool become jittered copies of its other rows.
        order, source = jax.random.uniform(next(keys), (2, n))
        row, copies = jnp.argsort(order), jnp.floor(duplicates * n).astype(int)
        copied = row < copies
        row = jnp.where(copied, copies + _below(source, n - copies), row)
        jitter = self.jitter * jnp.std(x[:n], axis=0) * jax.random.normal(next(keys), (n, d))
        x = x.at[:n].set(x[row] + jnp.where(copied[:, None], jitter, 0.0))
        y = y.at[:n].set(y[row])

        y = jnp.where(flip < noise, (y + 1 + _below(step, drawn - 1)) % drawn, y)
        x = (x - jnp.mean(x[:n], axis=0)) / (jnp.std(x[:n], axis=0) + 1e-6)
        a, b = n, n + self.selection
        return Pool(x[:a], y[:a], x[a:b], y[a:b], x[b:], y[b:], c)


def _network(key: PRNGKeyArray, x: Float[Array, "p d"], logit: Float[Array, " c"]) -> Int[Array, " p"]:
    """Classes by a random network of one hidden layer; `logit` is ``-inf`` for those that do not occur."""
    first, second, bend = jax.random.split(key, 3)
    d, c = x.shape[1], len(logit)
    sharp = jnp.exp(1.5 * jax.random.uniform(bend))
    hidden = jnp.tanh(
        sharp * (x @ jax.random.normal(first, (d, HIDDEN)) / d**0.5) + jax.random.normal(bend, (HIDDEN,))
    )
    out = hidden @ jax.random.normal(second, (HIDDEN, c))
    return jnp.argmax((out - jnp.mean(out, axis=0)) / jnp.std(out, axis=0) + logit, axis=1)


def _tree(
    key: PRNGKeyArray, x: Float[Array, "p d"], noisy: Bool[Array, " d"], share: Float[Array, " c"]
) -> Int[Array, " p"]:
    """Classes by a random tree that splits at feature values of random points; its leaves are drawn by `share`."""
    which, where, leaf = jax.random.split(key, 3)
    feature = jax.random.categorical(which, jnp.where(noisy, -jnp.inf, 0.0), shape=(2**DEPTH,))
    threshold = x[jax.random.randint(where, (2**DEPTH,), 0, len(x)), feature]
    node = jnp.ones(len(x), int)
    for _ in range(DEPTH):
        node = 2 * node + (x[jnp.arange(len(x)), feature[node]] > threshold[node])
    return jax.random.categorical(leaf, jnp.log(share), shape=(2**DEPTH,))[node - 2**DEPTH]


def _mix(key: PRNGKeyArray, x: Float[Array, "p d"], span: tuple[float, float]) -> Float[Array, "p d"]:
    """Random sums of the features, each weighing less than the one before."""
    decay_key, key = jax.random.split(key)
    decay = jax.random.uniform(decay_key, minval=span[0], maxval=span[1])
    x = (x - jnp.mean(x, axis=0)) / (jnp.std(x, axis=0) + 1e-6)
    return x * jnp.arange(1.0, x.shape[1] + 1) ** -decay @ jax.random.normal(key, (x.shape[1],) * 2)


def _bend(key: PRNGKeyArray, x: Float[Array, "p d"], span: tuple[float, float]) -> Float[Array, "p d"]:
    """A share of the features as tables often have them: skewed, mostly zero, or in steps."""
    share_key, key = jax.random.split(key)
    share = jax.random.uniform(share_key, minval=span[0], maxval=span[1])
    whether, kind, where = jax.random.uniform(key, (3, x.shape[1]))
    x = (x - jnp.mean(x, axis=0)) / (jnp.std(x, axis=0) + 1e-6)
    skewed = jnp.exp((0.5 + where) * x)
    sparse = jnp.maximum(x - 1.5 * where, 0.0)
    steps = jnp.floor(x * (0.7 + 2 * where))
    other = jnp.where(kind < 1 / 3, skewed, jnp.where(kind < 2 / 3, sparse, steps))
    return jnp.where(whether < share, other, x)


def _below(uniform: Float[Array, "..."], count: Int[Array, "..."] | int) -> Int[Array, "..."]:
    """A whole number in ``0..count-1`` from a uniform one in ``[0, 1)``."""
    return jnp.floor(uniform * count).astype(int)
