"""A policy against fixed strategies on fresh synthetic tasks, of the sources that it was trained on."""

from collections.abc import Callable, Sequence

import jax
import numpy as np
import polars as pl

from askwell.core import ACCURACY, AskwellError, metric_of
from askwell.execution import Program, compilation_cache, side_by_side, workers
from askwell.games import AbstractGame, OneOf
from askwell.policies import card, make_strategy
from askwell.policies.files import located
from askwell.stats import mean_intervals
from askwell.training import programs
from askwell.training.spec import CHUNK, TrainingSpec
from askwell.training.tasks import TaskSource

SEED = 2**30
"""Training draws its tasks with seeds of three numbers; these have two, and this."""

REPORT = 2048
"""Points that accuracy is measured on: fresh tasks cost nothing."""


def fresh(
    policy: str,
    strategies: Sequence[str],
    tasks: int = 512,
    seed: int = 0,
    watch: Callable[[int, int], None] = lambda done, whole: None,
    metric: str = ACCURACY,
) -> pl.DataFrame:
    """The area under the learning curve of each strategy on each new task, one row each.

    Tasks come from the synthetic sources of the policy's card, in proportion to their shares, each source's game
    (rounds, batch, learner) unchanged.

    Raises:
        AskwellError: if the policy has no card with a synthetic source, or a strategy or the metric is unknown.
    """
    column = metric_of(metric).column
    compilation_cache()
    names = [policy, *(name for name in strategies if name != policy)]
    made = {name: make_strategy(name) for name in names}
    sources = synthetic(policy)
    if not sources:
        raise AskwellError(
            f"The card of {policy} names no synthetic sources to take fresh tasks from; give datasets to judge it on."
        )
    shares = np.array([source.share for source in sources])
    counts = np.maximum(np.round(tasks * shares / shares.sum() / CHUNK).astype(int), 1)
    jobs = [(place, name) for place in range(len(sources)) for name in names]
    sized = [source.model_copy(update={"selection": 1, "report": REPORT}) for source in sources]
    players, done = tuple(made.values()), 0

    def together(game: AbstractGame) -> Program:
        return Program(lambda key, pools, i: programs.areas(game, OneOf(players, i), key, pools, column))

    plays = [together(source.make_game()) for source in sized]

    def play(place: int, name: str) -> np.ndarray:
        tasks, which = sized[place].tasks(), np.int32(names.index(name))
        played = [
            plays[place](
                jax.random.key(chunk),
                jax.device_put(tasks.draw((SEED + seed, place, chunk), CHUNK)),
                which,
            )
            for chunk in range(counts[place])
        ]
        return np.concatenate(played)

    found: dict[tuple[int, str], np.ndarray] = {}
    with side_by_side(workers()) as pool:
        for job, areas in zip(jobs, pool.map(lambda job: play(*job), jobs), strict=True):
            found[job] = areas
            watch(done := done + 1, len(jobs))
    columns = {"source": pl.Int32, "task": pl.Int32, "strategy": pl.String, "aulc": pl.Float64}
    rows = [(w, i, name, float(area)) for (w, name), areas in found.items() for i, area in enumerate(areas)]
    return pl.DataFrame(rows, schema=columns, orient="row")


def synthetic(policy: str) -> list[TaskSource]:
    """The synthetic sources of the tasks that a policy was trained on, from its card."""
    path = located(policy)
    about = card(path) if path else {}
    return [w for w in TrainingSpec.make(**about["spec"]).sources if not w.datasets] if about else []


def against(areas: pl.DataFrame, policy: str) -> pl.DataFrame:
    """Mean area of every strategy, and the policy's less it, paired by task, with 95 % intervals over tasks."""
    own = areas.filter(strategy=policy).select("source", "task", own="aulc")
    paired = areas.join(own, on=("source", "task"), maintain_order="left")
    gaps = paired.with_columns(difference=pl.col("own") - pl.col("aulc"))
    means = areas.group_by("strategy", maintain_order=True).agg(pl.col("aulc").mean())
    intervals = mean_intervals(gaps, ["strategy"], "difference").rename({"splits": "tasks"})
    return means.join(intervals, on="strategy", maintain_order="left")
