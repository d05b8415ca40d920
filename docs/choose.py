"""docs/choose.md from what studies/choose.py played: `python docs/choose.py`. Every figure there is computed here."""

import argparse
from pathlib import Path

import polars as pl

from askwell import stats
from askwell.asking.defaults import DEFAULTS
from askwell.comparison import reopen
from askwell.core import METRICS
from askwell.data.catalogue import META_VALIDATION, catalogue

HOME = Path(__file__).parent
THINNED = " thinned"
KINDS = ("as it is", "thinned")

HEAD = """# Which strategy for which metric?

Written by `python docs/choose.py` from what `python studies/choose.py` played: batches of ten, ten rounds from a cold
start, `logistic`, {splits} splits. Each set is played as it is and *thinned*: the rarest class is then a twentieth of
the largest. Figures are mean AULC over sets. Log-loss is in nats, and lower is better.

`askwell compare --metric balanced-accuracy`, `evaluate`, `plot` and `report` judge by the metric that is named. All are
in the records, so an old run needs no second play; records from before that lack macro-F1 and the majority class.
`askwell ask --metric` and `Session(metric=…)` choose the default strategy by it. What is predicted in the end matters
more where classes are rare ([rare classes](unbalanced.md)).

| metric | default | the default less others on the held-out sets |
| --- | --- | --- |
"""

CHOSEN = """
The defaults are the fixed strategies with the best mean over the meta-validation sets; a set and its thinned twin count
as one. Intervals are over sets and splits, 95 %. `learned` cannot be chosen here, though its mean is the best: the
same sets decided when its training stopped, and on the held-out ones it is no better.
"""

MAJORITY = """## Where the majority class wins

Accuracy means little where most rows are of one class. On so many of the held-out sets no strategy is above the
majority class in AULC:

| metric | as they are | thinned |
| --- | ---: | ---: |
"""


def kind(records: pl.DataFrame, name: str) -> pl.DataFrame:
    """The sets as they are, or thinned."""
    return records.filter(pl.col("learner") == name)


def means(records: pl.DataFrame, metric: str) -> pl.DataFrame:
    """Mean AULC by strategy: first within a set, then over sets."""
    areas = stats.episodes(records, metric).group_by("strategy", "dataset").agg(pl.col("aulc").mean())
    return areas.group_by("strategy").agg(pl.col("aulc").mean())


def best(records: pl.DataFrame, metric: str) -> str:
    """The fixed strategy with the best mean over all sets."""
    gains = means(records.filter(pl.col("strategy") != "learned"), metric).with_columns(
        pl.col("aulc") * METRICS[metric].sign
    )
    return str(gains.sort("aulc", "strategy")["strategy"][-1])


def table(records: pl.DataFrame) -> str:
    """All strategies in all metrics; the best of each column in bold."""
    rows = records.select("strategy").unique(maintain_order=True)
    tops = {}
    for name, metric in METRICS.items():
        for which in KINDS:
            title = f"{metric.words}, {which}"
            found = means(kind(records, which), name).rename({"aulc": title})
            tops[title] = found[title].max() if metric.sign > 0 else found[title].min()
            rows = rows.join(found, on="strategy", maintain_order="left")
    lines = ["| strategy | " + " | ".join(tops) + " |", "| --- |" + " ---: |" * len(tops)]
    for row in rows.sort(rows.columns[1], descending=True).iter_rows(named=True):
        cells = [f"**{row[c]:.4f}**" if row[c] == top else f"{row[c]:.4f}" for c, top in tops.items()]
        lines.append(f"| {row['strategy']} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def against(records: pl.DataFrame, metric: str, chosen: str) -> str:
    """The chosen strategy against those that a user would think of."""
    said = []
    for other in ("random", "margin", "badge", "margin-herding", "uherding", "learned"):
        for verdict in stats.verdicts(records, other, metric=metric):
            if verdict.strategy == chosen:
                bounds = f"[{verdict.low:+.4f}, {verdict.high:+.4f}]"
                said.append(f"{other} {verdict.difference:+.4f} {bounds} ({verdict.verdict})")
    return "; ".join(said)


def beaten(records: pl.DataFrame, metric: str) -> int:
    """On how many sets no strategy's AULC is better than the majority class's."""
    found = stats.against_majority(records, metric).group_by("dataset").agg(pl.col("above").any())
    return int((~found["above"]).sum())


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--run", type=Path, default=Path("runs/choose"))
    result = reopen(options.parse_args().run)
    roles = {entry.name: entry.role for entry in catalogue()}
    # Twins share rows: as two "learners" of one set they are averaged before anything is counted.
    records = result.records.with_columns(
        learner=pl.when(pl.col("dataset").str.ends_with(THINNED))
        .then(pl.lit(KINDS[1]))
        .otherwise(pl.lit(KINDS[0])),
        dataset=pl.col("dataset").str.strip_suffix(THINNED),
    )
    validation = [name for name in records["dataset"].unique() if roles[name] == META_VALIDATION]
    chosen_on = records.filter(pl.col("dataset").is_in(validation))
    held_out = records.filter(~pl.col("dataset").is_in(validation))
    chosen = {metric: best(chosen_on, metric) for metric in METRICS}
    page = HEAD.format(splits=result.spec.splits)
    for metric, name in chosen.items():
        page += f"| `{metric}` | `{name}` | {against(held_out, metric, name)} |\n"
    page += CHOSEN
    for title, part in (("Meta-validation", chosen_on), ("Held out", held_out)):
        counts = [kind(part, which)["dataset"].n_unique() for which in KINDS]
        page += f"\n## {title}\n\n{counts[0]} sets as they are, {counts[1]} thinned.\n\n{table(part)}"
    page += "\n" + MAJORITY
    for name, metric in METRICS.items():
        page += (
            f"| {metric.words} | " + " | ".join(str(beaten(kind(held_out, k), name)) for k in KINDS) + " |\n"
        )
    (HOME / "choose.md").write_text(page)
    if chosen != DEFAULTS:
        raise SystemExit(f"askwell.asking.defaults has {DEFAULTS}, and these runs say {chosen}; change it.")


if __name__ == "__main__":
    main()
