"""docs/results.md from the runs of studies/: `python docs/results.py`. Every figure there is computed here."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from askwell import stats
from askwell.comparison import Result, reopen
from askwell.plots import save
from askwell.policies import SHIPPED, card
from askwell.training import against

HOME = Path(__file__).parent
CEILINGS = ("oracle", "clairvoyant")
LEARNED = "learned"


def table(frame: pl.DataFrame) -> list[str]:
    """A frame in Markdown."""
    rows = [frame.columns, ["---"] * frame.width, *frame.rows()]
    return [*("| " + " | ".join("" if v is None else str(v) for v in row) + " |" for row in rows), ""]


def fixed(value: float | None, digits: int = 4, sign: bool = False) -> str:
    """A number as text; nothing for None."""
    return "" if value is None else f"{value:{'+' if sign else ''}.{digits}f}"


def heldout(result: Result) -> list[str]:
    """All strategies on the held-out sets, and the policy against the best of the others."""
    summary, ranks = result.table(), result.ranks()
    datasets = summary["dataset"].unique(maintain_order=True).to_list()
    means = summary.group_by("strategy", maintain_order=True).agg(
        pl.col("aulc", "gap_closed", "seconds").mean()
    )
    means = means.sort("aulc", descending=True)
    best = means.filter(~pl.col("strategy").is_in([LEARNED, *CEILINGS]))["strategy"][0]
    against_best = {v.strategy: v for v in result.verdicts(best)}
    own = {v.strategy: v for v in result.verdicts(LEARNED)} if LEARNED in means["strategy"] else {}
    rows = [
        {
            "strategy": row["strategy"],
            "mean AULC": fixed(row["aulc"]),
            "gap closed": fixed(100 * row["gap_closed"], 0) + " %" if row["gap_closed"] is not None else "",
            "mean rank": fixed(ranks.mean[row["strategy"]], 1) if ranks else "",
            "it less learned": fixed(own[row["strategy"]].difference, 4, True)
            if row["strategy"] in own
            else "",
            "95 %": interval(own.get(row["strategy"])),
            "s an episode": fixed(row["seconds"], 2),
        }
        for row in means.to_dicts()
    ]
    splits = summary["splits"].max()
    page = [
        f"{len(datasets)} sets, {splits} splits each, 10 rounds of 10 labels from a cold start. Intervals are over "
        "datasets and splits",
        "(`askwell.stats.bootstrap`).",
        "",
    ]
    page += table(pl.DataFrame(rows))
    if LEARNED in against_best:
        verdict = against_best[LEARNED]
        figures = f"({fixed(verdict.difference, 4, True)} {interval(verdict)})"
        if verdict.verdict == "not enough evidence":
            said = f"For learned against {best}, the best fixed strategy here, there is {verdict.sentence} {figures}."
        else:
            said = f"{best} is the best fixed strategy here. {verdict.said} {figures}."
        page += [said, ""]
    if ranks:
        page += [f"Friedman test over {len(ranks.datasets)} sets: p = {ranks.p_value:.2g}.", ""]
    shown = [LEARNED, best, "margin", "random", "oracle"]
    wide = summary.filter(pl.col("strategy").is_in(shown)).with_columns(pl.col("aulc").round(4))
    page += table(
        wide.pivot("strategy", index="dataset", values="aulc").select(
            "dataset", *(s for s in shown if s in wide["strategy"])
        )
    )
    worse = [
        name
        for name in datasets
        if LEARNED in against_best
        for v in stats.verdicts(result.records.filter(dataset=name), "random")
        if v.strategy == LEARNED and v.verdict == "worse"
    ]
    page += [f"Sets on which learned is reliably below random: {', '.join(worse) or 'none'}.", ""]
    return page


def interval(verdict: stats.Verdict | None) -> str:
    """The bounds of a verdict's difference."""
    return "" if verdict is None else bounds(verdict.low, verdict.high)


def bounds(low: float | None, high: float | None) -> str:
    """An interval as text."""
    return f"[{fixed(low, 4, True)}, {fixed(high, 4, True)}]"


def over_sets(values: Sequence[float] | np.ndarray, digits: int = 4, sign: bool = True) -> str:
    """The mean of one value a dataset, with a 95 % interval from 10,000 bootstraps over datasets."""
    found = np.sort(np.asarray(values, float))  # so that their order does not matter
    draws = np.random.default_rng(0).integers(0, len(found), (10_000, len(found)))
    low, high = np.quantile(found[draws].mean(axis=1), (0.025, 0.975))
    return f"{fixed(found.mean(), digits, sign)} [{fixed(low, digits, sign)}, {fixed(high, digits, sign)}]"


def fresh(areas: pl.DataFrame) -> list[str]:
    """The policy on fresh synthetic tasks."""
    rows = against(areas, LEARNED).sort("aulc", descending=True)
    lines = pl.DataFrame(
        {
            "strategy": row["strategy"],
            "AULC": fixed(row["aulc"]),
            "learned less it": "" if row["strategy"] == LEARNED else fixed(row["difference"], 4, True),
            "95 %": ""
            if row["strategy"] == LEARNED
            else bounds(row["difference_low"], row["difference_high"]),
        }
        for row in rows.to_dicts()
    )
    return [f"{rows['tasks'][0]} tasks, paired.", "", *table(lines)]


def batches(result: Result, picture: Path) -> list[str]:
    """Lead over random by batch size, mean over datasets, and the figure."""
    page, rows = [], []
    for (batch,), part in result.records.group_by("batch", maintain_order=True):
        verdicts = {v.strategy: v for v in stats.verdicts(part, "random")}
        lead = {name: f"{fixed(v.difference, 4, True)} {interval(v)}" for name, v in verdicts.items()}
        area = stats.summarise(part).filter(strategy="random")["aulc"].mean()
        rows.append({"batch": batch, "random, AULC": fixed(area)} | lead)  # type: ignore[arg-type]
    above = "The table shows how much AULC is above random's (random's own is in the second column)."
    page += [above, "", *table(pl.DataFrame(rows))]
    single = {v.strategy: v for v in stats.verdicts(result.records.filter(batch=1), "margin")}.get(LEARNED)
    if single:
        page += [
            f"At batch 1 learned is {single.sentence} ({fixed(single.difference, 4, True)} {interval(single)}).",
            "",
        ]
    said = save("batch-sizes", result.records, picture)
    return [*page, f"![Lead over random by batch size, ten sets]({picture.name})", "", said, ""]


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    runs = options.parse_args().runs
    page = [
        "# Results",
        "",
        "Written by `python docs/results.py` from the runs that the commands below made.",
        "",
    ]
    page += ["## Held-out sets", "", "`askwell compare --spec studies/heldout.toml --out runs/heldout`", ""]
    page += heldout(reopen(runs / "heldout"))
    page += ["## Fresh synthetic tasks", "", "`askwell evaluate learned --fresh 512 --out runs/fresh`", ""]
    page += fresh(pl.read_parquet(runs / "fresh" / "fresh.parquet"))
    if (runs / "batches").exists():
        page += ["## Batches", "", "`askwell compare --spec studies/batches.toml --out runs/batches`", ""]
        page += batches(reopen(runs / "batches"), HOME / "batches.png")
    shipped = card(SHIPPED[LEARNED])
    page += ["## The shipped policy", "", "`askwell train studies/learned.toml --out runs/learned`", ""]
    page += [
        f"The shipped weights are those of update {shipped['update']} of {shipped['spec']['updates']}, chosen on the "
        "meta-validation sets:",
        "",
    ]
    page += table(pl.DataFrame(shipped["validation"]).with_columns(pl.col(pl.Float64).round(4)))
    (HOME / "results.md").write_text("\n".join(page))


if __name__ == "__main__":
    main()
