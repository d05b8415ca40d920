"""Playing episodes: one compiled program per game, strategy and shape; many splits at a time."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
import polars as pl

from askwell.comparison.store import Cell
from askwell.core import MAJORITY, SCHEMA, SCORES, AbstractPlayer, AskwellError, Pool
from askwell.core.geometry import LANDMARKS
from askwell.data import Dataset
from askwell.execution import accelerator_memory, compiled, versions
from askwell.games import AbstractGame, OneOf, Outcome, rollout

MEMORY = 128 * 2**20
"""Bytes that the arrays of one vmapped chunk may take, roughly."""

WIDEST = 4
"""Most episodes in one chunk: beyond a few, more of them only evict each other from the cache."""

CACHE = 16 * 2**20
"""Bytes that the kernel matrices of one chunk may take: they are read again and again, from the cache if they fit."""


ACCELERATED, SHARE = 1024, 0.5
"""Most episodes in one chunk on an accelerator, and the share of its memory that they may take."""


def chunk_size(pools: Pool, strategy: AbstractPlayer) -> int:
    """How many splits of that shape are played at once: few on a CPU, for its cache, many on an accelerator.

    It depends on nothing else: another width may round the last digit another way, and a split's records
    must not depend on how many splits there are.
    """
    n, d = pools.x.shape[-2:]
    points = n + pools.selection_x.shape[-2] + pools.report_x.shape[-2]
    kernels = 12 * n * min(n, LANDMARKS)
    each, room = 4 * points * (2 * d + 3 * pools.classes) + kernels, accelerator_memory()
    if room:
        return max(1, min(ACCELERATED, int(SHARE * room) // each))
    fit = MEMORY // each
    if "geometry" in strategy.needs:
        fit = min(fit, CACHE // kernels)
    return max(1, min(WIDEST, fit))


class Episodes:
    """Whole episodes of some strategies in one game, compiled at the first call and kept until `release`.

    Compiling the game takes longer than compiling a rule, so strategies whose chunks are equally wide share a program.
    It gives each the same numbers, to the bit, as a program of its own.
    """

    def __init__(self, game: AbstractGame, strategies: Sequence[AbstractPlayer], seed: int):
        self.compile_seconds = 0.0
        self._lock = threading.Lock()
        self._compiled = None
        self._names = [strategy.name for strategy in strategies]
        self._seed = np.int32(seed)

        def episode(seed, which, split, pool) -> Outcome:
            player = OneOf(tuple(strategies), which)
            return rollout(game, player, jax.random.fold_in(jax.random.key(seed), split), pool)

        # The seed is an argument, so that another seed finds the program in the cache.
        self._episodes: Any = jax.jit(jax.vmap(episode, in_axes=(None, None, 0, 0)))

    def __call__(self, splits: np.ndarray, pools, which: int = 0) -> tuple[Outcome, float, float]:
        """Play the splits by strategy number `which`; the outcome's fields have axes (split, turn, …).

        And seconds: compiling, playing.
        """
        compiling = 0.0
        with self._lock:
            if self._compiled is None:
                start = time.perf_counter()
                arguments = self._seed, np.int32(which), splits, pools
                one = "The strategy" if len(self._names) == 1 else "One of the strategies"
                who = f"{one} {', '.join(map(repr, self._names))}"
                self._compiled = compiled(self._episodes, *arguments, who=who)
                self.compile_seconds = compiling = time.perf_counter() - start
        start = time.perf_counter()
        outcome = jax.tree.map(np.asarray, self._compiled(self._seed, np.int32(which), splits, pools))
        return outcome, compiling, time.perf_counter() - start

    def release(self) -> None:
        """Drop the compiled program; a garbage collection frees it (see `jobs.COLLECT`)."""
        with self._lock:
            self._compiled = None
            self._episodes.clear_cache()


def to_records(
    cell: Cell,
    dataset: Dataset,
    rows: np.ndarray,
    report_y: np.ndarray,
    game: AbstractGame,
    outcome: Outcome,
    seed: int,
    seconds: float,
) -> pl.DataFrame:
    """The records of one episode, a row a round: `outcome` has an axis of turns.

    `rows` maps the pool to the dataset; `report_y` are the truths of the report split.

    Raises:
        AskwellError: if the learner gave numbers that are not finite, or the strategy took an action that the game
            does not allow.
    """
    where = f"on {cell.dataset}, split {cell.split}"
    turns, each = len(outcome.reward), game.turns_a_round
    if not np.all(outcome.legal):
        round = int(np.argmin(outcome.legal)) // each + 1
        if game.virtual:
            raise AskwellError(
                f"The strategy '{cell.strategy}' gave numbers that are not finite ({where}, round {round}); an action "
                f"of the game '{game.name}' is made of finite ones, so mend it."
            )
        raise AskwellError(
            f"The strategy '{cell.strategy}' picked a row twice, one that was asked before, or one that does not exist "
            f"({where}, round {round}); a batch holds distinct rows that were never asked, so mend its select."
        )
    ends = np.arange(each - 1, turns, each)
    report = {name: getattr(outcome.report, name)[ends] for name in SCORES}
    for name, values in report.items():
        if not np.all(np.isfinite(values)):
            raise AskwellError(
                f"The learner '{cell.learner}' gave a {name} that is not finite {where}; choose another learner or "
                "other settings."
            )
    bought = outcome.bought.reshape(len(ends), -1)
    columns = {
        **cell._asdict(),
        "seed": seed,
        "round": np.arange(1, len(ends) + 1),
        "turn": ends + 1,
        "labels": game.start_labels + np.cumsum(outcome.cost)[ends],
        "budget": game.budget,
        "picks": [dataset.ids[rows[picks[picks < len(rows)]]].tolist() for picks in bought],
        **report,
        **majority(report_y, dataset.classes),
        "selection_accuracy": outcome.selection.accuracy[ends],
        "selection_log_loss": outcome.selection.log_loss[ends],
        "reward": outcome.reward.reshape(len(ends), -1).sum(axis=1),
        "seconds": seconds / len(ends),
        "versions": versions(),
    }
    values = {
        name: v if isinstance(v, list) or np.ndim(v) else [v] * len(ends) for name, v in columns.items()
    }
    return pl.DataFrame({name: _plain(v) for name, v in values.items()}, schema=SCHEMA)


def majority(y: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """The largest class, and by `MAJORITY` the scores of who knows the classes' shares alone.

    As `askwell.games.score` has them: classes that are equally large share the guess.
    """
    shares = np.bincount(y, minlength=len(classes)) / len(y)
    present, top = shares[shares > 0], np.max(shares)
    ties = np.sum(shares == top)
    scores = {
        "accuracy": top,
        "balanced-accuracy": 1 / len(present),
        "macro-f1": 2 * ties * top / (ties * top + 1) / len(present),
        "log-loss": -np.sum(present * np.log(present)),
    }
    largest = classes[int(np.argmax(shares))]
    return {"majority": largest, **{column: float(scores[name]) for name, column in MAJORITY.items()}}


def _plain(values):
    return values.tolist() if isinstance(values, np.ndarray) else values
