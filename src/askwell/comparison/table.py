"""The comparison as tables for a terminal."""

from collections.abc import Iterator, Sequence

import polars as pl
from rich.console import Group
from rich.table import Table
from rich.text import Text

from askwell.core import metric_of
from askwell.stats.summary import FEWEST

HEADING = 30
"""Characters of a user's name for a dataset or strategy until it is folded."""

Column = tuple[str, list[Text]]


MAJORITY = "majority class"
AULC = "AULC: mean {} over the labels"


def tables(summary: pl.DataFrame, majority: pl.DataFrame, metric: str, width: int, what: str = AULC) -> Group:
    """One row a strategy, one column a dataset, the best in bold; what does not fit goes into further tables.

    `summary` is `askwell.stats.summarise`'s; its ``gap_closed`` is shown where it is known. A last row has the level
    of the `majority` class (`askwell.stats.majority`) on datasets where some strategy is no better. Names are shown
    as they are: nothing in them is markup. `what` says what the figures are.
    """
    words, sign = metric_of(metric).axis, metric_of(metric).sign
    levels = dict(majority.select("dataset", "level").rows())
    needed = {
        str(dataset)
        for (dataset,), group in summary.group_by("dataset")
        if dataset in levels and (sign * (group["aulc"] - levels[dataset]) <= 0).any()
    }
    key = ["strategy", *(name for name in ("learner", "batch") if summary[name].n_unique() > 1)]
    rows = summary.select(key).unique(maintain_order=True)
    heads: list[Column] = [(name, [Text(str(value)) for value in rows[name]]) for name in key]
    columns: list[Column] = []
    for (dataset,), group in summary.group_by("dataset", maintain_order=True):
        best = group["aulc"].max() if sign > 0 else group["aulc"].min()
        found = rows.join(group, on=key, how="left", maintain_order="left")
        cells = [_cell(row, best) for row in found.to_dicts()]
        if needed:
            cells.append(Text(f"{levels[dataset]:.4f}" if dataset in needed else "", style="italic"))
        columns.append((str(dataset), cells))
    if len(columns) > 1:
        means = summary.group_by(key, maintain_order=True).agg(pl.col("aulc").mean(), pl.len())
        shown = [
            f"{mean:.4f}" if count == len(columns) else "" for mean, count in means[["aulc", "len"]].rows()
        ]
        columns.append(("mean", [Text(mean) for mean in shown + [""] * bool(needed)]))
    if needed:
        heads = [
            (name, [*cells, Text(MAJORITY if name == "strategy" else "", style="italic")])
            for name, cells in heads
        ]
    says = f"{what.format(words)}, with its 95 % interval"
    if (summary["splits"] < FEWEST).any():
        says = f"{what.format(words)} (too few splits for an interval, which takes {FEWEST})"
    if summary["gap_closed"].is_not_null().any():
        says += "\nand how much of the gap from random to the oracle it closes"
    return Group(Text(says, style="italic"), *(_table(heads, part) for part in _parts(heads, columns, width)))


def _cell(row: dict, best: object) -> Text:
    if row["aulc"] is None:
        return Text("")
    text = f"{row['aulc']:.4f}"
    if row["aulc_low"] is not None:
        text += f" ± {row['aulc'] - row['aulc_low']:.4f}"
    if row["gap_closed"] is not None:
        text += f" {row['gap_closed']:5.0%}"
    return Text(text, style="bold" if row["aulc"] == best else "")


def _parts(heads: Sequence[Column], columns: Sequence[Column], width: int) -> Iterator[list[Column]]:
    """Columns in as many runs as fit side by side, at least one in each."""
    left = 1 + sum(map(_width, heads))
    part: list[Column] = []
    for column in columns:
        if part and left + sum(map(_width, part)) + _width(column) > width:
            yield part
            part = []
        part.append(column)
    yield part


def _width(column: Column) -> int:
    """Of a column with its padding and border."""
    name, cells = column
    return 3 + max(min(Text(name).cell_len, HEADING), *(min(cell.cell_len, HEADING) for cell in cells))


def _table(heads: Sequence[Column], columns: Sequence[Column]) -> Table:
    table = Table()
    for name, _ in heads:
        table.add_column(Text(name), max_width=HEADING, overflow="fold")
    for name, _ in columns:
        table.add_column(Text(name), max_width=HEADING, overflow="fold", justify="right")
    for row in zip(*(cells for _, cells in (*heads, *columns)), strict=True):
        table.add_row(*row)
    return table
