"""The report's tables."""

import polars as pl

from askwell.core import ACCURACY, metric_of
from askwell.report import html
from askwell.report.words import savings
from askwell.stats import Verdict, majority, summarise, summarise_net


def results(records: pl.DataFrame, baseline: str, metric: str = ACCURACY) -> str:
    """One table a dataset (and learner and batch, where there are several): a row for each strategy.

    One more has the majority class, where some strategy is no better.
    """
    about = metric_of(metric)
    summary = summarise(records, metric).join(
        savings(records, baseline, metric),
        on=["dataset", "learner", "batch", "strategy"],
        how="left",
        maintain_order="left",
    )
    several = [name for name in ("learner", "batch") if summary[name].n_unique() > 1]
    head = [
        "strategy",
        "AULC",
        f"{about.words} at the end",
        "gap closed",
        f"labels to match {baseline}",
        "seconds",
        "splits",
    ]
    tables, levels = [], {row["dataset"]: row for row in majority(records, metric).to_dicts()}
    for (dataset, *rest), part in summary.group_by("dataset", *several, maintain_order=True):
        rows = [
            [row["strategy"], _interval(row), f"{row['final']:.4f}", _or(row["gap_closed"], "{:.0%}"),
             _or(row["enough"], "{}"), f"{row['seconds']:.2f}", str(row["splits"])]
            for row in part.sort("aulc", descending=about.sign > 0).iter_rows(named=True)
        ]  # fmt: skip
        base = levels.get(str(dataset))
        if base and (about.sign * (part["aulc"] - base["level"]) <= 0).any():
            level = f"{base['level']:.4f}"
            rows.append([f"({base['does']})", level, level, *[html.NOTHING] * (len(head) - 3)])
        title = " · ".join([str(dataset), *(f"{n} {v}" for n, v in zip(several, rest, strict=True))])
        tables.append(html.table(head, rows, title))
    return "".join(tables)


def nets(records: pl.DataFrame, price: float, metric: str = ACCURACY) -> str:
    """One table a dataset (and learner and batch, where there are several), where labels have a `price`."""
    about, summary = metric_of(metric), summarise_net(records, price, metric)
    summary = summary.rename({"net": "aulc", "net_low": "aulc_low", "net_high": "aulc_high"})
    several = [name for name in ("learner", "batch") if summary[name].n_unique() > 1]
    head, tables = ["strategy", "net", f"{about.words} at the end", "labels", "seconds", "splits"], []
    for (dataset, *rest), part in summary.group_by("dataset", *several, maintain_order=True):
        rows = [
            [row["strategy"], _interval(row), f"{row['final']:.4f}", f"{row['labels']:.1f}",
             f"{row['seconds']:.2f}", str(row["splits"])]
            for row in part.sort("aulc", descending=about.sign > 0).iter_rows(named=True)
        ]  # fmt: skip
        title = " · ".join([str(dataset), *(f"{n} {v}" for n, v in zip(several, rest, strict=True))])
        tables.append(html.table(head, rows, title))
    return "".join(tables)


def _interval(row: dict) -> str:
    text = f"{row['aulc']:.4f}"
    return text if row["aulc_low"] is None else f"{text} ± {row['aulc'] - row['aulc_low']:.4f}"


def _or(value: object, form: str) -> str:
    return html.NOTHING if value is None else form.format(value)


def _of(found: list[Verdict]) -> str:
    metric = metric_of(found[0].metric) if found else metric_of(ACCURACY)
    return "" if metric.name == ACCURACY else f" ({metric.axis})"


def verdicts(found: list[Verdict], what: str = "AULC") -> str:
    """The verdicts with their figures."""
    head = [
        "strategy",
        "verdict",
        f"difference in {what}{_of(found)}",
        "95 % interval",
        "P(better)",
        "splits to settle it",
    ]
    rows = [
        [
            v.strategy, v.verdict, f"{v.difference:+.4f}",
            html.NOTHING if v.low is None or v.high is None else f"{v.low:+.4f} … {v.high:+.4f}",
            _or(v.p_better, "{:.2f}"), _or(v.more_splits, "about {} more"),
        ]
        for v in found
    ]  # fmt: skip
    return html.table(head, rows, f"Against {found[0].baseline}") if found else ""


def validations(frame: pl.DataFrame) -> str:
    """Every validation of a training."""
    rows = [
        [
            row["against"],
            str(row["update"]),
            f"{row['difference']:+.4f}",
            f"{row['low']:+.4f} … {row['high']:+.4f}",
        ]
        for row in frame.iter_rows(named=True)
    ]
    text = html.table(["against", "update", "difference in AULC", "95 % interval"], rows)
    return html.details(f"All {len(rows)} validations", text)
