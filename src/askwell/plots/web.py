"""Panels drawn with Plotly, for the report: each is a figure of its own, so that a page can wrap them.

Plots have fixed heights and margins in pixels, so names can be put where they do not overlap at any width.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from plotly.graph_objects import Figure, Heatmap, Scatter

from askwell.plots.chart import Dot, Dots, Line, Lines, Panel, Tiles
from askwell.plots.labels import spread_apart
from askwell.plots.palette import ALARM, FAINT, INK, PAPER, ink

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
GRID = "rgba(128,128,128,0.22)"
SYMBOLS = {
    **{"o": "circle", "s": "square", "^": "triangle-up", "v": "triangle-down", "D": "diamond", "*": "star"},
    **{"p": "pentagon", "P": "cross", "X": "x", "<": "triangle-left", ">": "triangle-right", "h": "hexagon"},
    **{"d": "diamond-tall", "8": "octagon", "H": "hexagon2", "$\\times$": "x-thin-open"},
}
"""Matplotlib's markers by Plotly's names."""

SMALL, LETTER = 11, 6.4
"""Font size of the names, and the width of a letter, in pixels."""

TOP, BOTTOM, LEFT = 34, 46, 56
HEIGHT, ROW = 300, 26
NEAR = 0.06
"""Marks nearer than this share of the axis have one sign."""


def draw_all(panels: Sequence[Panel]) -> list[Figure]:
    """One figure a panel."""
    drawers = {Lines: _lines, Dots: _dots, Tiles: _tiles}
    return [drawers[type(panel)](panel) for panel in panels]


def layout(title: str, height: int, left: int = LEFT, right: int = 14, **more) -> dict:
    """What all figures of the report have in common; more is Plotly's."""
    return {
        "template": "none",
        "title": {"text": title, "x": 0, "xref": "container", "xanchor": "left", "y": 1, "yref": "container",
                  "yanchor": "top", "pad": {"t": 8, "l": 4}, "font": {"size": 14}},
        "height": height,
        "margin": {"l": left, "r": right, "t": TOP, "b": BOTTOM, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": INK},
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        **more,
    }  # fmt: skip


def axis(title: str, **more) -> dict:
    """An axis with its title; more is Plotly's."""
    return {
        "title": {"text": title, "font": {"size": 12}, "standoff": 8},
        "tickfont": {"size": SMALL},
        "gridcolor": GRID,
        "zeroline": False,
        "fixedrange": True,
        **more,
    }


def _lines(panel: Lines) -> Figure:
    height = max(HEIGHT, 15 * sum(line.named for line in panel.lines) + TOP + BOTTOM)
    named = [line for line in panel.lines if line.named] if len(panel.lines) > 1 else []
    names = [line.name for line in named]
    right = round(24 + LETTER * max(map(len, names))) if names else 18
    low, high = _reach(panel)
    figure = Figure(layout=layout(panel.title, height, right=right))
    for line in panel.lines:
        figure.add_traces(_line(line))
    at = sorted({float(v) for line in panel.lines for v in line.x})
    room = 0.04 * (at[-1] - at[0]) or 1.0
    figure.update_xaxes(axis(panel.x, showgrid=False, ticks="outside", ticklen=4, tickcolor=GRID, nticks=6))
    figure.update_xaxes(range=[at[0] - room, at[-1] + room])
    if panel.log_x:
        reach = [np.log10(at[0]) - 0.05, np.log10(at[-1]) + 0.05]
        figure.update_xaxes(type="log", range=reach, tickvals=at, ticktext=[f"{v:g}" for v in at])
    figure.update_yaxes(axis(panel.y, range=[low, high], nticks=6))
    if panel.level is not None:
        figure.add_hline(panel.level, line={"dash": "dot", "width": 1, "color": FAINT})
    _mark(figure, panel.marks, at[-1] - at[0])
    scale = (height - TOP - BOTTOM) / (high - low)
    ends = np.array([(line.y[np.isfinite(line.y)][-1] - low) * scale for line in named])
    placed = spread_apart(ends, 14, 0, (high - low) * scale) if names else []
    for line, y, end in zip(named, placed, ends, strict=True):
        at = float(line.x[np.isfinite(line.y)][-1])
        figure.add_annotation(
            text=line.name, xref="x", x=np.log10(at) if panel.log_x else at, y=end / scale + low,
            ax=14, ay=float(end - y), xanchor="left", yanchor="middle", standoff=4, showarrow=True,
            arrowwidth=1, arrowhead=0, arrowcolor=line.colour, font={"size": SMALL, "color": ink(line.colour)},
        )  # fmt: skip
    return figure


def _reach(panel: Lines) -> tuple[float, float]:
    """The axis of y: all values and bounds, with a little room."""
    bounds = [v for line in panel.lines for v in (line.y, line.low, line.high) if v is not None]
    values = np.concatenate([*bounds, [] if panel.level is None else [panel.level]])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    low = low - room if panel.floor is None else panel.floor
    return low, high + room if panel.ceiling is None else max(panel.ceiling, low + room)


def _line(line: Line) -> list[Scatter]:
    drawn = []
    custom, bounds = None, ""
    if line.low is not None and line.high is not None:
        known = np.isfinite(line.low) & np.isfinite(line.high)
        x = np.concatenate([line.x[known], line.x[known][::-1]])
        y = np.concatenate([line.low[known], line.high[known][::-1]])
        if known.any():
            drawn.append(
                Scatter(x=x, y=y, fill="toself", fillcolor=line.colour, opacity=0.15, mode="none",
                        hoverinfo="skip")
            )  # fmt: skip
            custom, bounds = (
                np.stack([line.low, line.high], 1),
                " [%{customdata[0]:.4g}, %{customdata[1]:.4g}]",
            )
    marker = {"symbol": SYMBOLS.get(line.marker or "o", "circle"), "size": 6, "color": line.colour}
    drawn.append(
        Scatter(
            x=line.x, y=line.y, name=line.name, customdata=custom, mode="lines+markers" if line.marker else "lines",
            line={"color": line.colour, "width": 1.8, "dash": "dash" if line.dash else "solid"}, marker=marker,
            hovertemplate=f"<b>{line.name}</b><br>%{{x}}: %{{y:.4g}}{bounds}<extra></extra>",
        )
    )  # fmt: skip
    return drawn


def _mark(figure: Figure, marks: Sequence[tuple[float, str]], reach: float, line: bool = True) -> None:
    """Signs over the plot, one for marks that are nearer than `NEAR` of the axis's `reach`."""
    layout: Any = figure.layout
    if marks:  # room between title and plot for the signs
        figure.update_layout(margin={"t": TOP + 14}, height=layout.height + 14)
    groups: list[list[tuple[float, str]]] = []
    for x, word in sorted(marks):
        if groups and x - groups[-1][0][0] < NEAR * reach:
            groups[-1].append((x, word))
        else:
            groups.append([(x, word)])
    for x in sorted({x for x, _ in marks}) if line else ():
        figure.add_vline(x, line={"dash": "dash", "width": 1, "color": ALARM})
    for group in groups:
        figure.add_annotation(
            x=group[0][0], y=1, yref="paper", yanchor="bottom", text="<b>!</b>", showarrow=False,
            hovertext="<br>".join(word for _, word in group), font={"size": 13, "color": ALARM},
        )  # fmt: skip


def _dots(panel: Dots) -> Figure:
    rows = list(dict.fromkeys(dot.row for dot in panel.dots))
    left = round(16 + LETTER * max(map(len, rows)))
    legend = any(dot.name for dot in panel.dots)
    height = ROW * len(rows) + TOP + BOTTOM + 18 * bool(panel.levels) + 20 * legend
    figure = Figure(layout=layout(panel.title, height, left=left, showlegend=legend))
    groups: dict[tuple, list[Dot]] = {}
    for dot in panel.dots:
        groups.setdefault((dot.name, dot.colour, dot.marker), []).append(dot)
    for (name, colour, marker), dots in groups.items():
        known = [dot for dot in dots if dot.low is not None and dot.high is not None]
        for dot in known:
            figure.add_trace(
                Scatter(x=[dot.low, dot.high], y=[dot.row] * 2, mode="lines", hoverinfo="skip",
                        line={"color": colour, "width": 2}, showlegend=False)
            )  # fmt: skip
        text = [
            f"{dot.value:.4g}" + (f" [{dot.low:.4g}, {dot.high:.4g}]" if dot.low is not None else "")
            for dot in dots
        ]
        figure.add_trace(
            Scatter(
                x=[dot.value for dot in dots], y=[dot.row for dot in dots], mode="markers", name=name,
                text=text, hovertemplate="<b>%{y}</b> " + name + "<br>%{text}<extra></extra>",
                marker={"symbol": SYMBOLS.get(marker, "circle"), "size": 10, "color": colour},
            )
        )  # fmt: skip
    if panel.shade is not None:
        figure.add_vrect(*panel.shade, fillcolor=GRID, line_width=0, layer="below")
    for x, word in panel.levels:
        figure.add_vline(x, line={"dash": "dot", "width": 1, "color": FAINT}, layer="below")
        figure.add_annotation(
            x=x, y=0, yref="paper", yanchor="bottom", text=word, showarrow=False, bgcolor=PAPER, borderpad=1,
            font={"size": SMALL, "color": FAINT},
        )  # fmt: skip
    figure.update_xaxes(axis(panel.x, nticks=5))
    figure.update_yaxes(
        axis("", categoryorder="array", categoryarray=rows[::-1], showgrid=False,
             range=[-0.6 - 0.7 * bool(panel.levels), len(rows) - 0.4])
    )  # fmt: skip
    if legend:
        figure.update_layout(legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom"})
        figure.update_layout(margin={"t": TOP + 20})
    return figure


def _tiles(panel: Tiles) -> Figure:
    left = round(18 + LETTER * max(map(len, panel.rows)))
    high = 1 + any("\n" in text for texts in panel.text or () for text in texts)
    row = (11 + 15 * high) if panel.text else max(12, min(ROW, 320 // len(panel.rows)))
    turned = panel.text is not None and len(panel.columns) * max(map(len, panel.columns)) > 30
    bottom = BOTTOM + 40 * turned
    height = max(row * len(panel.rows) + TOP + bottom, 170)
    figure = Figure(layout=layout(panel.title, height, left=left, right=14 if panel.text else 54))
    steps = np.linspace(0, 1, len(panel.shades))
    tell = "%{text}" if panel.text else f"%{{z:.3g}} {panel.unit}"
    figure.add_trace(
        Heatmap(
            x=list(panel.columns), y=list(panel.rows), z=np.asarray(panel.z, np.float32),
            zmin=panel.low, zmax=panel.high, showscale=panel.text is None,
            colorscale=[[float(at), colour] for at, colour in zip(steps, panel.shades, strict=True)],
            xgap=1 if len(panel.columns) < 30 else 0, ygap=1,
            text=panel.text and [list(texts) for texts in panel.text],
            hovertemplate=f"%{{y}}, {panel.x} %{{x}}<br>{tell}<extra></extra>",
            colorbar={"thickness": 9, "len": 1, "x": 1.02, "xpad": 0, "ypad": 0, "tickfont": {"size": 10},
                      "outlinewidth": 0, "nticks": 5, "ticksuffix": f" {panel.unit}"},
        )
    )  # fmt: skip
    for i, texts in enumerate(panel.text or ()):
        for j, text in enumerate(texts):
            share = (panel.z[i, j] - panel.low) / (panel.high - panel.low)
            strong = np.isfinite(share) and not 0.25 < share < 0.75
            font = {"size": SMALL, "color": PAPER if strong else INK}
            said = text.replace("\n", "<br>")
            figure.add_annotation(x=j, y=i, text=said, showarrow=False, font=font)
    ticks = {"dtick": 1} if panel.text else {"nticks": 8}
    # Said outright: where no tile is known, Plotly would draw no names.
    across, down = (
        {"type": "category", "categoryorder": "array", "categoryarray": list(names), "showgrid": False}
        for names in (panel.columns, panel.rows)
    )
    figure.update_xaxes(axis(panel.x, range=[-0.5, len(panel.columns) - 0.5], **across, **ticks))
    figure.update_yaxes(axis("", range=[len(panel.rows) - 0.5, -0.5], **down))
    if turned:
        figure.update_layout(margin={"b": bottom}, xaxis={"tickangle": -40})
    _mark(figure, panel.marks, len(panel.columns), line=False)
    return figure
