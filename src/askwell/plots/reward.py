"""What each update earned: mean accuracy over the rounds of its tasks, and how far siblings lie apart."""

import polars as pl
from matplotlib.figure import Figure
from plotly.graph_objects import Figure as Web

from askwell.plots import chart, files, web
from askwell.plots.chart import Lines
from askwell.plots.palette import style
from askwell.plots.sources import Training
from askwell.plots.updates import binned, first, last, line, smoothing

SOURCE = "training"


def data(training: Training) -> pl.DataFrame:
    """`binned` rows of ``reward`` (mean accuracy), ``spread`` (its standard deviation over siblings), ``seconds``."""
    return binned(training, ["reward", "spread", "seconds"], "reward")


def charts(data: pl.DataFrame) -> list[Lines]:
    """Three panels: reward, spread, seconds, of which those of the first update (it compiles) may leave the panel."""
    colour = style("learned").colour
    most = 3 * float(data["seconds"].median())  # type: ignore[arg-type]
    top = most if most < data["seconds_high"].max() else None  # type: ignore[operator]
    return [
        Lines("Reward", "update", "mean accuracy", (line(data, "reward", "reward", colour),)),
        Lines(
            "Spread of siblings",
            "update",
            "standard deviation",
            (line(data, "spread", "spread", colour),),
            floor=0.0,
        ),
        Lines(
            "Time",
            "update",
            "seconds an update",
            (line(data, "seconds", "seconds", "#555555"),),
            floor=0.0,
            ceiling=top,
        ),
    ]


def draw(data: pl.DataFrame, figure: Figure) -> None:
    """Draw all panels into an empty figure."""
    files.draw(charts(data), figure)


def figure(training: Training) -> Figure:
    """The whole figure."""
    return files.draw_all(charts(data(training)))


def plotly(data: pl.DataFrame) -> list[Web]:
    """The panels for the web."""
    return web.draw_all(charts(data))


def alt(data: pl.DataFrame) -> str:
    """The figure in words."""
    return chart.alt(charts(data))


def caption(data: pl.DataFrame) -> str:
    """From where to where the reward went; tasks differ from update to update, which is most of its noise."""
    start, end = first(data, "reward"), last(data, "reward")
    went = "rose" if end > start else "fell"
    return (
        f"The reward {went} from {start:.3f} to {end:.3f}; tasks differ from update to update, so its level says less "
        f"than the validation does ({smoothing(data)})."
    )
