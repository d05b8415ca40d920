"""The report of a labelling: how far it came, how good the classifier was, who answered what."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from askwell.core import counted, listed
from askwell.labelling.database import History, Row, read_history
from askwell.labelling.votes import Votes, votes_of
from askwell.plots import chart, web
from askwell.plots.chart import Line, Lines
from askwell.plots.palette import style
from askwell.report import html
from askwell.report.page import Section, page

DISPUTED = 50
"""Rows that people disagree on, of which so many are listed."""


def labelled(path: Path) -> str:
    """The report's HTML of a labelling that `askwell label` keeps in that file, which may be in use.

    Raises:
        AskwellError: if there is no such file.
    """
    history = read_history(path)
    lead = html.paragraph(f"What people answered, from {path.name}.")
    foot = "Made by askwell report. The file needs no network."
    return page(f"{path.stem}: labels", lead, list(_sections(history)), foot)


def _sections(history: History) -> Iterator[Section]:
    votes = votes_of(history.events)
    if not votes.all():
        yield _section("summary", "Summary", html.paragraph("Nobody has answered yet."))
        return
    yield _section("summary", "Summary", html.bullets(_said(history, votes)))
    if len(history.estimates) > 1:
        yield _section("accuracy", "Accuracy", _accuracy(history))
    yield _section("classes", "Classes", _classes(votes))
    yield _section("people", "People", _people(history.events, votes))
    if disputed := votes.disputed():
        yield _section("disputed", "Disagreements", _disputed(votes, disputed))


def _section(anchor: str, title: str, *parts: str) -> Section:
    return anchor, title, html.section(anchor, title, *parts)


def _said(history: History, votes: Votes) -> list[str]:
    found = [one for id in votes.rows if (one := votes.resolved(id)) is not None]
    labels = sum(one.label is not None for one in found)
    batches = len({row.batch for row in history.events if row.does == "ask"})
    first, last = (
        f"{datetime.fromtimestamp(at):%d %B %Y, %H:%M}"
        for at in (history.events[0].at, history.events[-1].at)
    )
    back = sum(row.does == "untell" for row in history.events)
    said = [
        f"{counted(labels, 'row')} of the pool {'has' if labels == 1 else 'have'} a label, {len(found) - labels} "
        f"{'was' if len(found) - labels == 1 else 'were'} skipped. {batches} "
        f"{'batch was' if batches == 1 else 'batches were'} handed out.",
        f"The first batch was asked on {first}; the last answer or batch came on {last}.",
    ]
    if history.estimates:
        now = history.estimates[-1]
        said.append(
            f"Accuracy at {now['labels']} labels, as it was estimated then: {now['value']:.2f} ({now['low']:.2f} to "
            f"{now['high']:.2f}; nine such intervals in ten hold the truth)."
        )
    if seconds := votes.seconds():
        said.append(f"An answer took {statistics.median(seconds):.1f} s (median).")
    if back:
        said.append(f"{counted(back, 'answer')} {'was' if back == 1 else 'were'} taken back.")
    alpha = votes.agreement()
    if alpha is not None:
        said.append(f"Agreement of those who labelled the same rows: {alpha:.2f} (Krippendorff's alpha).")
    return said


def _accuracy(history: History) -> str:
    at, value, low, high = (
        np.array([one[name] for one in history.estimates], float)
        for name in ("labels", "value", "low", "high")
    )
    line = Line("accuracy", at, value, low, high, style("learned").colour, "o")
    panels = [Lines("", "labels", "estimated accuracy", (line,), floor=0.0, ceiling=1.0)]
    caption = "Estimated from the labels as they came; the band holds the truth nine times in ten."
    return html.figure("accuracy", web.draw_all(panels), caption, chart.alt(panels))


def _classes(votes: Votes) -> str:
    found = [votes.resolved(id) for id in votes.rows]
    count = Counter(one.label for one in found if one is not None and one.label is not None)
    total = sum(count.values())
    rows = [[name, f"{number}", f"{number / total:.0%}"] for name, number in count.most_common()]
    note = html.paragraph("Where people disagree, the newest answer is counted here.", "faint")
    return html.table(["class", "labels", "share"], rows) + (note if votes.disputed() else "")


def _people(events: list[Row], votes: Votes) -> str:
    by, back = defaultdict(list), Counter(row.annotator for row in events if row.does == "untell")
    for one in votes.all():
        by[one.annotator].append(one)
    rows = []
    for name, answers in sorted(by.items(), key=lambda pair: -len(pair[1])):
        seconds = [one.seconds for one in answers if one.seconds > 0]
        skipped = sum(one.label is None for one in answers)
        took = f"{statistics.median(seconds):.1f}" if seconds else html.NOTHING
        rows.append([name, f"{len(answers) - skipped}", f"{skipped}", f"{back[name]}", took])
    return html.table(["who", "labels", "skips", "taken back", "seconds an answer (median)"], rows)


def _disputed(votes: Votes, disputed: list[str]) -> str:
    rows = [
        [id, listed([f"{one.annotator}: {one.label or one.how}" for one in votes.rows[id].values()])]
        for id in disputed[:DISPUTED]
    ]
    more = f"{len(disputed)} rows, of which {len(rows)} are shown." if len(disputed) > len(rows) else ""
    return html.table(["row", "answers"], rows, more)


__all__ = ["labelled"]
