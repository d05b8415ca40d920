"""Pool, selection and report: every split of a dataset, stacked."""

import dataclasses
from typing import Any

import numpy as np

from askwell.core import AskwellError, Pool
from askwell.data.encode import Dataset

POOL_SHARE, SELECTION_SHARE = 0.5, 0.4
POOL_CAP, SELECTION_CAP, REPORT_CAP = 1000, 1000, 2000


@dataclasses.dataclass(frozen=True, eq=False)
class Splits:
    """All splits of one dataset.

    Attributes:
        pools: numpy arrays with a leading split axis: x ``[s, n, d]``, y ``[s, n]`` and so on.
        rows: ``int64 [s, n]``, the dataset's row of each pool point, so that picks lead back to ids.
    """

    pools: Pool
    rows: np.ndarray


def split(
    dataset: Dataset, *, seed: int, splits: int, first: int = 0, pool: int | None = None, budget: int
) -> Splits:
    """Stratified random splits; split ``i`` depends on `seed` and ``i`` alone, not on how many there are.

    Sizes: the pool gets half of the rows, or the budget if that is more, but at most 0.7, and never more than
    its cap; of the rest selection gets 0.4 and report 0.6. Caps: 1000 (or `pool`, or the budget), 1000 and 2000
    rows. A smaller `pool` leaves selection and report as they are.

    Args:
        dataset: what to split.
        seed: 0 or more.
        splits: how many, 1 or more.
        first: the first split's number.
        pool: the most points that a pool may have; 1000, or the budget if that is more, by default.
        budget: how many labels an episode will buy, 1 or more.

    Raises:
        AskwellError: if the rows or `pool` do not suffice for the budget.
    """
    checks = (("seed", seed, 0), ("splits", splits, 1), ("first", first, 0), ("budget", budget, 1))
    for name, value, least in checks:
        if value < least:
            raise AskwellError(f"{name} is {value}; give at least {least}.")
    n, m1, m2 = _sizes(dataset, pool, budget)
    orders = np.stack(
        [
            _order(dataset.y, np.random.default_rng([seed, i]), (n, m1, m2))
            for i in range(first, first + splits)
        ]
    )
    rows, selection, report = np.split(orders, [n, n + m1], axis=1)
    x: Any = dataset.x  # numpy in a Pool: the device gets it with the first compiled call
    y: Any = dataset.y
    pools = Pool(x[rows], y[rows], x[selection], y[selection], x[report], y[report], len(dataset.classes))
    return Splits(pools, rows)


def _sizes(dataset: Dataset, pool: int | None, budget: int) -> tuple[int, int, int]:
    total = len(dataset.y)
    most = total * 7 // 10  # in integers: 0.7 * 90 is less than 63
    if most < budget:
        raise AskwellError(
            f"{dataset.name} has {total} rows, of which at most {most} can be the pool, but the budget is "
            f"{budget} labels; use fewer --rounds, a smaller --batch or more rows."
        )
    if pool is not None and pool < budget:
        raise AskwellError(
            f"The pool is limited to {pool} points but the budget is {budget} labels; use a larger --pool, "
            "fewer --rounds or a smaller --batch."
        )
    n = min(max(round(POOL_SHARE * total), budget), most)
    rest = total - min(n, max(POOL_CAP, budget, pool or 0))
    if rest < 2:
        raise AskwellError(f"{dataset.name} has {total} rows; pool, selection and report need at least 4.")
    m1 = max(round(SELECTION_SHARE * rest), 1)
    cap = max(POOL_CAP, budget) if pool is None else pool
    return min(n, cap), min(m1, SELECTION_CAP), min(rest - m1, REPORT_CAP)


def _order(y: np.ndarray, generator: np.random.Generator, sizes: tuple[int, int, int]) -> np.ndarray:
    """Rows of pool, selection and report, one after the other.

    Systematic sampling: each class is spread evenly over 0..1, so every stretch of the order holds each
    class's share to within a row or so.
    """
    position = np.empty(len(y))
    for label in np.unique(y):
        members = generator.permutation(np.flatnonzero(y == label))
        position[members] = (np.arange(len(members)) + generator.uniform()) / len(members)
    order = np.argsort(position, kind="stable")
    ends = np.cumsum(sizes)
    # Within a segment the order must say nothing, or a strategy could read classes off the row numbers.
    return np.concatenate([generator.permutation(part) for part in np.split(order, ends)[:3]])
