"""What docs/scaling.py says of learning: k-means groups against classes, and the policy gradient against batches."""

import numpy as np
import polars as pl
from results import over_sets, table
from scaling_leads import number, of, shown, trend
from scipy import stats as scipy_stats

from askwell.plots.chart import Line, Lines
from askwell.plots.palette import FAINT, INK, style
from askwell.stats import Interval, bootstrap


def agreements(rows: list[dict], axes: list[dict]) -> tuple[list[str], list[str], list[Lines]]:
    """k-means: tables, sentences and panels of its agreement with the classes."""
    lines, said, panels = [], [], []
    for axis in axes:
        own = [r for r in rows if r["axis"] == axis["name"] and r.get("groups")]
        drawn = []
        for family, colour, marker in (("worlds", INK, "o"), ("real sets", FAINT, "s")):
            points = []
            for row in own:
                units = of(row, family, "classes")[0]
                if not units:
                    continue
                both = [by_unit(units, of(row, family, name)[1]) for name in ("classes", "policy")]
                lines.append({"axis": axis["name"], "value": number(row["value"]), "tasks": family}
                             | {"as many groups as classes": shown(both[0], ".3f"),
                                "16 groups, as policies see them": shown(both[1], ".3f")})  # fmt: skip
                points.append((row["value"], both[0]))
            if len(points) > 1:
                said.append(f"- **k-means, {axis['name']}, {family}.** {trend(points, 'Agreement', '.3f')}.")
                x, y = np.array([p[0] for p in points], float), np.array([p[1].estimate for p in points])
                low, high = (
                    np.array([p[1][k] if p[1][k] is not None else np.nan for p in points], float)
                    for k in (1, 2)
                )
                drawn.append(Line(family, x, y, low, high, colour, marker))
        if axis["varies"] == "features":
            panels.append(
                Lines(
                    f"k-means, {axis['name']}",
                    "features",
                    "agreement (AMI)",
                    tuple(drawn),
                    log_x=True,
                    floor=0,
                )
            )
    return table(pl.DataFrame(lines)), said, panels


def by_unit(units: list[str], values: list[float]) -> Interval:
    """The mean over units, each by its own mean."""
    own = {one: np.mean([v for u, v in zip(units, values, strict=True) if u == one]) for one in units}
    return bootstrap([np.array([mean]) for mean in own.values()])


def signal(products: np.ndarray) -> tuple[float, float, float]:
    """Squared signal over squared noise of one task's gradient, and a jackknife interval; of products ``[t, t]``.

    Two tasks' gradients have the square of the mean gradient as their mean inner product: no noise adds to it.
    """

    def ratio(p: np.ndarray) -> float:
        t = len(p)
        square = (p.sum() - np.trace(p)) / (t * (t - 1))
        return square / (np.trace(p) / t - square)

    t = len(products)
    left = np.array([ratio(np.delete(np.delete(products, i, 0), i, 1)) for i in range(t)])
    half = scipy_stats.t.ppf(0.975, t - 1) * np.sqrt((t - 1) * left.var())
    return ratio(products), ratio(products) - half, ratio(products) + half


def gradient(rows: list[dict]) -> tuple[list[str], list[str], list[Lines]]:
    """The policy gradient's signal-to-noise against the batch: table, sentences and panels."""
    own = sorted((r for r in rows if r["axis"] == "gradient"), key=lambda r: r["value"])
    real, shuffled = ([signal(np.array(r[name])) for r in own] for name in ("products", "shuffled"))
    root = lambda v: float(np.sqrt(max(v, 0.0)))
    told = lambda s: f"{root(s[0]):.3f} [{root(s[1]):.3f}, {root(s[2]):.3f}]"
    needed = [1 / s[0] if s[1] > 0 else None for s in real]
    lines = [
        {
            "batch": number(row["value"]),
            "tasks": len(row["spread"]),
            "signal to noise of a task": told(one),
            "rewards shuffled": told(other),
            "tasks until signal equals noise": f"{tasks:.0f}" if tasks else "no signal found",
            "seconds a task": f"{row['seconds']:.2f}",
            "seconds until then": f"{tasks * row['seconds']:.1f}" if tasks else "",
            "mean reward": over_sets(row["reward"], 4),
            "spread of rewards among siblings": over_sets(row["spread"], 4, False),
        }
        for row, one, other, tasks in zip(own, real, shuffled, needed, strict=True)
    ]
    first, last, a = own[0]["value"], own[-1]["value"], real[0]
    at = lambda which: (
        ", ".join(number(r["value"]) for r, s in zip(own, real, strict=True) if which(s)) or "none"
    )
    reward, spread = ([float(np.mean(r[name])) for r in own] for name in ("reward", "spread"))
    said = [
        f"- **Gradient's signal.** Batches with which it is told from noise: {at(lambda s: s[1] > 0)}; those with "
        f"which it is not: {at(lambda s: s[1] <= 0)}. Signal-to-noise is clearly higher than with batches of {first}: "
        f"{at(lambda s: s[1] > a[2])}; clearly lower: {at(lambda s: s[2] < a[1])}.",
        f"- **Impact of an action.** A batch of {last} changes the accuracy by {reward[-1]:+.4f} in the mean, one of "
        f"{first} by {reward[0]:+.4f}. But a policy learns from how batches from the same state differ: their rewards "
        f"have a standard deviation of {spread[-1]:.4f} with batches of {last}, {spread[0]:.4f} with {first}.",
    ]
    x = np.array([r["value"] for r in own], float)
    drawn = []
    for name, found, colour, dash in (
        ("rewards", real, style("learned").colour, False),
        ("shuffled", shuffled, FAINT, True),
    ):
        y, low, high = (np.array([root(s[k]) for s in found]) for k in range(3))
        drawn.append(Line(name, x, y, low, high, colour, None, dash))
    panels = [
        Lines("policy gradient", "labels in a batch", "signal to noise of a task", tuple(drawn), log_x=True, floor=0),
        Lines("sibling batches", "labels in a batch", "spread of rewards",
              (Line("rewards", x, np.array(spread), colour=style("learned").colour),), log_x=True, floor=0),
    ]  # fmt: skip
    return table(pl.DataFrame(lines)), said, panels
