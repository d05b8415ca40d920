"""Pieces of a page, as text that is safe to put into one."""

from collections.abc import Sequence
from html import escape
from typing import Any

from plotly.graph_objects import Figure

NOTHING = "–"
"""What stands in a cell without a value."""


def paragraph(text: str, kind: str = "") -> str:
    """A paragraph; `kind` is its class."""
    return f'<p class="{kind}">{escape(text)}</p>' if kind else f"<p>{escape(text)}</p>"


def bullets(items: Sequence[str]) -> str:
    """A list of sentences."""
    return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in items) + "</ul>"


def table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """A table; all columns but the first are numbers, and one that is dashes throughout is left out."""
    kept = [i for i in range(len(head)) if not rows or any(row[i] != NOTHING for row in rows)]
    head, rows = [head[i] for i in kept], [[row[i] for i in kept] for row in rows]
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="wide"><table>{said}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def code(text: str) -> str:
    """Text as it is typed."""
    return f"<pre>{escape(text)}</pre>"


def details(summary: str, body: str) -> str:
    """Something to unfold."""
    return f"<details><summary>{escape(summary)}</summary>{body}</details>"


def section(anchor: str, title: str, *parts: str) -> str:
    """A part of the page that the list at its top leads to."""
    return f'<section id="{anchor}"><h2>{escape(title)}</h2>{"".join(parts)}</section>'


def figure(name: str, panels: Sequence[Figure], caption: str, alt: str) -> str:
    """A figure with its caption; where its panels have frames, a slider and a button that plays them."""
    drawn = "".join(
        f'<div class="plot" style="height:{_layout(panel).height}px"><script type="application/json">{_json(panel)}'
        "</script></div>"
        for panel in panels
    )
    return (
        f'<figure data-name="{escape(name)}"><figcaption>{escape(caption)}</figcaption>{_player(panels)}'
        f'<div class="panels" style="--n:{len(panels)}" role="img" aria-label="{escape(alt)}">{drawn}</div></figure>'
    )


def _layout(panel: Figure) -> Any:
    return panel.layout


def _player(panels: Sequence[Figure]) -> str:
    meta: dict[str, Any] = next((_layout(panel).meta for panel in panels if panel.frames), {"steps": ()})
    steps = len(meta["steps"])
    if steps < 2:
        return ""
    at = meta.get("start", 0)
    colour = (
        '<label><input type="checkbox" class="belief"> colour by the learner’s belief</label>'
        if "belief" in meta
        else ""
    )
    return (
        '<div class="player"><button type="button" class="play" aria-label="Play">▶ Play</button>'
        f'<input type="range" class="step" min="0" max="{steps - 1}" value="{at}" aria-label="Step">'
        f"<output>{escape(meta['steps'][at])}</output>{colour}</div>"
    )


def _json(panel: Figure) -> str:
    panel.layout.template = None
    return str(panel.to_json()).replace("</", "<\\/").replace("<!--", "<\\u0021--")
