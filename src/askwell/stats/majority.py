"""The majority class: what a learner scores that looks at no feature. Below it, "better than random" means little."""

import polars as pl

from askwell.core import ACCURACY, CEILINGS, MAJORITY, listed, metric_of
from askwell.stats.curves import episodes

SHOWN = 4
"""Most datasets that have a sentence each."""


def majority(records: pl.DataFrame, metric: str = ACCURACY) -> pl.DataFrame:
    """One row per dataset: ``level``, the score of who knows the classes' shares alone, and ``does``, what that is.

    Means over splits. Datasets of records that do not hold it (earlier versions) are left out.
    """
    column, trivial = MAJORITY[metric], metric_of(metric).trivial
    each = records.unique(["dataset", "split"], maintain_order=True).drop_nulls(column)
    return each.group_by("dataset", maintain_order=True).agg(
        level=pl.col(column).mean(),
        does=pl.format(trivial, pl.col("majority").mode().sort().first())
        if "{}" in trivial
        else pl.lit(trivial).first(),
    )


def against_majority(records: pl.DataFrame, metric: str = ACCURACY) -> pl.DataFrame:
    """One row per dataset and strategy: is it ``above`` the majority class in AULC, and ``ends_above`` it?

    Further columns: ``level`` and ``does`` of `majority`. Learners and batches are averaged.
    """
    sign = metric_of(metric).sign
    means = (
        episodes(records, metric)
        .group_by("dataset", "strategy", maintain_order=True)
        .agg(pl.col("aulc", "final").mean())
    )
    better = {
        name: sign * (pl.col(value) - pl.col("level")) > 0
        for name, value in (("above", "aulc"), ("ends_above", "final"))
    }
    return (
        means.join(majority(records, metric), on="dataset", maintain_order="left")
        .with_columns(**better)
        .drop("aulc", "final")
    )


def majority_sentences(records: pl.DataFrame, metric: str = ACCURACY) -> list[str]:
    """One sentence for each dataset on which an honest strategy is no better than the majority class; often none."""
    found = against_majority(records, metric).filter(~pl.col("strategy").is_in(CEILINGS))
    said = []
    for (dataset,), part in found.group_by("dataset", maintain_order=True):
        low = part.filter(~pl.col("above"))
        if low.is_empty():
            continue
        than = f"better than {part['does'][0]} ({part['level'][0]:.4f})"
        names = low["strategy"].to_list()
        if len(low) < len(part):
            said.append(
                f"On {dataset} {_listed(names)} {'is' if len(names) == 1 else 'are'} no {than} in AULC."
            )
            continue
        ends = part.filter("ends_above")["strategy"].to_list()
        after = "not even after the last round"
        if ends:
            who = (
                "all are" if len(ends) == len(part) else _listed(ends) + (" is" if len(ends) == 1 else " are")
            )
            after = f"but {who} after the last round"
        said.append(f"On {dataset} no strategy is {than} in AULC, {after}.")
    more = len(said) - SHOWN
    if more > 1:
        said[SHOWN:] = [f"On {more} more datasets likewise some strategy is no better than that."]
    return said


def _listed(names: list[str]) -> str:
    return listed(names) if len(names) <= SHOWN else f"{len(names)} strategies"
