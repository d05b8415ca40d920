"""The page: one HTML file with everything in it, which asks nobody for anything."""

import json
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files

from plotly.offline import get_plotlyjs

from askwell.plots.palette import dark

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
"""What the browser may load (Content-Security-Policy): nothing from outside, even if a script asked for it."""

Section = tuple[str, str, str]
"""Anchor, title and HTML."""


def page(title: str, lead: str, sections: Sequence[Section], foot: str) -> str:
    """The whole page. `lead` and `foot` are HTML, a section's HTML comes from `html.section`."""
    here = files("askwell.report")
    style, script = ((here / f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    links = "".join(f'<a href="#{anchor}">{escape(name)}</a>' for anchor, name, _ in sections)
    body = "".join(text for _, _, text in sections)
    night = {colour: dark(colour) for colour in sorted(set(re.findall(r"#[0-9a-f]{6}\b", body)))}
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{style}</style></head><body>'
        f"<header><h1>{escape(title)}</h1>{lead}</header><nav><div>{links}</div></nav><main>{body}</main>"
        f"<footer>{foot}</footer>"
        f'<script type="application/json" id="night">{json.dumps(night)}</script>'
        f'<script type="text/plain" id="plotly">{get_plotlyjs()}</script><script>{script}</script></body></html>\n'
    )
