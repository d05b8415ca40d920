"""docs/double-descent.md and its picture: `python docs/double_descent.py --runs runs`. All is computed here."""

import argparse
import json
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
from results import table

from askwell.stats import mean_intervals

HOME = Path(__file__).parent
RISE = ("rise", "rise_low", "rise_high")

HEAD = """# Can one more label hurt?

Written by `python docs/double_descent.py --runs runs` from what this command found:

`python studies/double_descent.py --out runs/double-descent.json`

More labels should make a classifier better. There is a known exception: one that passes through every label, and has
no penalty, is at its worst where there are about as many labels as columns ("double descent", Belkin et al. 2019;
Nakkiran et al. 2020). Does it appear in a game, where one starts with a few labels?

![Error against the number of labels](double-descent.png)

Mean error of {orders} random orders of labels; the dashed line is where there are as many labels as columns.

"Rise" is how much the error grows from some number of labels to a larger one. The two numbers are those of the largest
rise in half of the orders; the rise and its 95 % interval are from the other half.
"""


def rises(one: dict, classifier: str) -> pl.DataFrame:
    """The largest rise: chosen by the even orders, measured on the odd ones."""
    errors = np.array(one["errors"][classifier])
    mean = errors[::2].mean(axis=0)
    start, end = max(combinations(range(len(mean)), 2), key=lambda pair: mean[pair[1]] - mean[pair[0]])
    return pl.DataFrame(
        {
            "set": one["set"],
            "columns": one["columns"],
            "classifier": classifier,
            "from": one["labels"][start],
            "to": one["labels"][end],
            "rise": errors[1::2, end] - errors[1::2, start],
        }
    )


def picture(found: list[dict]) -> None:
    """One panel a set."""
    figure, panels = plt.subplots(2, 4, figsize=(13, 6), layout="constrained")
    for one, panel in zip(found, panels.flat, strict=True):
        for classifier, errors in one["errors"].items():
            panel.plot(one["labels"], np.mean(errors, axis=0), label=classifier, marker="o", markersize=3)
        panel.axvline(one["columns"], color="grey", linestyle="--", linewidth=1)
        panel.set(title=one["set"], xscale="log", ylim=(0, None))
        ticks = [one["labels"][at] for at in (0, len(one["labels"]) // 2, -1)]
        panel.set_xticks(ticks, labels=list(map(str, ticks)))
        panel.minorticks_off()
    figure.supxlabel("labels")
    figure.supylabel("share of wrong answers on unseen points")
    figure.legend(*panels.flat[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    figure.savefig(HOME / "double-descent.png", dpi=110)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    found = json.loads((parser.parse_args().runs / "double-descent.json").read_text())
    classifiers = list(found[0]["errors"])
    every = pl.concat([rises(one, classifier) for classifier in classifiers for one in found])
    by = ["classifier", "set", "columns", "from", "to"]
    told = mean_intervals(every, by, "rise")
    lines = [HEAD.format(orders=len(found[0]["errors"][classifiers[0]]))]
    bounds = [pl.col(name).map_elements("{:+.3f}".format, pl.String) for name in RISE]
    shown = told.select(*by, pl.format("{} [{}, {}]", *bounds).alias("rise, 95 %"))
    lines += table(shown)
    for classifier in classifiers:
        own = told.filter(pl.col("classifier") == classifier)
        sure = own.filter(pl.col("rise_low") > 0)
        if not len(sure):
            lines.append(f"- **{classifier}**: on none of {len(own)} sets does the error rise reliably.")
            continue
        largest = sure.sort("rise").tail(1).row(0, named=True)
        where = f"{largest['from']} to {largest['to']} labels ({largest['columns']} columns)"
        lines.append(
            f"- **{classifier}**: on {len(sure)} of {len(own)} sets the error rises reliably, most on "
            f"{largest['set']}, by {largest['rise']:.3f} from {where}."
        )
    (HOME / "double-descent.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    picture(found)


if __name__ == "__main__":
    main()
