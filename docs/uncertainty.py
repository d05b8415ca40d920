"""docs/uncertainty.md and its pictures: `python docs/uncertainty.py --runs runs`. All is computed here."""

import argparse
import json
from pathlib import Path

import polars as pl
from gallery import shrink
from results import over_sets, table

from askwell.plots import files, save
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import style
from askwell.report import open_run

HOME = Path(__file__).parent
MEASURES = {
    "copies": ("near-copies", "share of a batch"),
    "one side": ("on one side", "share of a batch"),
    "final margin": ("distance to the final boundary", "margin in the end"),
    "turned": ("predictions that turn", "share of the pool"),
    "agrees": ("agreement with the final boundary", "share of the pool"),
}

HEAD = """# What uncertainty sampling does

Written by `python docs/uncertainty.py --runs runs` from what these commands made:

```
python studies/uncertainty.py --out runs/uncertainty.json
askwell compare banana --strategies random,margin,margin-herding,learned --splits 1 --out runs/banana
```

Five real sets, ten rounds of ten labels from a cold start, ten splits, logistic regression. Each batch is looked at as
it was bought.

- *near-copies*: the share of a batch whose nearest neighbour in the batch is nearer than the median nearest neighbour
  in the pool;
- *on one side*: the share of a batch that the classifier gave to one class, the most frequent;
- *distance to the final boundary*: the mean margin (the two highest probabilities' difference) of the batch's points
  in a classifier that knows every label of the pool; 0 is on the boundary;
- *predictions that turn*: the share of the pool whose predicted class changes by the batch's labels, and how many of
  these changes agree with the final boundary;
- *agreement*: the share of the pool that is predicted as with all labels.

Means over sets; 95 % intervals over sets.
"""

PICTURE = """## Where it asks

A set in the plane, three of ten rounds. A straight boundary cannot tell these classes apart. Large numbered points are
the batch; ringed ones were asked before. `askwell plot where runs/banana --out where.gif` makes it move, and
`askwell report runs/banana` lets you play it. Whoever asks along the present boundary keeps it where it is: labels
from elsewhere, which would say that it is wrong, are not bought.
"""


def rounds(rows: pl.DataFrame) -> list[str]:
    """A row a strategy, the second half of the rounds; a column a measure."""
    late = rows.filter(pl.col("round") > 5)
    lines = []
    for (strategy,), part in late.group_by("strategy", maintain_order=True):
        by_set = part.group_by("set", maintain_order=True).agg(
            pl.col([*MEASURES, "turned right"]).fill_nan(None).mean()
        )
        line = {"strategy": strategy}
        for measure, (title, _) in MEASURES.items():
            line[title] = over_sets(by_set[measure].to_numpy(), 3, False)
            if measure == "turned":
                line["of those right"] = over_sets(by_set["turned right"].to_numpy(), 3, False)
        lines.append(line)
    return table(pl.DataFrame(lines))


def picture(rows: pl.DataFrame, path: Path) -> None:
    """Each measure over the rounds."""
    mean = rows.group_by("strategy", "round", maintain_order=True).agg(
        pl.col([*MEASURES]).fill_nan(None).mean()
    )
    panels = []
    for measure, (title, axis) in MEASURES.items():
        lines = []
        for (strategy,), part in mean.group_by("strategy", maintain_order=True):
            known = part.drop_nulls(measure).sort("round")
            x, y = known["round"].to_numpy(), known[measure].to_numpy()
            lines.append(Line(str(strategy), x, y, None, None, *style(str(strategy))))
        panels.append(Lines(title, "round", axis, tuple(lines)))
    files.draw_all(panels).savefig(path)


def said(rows: pl.DataFrame) -> list[str]:
    """One sentence a question, computed."""
    measures = pl.col([*MEASURES, "turned right"])
    by_set = rows.filter(pl.col("round") > 5).group_by("strategy", "set").agg(measures.fill_nan(None).mean())
    late = by_set.group_by("strategy").agg(measures.mean())
    of = {row["strategy"]: row for row in late.to_dicts()}
    margin, random = of["margin"], of["random"]
    spread = min((name for name in of if name != "random"), key=lambda name: of[name]["copies"])
    best = max(of, key=lambda name: of[name]["agrees"])
    return [
        f"- **Copies.** {margin['copies']:.0%} of a margin batch are near-copies of another of its points, "
        f"{random['copies']:.0%} of a random one and {of[spread]['copies']:.0%} of one by {spread}.",
        f"- **Side.** Margin takes {margin['one side']:.0%} of a batch from one predicted class, random "
        f"{random['one side']:.0%}.",
        f"- **Distance.** The points that margin asks for have a mean margin of {margin['final margin']:.2f} in the "
        f"end, those of random {random['final margin']:.2f}: the lower, the nearer to where the boundary ends up.",
        f"- **Movement.** A margin batch turns {margin['turned']:.1%} of the pool, and {margin['turned right']:.0%} of "
        f"these end on the final side; a random batch turns {random['turned']:.1%}, {random['turned right']:.0%} of "
        "them rightly.",
        f"- **In the end** {best} agrees most with the classifier that knows all labels: "
        f"{of[best]['agrees']:.1%} of the pool, margin {margin['agrees']:.1%}, random {random['agrees']:.1%}.",
        "",
    ]


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    runs = options.parse_args().runs
    rows = pl.DataFrame(json.loads((runs / "uncertainty.json").read_text()), infer_schema_length=None)
    picture(rows, HOME / "uncertainty.png")
    caption = save("where", open_run(runs / "banana").source("replay"), HOME / "uncertainty-where.png")
    shrink(HOME / "uncertainty-where.png")
    page = [HEAD, "## Rounds 6 to 10", "", *rounds(rows), *said(rows)]
    page += ["![Each measure, round by round](uncertainty.png)", "", PICTURE]
    page += [f"![{caption}](uncertainty-where.png)", "", caption]
    (HOME / "uncertainty.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
