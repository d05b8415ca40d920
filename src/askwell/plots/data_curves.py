"""Learning curves of random samples, and what their spread comes from: split, sample or learner."""

from typing import NamedTuple

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import counted
from askwell.plots import chart, files, web
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import style
from askwell.plots.sources import Samples

SOURCE = "samples"
METRICS = {"training_loss": "training loss (nats)", "log_loss": "log-loss (nats)", "accuracy": "accuracy"}
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
PARTS = {"split": "#0072b2", "sample": "#d55e00", "learner": "#777777"}
POWER = 7.85
"""``(z_0.975 + z_0.8)²``: paired episodes that find a difference of one standard deviation four times in five."""


class Curves(NamedTuple):
    """What `data` finds.

    Attributes:
        bands: a row per ``dataset``, ``metric``, ``labels``: the `QUANTILES` as ``q5`` … ``q95``.
        spread: a row per ``dataset`` and ``labels``: standard deviations of accuracy from ``split``, ``sample``
            and ``learner``.
        noise: standard deviation of the difference in AULC of two random samples of a split, by dataset.
    """

    bands: pl.DataFrame
    spread: pl.DataFrame
    noise: dict[str, float]
    lead: dict[str, tuple[str, float]]
    splits: int
    episodes: int


def nested(values: np.ndarray) -> tuple[float, float, float]:
    """Variance components of ``[splits, samples, learners]``: of split, of sample, of learner.

    The method of moments for a balanced nested design (Searle 1971): each mean square less that below it, over
    the number of values that it is a mean of, and never below 0. Every axis needs a length of 2 or more.
    """
    _, samples, learners = values.shape
    within = float(values.var(axis=2, ddof=1).mean())
    means = values.mean(axis=2)
    among = learners * float(means.var(axis=1, ddof=1).mean())
    top = learners * samples * float(means.mean(axis=1).var(ddof=1))
    return max(top - among, 0.0) / (learners * samples), max(among - within, 0.0) / learners, within


def data(samples: Samples) -> Curves:
    """Quantiles of every metric, and the components of accuracy's spread, by dataset and number of labels."""
    frame = samples.curves
    long = frame.unpivot(list(METRICS), index=["dataset", "labels"], variable_name="metric")
    bands = long.group_by("dataset", "metric", "labels", maintain_order=True).agg(
        *(pl.col("value").quantile(q, "linear").alias(f"q{100 * q:.0f}") for q in QUANTILES)
    )
    rows, noise = [], {}
    order = ["split", "sample", "learner", "labels"]
    for (dataset,), part in frame.sort("dataset", *order).group_by("dataset", maintain_order=True):
        cube = part["accuracy"].to_numpy().reshape([part[name].n_unique() for name in order])
        labels = part["labels"].unique().sort().to_list()
        for at, count in enumerate(labels):
            parts = np.sqrt(nested(cube[..., at]))
            rows.append(
                {"dataset": dataset, "labels": count, **dict(zip(PARTS, map(float, parts), strict=True))}
            )
        _, sample, learner = nested(cube.mean(axis=3))
        noise[str(dataset)] = float(np.sqrt(2 * (sample + learner)))
    episodes = frame.select("dataset", "split", "sample", "learner").n_unique()
    return Curves(bands, pl.DataFrame(rows), noise, samples.lead, samples.splits, episodes)


def charts(data: Curves) -> list[Lines]:
    """Per dataset a panel for each metric, with its bands, and one for the parts of the spread."""
    panels = []
    colour, marker = style("random")
    several = data.bands["dataset"].n_unique() > 1
    for (dataset,), part in data.bands.group_by("dataset", maintain_order=True):
        start = f"{dataset} · " if several else ""
        for metric, axis in METRICS.items():
            one = part.filter(pl.col("metric") == metric).sort("labels")
            x, q = one["labels"].to_numpy(), {name: one[name].to_numpy() for name in one.columns[3:]}
            wide = Line("9 in 10", x, q["q50"], q["q5"], q["q95"], colour)
            half = Line("half", x, q["q50"], q["q25"], q["q75"], colour, marker)
            name = metric.replace("_", " ") if metric != "log_loss" else "log-loss"
            panels.append(Lines(f"{start}{name}", "labels", axis, (wide, half)))
        spread = data.spread.filter(pl.col("dataset") == dataset)
        x = spread["labels"].to_numpy()
        lines = tuple(Line(name, x, spread[name].to_numpy(), colour=c) for name, c in PARTS.items())
        panels.append(Lines(f"{start}spread of accuracy", "labels", "standard deviation", lines, floor=0.0))
    return panels


def draw(data: Curves, figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(samples: Samples) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(samples)))


def plotly(data: Curves) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: Curves) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def needed(noise: float, lead: float) -> int:
    """Paired episodes that show a difference of `lead` against `noise` with a power of 80 %, at 95 %."""
    return max(2, int(np.ceil(POWER * (noise / lead) ** 2)))


def caption(data: Curves) -> str:
    """Where the spread comes from, and whether the random signal is too noisy for what is to be seen in it."""
    said = []
    for dataset, noise in data.noise.items():
        end = data.spread.filter(pl.col("dataset") == dataset).row(-1, named=True)
        parts = {name: end[name] ** 2 for name in PARTS}
        total = sum(parts.values()) or 1.0
        most = max(parts, key=parts.__getitem__)
        after = counted(end["labels"], "label")
        text = f"on {dataset}, {parts[most] / total:.0%} of the variance after {after} is the {most}'s"
        name, lead = data.lead.get(dataset, ("", 0.0))
        if name and lead > 0:
            count = needed(noise, lead)
            enough = "not too noisy" if count <= data.splits else "too noisy for this run"
            text += (
                f"; one random episode differs from another by ±{noise:.3f} AULC, {name} leads by {lead:.3f}, so "
                f"about {count} episodes show it here: this set's signal is {enough} ({data.splits} were played)"
            )
        else:
            text += f"; one random episode differs from another by ±{noise:.3f} AULC"
        said.append(text)
    text = ". ".join(text[0].upper() + text[1:] for text in said)
    if "too noisy for" in text:
        text += ". A verdict may know more: it pairs episodes of one split and takes all sets together"
    return f"{text}. Bands: 5–95 % and 25–75 % of {data.episodes} random episodes."
