"""Where training and validation take their tasks from, synthetic or real."""

from typing import Annotated, Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from askwell.core import AskwellError, Pool
from askwell.core.spec import Listed, Share, Size
from askwell.data import Dataset, Synthetic, load, thinned
from askwell.encoders import encode_table
from askwell.games import AbstractGame, AbstractGameSpec
from askwell.learners import make_learner


class TaskSource(AbstractGameSpec):
    """A kind of task: a game, and where its pools come from.

    Attributes:
        datasets: real sets, drawn alike; none: the synthetic generator with the settings `synthetic`.
        label: their column of labels, as in `askwell.compare`.
        encoder: what ``askwell train --history`` wrote: they are played in that metric. With `subsets`, and the history
            itself among `datasets`, a policy goes on learning on what was labelled before.
        share: how often this source is drawn from, relative to the others.
        batch, learner: what the game is played with, besides what every game's spec has.
        pool, selection, report: points of each part; `features` and `classes` the room that a task has for them.
        subsets: of a real set take a random subset of its classes each time.
        thinned: the rarest class of a real set keeps this share of the rows of the largest, the others as a geometric
            series says; 0: all rows.
    """

    KIND: ClassVar[str] = "training spec field"
    PATHS: ClassVar[tuple[str, ...]] = ("datasets", "encoder")

    datasets: Listed = ()
    label: str | None = None
    encoder: str | None = None
    share: Annotated[float, Field(gt=0)] = 1.0
    batch: Size = 10
    learner: str = "logistic"
    pool: Size = 256
    selection: Size = 1024
    report: Size = 1
    features: Size = 16
    classes: Annotated[int, Field(ge=2)] = 8
    subsets: bool = False
    thinned: Share = 0.0
    synthetic: dict[str, Any] = Field(default_factory=dict)

    def make_game(self) -> AbstractGame:
        """The game that is played there.

        Raises:
            AskwellError: for an unknown learner, or settings that the game cannot have.
        """
        return self.game_of(make_learner(self.learner), self.batch)

    def like(self) -> Pool:
        """The shapes of one task's pool (`jax.ShapeDtypeStruct` in the place of arrays)."""

        def empty() -> Pool:
            sizes = (self.pool, self.selection, self.report)
            parts = [part for n in sizes for part in (jnp.zeros((n, self.features)), jnp.zeros(n, int))]
            return Pool(*parts, self.classes)  # type: ignore[arg-type]

        return jax.eval_shape(empty)

    def tasks(self) -> "Tasks":
        """Where its pools come from.

        Raises:
            AskwellError: for sizes that no task can have, or data that cannot be loaded.
        """
        budget = self.start + self.rounds * self.batch
        if self.pool < budget:
            raise AskwellError(
                f"A source of tasks has pools of {self.pool} points and a budget of {budget} labels; give it a "
                "larger pool, fewer rounds or smaller batches."
            )
        return Real(self) if self.datasets else Generated(self)


class Generated:
    """Tasks from the synthetic generator."""

    def __init__(self, source: TaskSource):
        sizes = {"n": source.pool, "selection": source.selection, "report": source.report}
        try:
            self._generator = Synthetic(
                d=source.features, classes=source.classes, **sizes, **source.synthetic
            )
        except TypeError as error:
            raise AskwellError(
                f"A source's synthetic settings are wrong: {error}; see askwell.data.Synthetic."
            ) from error
        self._sample = eqx.filter_jit(lambda keys: jax.vmap(self._generator.sample)(keys))

    def draw(self, seed: tuple[int, ...], count: int) -> Pool:
        """So many tasks, with a leading axis; the same for the same seed."""
        number = np.random.default_rng(seed).integers(2**31)
        return self._sample(jax.random.split(jax.random.key(number), count))


class Real:
    """Tasks from real sets: random rows, and on demand random classes, of one set each time."""

    def __init__(self, source: TaskSource):
        self._settings = source
        tables = [load(name, label=source.label) for name in source.datasets]
        sets = [encode_table(table, source.features, source.encoder) for table in tables]
        self._sets = [thinned(one, source.thinned) for one in sets] if source.thinned else sets
        for one in self._sets:
            if len(one.classes) > source.classes and not source.subsets:
                raise AskwellError(
                    f"{one.name} has {len(one.classes)} classes and its source has room for {source.classes}; set "
                    "classes higher, or subsets = true."
                )
            if one.x.shape[1] > source.features:
                raise AskwellError(
                    f"{one.name} has {one.x.shape[1]} features in that encoder and its source has room for "
                    f"{source.features}; set features higher."
                )
            if len(one.y) < source.pool + 2:
                raise AskwellError(f"{one.name} has {len(one.y)} rows, too few for a pool of {source.pool}.")

    def draw(self, seed: tuple[int, ...], count: int) -> Pool:
        """See `Generated.draw`; task i is of set i modulo the number of sets, in a random order for each seed."""
        order = np.random.default_rng(seed).permutation(len(self._sets))
        sets = [self._sets[order[i % len(order)]] for i in range(count)]
        pools = [self._one(one, np.random.default_rng([*seed, i])) for i, one in enumerate(sets)]
        return jax.tree.map(lambda *leaves: np.stack(leaves), *pools)

    def _one(self, data: Dataset, generator: np.random.Generator) -> Pool:
        source, chosen = self._settings, np.arange(len(data.classes))
        if source.subsets:
            for _ in range(20):  # a subset may have too few rows
                most = min(len(chosen), source.classes)
                some = generator.choice(len(data.classes), generator.integers(2, most + 1), replace=False)
                if np.isin(data.y, some).sum() >= source.pool + 2:
                    chosen = some
                    break
            else:
                chosen = np.argsort(-np.bincount(data.y))[: source.classes]
        rows = generator.permutation(np.flatnonzero(np.isin(data.y, chosen)))
        place = np.full(len(data.classes), -1)
        place[generator.permutation(chosen) if source.subsets else chosen] = np.arange(len(chosen))
        # What the pool leaves is shared out; a small set repeats rows within selection or report, never across.
        pool, rest = rows[: source.pool], rows[source.pool :]
        cut = max(1, round(len(rest) * source.selection / (source.selection + source.report)))
        parts = [
            pool,
            *(
                np.resize(part, size)
                for part, size in (
                    (rest[: min(cut, len(rest) - 1)], source.selection),
                    (rest[min(cut, len(rest) - 1) :], source.report),
                )
            ),
        ]
        pad = ((0, 0), (0, source.features - data.x.shape[1]))
        x = [np.pad(data.x[part], pad) for part in parts]
        y = [place[data.y[part]].astype(np.int32) for part in parts]
        first: Any = Pool(x[0], y[0], x[1], y[1], x[2], y[2], source.classes)  # type: ignore[arg-type]
        return first


Tasks = Generated | Real
