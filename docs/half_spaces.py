"""docs/half-spaces.md and its picture: `python docs/half_spaces.py --runs runs`. All figures are computed here."""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from results import fixed, interval, table

from askwell import stats
from askwell.comparison import reopen
from askwell.plots import files
from askwell.plots.palette import INK

HOME = Path(__file__).parent
LOOK = {
    "random labels": ("#7f7f7f", "-"),
    "margin labels": ("#009e73", "-"),
    "random cuts": ("#cc79a7", "--"),
    "bisection": ("#0072b2", "-"),
    "bisection, counted": ("#56b4e9", "-"),
    "shares": ("#d55e00", "-"),
}
GOALS = (0.1, 0.05, 0.02)
FEW = 10
"""Answers of an ultra-few-shot episode."""

COMPARE = "askwell compare digits breast_cancer vehicle satimage letter --splits 8"
RUNS = {
    "rows": "--strategies random,margin,uherding",
    "class": "--game half-spaces",
    "region": "--game half-spaces --setting point=region --strategies random-cuts,cap-cuts",
    "layers": "--game half-spaces --setting layers=3 --strategies random-cuts",
}

HEAD = """# Questions about half-spaces

Written by `python docs/half_spaces.py --runs runs`.

`askwell compare digits breast_cancer --game half-spaces`

An action is a list of half-spaces, `float [q, d + 1]`: normals and, last, offsets. An annotator, who looks at the
labels of the pool, says which class most of the rows beyond each are of. The learner gets one virtual point for each
answer, with that class as its label. An answer costs one label, and no row is labelled. With `--setting layers=3`,
three half-spaces of a batch in a row belong together: the second answer is about the intersection with the first, the
third about that of all three.

Where does the virtual point lie? `--setting point=class` (the default): in the mean of the region's rows of that
class, so the annotator also shows what is typical. `point=region`: in the mean of all its rows, which the learner
knows itself; then the answer is the class and nothing else. Both have weight 1. The share of the class as weight was
tried on three sets, and was worse with random cuts and caps: what is large and mixed weighs little then.

| rule | what it asks about |
| --- | --- |
| `random-cuts` | any direction, any number of rows beyond (the baseline) |
| `row-cuts` | the outermost row in the direction of a random one, alone: the answer is a label |
| `bisecting-cuts` | of 32 random cuts the one whose answer the learner can foretell least |
| `cap-cuts` | a twentieth of the pool, in the direction of an uncertain row |

In Gymnasium the game is `askwell/HalfSpaces-v0`, with a `Box` of actions. Reports of it do not show where it asks.

## How many answers equal one label?
`python studies/half_spaces.py --out runs/half-spaces.json`

A separator through the origin of Gaussian data in 2 to 32 dimensions; its error is its angle to the true one over pi
(12 repeats). The learner knows the version space, all separators that agree with the answers, and takes its middle.

- *random labels*: of random points; *margin labels*: of the row nearest to the present separator, out of 1,000;
- *random cuts*: which class rules beyond a random hyperplane through the origin;
- *bisection*: the same, but the hyperplane halves the version space across its longest axis;
- *bisection, counted*: the annotator counts the labels of 1,000 rows, and so is wrong about nearly even regions;
- *shares*: of random cuts, but the annotator says how large the share of the class is among 1,000 rows, and least
  squares finds the separator;
- *known rate*: each answer halves the version space, so that the error is `½ · 2^(−m / (d − 1))` after `m` answers. No
  rule can do better with answers of one bit, but for a constant. Labels reach this order, too, if they are chosen well
  from points without end (Dasgupta, Kalai & Monteleoni 2005; Balcan, Broder & Zhang 2007); random labels need on the
  order of `d / error`.
"""


def reached(errors: np.ndarray, goal: float) -> int | None:
    """After how many answers the mean error is no more than `goal`."""
    low = np.nonzero(errors.mean(axis=1) <= goal)[0]
    return int(low[0]) + 1 if len(low) else None


def picture(found: dict[tuple[int, str], np.ndarray], path: Path) -> None:
    """Error over answers, a panel a dimension."""
    dimensions = sorted({d for d, _ in found})
    figure = files.canvas(10.5, 6.2)
    figure.set_layout_engine("constrained")
    axes = figure.subplots(2, 3, sharey=True).ravel()
    for d, ax in zip(dimensions, axes, strict=False):
        most = min(160, 40 * d)
        for method, (colour, dash) in LOOK.items():
            mean = found[d, method].mean(axis=1)[:most]
            ax.plot(np.arange(len(mean)) + 1, mean, dash, color=colour, label=method, linewidth=1.6)
        x = np.arange(most + 1)
        ax.plot(x, 0.5 * 2.0 ** (-x / (d - 1)), ":", color=INK, label="known rate", linewidth=1.4)
        ax.set(yscale="log", ylim=(1e-4, 0.6), xlim=(0, most), title=f"d = {d}", xlabel="answers")
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[::3]:
        ax.set_ylabel("error (angle / π)")
    axes[-1].axis("off")
    axes[-1].legend(*axes[0].get_legend_handles_labels(), loc="center left", frameon=False)
    figure.savefig(path)


def needed(found: dict[tuple[int, str], np.ndarray]) -> list[str]:
    """How many answers each method needs, and how many of bisection equal one random label."""
    rows = []
    for d in sorted({d for d, _ in found}):
        for goal in GOALS:
            counts = {method: reached(found[d, method], goal) for method in LOOK}
            labels, cuts = counts["random labels"], counts["bisection"]
            shown = {m: str(c) if c else f"> {len(found[d, m])}" for m, c in counts.items()}
            most = len(found[d, "random labels"])
            one = "" if cuts is None else f"{cuts / labels:.2f}" if labels else f"< {cuts / most:.2f}"
            rows.append({"d": d, "error": goal, **shown, "bisecting answers that equal one label": one})
    return table(pl.DataFrame(rows))


def few(found: dict[tuple[int, str], np.ndarray]) -> list[str]:
    """The error after few answers."""
    dimensions, rows = sorted({d for d, _ in found}), []
    for method in LOOK:
        cells = {}
        for d in dimensions:
            errors = found[d, method][min(FEW, len(found[d, method])) - 1]
            spread = 2 * errors.std(ddof=1) / len(errors) ** 0.5
            cells[f"d = {d}"] = f"{errors.mean():.2g} ± {spread:.1g}"
        rows.append({"method": method, **cells})
    rate = {f"d = {d}": f"{0.5 * 2.0 ** (-FEW / (d - 1)):.2g}" for d in dimensions}
    return table(pl.DataFrame([*rows, {"method": "known rate", **rate}]))


def real(runs: Path) -> list[str]:
    """The game on real sets, beside the batch game."""
    records = []
    for name in RUNS:
        own = reopen(runs / name).records
        names = {old: f"{name}: {old}" for old in own["strategy"].unique()}
        records.append(own.with_columns(pl.col("strategy").replace_strict(names)))
    every = pl.concat(records)
    means = (
        stats.episodes(every).group_by("strategy", "dataset", maintain_order=True).agg(pl.col("aulc").mean())
    )
    wide = means.pivot("dataset", index="strategy", values="aulc", maintain_order=True)
    against = {v.strategy: v for v in stats.verdicts(every, "rows: random")}
    sets, rows = wide.columns[1:], []
    for row in wide.to_dicts():
        own = against.get(row["strategy"])
        line = {"strategy": row["strategy"], **{name: fixed(row[name], 3) for name in sets}}
        line["mean"] = fixed(float(np.mean([row[name] for name in sets])), 3)
        line["less random"] = f"{fixed(own.difference, 3, True)} {interval(own)}" if own else ""
        rows.append(line | {"verdict": own.verdict if own else ""})
    best = next(v for v in stats.verdicts(every, "rows: uherding") if v.strategy == "class: cap-cuts")
    return [
        *table(pl.DataFrame(rows)),
        f"{best.said} ({fixed(best.difference, 4, True)} {interval(best)}).",
        "",
    ]


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    runs = options.parse_args().runs
    rows = json.loads((runs / "half-spaces.json").read_text())
    found = {(row["d"], row["method"]): np.array(row["errors"]) for row in rows}
    picture(found, HOME / "half-spaces.png")
    page = [HEAD, "![Error over the number of answers, a panel a dimension](half-spaces.png)", ""]
    page += ["Answers until the mean error is as low as this:", "", *needed(found)]
    page += [f"The error after {FEW} answers (± twice the standard error):", "", *few(found), STUDIED]
    page += [
        "## On real sets",
        "",
        *(f"`{COMPARE} {told} --out runs/half-spaces/{name}`  " for name, told in RUNS.items()),
    ]
    page += [
        "",
        'AULC, 10 rounds of 10 answers or labels from a cold start, logistic regression. "rows" is the batch',
    ]
    page += ['game; "less random" compares with its random rows.', "", *real(runs / "half-spaces"), VERDICT]
    (HOME / "half-spaces.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")


STUDIED = """What this says:

- **A random cut is a random label.** The answer about the half-space with normal u is the sign of u·w, and so is the
  label of a point at u. Their curves agree in all dimensions: asking about regions brings nothing by itself.
- **Bisection follows the known rate.** What one label equals depends on how low the error shall be, and hardly on the
  dimension, since both numbers grow like it (last column).
- **Labels chosen well do the same**, as long as the pool has rows near the separator: margin labels need about as many
  as bisection, then stop where 1,000 rows end. A half-space needs no row there. That is all that it adds.
- **An annotator who counts** 1,000 rows stops it far earlier: in regions that are nearly even, chance decides which
  class is more frequent. Its line ends where the version space has closed on a wrong separator.
- **A share says more than a class**, and helps most with few answers. It stops where the shares of 1,000 rows are wrong
  by chance.
- **Ultra-few-shot**: ten answers of one bit are ten bits. In 2 dimensions bisection makes much of them; in 32 it makes
  no difference how they are asked. Shares are ahead in 4 to 16 dimensions.
"""

VERDICT = """- **An answer that is the class alone loses.** In the region's mean, random cuts are worse than random
  rows: half the pool holds all classes, so the frequent one says little. Small caps are not better: a null result.
- **What helps is the typical point.** With the mean of the class, which is more than a label, caps are above random
  rows on three sets, and below on the other two (two and four classes); in the mean there is not enough evidence. A
  good choice of rows is better than all of this.
- **Single rows** (`row-cuts`) and random cuts are a little below random rows, without enough evidence either way.
- **Bisecting the belief does not help here**, though it is what works in theory: it is no better than random cuts.
  Probably because a logistic regression on virtual points is no version space, and the mean of an even region is
  typical of nothing.
- **Layers** of three, with random cuts, change next to nothing in the mean: regions are smaller, but no better chosen.
"""


if __name__ == "__main__":
    main()
