"""docs/scaling.md and its pictures: `python docs/scaling.py --runs runs`. All is computed here."""

import argparse
import json
from pathlib import Path

from scaling_leads import FAMILIES, at_once, broken, lead_table, leads, panel, seconds, sentence, short
from scaling_learning import agreements, gradient

from askwell.core import ACCURACY
from askwell.core.metrics import METRICS
from askwell.plots import files
from askwell.plots.chart import alt

HOME = Path(__file__).parent
HEAD = """# What changes with size

Written by `python docs/scaling.py --runs runs` from what this command made ({minutes:.0f} minutes of playing and
compiling, summed over cores):

```
python studies/scaling.py --spec studies/scaling.toml --out runs/scaling
```

The base point: {rounds} rounds of {batch} labels from a cold start, a pool of {pool} points with {features} features
and {classes} classes, logistic regression. Each axis changes one of these numbers.

- *Worlds* are synthetic (`askwell.data.Synthetic`); each is played once. Slow strategies play some of them: {slow}.
- *Real sets* are cut to size: random rows of random classes, at most as many classes as the point has. A set with too
  many features gives its principal components. One with too few gets columns of noise on the axis *dimension*, random
  features (ReLU) on the axis *information*, zeros elsewhere.
- Near-copies and wrong answers are in the pool alone. Accuracy is measured on clean points that were not in it.
- The *lead* is a strategy's AULC less random's on the same tasks. Intervals are at 95 %, over worlds or over real sets
  with splits in them (`askwell.stats.bootstrap`). A lead within ±{delta} is *equivalent*; *not told apart* means that
  there is not enough evidence. Where fewer worlds were played intervals are wider, and evidence may be lost without the
  lead. Each verdict stands on its own: of twenty without any difference, one is wrong.
"""
ABOUT = {
    "noise": "The annotator's answer is wrong with this probability, then one of the other classes.",
    "copies": "So many of the pool's points are near-copies of the others.",
    "classes": "With very many classes some are never seen. Real: {real}, as far as their classes go.",
    "dimension": "More features that tell no more: classes of worlds stay as far apart; real sets get noise.",
    "information": "More features, each of which tells as much: distances between classes grow with the root of their "
    "number, and real sets get random features.",
    "pool": "Of the smallest pool all points are asked in the end. Real sets have too few rows beyond {largest:,}.",
    "batch": "The rounds stay as many, so a larger batch also means more labels. The pool has {pool:,} points at every "
    "value, so that the largest batches leave half of it.",
    "batch of 200 labels": "The same {labels} labels in fewer batches. AULC is the mean after each batch, so it "
    "compares strategies within a row only. A batch of {labels} is chosen before any label is known.",
}
"""What an axis of the spec is, in words."""
LEARNING = """Measured on worlds with up to {classes} classes. From the same {start} random labels the policy that
training starts from draws eight batches among {candidates:,} points, as the trainer `siblings` does. The *signal* is
the length of the mean gradient over tasks, the *noise* the standard deviation of one task's gradient. With rewards
shuffled among the batches there is no signal. So many tasks must be averaged *until signal equals noise*.
"""


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    study = json.loads((options.parse_args().runs / "scaling" / "scaling.json").read_text())
    spec, rows = study["spec"], study["rows"]
    played = [r for r in rows if "strategy" in r]
    places = [(axis["name"], value) for axis in spec["axes"] for value in axis["values"]]
    done = {(r["axis"], r["value"], r["strategy"]) for r in played}
    learnt = sum(r["axis"] == "gradient" for r in rows) == len(spec["gradient"]["batches"])
    if not learnt or any((*place, name) not in done for place in places for name in spec["strategies"]):
        raise SystemExit("The study is not finished; run the command of studies/scaling.py again.")
    axes, strategies = spec["axes"], [s for s in spec["strategies"] if s != "random"]
    found, shared = leads(played), leads(played, shared=True)
    spent = sum(r.get("compile", 0) + r["episode"] * len(r["units"]) for r in played if "aulc" in r)
    spent += sum(r["seconds"] * len(r["spread"]) for r in rows if r["axis"] == "gradient")
    slow = ", ".join(f"{name} {share:.0%}" for name, share in spec["slow"].items())
    page = [HEAD.format(**{**spec, "slow": slow}, minutes=spent / 60, delta=METRICS[ACCURACY].delta)]
    groups, agreed, more = agreements(rows, axes)
    learning, learned, most = gradient(rows)
    page += ["## In short, for worlds", "", *(short(axis, strategies, found, shared) for axis in axes)]
    wide = [axis["name"] for axis in axes if axis["varies"] == "features"]
    page += [*(line for line in agreed if any(f"{name}, worlds" in line for name in wide)), *learned, ""]
    for family, name in (("worlds", "scaling.png"), ("real sets", "scaling-real.png")):
        panels = [p for axis in axes if (p := panel(axis, family, strategies, found))]
        panels += [*more, *most] if family == "worlds" else []
        figure = files.draw_all(panels)
        for ax in figure.axes:
            ax.tick_params(axis="x", labelsize=6)  # 100 and 200 lie close together
        figure.savefig(HOME / name)
        page += [
            f"![{alt(panels)}]({name})",
            "",
            f"Lead over random, {family}; bands are 95 % intervals.",
            "",
        ]
    for axis in axes:
        page += [
            f"## {axis['name'].capitalize()}",
            "",
            ABOUT[axis["name"]].format(**{**axis, "real": ", ".join(axis["real"] or ())}),
            "",
        ]
        for family in FAMILIES:
            page += lead_table(axis, family, strategies, found, played)
        page += [*(sentence(axis, name, found) for name in strategies), ""]
        if axis["labels"]:
            page += at_once(axis, strategies, played)
    page += ["## Do k-means groups agree better with classes in higher dimensions?", ""]
    page += ["Adjusted mutual information: 1 if groups are the classes, 0 for chance.", ""]
    page += [*groups, *agreed, ""]
    page += ["## Does a bigger batch give the policy gradient a bigger signal?", ""]
    page += [LEARNING.format(**spec["gradient"], classes=spec["classes"]), *learning, *learned, ""]
    page += ["## Where each strategy breaks", "", *broken(axes, strategies, found, played)]
    sized = [axis for axis in axes if axis["varies"] in ("features", "pool", "batch")]
    page += ["Seconds an episode:", "", *seconds(sized, ["random", *strategies], played)]
    (HOME / "scaling.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
