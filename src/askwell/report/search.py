"""The report of a search."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import tomli_w

from askwell.core import AskwellError, counted
from askwell.plots.sources import Search
from askwell.report import html
from askwell.report.page import Section

FOUND = "found.json"
TRIALS = {
    "trial": pl.Int64, "update": pl.Int64, "difference": pl.Float64, "error": pl.Float64, "state": pl.String,
}  # fmt: skip
IMPORTANCE = {"setting": pl.String, "importance": pl.Float64, "noise": pl.Float64}


@dataclass(frozen=True)
class SearchRun:
    """What `askwell search` left: its spec, and what it found so far."""

    root: Path
    spec: dict[str, Any]
    found: dict[str, Any]
    missing: tuple[str, ...]
    kind = "search"

    def source(self, name: str, **settings: Any) -> Search:
        """What figures of a `SOURCE` are made from."""
        if name != "search":
            raise AskwellError(f"That figure is not of a search, and {self.root} is one.")
        trials = pl.DataFrame(self.found.get("trials", []), schema=TRIALS)
        importance = pl.DataFrame(self.found.get("importance", []), schema=IMPORTANCE)
        return Search(trials, importance, self.found.get("winner"))


def lead(run: SearchRun) -> str:
    """What was searched, in one sentence."""
    told = f" in {counted(round(60 * run.found['hours']), 'minute')}" if run.found else ""
    names = ", ".join(run.spec.get("settings", {}))
    return (
        f"Which settings make a better policy? {counted(len(run.found.get('settings', [])), 'trial')}{told} over "
        f"{names}; compared to {run.spec.get('train')} as it is."
    )


def words(run: SearchRun) -> str:
    """The verdict, and what more time would bring."""
    if not run.found:
        return html.paragraph("The search has not ended yet.")
    winner = run.found["winner"]
    said = [f"On fresh splits: {run.found['verdict']}.".replace("..", ".")]
    if winner is not None:
        said.append(f"The winner is trial {winner}: {settings(run.found['settings'][winner])}.")
    return html.bullets([*said, run.found["more"]])


def last(run: SearchRun) -> list[dict[str, Any]]:
    """Each trial at its last validation, the furthest and best first, with its state in words."""
    found = {row["trial"]: row for row in run.found.get("trials", [])}
    said = {"complete": "trained to the end", "pruned": "stopped"}
    ranked = sorted(found.values(), key=lambda row: (-row["update"], -row["difference"]))
    return [{**row, "state": said.get(row["state"], "not finished")} for row in ranked]


def table(run: SearchRun) -> str:
    """A row for each trial, the best at its last validation first."""
    rows = [
        [
            str(row["trial"]),
            f"{row['difference']:+.4f} ± {1.96 * row['error']:.4f}" if row["trial"] else "as it is",
            str(row["update"]),
            row["state"],
            settings(run.found["settings"][row["trial"]]),
        ]
        for row in last(run)
    ]
    return html.table(["trial", "better by (AULC)", "update", "", "settings"], rows)


def settings(chosen: dict[str, Any]) -> str:
    """Some settings, as they are written in a spec."""
    return ", ".join(f"{name} = {_value(value)}" for name, value in chosen.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(one)}" for name, one in value.items()) + " }"
    return f"{value:.3g}" if isinstance(value, float) else json.dumps(value)


def reproduce(run: SearchRun) -> str:
    """The command and the spec."""
    command = html.code(
        shlex.join(["askwell", "search", str(run.root / "spec.toml"), "--hours", "0.5", "--out", "again"])
    )
    return command + html.details("The spec", html.code(tomli_w.dumps(run.spec)))


def sections(run: SearchRun, figure: Any) -> Iterator[Section]:
    """Summary, figures (drawn by `figure`), table, and how to reproduce them."""
    yield "summary", "Summary", html.section("summary", "Summary", words(run))
    yield from figure("trials", "Trials")
    yield from figure("importance", "What matters")
    if run.found:
        yield "tables", "Tables", html.section("tables", "Tables", table(run))
    yield "reproduce", "Reproduce", html.section("reproduce", "Reproduce", reproduce(run))
