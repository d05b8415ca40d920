"""What each label that was bought did: helped or hurt, foretold or not, and how the bought ones mislead the learner."""

from typing import NamedTuple

import numpy as np
import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.core import listed
from askwell.plots import chart, files, web
from askwell.plots.chart import Dot, Dots, Line, Lines, Panel
from askwell.plots.palette import style
from askwell.plots.sources import Effects

SOURCE = "effects"
NOTHING = 1e-3
"""Labels that change the log-loss by less than this share of it do nothing."""

HARMFUL = 0.2
"""The most harmful labels: this share of all."""


class Influence(NamedTuple):
    """What `data` finds.

    Attributes:
        rounds: a row per ``strategy`` and ``labels``: the shares of labels that ``helped``, ``hurt`` or did
            ``nothing``; ``size``, the median change of the log-loss without one of them; ``agreement``, the rank
            correlation of what was foretold and what a refit says, null where nothing was foretold; ``gap``, the
            log-loss on unseen points less that on the labels.
        wrong: a row per ``strategy``: the ``share`` of wrong answers that are among the `HARMFUL` labels.
        splits: how many splits were looked at.
    """

    dataset: str
    rounds: pl.DataFrame
    wrong: pl.DataFrame
    splits: int


def data(effects: Effects) -> Influence:
    """Shares, sizes and correlations by strategy and number of labels."""
    small = pl.col("effect").abs() < NOTHING * pl.col("log_loss")
    each = effects.labels.with_columns(nothing=small, hurt=~small & (pl.col("effect") < 0)).with_columns(
        helped=~pl.col("nothing") & ~pl.col("hurt"), foretold=pl.col("foretold").fill_nan(None)
    )
    batch = each.group_by("strategy", "split", "round", maintain_order=True).agg(
        pl.col("labels").first(),
        pl.col("helped", "hurt", "nothing").mean(),
        pl.col("effect").abs().median().alias("size"),
        pl.corr("effect", "foretold", method="spearman").alias("agreement"),
        (pl.col("log_loss") - pl.col("training_loss")).first().alias("gap"),
    )
    rounds = (
        batch.with_columns(pl.col("agreement").fill_nan(None))
        .group_by("strategy", "labels", maintain_order=True)
        .agg(pl.col("helped", "hurt", "nothing", "size", "agreement", "gap").mean())
    )
    place = pl.col("in_the_end").rank("ordinal").over("strategy", "split")
    harmful = place <= HARMFUL * pl.len().over("strategy", "split")
    found = each.with_columns(harmful=harmful).filter("wrong")
    wrong = found.group_by("strategy", maintain_order=True).agg(pl.col("harmful").mean().alias("share"))
    return Influence(str(each["dataset"][0]), rounds, wrong, each["split"].n_unique())


def charts(data: Influence) -> list[Panel]:
    """Four panels over the number of labels; with wrong answers, a fifth."""
    names = data.rounds["strategy"].unique(maintain_order=True).to_list()

    def lines(column: str) -> tuple[Line, ...]:
        found = []
        for name in names:
            part = data.rounds.filter(strategy=name).drop_nulls(column)
            if len(part):
                x, y = part["labels"].to_numpy(), part[column].to_numpy()
                found.append(Line(name, x, y, None, None, *style(name)))
        return tuple(found)

    panels: list[Panel] = [
        Lines("Labels that hurt", "labels", "share of a batch", lines("hurt"), floor=0.0),
        Lines(
            "What a label does", "labels", "median change of the log-loss (nats)", lines("size"), floor=0.0
        ),
        Lines(
            "Sampling bias",
            "labels",
            "log-loss: unseen − bought",
            lines("gap"),
            0.0,
        ),
    ]
    if len(data.rounds.drop_nulls("agreement")):
        drawn = lines("agreement")
        panels.insert(2, Lines("Foretold against refitted", "labels", "rank correlation", drawn, ceiling=1.0))
    if len(data.wrong):
        of = data.wrong.rows()
        dots = tuple(Dot(name, share, None, None, *style(name)) for name, share in of)
        title = f"Wrong answers among the {HARMFUL:.0%} most harmful"
        panels.append(Dots(title, "share of the wrong answers", dots, ((HARMFUL, "chance"),)))
    return panels


def draw(data: Influence, figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(effects: Effects) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(effects)))


def plotly(data: Influence) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: Influence) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: Influence) -> str:
    """Who buys labels that help, whether the closed form foretells it, and whether harm points at wrong answers."""
    shares = data.rounds.group_by("strategy", maintain_order=True).agg(
        pl.col("helped", "hurt", "nothing", "agreement", "gap").mean()
    )
    said = [
        f"{row['strategy']} {row['helped']:.0%} helped, {row['hurt']:.0%} hurt and {row['nothing']:.0%} did nothing"
        for row in shares.to_dicts()
    ]
    text = f"{data.dataset}: of the labels that were bought by {'; by '.join(said)}. A label helped if the log-loss on "
    text += "unseen points is higher without it."
    agreement = shares["agreement"].mean()
    if isinstance(agreement, float) and np.isfinite(agreement):
        text += f" One step foretells the order within a batch with a rank correlation of {agreement:.2f}."
    widest = shares.sort("gap").row(-1, named=True)
    text += (
        f" The loss on bought labels differs most from that on unseen points with {widest['strategy']} "
        f"({widest['gap']:+.2f} nats in the mean)."
    )
    if len(data.wrong):
        of = [f"{share:.0%} ({name})" for name, share in data.wrong.rows()]
        text += (
            f" Of the wrong answers, {listed(of)} are among the {HARMFUL:.0%} most harmful labels; chance is"
        )
        text += f" {HARMFUL:.0%}."
    return f"{text} Means over {data.splits} splits."
