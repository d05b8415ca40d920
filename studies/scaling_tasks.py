"""The scaling study's spec, and the tasks that it plays: synthetic worlds, and real sets cut or embedded to size."""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

import jax
import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from askwell.core import AskwellError, Pool
from askwell.core.spec import AbstractSpec, Listed, Names, Share, Size, Sizes, tuples
from askwell.data import Synthetic, encode, load

Counts = Annotated[tuple[Size, ...], BeforeValidator(lambda v: (v,) if isinstance(v, int) else tuples(v))]
BLOCK = 8
"""Worlds that are drawn at once."""


class Axis(AbstractSpec):
    """What is changed, and to which values.

    Attributes:
        labels: a fixed budget of labels, for batches; none: the spec's number of rounds.
        pool: another pool than the base point's, at all values.
        worlds: at each value, or one number for all; none: the spec's.
        real, splits: other real sets, and splits of each, than the spec's. `largest`: they are played up to that value.
        fill: what real sets are given where they have too few features. "relu" also says that in synthetic worlds the
            distance between classes grows with the root of the features: each tells as much as at the base point.
    """

    name: str
    varies: Literal["batch", "features", "pool", "classes", "noise", "copies"]
    values: Annotated[tuple[int | float, ...], BeforeValidator(tuples), Field(min_length=1)]
    labels: Size | None = None
    pool: Size | None = None
    worlds: Counts = ()
    real: Listed | None = None
    splits: Size | None = None
    largest: Size | None = None
    fill: Literal["zeros", "noise", "relu"] = "zeros"

    @model_validator(mode="after")
    def _fits(self) -> "Axis":
        if len(self.worlds) not in (0, 1, len(self.values)):
            raise ValueError(
                f"worlds of the axis '{self.name}' has {len(self.worlds)} numbers; give one a value."
            )
        odd = [value for value in self.values if self.labels and self.labels % value]
        if odd:
            raise ValueError(f"labels is {self.labels}, no multiple of the batch {odd[0]}; give one that is.")
        return self


class Gradient(AbstractSpec):
    """Where the policy gradient is measured: episodes of `rounds` batches after `start` random labels.

    `tasks` says how many, for each of the `batches`; they are the first of the same ones.
    """

    batches: Sizes
    rounds: Size
    start: Size
    pool: Size
    candidates: Size
    tasks: Annotated[tuple[Annotated[int, Field(ge=8)], ...], BeforeValidator(tuples)]

    @model_validator(mode="after")
    def _each(self) -> "Gradient":
        if len(self.tasks) != len(self.batches):
            raise ValueError(f"tasks of the gradient has {len(self.tasks)} numbers; give one for each batch.")
        return self


class Scaling(AbstractSpec):
    """The base point, what is played there, and the axes; `studies/scaling.toml` says what each number is."""

    batch: Size
    rounds: Size
    features: Size
    pool: Size
    classes: Size
    report: Size
    strategies: Names
    worlds: Annotated[int, Field(ge=5)]
    slow: dict[str, Share] = Field(default_factory=dict)
    splits: Size
    limit: Annotated[float, Field(gt=0)]
    real: Listed
    axes: Annotated[tuple[Axis, ...], BeforeValidator(tuples), Field(min_length=1)]
    gradient: Gradient


class Point(NamedTuple):
    """What the tasks and the game have at one value of an axis."""

    batch: int
    rounds: int
    features: int
    pool: int
    classes: int
    noise: float = 0.0
    copies: float = 0.0


class Task(NamedTuple):
    """A task: of which family, which world or set it is, and its points. The selection set is not used."""

    family: str
    unit: str
    pool: Pool


def point_of(spec: Scaling, axis: Axis, value: float) -> Point:
    """The base point with one number changed."""
    base = Point(spec.batch, spec.rounds, spec.features, axis.pool or spec.pool, spec.classes)
    point = base._replace(**{axis.varies: value})
    return point._replace(rounds=axis.labels // point.batch) if axis.labels else point


def tasks(spec: Scaling, axis: Axis, value: float) -> list[Task]:
    """All tasks at a value, worlds first; noise and copies come on top, the same draws at each value."""
    point, counts = point_of(spec, axis, value), axis.worlds or (spec.worlds,)
    count = counts[axis.values.index(value) % len(counts)]
    found = [Task("worlds", f"world {i}", pool) for i, pool in enumerate(worlds(spec, axis, point, count))]
    names = (spec.real if axis.real is None else axis.real) if value <= (axis.largest or np.inf) else ()
    for name in names:
        if point.classes <= spec.classes or point.classes <= len(encoded(name, point.features).classes):
            cuts = [cut(name, point, axis.fill, spec.report, i) for i in range(axis.splits or spec.splits)]
            found += [Task("real sets", name, pool) for pool in cuts]
    return [
        task._replace(pool=spoilt(task.pool, point, np.random.default_rng([1, i])))
        for i, task in enumerate(found)
    ]


def worlds(spec: Scaling, axis: Axis, point: Point, count: int) -> list[Pool]:
    """Synthetic worlds in whose pools every class occurs."""
    grown = (point.features / spec.features) ** 0.5 if axis.fill == "relu" else 1.0
    drawn = sampler(point.pool, spec.report, point.features, point.classes, grown)
    full = (pool for pool in drawn if len(np.unique(pool.y)) == point.classes)
    return [next(full) for _ in range(count)]


def sampler(pool: int, report: int, features: int, classes: int, grown: float) -> Iterator[Pool]:
    """Worlds without end; classes lie `grown` times as far apart as by default."""
    family = Synthetic(
        n=pool, selection=1, report=report, d=features, classes=classes, rarest=min(0.02, 0.5 / classes),
        separation=(2 * grown, 8 * grown), noise=(0, 0), duplicates=(0, 0),
    )  # fmt: skip
    sample, block = jax.jit(jax.vmap(family.sample)), 0
    while True:
        keys = jax.random.split(jax.random.key(block), BLOCK)
        pools = jax.tree.map(np.asarray, sample(keys))
        yield from (jax.tree.map(lambda leaf, i=i: leaf[i], pools) for i in range(BLOCK))
        block += 1


@cache
def encoded(name: str, features: int) -> Any:
    """A real set with at most so many features: principal components where it has more."""
    return encode(load(name), features=features)


@cache
def embedded(name: str, features: int, fill: str) -> np.ndarray:
    """Its points ``[N, features]``; features that it does not have are zeros, noise, or random ReLU features."""
    x, generator = encoded(name, features).x, np.random.default_rng(0)
    more = features - x.shape[1]
    if fill == "zeros" or not more:
        return np.pad(x, ((0, 0), (0, more)))
    extra = generator.standard_normal((len(x), more))
    if fill == "relu":
        slope, bend = generator.standard_normal((x.shape[1], more)), generator.standard_normal(more)
        extra = np.maximum(x @ slope / x.shape[1] ** 0.5 + bend, 0)
        extra = (extra - extra.mean(axis=0)) / (extra.std(axis=0) + 1e-6)
    return np.concatenate([x, extra], axis=1).astype(np.float32)


def cut(name: str, point: Point, fill: str, report: int, split: int) -> Pool:
    """Random rows of random classes of a real set: as many classes as the point has, or all.

    A small set repeats rows within the report set, never across.
    """
    data, generator = encoded(name, point.features), np.random.default_rng([0, split])
    x, count = embedded(name, point.features, fill), min(point.classes, len(data.classes))
    for _ in range(100):  # some classes may have too few rows
        chosen = generator.choice(len(data.classes), count, replace=False)
        rows = generator.permutation(np.flatnonzero(np.isin(data.y, chosen)))
        if len(rows) >= point.pool + 100:
            break
    else:
        raise AskwellError(f"{name} has too few rows for a pool of {point.pool}; leave it out of the spec.")
    place = np.zeros(len(data.classes), np.int32)
    place[chosen] = np.arange(count)
    at = rows[: point.pool], rows[-1:], np.resize(rows[point.pool :], report)
    parts: list[Any] = [part for one in at for part in (x[one], place[data.y[one]])]
    return Pool(*parts, point.classes)


def spoilt(pool: Pool, point: Point, generator: np.random.Generator) -> Pool:
    """With wrong answers, and with pool rows replaced by jittered copies of the others; the report set stays clean."""
    n, x, y = len(pool.y), np.asarray(pool.x), np.asarray(pool.y)
    order, chance, jitter = (
        generator.permutation(n),
        generator.uniform(size=(3, n)),
        generator.normal(size=x.shape),
    )
    copies = int(point.copies * n)
    if copies:
        source = order[copies + (chance[0] * (n - copies)).astype(int)]
        x, y = x.copy(), y.copy()
        x[order[:copies]] = x[source[:copies]] + 0.05 * x.std(axis=0) * jitter[:copies]
        y[order[:copies]] = y[source[:copies]]
    count = y.max() + 1
    other = (y + 1 + (chance[1] * (count - 1)).astype(int)) % count
    y = np.where(chance[2] < point.noise, other, y).astype(np.int32)
    spoilt: Any = (x.astype(np.float32), y)
    return Pool(*spoilt, pool.selection_x, pool.selection_y, pool.report_x, pool.report_y, pool.classes)
