"""The parts of a report, for either kind of run."""

import platform
import shlex
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import tomli_w

from askwell.core import AskwellError, listed, metric_of
from askwell.plots import FIGURES, captioned, taken, validation
from askwell.plots import verdicts as verdict_figure
from askwell.report import html, search, tables, words
from askwell.report.page import Section
from askwell.report.run import CompareRun, Run, TrainingRun
from askwell.stats import majority_sentences

COMPARE = {
    "verdicts": "Verdicts",
    "learning-curves": "Accuracy",
    "log-loss-curves": "Log-loss",
    "gap-closed": "Gap closed",
    "verdict-matrix": "All pairs",
    "batch-sizes": "Batch sizes",
    "critical-difference": "Ranks",
    "stream": "Labels and skips",
    "skips": "What is skipped",
}
PRICED = dict.fromkeys(
    ("verdicts", "gap-closed", "verdict-matrix", "batch-sizes", "critical-difference"),
    "it is about AULC, and here the net counts.",
) | {"stream": "it is about points that come one at a time."}
"""Figures that say nothing where labels have a price, and why."""
TRAINING = {
    "validation": "Against heuristics",
    "collapse": "Does it collapse?",
    "decisions": "What it asks about",
    "fixed-point": "Fixed point",
    "class-shares": "Classes",
    "reward": "Reward",
    "gradient": "Signal",
}
MOST = 3
"""Most datasets whose pools are shown; each takes some seconds and some hundred kilobytes."""


def sections_of(run: Run) -> Iterator[Section]:
    """The sections of a run, whatever kind it is."""
    if isinstance(run, CompareRun):
        yield from compare_sections(run)
    elif isinstance(run, TrainingRun):
        yield from training_sections(run)
    else:
        left_out: list[str] = []
        yield from search.sections(run, lambda name, title: _figure(name, title, run, left_out))
        yield from _left_out(left_out)


def compare_sections(run: CompareRun) -> Iterator[Section]:
    """Summary, figures, tables and how to reproduce them."""
    if run.records.is_empty():
        yield _section("summary", "Summary", html.paragraph("Nothing has been played to its end yet."))
        yield _reproduce_compare(run)
        return
    left_out: list[str] = []
    metric, verdicts, price = metric_of(run.spec.metric), _verdicts(run), run.spec.price
    low = majority_sentences(run.judged, metric.name)
    parts = [words.verdict_list(verdicts)]
    if price is None:
        parts += [html.paragraph(words.saving(run.records, verdicts, metric.name))]
    else:
        parts += [html.paragraph(words.net(metric.name, price))]
    parts += [html.bullets(low)] if low else []
    glossary = "".join(f"<dt>{word}</dt><dd>{text}</dd>" for word, text in words.glossary(metric.name))
    yield _section("summary", "Summary", *parts, html.details("What the words mean", f"<dl>{glossary}</dl>"))
    for name, title in COMPARE.items():
        if name == "learning-curves":
            title = metric.words[0].upper() + metric.words[1:]
        if price is not None and name in PRICED:
            left_out.append(f"{title}: {PRICED[name]}")
        elif name != "log-loss-curves" or metric.name != "log-loss":
            yield from _figure(name, title, run, left_out)
    yield from _where(run, left_out)
    yield from _random(run, left_out)
    shown = [tables.results(run.records, run.spec.baseline, metric.name)]
    if price is not None:
        shown = [tables.nets(run.records, price, metric.name)]
    shown += [tables.verdicts(verdicts, "AULC" if price is None else "net")]
    yield _section("tables", "Tables", *shown)
    yield from _left_out(left_out)
    yield _reproduce_compare(run)


def training_sections(run: TrainingRun) -> Iterator[Section]:
    """Summary, figures, tables and how to reproduce them."""
    left_out: list[str] = []
    said = words.training_list(run.training) or html.paragraph("No update has been finished yet.")
    yield _section("summary", "Summary", said)
    for name, title in TRAINING.items():
        yield from _figure(name, title, run, left_out)
    if not run.training.validation.is_empty():
        yield _section("tables", "Tables", tables.validations(validation.data(run.training)))
    yield from _left_out(left_out)
    card = html.details("The policy's card", html.code(tomli_w.dumps(_plain(run.card)))) if run.card else ""
    spec = html.details("The spec", html.code(tomli_w.dumps(run.spec))) if run.spec else ""
    command = html.code(shlex.join(["askwell", "train", str(run.root / "spec.toml"), "--out", "again"]))
    yield _section("reproduce", "Reproduce", command, spec, card, _versions())


def _section(anchor: str, title: str, *parts: str) -> Section:
    return anchor, title, html.section(anchor, title, *parts)


def _figure(name: str, title: str, run: Run, left_out: list[str]) -> Iterator[Section]:
    module = FIGURES[name]
    try:
        source = run.source(module.SOURCE)
        given: dict[str, str] = {}
        if isinstance(run, CompareRun):
            given = taken(name, {"metric": run.spec.metric, "baseline": run.spec.baseline})
        yield _section(name, title, _drawn(name, module.data(source, **given), given))
    except AskwellError as error:
        left_out.append(f"{title}: {error}")


def _drawn(name: str, data: Any, given: dict[str, str], anchor: str = "") -> str:
    module = FIGURES[name]
    return html.figure(anchor or name, module.plotly(data), captioned(name, data, given), module.alt(data))


def _where(run: CompareRun, left_out: list[str]) -> Iterator[Section]:
    module, shown = FIGURES["where"], []
    first: Any = None
    names = list(run.records["dataset"].unique(maintain_order=True))
    for name in names[:MOST]:
        try:
            replay = run.replay(name, reach=first is None)
            data = module.data(replay)
        except AskwellError as error:
            left_out.append(f"Where it asks, {name}: {error}")
            continue
        heading = f"<h3>{html.escape(name)}</h3>" if len(names) > 1 else ""
        shown.append(heading + _drawn("where", data, {}, f"where-{name}"))
        first = first or replay
    if len(names) > MOST:
        left_out.append(
            f"Where it asks is shown for {listed(names[:MOST])}; for others: askwell plot where {run.root} "
            "--dataset NAME --out where.gif"
        )
    if shown:
        how = (
            "Every point is a row of the pool, coloured by its true class. Large numbered points are the batch that is "
            "being asked; ringed ones were asked before, and fade. All strategies play the same split."
        )
        yield _section("where", "Where it asks", html.paragraph(how, "faint"), *shown)
        yield from _reach(first, left_out)


def _reach(replay: Any, left_out: list[str]) -> Iterator[Section]:
    try:
        data = FIGURES["reach"].data(replay)
    except AskwellError as error:
        left_out.append(f"What one label does: {error}")
        return
    how = "Ringed points are the labels that were bought. Click one, or move the slider."
    yield _section("reach", "What one label does", html.paragraph(how, "faint"), _drawn("reach", data, {}))


def _random(run: CompareRun, left_out: list[str]) -> Iterator[Section]:
    if run.spec.learners[0].startswith("sklearn:"):
        left_out.append(
            "Random's noise: learners from scikit-learn take long; askwell plot data-curves draws it."
        )
        return
    module = FIGURES["data-curves"]
    try:
        data = module.data(run.samples(list(run.datasets)[:1]))
        yield _section("noise", "Random’s noise", _drawn("data-curves", data, {}))
    except AskwellError as error:
        left_out.append(f"Random's noise: {error}")


def _left_out(sentences: list[str]) -> Iterator[Section]:
    if sentences:
        yield _section("left-out", "Not shown", html.bullets(sentences))


def _verdicts(run: CompareRun) -> list:
    try:
        return verdict_figure.data(run.judged, run.spec.baseline, run.spec.metric)
    except AskwellError:
        return []


def _reproduce_compare(run: CompareRun) -> Section:
    command = shlex.join(["askwell", "compare", "--spec", str(run.root / "spec.toml"), "--out", "again"])
    seen = run.records["versions"].unique(maintain_order=True).to_list()
    made = html.paragraph(f"The records were made with {'; '.join(seen)}.") if seen else ""
    return _section(
        "reproduce", "Reproduce", html.code(command), html.code(run.spec.toml()), made, _versions()
    )


def _versions() -> str:
    names = ("askwell", "jax", "polars", "plotly")
    return html.paragraph(
        f"This page: Python {platform.python_version()}, "
        + ", ".join(f"{name} {version(name)}" for name in names)
        + ".",
        "faint",
    )


def _plain(card: dict[str, Any]) -> dict[str, Any]:
    """TOML knows no null."""
    return {k: _plain(v) if isinstance(v, dict) else v for k, v in card.items() if v is not None}
