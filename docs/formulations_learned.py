"""What docs/formulations.md shows of points that are learned or made up, and of learners beside each other."""

import json
from pathlib import Path

import numpy as np
import polars as pl
from results import fixed, interval, table

from askwell import stats
from askwell.comparison import reopen
from askwell.plots.files import canvas
from askwell.plots.palette import CLASSES, INK

DUELS = {
    "rows: dqn": ("rows: random", "rows: margin", "rows: regression", "rows: learned", "rows: uherding"),
    "points: td3": (
        *("points: row-points", "points: uncertain-points", "points: point-gain", "points: herding-points"),
        *("rows: regression", "rows: uherding"),
    ),
}
"""Learners, and whom each is compared to on the same splits."""


def synthesised(root: Path) -> list[str]:
    """What fitting to made-up points brings beside buying the nearest rows, rule by rule."""
    parts = {kind: reopen(root / "formulations" / kind).records for kind in ("nearest", "synthesis")}
    rows = []
    for rule in parts["synthesis"]["strategy"].unique(maintain_order=True):
        both = [
            part.filter(strategy=rule).with_columns(strategy=pl.lit(kind)) for kind, part in parts.items()
        ]
        (verdict,) = stats.verdicts(pl.concat(both), "nearest")
        own = dict(
            stats.summarise(pl.concat(both)).group_by("strategy").agg(pl.col("aulc").mean()).iter_rows()
        )
        rows.append(
            {
                "rule": rule,
                "nearest row": fixed(own["nearest"]),
                "the point itself": fixed(own["synthesis"]),
                "difference": fixed(verdict.difference, 4, True),
                "95 %": interval(verdict),
                "verdict": verdict.verdict,
            }
        )
    sets = ", ".join(sorted(parts["synthesis"]["dataset"].unique()))
    gained = [f"`{row['rule']}`" for row in rows if row["verdict"] == "better"]
    said = (
        f"Better with made-up points: {', '.join(gained)}."
        if gained
        else "No rule gains by it: a null result."
    )
    return [*table(pl.DataFrame(rows)), f"Sets: {sets}. {said}", ""]


def duels(records: pl.DataFrame) -> list[str]:
    """Each of two learners less others, paired by split."""
    rows = []
    for own, others in DUELS.items():
        for other in others:
            (verdict,) = stats.verdicts(records.filter(pl.col("strategy").is_in([own, other])), other)
            rows.append(
                {
                    "learner": own,
                    "less": other,
                    "difference": fixed(verdict.difference, 4, True),
                    "95 %": interval(verdict),
                    "verdict": verdict.verdict,
                }
            )
    return ["DQN and TD3 against others, paired by split:", "", *table(pl.DataFrame(rows))]


def path_on_plane(found: Path, picture: Path) -> list[str]:
    """Where learned choosers ask over their training, drawn on the plane, and in a few numbers."""
    told = json.loads(found.read_text())
    x, y, labelled = (np.array(told[name]) for name in ("x", "y", "labelled"))
    runs = list(dict.fromkeys(one["run"] for one in told["asked"]))
    columns = max(sum(one["run"] == run for one in told["asked"]) for run in runs)
    figure = canvas(2.6 * columns, 2.8 * len(runs))
    figure.set_layout_engine("constrained")
    axes = figure.subplots(len(runs), columns, squeeze=False)
    (left, bottom), (right, top) = told["corner"]
    rows = []
    for run, line in zip(runs, axes, strict=True):
        for one, ax in zip([one for one in told["asked"] if one["run"] == run], line, strict=True):
            points, bought = np.array(one["points"]), x[one["bought"]]
            ax.contour(
                np.array(told["belief"]), [0.5], extent=(left, right, bottom, top), colors=INK, linewidths=1
            )
            ax.scatter(*x.T, c=[CLASSES[k] for k in y], s=5, lw=0, alpha=0.45)
            ax.scatter(*x[labelled].T, c=[CLASSES[k] for k in y[labelled]], s=28, lw=1, edgecolors=INK)
            for a, b in zip(points, bought, strict=True):
                ax.plot(*np.stack([a, b]).T, color=INK, lw=0.8)
            ax.scatter(*points.T, marker="X", color=INK, s=45, lw=0.6, edgecolors="white", zorder=3)
            ax.set(xlim=(left, right), ylim=(bottom, top), xticks=[], yticks=[])
            ax.set_title(f"{run}, {one['update']} updates", fontsize=9)
            apart = np.sqrt(((points[:, None] - points) ** 2).sum(axis=2))
            np.fill_diagonal(apart, np.inf)
            far = lambda to, points=points: fixed(float(np.sqrt(((points - to) ** 2).sum(axis=1)).mean()), 2)
            rows.append(
                {
                    "run": run,
                    "updates": one["update"],
                    "to the row bought": far(bought),
                    "to the next point of the batch": fixed(float(apart.min(axis=1).mean()), 2),
                    "from the middle of the pool": far(x.mean(axis=0)),
                }
            )
    figure.savefig(picture)
    return [
        "![Where TD3 and point-gain ask on the plane, before, during and after training](point-path.png)",
        "",
        "A batch of ten (crosses) on `banana` after 20 random labels (circles), with a line to the row that is bought; "
        "the curve is the learner's border. The last column is the head that validated best. Mean distances in the "
        "batch, in the pool's standard deviations:",
        "",
        *table(pl.DataFrame(rows)),
    ]
