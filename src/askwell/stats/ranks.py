"""Strategies ranked over many datasets, with the tests that go with ranks."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl
from scipy import stats
from statsmodels.stats.multitest import multipletests

from askwell.core import ACCURACY, metric_of
from askwell.stats.curves import episodes
from askwell.stats.paired import PAIR
from askwell.stats.spread import GENERAL

STRATEGIES = 3


@dataclass(frozen=True)
class Ranks:
    """Mean ranks over datasets (1 is best), after Demšar (2006).

    Attributes:
        mean: mean rank per strategy, best first.
        datasets: the datasets that count, those where all strategies were run.
        statistic: Friedman's chi-square.
        p_value: of the hypothesis that all strategies rank alike.
        pairs: one row per pair: ``a``, ``b``, Wilcoxon's signed-rank ``p_value``, ``p_holm`` (Holm 1979).
    """

    mean: dict[str, float]
    datasets: list[str]
    statistic: float
    p_value: float
    pairs: pl.DataFrame


def ranks(records: pl.DataFrame, metric: str = ACCURACY) -> Ranks | None:
    """Rank strategies by their mean AULC per dataset, ties averaged; None under 5 datasets or 3 strategies.

    Only cells (dataset, learner, batch, split) that every strategy has count, so each dataset's means are
    over the same splits. A dataset is one observation, however many splits, learners and batches it has.
    """
    cells = episodes(records, metric)
    strategies = cells["strategy"].unique(maintain_order=True).to_list()
    table = (
        cells.filter(pl.len().over(PAIR) == len(strategies))
        .group_by("dataset", "strategy", maintain_order=True)
        .agg(pl.col("aulc").mean())
        .pivot("strategy", index="dataset", values="aulc")
    )
    if len(strategies) < STRATEGIES or len(table) < GENERAL:
        return None
    score = table.select(strategies).to_numpy()
    rank = stats.rankdata(-metric_of(metric).sign * score, axis=1)
    if np.ptp(rank, axis=1).any():
        statistic, p_value = stats.friedmanchisquare(*score.T)
    else:
        statistic, p_value = 0.0, 1.0  # all tie everywhere: the statistic would be 0/0
    order = np.argsort(rank.mean(axis=0), kind="stable")
    pairs = list(combinations(order, 2))
    p = [_wilcoxon(score[:, a] - score[:, b]) for a, b in pairs]
    return Ranks(
        mean={strategies[i]: float(rank[:, i].mean()) for i in order},
        datasets=table["dataset"].to_list(),
        statistic=float(statistic),
        p_value=float(p_value),
        pairs=pl.DataFrame(
            {
                "a": [strategies[a] for a, _ in pairs],
                "b": [strategies[b] for _, b in pairs],
                "p_value": p,
                "p_holm": multipletests(p, method="holm")[1],
            }
        ),
    )


def _wilcoxon(difference: np.ndarray) -> float:
    """Two-sided p-value; 1 for two strategies that are equal everywhere, where the test is undefined."""
    return float(np.asarray(stats.wilcoxon(difference))[1]) if difference.any() else 1.0
