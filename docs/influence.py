"""docs/influence.md and its pictures: `python docs/influence.py --runs runs`. All is computed here."""

import argparse
import json
from pathlib import Path

import numpy as np
import polars as pl
from results import fixed, interval, over_sets, table

from askwell import stats
from askwell.comparison import reopen
from askwell.plots import save
from askwell.report import open_run
from askwell.strategies import ExpectedError

HOME = Path(__file__).parent
KINDS = {
    "added": "added, all",
    "likely": "added, expected",
    "surprising": "added, surprising",
    "removed": "taken away",
}

HEAD = """# What one label does

Written by `python docs/influence.py --runs runs` from what the commands below made.

How would the classifier change if one more point had a label, or one less? One way to know is to fit it again. For
logistic regression there is a closed form: two Newton steps, with the curvature of the point itself in them (leverage).
`askwell.core.LabelInfluence` has it, for labels that are added and taken away; one inverse serves all points. In one
step and without leverage it is the influence function of Koh and Liang (2017): captum 0.9's agrees with it to 4 parts
in a million, for two, three and five classes (`tests/test_influence_peers.py`, played where captum is installed). The
`mlp` has a damped Gauss–Newton step by conjugate gradients. In Askwell this is a strategy (`influence`), and an
instrument (`askwell plot influence RUN`). Whether more labels can make a classifier worse as a whole:
[double descent](double-descent.md).

## How near do two steps come?
`python studies/influence.py --out runs/influence.json`

Eight real sets. "Error" is the size of the difference between the closed form and scikit-learn's refit in double
precision, as a share of the size of the change, over the log-odds of all other pool points; its median over labels,
splits and sets. A label is "expected" if the classifier gave its class a probability above .2.
"""

BREAKS = """By strength of regularisation, from 20 labels on (C = 1 is the default; a higher C holds the weights less):
"""

BY_CLASSES = """By number of classes, C = 1, from 20 labels on:
"""

NETWORK = """### The network
The `mlp` is trained for 200 steps and stops before it converges, and a training without the label ends elsewhere. The
change of the log-loss on 500 other points, by a step and by training again:
"""

SPEED = """## How much sooner?

1,000 candidates, each with five classes, 16 features, 50 labels, two cores; after compiling. "Refits" are Askwell's
own, compiled, side by side, from the present weights on; scikit-learn's are fitted one after the other.
`expected-error` refits for the points of the smallest margins only, as many as {refits} refits allow; `influence`
rates all points, once for each of the batch.
"""

PLAY = """## As a strategy
`askwell compare --spec studies/influence.toml --out runs/influence-play`

`influence` asks for the points whose labels will probably lower the pool's entropy most. To second order that is
`expected-error`, which refits with each class on each candidate. Mean AULC of 100 labels on seven sets, six splits, by
batch size:
"""

EXACT = """`askwell compare --spec studies/influence-exact.toml --out runs/influence-exact`

Against refits: five sets, pools of 300, five splits, ten rounds of ten.
"""

INSTRUMENT = """## As an instrument
```
askwell compare segment --strategies random,margin,margin-herding,learned --noise 0.2 --splits 5 \\
  --out runs/influence-noise
askwell plot influence runs/influence-noise --out influence.png
```

Every label that was bought is taken away again, right after its round and in the end, and the log-loss on the report
split tells what it did. Here one answer in five is wrong.
"""

HINDSIGHT = """### Which value points at wrong answers?
`python studies/influence.py --only hindsight --out runs/influence.json`

100 random labels on eight sets, one answer in five wrong, two splits. The share of the wrong answers that is among
the 20 labels of least value; chance is .20. Values are judged on the report split, so a user does not know them: this
says what a value could tell at best.
"""

VERDICT = """## Verdict

- **The closed form ranks labels as refits do**, at every number of labels, and its sizes are right within a few per
  cent. Labels that surprise the classifier are foretold less well, the more so the weaker the regularisation. Taking
  the label's own loss as it is, and a second step with a line search, takes most of the time: `steps=1` is many times
  sooner and several times less exact.
- **For the network it is a rough guess**, and the rougher the more labels there are: its training ends before it
  converges, so where it ends depends on more than its labels.
- **As a way to choose, the expected fall of the classifier's own entropy is a bad guide.** In every batch size it is
  reliably worse than margin, so the target (not below margin) is missed. What it foretells is right; that the
  classifier becomes surer of what it believes is no sign that what it believes becomes right. Larger batches hide this
  in part.
- **As an instrument it is useful**: it says which labels helped and which hurt, and most wrong answers are among the
  most harmful labels. A refit without the label, judged by log-loss, finds about as many as Shapley values that cost
  64 times as many fits; few random orders find fewer.
"""


def medians(rows: pl.DataFrame, by: str) -> list[str]:
    """The median errors of each kind, and the rank correlation, by a column."""
    lines = []
    for (value,), part in rows.sort(by).group_by(by, maintain_order=True):
        line = {by: str(value)}
        for kind, title in KINDS.items():
            each = part[kind].explode().drop_nulls()
            line[title] = f"{each.median():.1%}" if len(each) else ""
        line["rank correlation of sizes"] = fixed(float(part["rank"].mean()), 3)  # pyright: ignore[reportArgumentType]
        lines.append(line)
    return table(pl.DataFrame(lines))


def fidelity(rows: pl.DataFrame) -> list[str]:
    """Errors by number of labels, strength and classes, and what the target comes to."""
    default = rows.filter(C=1.0)
    enough = default.filter(pl.col("labels") >= 20)
    middle = {kind: enough[kind].explode().drop_nulls().median() for kind in KINDS}
    said = (
        f"From 20 labels on, C = 1, the median error is {middle['added']:.1%} for labels that are added "
        f"({middle['likely']:.1%} for expected ones) and {middle['removed']:.1%} for labels that are taken away; the "
        "target was 5 %."
    )
    slopes = []
    for kind in ("likely", "removed"):
        of = default.group_by("labels").agg(pl.col(kind).explode().median()).sort("labels")
        slopes.append(np.polyfit(np.log(1 / of["labels"].to_numpy()), np.log(of[kind].to_numpy()), 1)[0])
    said += (
        f" The error falls with the number of labels n as (1/n) to the power {slopes[0]:.2f} (added) and "
        f"{slopes[1]:.2f} (taken away)."
    )
    return [
        *medians(default, "labels"),
        said,
        "",
        BREAKS,
        *medians(rows.filter(pl.col("labels") >= 20), "C"),
        BY_CLASSES,
        *medians(enough, "classes"),
    ]


def network(rows: pl.DataFrame) -> list[str]:
    """The mlp's correlations, by number of labels, over sets."""
    lines = []
    for (labels,), part in rows.sort("labels").group_by("labels", maintain_order=True):
        by_set = part.group_by("set", maintain_order=True).agg(pl.col("rank", "linear").mean())
        lines.append(
            {
                "labels": labels,
                "rank correlation": over_sets(by_set["rank"].to_numpy(), 2),
                "linear correlation": over_sets(by_set["linear"].to_numpy(), 2),
            }
        )
    return table(pl.DataFrame(lines))


def speed(found: dict[str, float], large: dict[str, float]) -> list[str]:
    """Times, and how many times sooner."""
    names = {
        "closed": "closed form, all 5,000 changes of the weights",
        "once": "the same with `steps=1`",
        "refits": "5,000 refits by Askwell",
        "scikit-learn": "5,000 fits by scikit-learn",
        "influence": "`influence` chooses a batch of 10",
        "expected-error": "`expected-error` chooses a batch of 10",
    }
    against = {"once": "closed", "refits": "closed", "scikit-learn": "closed", "expected-error": "influence"}
    rows = [
        {
            "what": title,
            "seconds": f"{found[name]:.3g}",
            "times as long as the closed form": f"{found[name] / found[against[name]]:.3g}"
            if name in against
            else "",
        }
        for name, title in names.items()
    ]
    said = (
        f"A batch of 10 from 100,000 points with 64 features and 10 classes takes {large['seconds']:.1f} s and "
        f"{large['GiB']:.1f} GiB more memory (targets: 2 s, 1 GiB)."
    )
    return [*table(pl.DataFrame(rows)), said, ""]


def played(root: Path) -> list[str]:
    """AULC by strategy and batch size, and `influence` against margin in each."""
    records = reopen(root).records
    means = stats.summarise(records).group_by("strategy", "batch").agg(pl.col("aulc").mean())
    wide = means.pivot("batch", index="strategy", values="aulc")
    sizes = sorted((name for name in wide.columns if name != "strategy"), key=int)
    wide = wide.sort(sizes[-1], descending=True)
    rows = [
        {"strategy": row["strategy"], **{f"batch {size}": fixed(row[size]) for size in sizes}}
        for row in wide.to_dicts()
    ]
    said = []
    for size in sizes:
        part = records.filter(pl.col("strategy").is_in(["influence", "margin"]), batch=int(size))
        (verdict,) = stats.verdicts(part, "margin")
        said.append(
            f"- batch {size}: {verdict.said} ({fixed(verdict.difference, 4, True)} {interval(verdict)})."
        )
    return [*table(pl.DataFrame(rows)), *said, ""]


def exact(root: Path) -> list[str]:
    """The closed form and refits: AULC, and seconds a round."""
    records = reopen(root).records
    area = dict(stats.summarise(records).group_by("strategy").agg(pl.col("aulc").mean()).iter_rows())
    found = {
        v.strategy: v for v in stats.verdicts(records.filter(pl.col("strategy") != "random"), "influence")
    }
    rows = [
        {
            "strategy": name,
            "mean AULC": fixed(area[name]),
            "less influence": fixed(found[name].difference, 4, True) if name in found else "",
            "95 %": interval(found.get(name)),
        }
        for name in sorted(area, key=lambda name: -area[name])
    ]
    return table(pl.DataFrame(rows))


def hindsight(rows: pl.DataFrame) -> list[str]:
    """How many wrong answers are among the least valuable labels, by value."""
    lines = []
    for (value, of), part in rows.group_by("value", "of", maintain_order=True):
        by_set = part.group_by("set", maintain_order=True).agg(pl.col("share").mean())["share"].to_numpy()
        lines.append(
            {"value of a label": value, "of": of, "wrong answers found": over_sets(by_set, 2, False)}
        )
    return table(pl.DataFrame(lines))


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    runs = options.parse_args().runs
    found = json.loads((runs / "influence.json").read_text())
    noisy = open_run(runs / "influence-noise")
    caption = save("influence", noisy.source("effects"), HOME / "influence.png")
    page = [
        HEAD,
        *fidelity(pl.DataFrame(found["fidelity"])),
        NETWORK,
        *network(pl.DataFrame(found["network"])),
    ]
    page += [
        SPEED.format(refits=ExpectedError().refits),
        *speed(found["speed"], found["large"]),
        PLAY,
        *played(runs / "influence-play"),
    ]
    page += [
        EXACT,
        *exact(runs / "influence-exact"),
        INSTRUMENT,
        "![What each label did](influence.png)",
        "",
        caption,
    ]
    page += ["", HINDSIGHT, *hindsight(pl.DataFrame(found["hindsight"]))]
    page += [VERDICT]
    (HOME / "influence.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
