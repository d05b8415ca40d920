"""docs/values.md and its picture, from two studies: `python docs/values.py --runs runs`. All is computed here."""

import argparse
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import polars as pl
from results import bounds, fixed, table
from scipy import stats as scipy_stats

from askwell.plots import files
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import style

HOME = Path(__file__).parent
sys.path.insert(0, str(HOME.parent / "studies"))
studied = importlib.import_module("lal")
DRAWN = {"random": "random", "uncertainty": "margin", "independent": "uherding", "iterative": "learned"}
"""Rules of the LAL study, and whose colours and markers they are drawn with."""

INTRODUCTION = """# Learning values

Written by `python docs/values.py --runs runs` from the two studies that are named below.

A policy can be learned without a gradient of its decisions, from values: what a label brings, or what a state is good
for. [Other formulations](formulations.md) has the regression that Askwell plays with. This page has the method that
it comes from, on its own tasks, and a value network as the baseline of the policy gradient.

## Learning active learning from data, on its own tasks
`python studies/lal.py --out runs/lal.json`

Konyushkova et al. (2017) let a random forest foretell by how much a label lowers the error, from eight numbers that
describe candidate and classifier. It learns from pairs of clouds in the plane, and is then asked about boards of the
XOR kind, which it never saw. *independent* learned from random labelled sets, *iterative* from sets that *independent*
chose. Accuracy on unseen points, as a mean over 2 to 50 labels; each with a 95 % interval over runs, differences paired
by run.
"""

BASELINE = """## A value network as baseline
`python studies/value_baseline.py --out runs/value-baseline.json`

The policy gradient weighs each decision with its return, less a baseline. Siblings are compared to each other
(leave-one-out), which needs no network. Is one better? It reads what a policy sees of the state, and the learner's
scores on the selection split. It learns from half of {tasks} synthetic tasks, and the noise of the gradient is
measured on the other half: the trace of its covariance over repeats of the same task, as a share of that with
leave-one-out, with a bootstrap interval over tasks. "foreseen" is the share of the return's variance, about each
round's mean, that the network foretells there. *mix* is the mean of the two baselines, weighed as suits the network's
own tasks best.
"""


def mean_of(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and 95 % interval (Student's t)."""
    mean, half = values.mean(), scipy_stats.t.ppf(0.975, len(values) - 1) * scipy_stats.sem(values)
    return float(mean), float(mean - half), float(mean + half)


def lal(found: dict, picture: Path) -> list[str]:
    """Table, picture and sentences of the LAL study."""
    rows, panels, said, ahead = [], [], [], 0
    for task, curves in found["curves"].items():
        curves = {rule: np.array(own) for rule, own in curves.items()}
        labels = 2 + np.arange(curves["random"].shape[1])
        lines = []
        for rule, own in curves.items():
            row = {"task": task, "rule": rule, "accuracy": fixed(float(own.mean()), 3)}
            for other in ("random", "uncertainty"):
                less = mean_of((own - curves[other]).mean(axis=1))
                row[f"less {other}"] = f"{less[0]:+.3f} {bounds(*less[1:])}" if rule != other else ""
            rows.append(row)
            colour, marker = style(DRAWN[rule])[:2]
            lines.append(Line(rule, labels, own.mean(axis=0), colour=colour, marker=marker))
        panels.append(Lines(task, "labels", "accuracy", tuple(lines)))
        other = max(("random", "uncertainty"), key=lambda rule: curves[rule].mean())
        best = max(("independent", "iterative"), key=lambda rule: curves[rule].mean())
        value, low, high = mean_of((curves[best] - curves[other]).mean(axis=1))
        side = "better than" if low > 0 else "worse than" if high < 0 else "not to be told from"
        ahead += low > 0
        said.append(
            f"- **{task}.** *{best}* is {side} *{other}*, the better of the two rules: "
            f"{value:+.3f} {bounds(low, high)}."
        )
    files.draw_all(panels).savefig(picture)
    forests = " and ".join(f"{share:.3f} for *{name}*" for name, share in found["r2"].items())
    return [
        *table(pl.DataFrame(rows)),
        f"![Accuracy against the number of labels]({picture.name})",
        "",
        f"Each forest learned from {studied.CLOUDS * studied.SIZES * studied.CANDIDATES:,} labels that were tried. "
        f"Out of bag, its R² is {forests}. {studied.RUNS} runs.",
        "",
        *said,
        f"- **{'A null result here' if not ahead else 'Verdict'}**: LAL is reliably ahead of both rules on {ahead} of "
        f"{len(found['curves'])} tasks. The paper reports leads on its boards, with far more tries to learn from.",
        "",
    ]


def baseline(found: dict) -> list[str]:
    """Table and sentences of the baselines."""
    rows, said = [], []
    for key, about in found["found"].items():
        policy, way = key.split(", ")
        for k, kept in about["noise"].items():
            row = {"policy": policy, "draws": way, "of a task": k, "foreseen": f"{about['foreseen']:.0%}"}
            for name in ("none", "running", "value", "mix"):
                own = kept["baselines"][name]
                low, high = own["its interval"]
                row[name] = f"{own['of leave-one-out']:.2f} [{low:.2f}, {high:.2f}]"
            rows.append(row)
        most = max(about["noise"], key=int)
        own = about["noise"][most]["baselines"]
        ways = {"value": "alone", "mix": "mixed with leave-one-out"}
        name = min(ways, key=lambda n: own[n]["of leave-one-out"])
        low, high = own[name]["its interval"]
        verb = (
            "takes noise away"
            if high < 1
            else "adds noise"
            if low > 1
            else "makes no difference that is told"
        )
        said.append(
            f"- **{policy}, {way}, {most} draws.** The network, {ways[name]}, {verb}: "
            f"{own[name]['of leave-one-out']:.2f} [{low:.2f}, {high:.2f}] of what leave-one-out has."
        )
    return [*table(pl.DataFrame(rows)), *said, ""]


def main() -> None:
    """Write the page."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=Path, default=Path("runs"))
    runs = options.parse_args().runs
    values = json.loads((runs / "value-baseline.json").read_text())
    page = [INTRODUCTION, *lal(json.loads((runs / "lal.json").read_text()), HOME / "lal.png")]
    page += [BASELINE.format(tasks=values["tasks"]), *baseline(values)]
    (HOME / "values.md").write_text("\n".join(page).replace("\n\n\n", "\n\n"))


if __name__ == "__main__":
    main()
