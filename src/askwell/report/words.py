"""What a run says, in plain words."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import polars as pl

from askwell.core import ACCURACY, CEILINGS, AskwellError, listed, metric_of
from askwell.plots import collapse, fixed_point, gradient, reward
from askwell.plots import validation as against
from askwell.plots.sources import Training
from askwell.plots.where_web import NUMBERED
from askwell.stats import Interval, Verdict, at_labels, judge

SIGNS = {"better": "▲", "worse": "▼", "equivalent": "=", "not enough evidence": "?"}

GLOSSARY = {
    "pool": "the points that may be asked about; their labels are hidden",
    "learner": "the classifier that the labels are for; refitted from scratch each round",
    "strategy": "picks a batch; a policy is one with trained weights",
    "AULC": "area under the learning curve of an episode: mean {metric} at numbers of labels, a batch apart",
    "oracle": "a strategy that cheats: it sees the hidden labels, as a ceiling",
    "split": "a random division of a dataset into pool, selection and report; strategies meet the same splits",
    "verdict": "better, worse, equivalent within {delta:g} AULC, or not enough evidence, from paired 95 % intervals",
}


def glossary(metric: str) -> list[tuple[str, str]]:
    """Words and what they mean."""
    about = metric_of(metric)
    return [(word, text.format(metric=about.axis, delta=about.delta)) for word, text in GLOSSARY.items()]


def verdict_list(verdicts: Sequence[Verdict]) -> str:
    """One line a verdict, best first, ceilings last."""
    order = sorted(verdicts, key=lambda v: (v.strategy in CEILINGS, -metric_of(v.metric).sign * v.difference))
    return _list(
        (v.verdict, SIGNS[v.verdict], v.strategy, f"{v.said.removeprefix(v.strategy)}{_cheats(v)}")
        for v in order
    )


def _cheats(verdict: Verdict) -> str:
    return " (it cheats, and stands here as the ceiling)" if verdict.strategy in CEILINGS else ""


def _list(items: Iterable[tuple[str, str, str, str]]) -> str:
    """Of class, sign, name and text; empty without any."""
    lines = [
        f'<li class="{kind.split()[0]}" data-sign="{sign}"><strong>{escape(name)}</strong>{escape(text)}</li>'
        for kind, sign, name, text in items
    ]
    return f'<ul class="verdicts">{"".join(lines)}</ul>' if lines else ""


def net(metric: str, price: float) -> str:
    """What strategies are judged by where labels have a price."""
    return (
        f"Labels have a price here, so strategies are judged by their net: {metric_of(metric).words} at the end less "
        f"{price:g} for each label that was bought."
    )


def savings(records: pl.DataFrame, baseline: str, metric: str = ACCURACY) -> pl.DataFrame:
    """How many labels each strategy needs to be as good as the baseline with all of its labels.

    One row per dataset, strategy, learner and batch: ``enough``, the first number of labels at which the mean
    metric over splits reaches that of the baseline after its last round (null if it never does), and ``all``,
    the labels that the baseline had.
    """
    key = ["dataset", "learner", "batch"]
    known, score = at_labels(records, metric), metric_of(metric).sign * pl.col(metric_of(metric).column)
    means = known.group_by(*key, "strategy", "labels").agg(good=score.mean()).sort(*key, "labels")
    ends = (
        means.filter(pl.col("strategy") == baseline)
        .group_by(key)
        .agg(pl.col("good").last().alias("goal"), pl.col("labels").last().alias("all"))
    )
    reached = means.join(ends, on=key).filter(pl.col("good") >= pl.col("goal"))
    firsts = reached.group_by(*key, "strategy").agg(pl.col("labels").min().alias("enough"))
    rows = means.select(*key, "strategy").unique().join(ends.select(*key, "all"), on=key)
    return rows.join(firsts, on=[*key, "strategy"], how="left").sort(*key, "strategy")


def saving(records: pl.DataFrame, verdicts: Sequence[Verdict], metric: str = ACCURACY) -> str:
    """One sentence on what the best strategy saves, dataset by dataset; empty if none is better."""
    better = [v for v in verdicts if v.verdict == "better" and v.strategy not in CEILINGS]
    if not better:
        return ""
    best = max(better, key=lambda v: abs(v.difference))
    batches = records["batch"].unique().sort().to_list()
    shown = max(
        (batch for batch in batches if batch <= NUMBERED), default=batches[0]
    )  # as "where it asks" shows
    rows = savings(records.filter(batch=shown), best.baseline, metric).filter(
        pl.col("strategy") == best.strategy, pl.col("enough") < pl.col("all")
    )
    if rows.is_empty():
        return ""
    said = [
        f"{row['enough']} labels on {row['dataset']} instead of {row['all']}"
        for row in rows.head(4).iter_rows(named=True)
    ]
    asked = f"Asked in batches of {shown}, to be" if len(batches) > 1 else "To be"
    good = "accurate" if metric == ACCURACY else "good"
    return f"{asked} as {good} as {best.baseline} is in the end, {best.strategy} needs {listed(said)}."


def training_list(training: Training) -> str:
    """One line each on validation, collapse, fixed point, gradient and reward, as far as they are known."""
    items = []
    if not training.validation.is_empty():
        for row in (
            against.data(training).group_by("against", maintain_order=True).last().iter_rows(named=True)
        ):
            interval = Interval(row["difference"], row["low"], row["high"])
            word = judge(interval)
            by = f" by {abs(interval.estimate):.3f}" if word in ("better", "worse") else ""
            bounds = f" [{row['low']:+.3f}, {row['high']:+.3f}] AULC on the validation tasks"
            items.append((word, SIGNS[word], f"Against {row['against']}: ", word + by + bounds))
    if not training.updates.is_empty():
        for name, module in (("Spread: ", collapse), ("Signal: ", gradient), ("Reward: ", reward)):
            try:
                found: Any = module.data(training)
            except AskwellError:  # this trainer does not tell it
                continue
            kind, sign = ("good", "·")
            if isinstance(found, collapse.Collapse):
                kind, sign = ("alarm", "!") if found.warnings else ("good", "✓")
            items.append((kind, sign, name, module.caption(found)))
    if training.decisions["update"].n_unique() > 1:
        items.append(("good", "·", "Fixed point: ", fixed_point.caption(fixed_point.data(training))))
    return _list(items)
