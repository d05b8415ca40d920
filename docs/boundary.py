"""docs/boundary.md and its picture: `python docs/boundary.py --runs runs`. All is computed here."""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
from results import fixed, interval, over_sets, table
from safetensors.numpy import load_file

from askwell import stats
from askwell.comparison import reopen
from askwell.learners.in_context import SHIPPED

HOME = Path(__file__).parent
META = ("penbased", "segment", "spambase", "mushroom", "vehicle", "contraceptive")
LABELS = (10, 20, 50, 100)

HEAD = """# A network that foretells the boundary

Written by `python docs/boundary.py --runs runs` from what the commands below made.

Can a neural network predict where another classifier's decision boundary runs? Two answers. One network reads a few
labelled points and says what a classifier that was fitted to *all* labels would say. The other reads the weights of a
network.

## The learner `in-context`
`python studies/in_context.py --minutes 14 --out runs/in-context`, on two cores

The network sees labelled points and a point to predict. First it weighs the features by what the labels say about
them, and undoes how they correlate within classes. Then it turns how two points lie to each other into attention. In
twelve steps each labelled point says how wrong it still is, and all logits move by what the labelled points say, as far
as attention lets them. Nothing depends on the order of points, features or classes, or on how many there are; it has
{parameters:,} weights. It learned from synthetic tasks alone: half of the target is the labels, half what a logistic
regression says that was fitted to all 256 labels of the pool.

A fit is one pass over the labelled points. So it is a learner like any other:
`askwell compare digits --learner in-context`, `askwell ask pool.csv --learner in-context`.

## From few labels
`askwell compare --spec studies/in-context.toml --out runs/learners`

Random labels, ten splits, means over sets. The network saw none of these sets. On the six meta-validation sets it was
looked at while it was designed, and of two trainings the one ships that is better there; the others are held out.
"""

CALIBRATION = """Expected calibration error (lower is better) and log-loss, all sets:
"""

ACTIVE = """### Together with questions worth asking
`askwell compare --spec studies/in-context-active.toml --out runs/learners-active`

Mean AULC of ten rounds of ten labels, by who chooses the labels and who learns from them; eleven sets, five
splits.
"""

FORETELLS = """## Does it foretell the fully informed boundary?
`python studies/boundary.py --out runs/boundary.json`

The share of unseen points on which each says the same class as a logistic regression with all labels of the pool, more
or less than the logistic regression with the labels so far; eleven sets, eight splits, intervals over sets.
"""

UNCERTAINTY = """## Is disagreement with it a reason to ask?
`cd studies && askwell compare --spec boundary.toml --out ../runs/boundary-play`

The learner is logistic regression. `boundary` asks where it and the network disagree most, `foretold-margin` where the
network's own margin is smallest; the -herding rules multiply that with what a point adds to the pool's coverage, as
margin-herding does with the classifier's margin. Eleven sets, six splits, ten rounds of ten.
"""

READER = """## A network that reads another's weights
`python studies/boundary_mlp.py --out runs/boundary-mlp`

The notes' literal question, in the plane. The reader gets the weights of a network with 16 hidden units as an unordered
set, and a point; it never computes the network's own formula. It is judged on 256 networks that it never saw.
"""

VERDICT = """## Verdict

- **As a classifier for few labels it is worth having.** It needs no fit, and from 20 labels on it is in the mean the
  most accurate of the five on the held-out sets; after 100 labels reliably more so than logistic regression, and then
  also the best calibrated. From 10 labels there is no difference, and where a straight boundary is right
  (breast_cancer, digits, satimage) logistic regression is as good or better. A first version fell apart with 26
  classes after 70 labels, as it was told of more classes than it was taught; what it is told is bounded now.
- **It reads random labels better than well-chosen ones.** With uherding's labels it is no better than logistic
  regression, in the mean. It was taught with labels that were drawn at random or near the boundary, never with ones
  that cover the pool.
- **It does not foretell the boundary of all labels better than the classifier does now.** What it gains in accuracy it
  gains where the truth is not that classifier's boundary. A null result, with the intervals above.
- **To disagree with it is no good reason to ask.** `boundary` is reliably worse than margin, and in the place of the
  margin in margin-herding it is reliably worse, too. The network's own margin does as well as the classifier's, not
  better.
- **Weights can be read**, as the last table says: a network sees another's boundary in the plane from its weights
  alone.
"""


def areas(records: pl.DataFrame, value: str) -> pl.DataFrame:
    """A value by dataset, learner and labels, mean over splits."""
    return records.group_by("dataset", "learner", "labels").agg(pl.col(value).mean())


def learners(records: pl.DataFrame) -> list[str]:
    """Accuracy by learner and number of labels, for both groups of sets, and the network less logistic regression."""
    found, page = areas(records, "accuracy"), []
    for title, own in (("meta-validation", True), ("held out", False)):
        part = found.filter(pl.col("dataset").is_in(META) == own)
        sets = part["dataset"].unique().sort().to_list()
        page += [f"Accuracy on the {len(sets)} sets that are {title} ({', '.join(sets)}):", ""]
        page += table(wide(part, "accuracy", ascending=False))
        said = []
        for labels in LABELS:
            pair = part.filter(labels=labels).pivot("learner", index="dataset", values="accuracy")
            gain = (pair["in-context"] - pair["logistic"]).to_numpy()
            said.append(
                f"{over_sets(gain)} after {labels} labels (above it on {np.sum(gain > 0)} of {len(gain)})"
            )
        page += [f"in-context less logistic: {'; '.join(said)}.", ""]
    return page


def wide(found: pl.DataFrame, value: str, ascending: bool) -> pl.DataFrame:
    """A row a learner, a column a number of labels."""
    mean = (
        found.filter(pl.col("labels").is_in(LABELS)).group_by("learner", "labels").agg(pl.col(value).mean())
    )
    frame = mean.pivot("labels", index="learner", values=value)
    frame = frame.select("learner", *map(str, LABELS)).sort("20", descending=not ascending)
    return frame.select(
        "learner", *(pl.col(str(n)).map_elements(fixed, pl.String).alias(f"{n} labels") for n in LABELS)
    )


def calibration(records: pl.DataFrame) -> list[str]:
    """Calibration error and log-loss by learner and number of labels."""
    page = []
    for value in ("calibration_error", "log_loss"):
        frame = wide(areas(records, value), value, ascending=True)
        page += table(frame.rename({"learner": value.replace("_", " ")}))
    return page


def active(root: Path) -> list[str]:
    """AULC by strategy and learner, and what the network adds to each strategy."""
    found = stats.summarise(reopen(root).records)
    by_set = found.pivot("learner", index=["strategy", "dataset"], values="aulc")
    lines = []
    for (strategy,), part in by_set.group_by("strategy", maintain_order=True):
        gain = (part["in-context"] - part["logistic"]).to_numpy()
        lines.append(
            {
                "strategy": strategy,
                "logistic": fixed(part["logistic"].mean()),
                "in-context": fixed(part["in-context"].mean()),
                "difference": over_sets(gain),
                "better on": f"{np.sum(gain > 0)} of {len(gain)}",
            }
        )
    return table(pl.DataFrame(lines).sort("in-context", descending=True))


def foretells(rows: pl.DataFrame) -> list[str]:
    """Agreement with the fully informed classifier, the network less the current one."""
    lines = []
    for (strategy,), part in rows.group_by("strategy", maintain_order=True):
        for labels in LABELS:
            pair = (
                part.filter(labels=labels)
                .group_by("set", "learner")
                .agg(pl.col("agrees", "divergence").mean())
                .pivot("learner", index="set", values=["agrees", "divergence"])
            )
            lines.append(
                {
                    "labels chosen by": strategy,
                    "labels": labels,
                    "logistic": f"{pair['agrees_logistic'].mean():.1%}",
                    "in-context": f"{pair['agrees_in-context'].mean():.1%}",
                    "difference": over_sets((pair["agrees_in-context"] - pair["agrees_logistic"]).to_numpy()),
                    "difference in nats to its probabilities": over_sets(
                        (pair["divergence_in-context"] - pair["divergence_logistic"]).to_numpy(), 3
                    ),
                }
            )
    return table(pl.DataFrame(lines))


def asked(root: Path) -> list[str]:
    """The rules' AULC, each less margin and less margin-herding."""
    records = reopen(root).records
    names = {
        "boundary_rules:ForetoldMargin": "foretold-margin",
        "boundary_rules:BoundaryHerding": "boundary-herding",
        "boundary_rules:ForetoldHerding": "foretold-herding",
    }
    records = records.with_columns(pl.col("strategy").replace(names))
    area = dict(stats.summarise(records).group_by("strategy").agg(pl.col("aulc").mean()).iter_rows())
    found = {
        base: {v.strategy: v for v in stats.verdicts(records, base)} for base in ("margin", "margin-herding")
    }
    rows = []
    for name in sorted(area, key=lambda name: -area[name]):
        row = {"strategy": name, "mean AULC": fixed(area[name])}
        for base, verdicts in found.items():
            one = verdicts.get(name)
            row[f"less {base}"] = f"{fixed(one.difference, 4, True)} {interval(one)}" if one else ""
        rows.append(row)
    said = [
        f"- {found[base][name].said}"
        for base, name in (
            ("margin", "boundary"),
            ("margin", "foretold-margin"),
            ("margin-herding", "boundary-herding"),
            ("margin-herding", "foretold-herding"),
        )
    ]
    return [*table(pl.DataFrame(rows)), *(f"{one}." for one in said), ""]


def reader(path: Path) -> list[str]:
    """How much of the plane is read alike, over training."""
    rows = [
        {
            "updates": row["updates"],
            "of the plane alike": f"{row['agrees']:.1%}",
            "of the worst networks (5 %)": f"{row['worst']:.1%}",
            "the larger side alone": f"{row['larger side']:.1%}",
        }
        for row in json.loads((path / "reader.json").read_text())
    ]
    return table(pl.DataFrame(rows))


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    runs = options.parse_args().runs
    records = reopen(runs / "learners").records
    parameters = sum(array.size for array in load_file(SHIPPED).values())
    page = [HEAD.format(parameters=parameters), *learners(records), CALIBRATION, *calibration(records)]
    page += [ACTIVE, *active(runs / "learners-active")]
    page += [FORETELLS, *foretells(pl.DataFrame(json.loads((runs / "boundary.json").read_text())))]
    page += [UNCERTAINTY, *asked(runs / "boundary-play"), READER, *reader(runs / "boundary-mlp")]
    shutil.copy(runs / "boundary-mlp" / "boundary-mlp.png", HOME / "boundary-mlp.png")
    page += ["![Four networks, and the boundary that was read from their weights](boundary-mlp.png)", ""]
    page += [
        "Colours: what the network says, and the points that it was trained on. Line: what the reader says."
    ]
    page += ["", VERDICT]
    (HOME / "boundary.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
