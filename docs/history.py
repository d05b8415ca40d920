"""The tables of docs/history.md, from what studies/history.py played: `python docs/history.py`.

Every figure between the two marks in that page is computed here; the words around them are written by hand.
"""

import argparse
import textwrap
from pathlib import Path

import numpy as np
import polars as pl

from askwell.stats import bootstrap

HOME = Path(__file__).parent
RAW, METRIC, TOGETHER = "raw", "metric", "together"
BEGIN, END = "<!-- python docs/history.py -->", "<!-- end -->"
CHOICE = "<!-- python docs/history.py --choices -->"
POLICY = "<!-- python docs/history.py --policy -->"
FIRST = "uherding"
"""What judges metrics, and is kept where no other strategy is surely better."""

TUNED = ("penbased", "segment")
"""Sets on which the family was chosen; they are no part of the means."""

SAID = " with sentences"
"""Texts once more, with the sentence encoder: no domains of their own."""


def deals(played: pl.DataFrame, *more: str) -> pl.DataFrame:
    """Mean AULC of each domain, deal, encoding and strategy; `more` are columns to keep."""
    keys = ["domain", "deal", "chosen", "gain", "se", "encoding", "strategy", *more]
    return played.group_by(keys, maintain_order=True).agg(pl.col("aulc").mean())


def means(found: pl.DataFrame) -> pl.DataFrame:
    """Mean over deals, then over domains, of each encoding and strategy."""
    by_domain = found.group_by("domain", "encoding", "strategy").agg(pl.col("aulc").mean())
    return by_domain.group_by("encoding", "strategy").agg(pl.col("aulc").mean())


def gaps(found: pl.DataFrame, left: tuple[str, str], right: tuple[str, str]) -> dict[str, np.ndarray]:
    """By domain: an encoding and strategy less another, deal by deal, where both played."""
    one, other = (found.filter(encoding=encoding, strategy=strategy) for encoding, strategy in (left, right))
    both = one.join(other, on=["domain", "deal"]).sort("domain", "deal")
    both = both.select("domain", "deal", gap=pl.col("aulc") - pl.col("aulc_right"))
    return {
        str(name): part["gap"].to_numpy() for (name,), part in both.group_by("domain", maintain_order=True)
    }


def said(differences: list[np.ndarray]) -> str:
    """The mean over domains with its interval; one deal of one domain has none."""
    found, mean = bootstrap(differences), f"{np.mean([part.mean() for part in differences]):+.4f}"
    return mean if found.low is None else f"{mean} [{found.low:+.4f}, {found.high:+.4f}]"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table."""
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *rows))


def by_domain(found: pl.DataFrame, best: str) -> str:
    """What the metric brings to one strategy, domain by domain."""
    moved, base = gaps(found, (METRIC, best), (RAW, best)), gaps(found, (TOGETHER, best), (RAW, best))
    rows = []
    for name, gap in moved.items():
        of = found.filter(domain=name, strategy=best)
        chosen = of.filter(encoding=METRIC)["chosen"]
        level = {kind: of.filter(encoding=kind)["aulc"].mean() for kind in (RAW, METRIC)}
        rows.append(
            [
                f"{name}{' (chosen on)' if name in TUNED else ''}",
                f"{len(gap)}",
                f"{level[RAW]:.4f}",
                f"{level[METRIC]:.4f}",
                said([gap]),
                f"{base[name].mean():+.4f}",
                f"{(chosen == 'none').sum()} of {len(chosen)}",
            ]
        )
    head = [
        "domain",
        "deals",
        f"{best}, raw",
        "in the metric",
        "difference",
        "together, no metric",
        "none chosen",
    ]
    return markdown(head, rows)


def choices(found: pl.DataFrame, best: str) -> str:
    """What asking for a surer choice would have brought: the metric is the same, or none."""
    sure = found.filter(strategy=best, encoding=METRIC).sort("domain", "deal")
    times = np.nan_to_num((sure["gain"] / sure["se"]).to_numpy(), posinf=np.inf)
    gap = np.concatenate(list(gaps(found, (METRIC, best), (RAW, best)).values()))
    names = sure["domain"].to_numpy()
    rows = []
    for errors in (2, 3, 4):
        kept = np.where(times > errors, gap, 0.0)
        each = [kept[names == name] for name in np.unique(names)]
        rows.append(
            [
                f"{errors}",
                f"{(times > errors).sum()} of {len(gap)}",
                f"{(kept < 0).sum()}",
                f"{kept.min():+.4f}",
                said(each),
            ]
        )
    return markdown(
        ["standard errors", "deals with a metric", "of these lost", "the worst", "mean gain, 95 %"], rows
    )


def rules(played: pl.DataFrame) -> str:
    """The strategy that the past chose against the others, all in the metric."""
    each = deals(played.filter(encoding=METRIC), "rule")
    own = each.filter(pl.col("strategy") == pl.col("rule")).with_columns(strategy=pl.lit("chosen"))
    found = pl.concat([each, own]).drop("rule")
    names = [name for name in found["strategy"].unique() if name != "chosen"]
    gap = {name: list(gaps(found, (METRIC, "chosen"), (METRIC, name)).values()) for name in names}
    names.sort(key=lambda name: np.mean([part.mean() for part in gap[name]]))
    other = own.filter(pl.col("rule") != FIRST)
    picked = ", ".join(
        f"{row['rule']} on {row['domain']}, deal {row['deal']}"
        for row in other.sort("domain", "deal").to_dicts()
    )
    counts = own.group_by("domain").len().sort("domain")
    said_of = ", ".join(f"{row['domain']} {row['len']}" for row in counts.to_dicts())
    head = f"Deals: {said_of}. Another strategy than {FIRST} was chosen in {len(other)} of {len(own)}"
    counted = textwrap.fill(f"{head}{f': {picked}' if picked else ''}.", 120)
    return f"{counted}\n\n" + markdown(
        ["chosen less", "AULC in the metric, 95 %"], [[name, said(gap[name])] for name in names]
    )


def going_on(played: pl.DataFrame) -> str:
    """The policies that were trained on the past against the others, all in the metric."""
    found = deals(played.unique(["domain", "deal", "strategy", "split"], maintain_order=True))
    names = found["strategy"].unique(maintain_order=True)
    rows, gap = [], {}
    for own in names.filter(names.str.starts_with("trained")):
        for name in names.filter(~names.str.starts_with("trained")):
            gap = gaps(found, (METRIC, own), (METRIC, name))
            each = [f"{part.mean():+.4f}" for part in gap.values()]
            deals_of = f"{sum(map(len, gap.values()))}"
            rows.append([f"{own} less {name}", deals_of, said(list(gap.values())), *each])
    return markdown(["", "deals", "AULC in the metric, 95 %", *gap], rows)


def put(mark: str, shown: str) -> None:
    """Put tables into the page, after a mark."""
    page = (HOME / "history.md").read_text()
    before, _, rest = page.partition(mark)
    _, _, after = rest.partition(END)
    (HOME / "history.md").write_text(f"{before}{mark}\n{shown}{END}{after}")


def main() -> None:
    """Put the tables into the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs/history"))
    options.add_argument(
        "--choices", action="store_true", help="only the table of strategies that the past chose"
    )
    options.add_argument("--policy", action="store_true", help="only that of policies trained on the past")
    given = options.parse_args()
    played = pl.concat([pl.read_parquet(path) for path in sorted(given.runs.glob("*.parquet"))])
    if given.choices or given.policy:
        mark, tables = (CHOICE, rules) if given.choices else (POLICY, going_on)
        put(mark, tables(played))
        return
    everything = deals(played)
    found = everything.filter(~pl.col("domain").is_in(TUNED), ~pl.col("domain").str.ends_with(SAID))
    level = {(row["encoding"], row["strategy"]): row["aulc"] for row in means(found).to_dicts()}
    fixed = {key: value for key, value in level.items() if key[1] not in ("learned", "random")}
    best = max((key for key in fixed if key[0] == RAW), key=fixed.__getitem__)[1]
    inside = max((key for key in fixed if key[0] == METRIC), key=fixed.__getitem__)[1]
    names = sorted({name for _, name in level}, key=lambda name: -level[METRIC, name])
    table = [
        [
            name,
            f"{level[RAW, name]:.4f}",
            f"{level[METRIC, name]:.4f}",
            said(list(gaps(found, (METRIC, name), (RAW, name)).values())),
        ]
        for name in names
    ]
    headline = [
        [f"{best} in the metric less {best} on raw features",
         said(list(gaps(found, (METRIC, best), (RAW, best)).values()))],
        [f"{best} less random, both on raw features", said(list(gaps(found, (RAW, best), (RAW, "random")).values()))],
        ["random in the metric less random on raw features",
         said(list(gaps(found, (METRIC, "random"), (RAW, "random")).values()))],
    ]  # fmt: skip
    if "learned" in names:
        gap = said(list(gaps(found, (METRIC, "learned"), (METRIC, inside)).values()))
        headline.append([f"learned less {inside}, the best fixed strategy in the metric, both in it", gap])
    shown = "\n".join(
        [
            markdown(["mean over the eight domains", "AULC, 95 %"], headline),
            by_domain(everything, best),
            markdown(["strategy", "raw", "in the metric", "difference, 95 %"], table),
            choices(found, best),
        ]
    )
    put(BEGIN, shown)


if __name__ == "__main__":
    main()
