"""The report: one self-contained HTML file that says and shows what a run found."""

from pathlib import Path

from askwell.core import AskwellError, counted, listed, metric_of, write_whole
from askwell.report import html
from askwell.report.labelled import labelled
from askwell.report.page import page
from askwell.report.run import CompareRun, Run, TrainingRun, open_run
from askwell.report.search import SearchRun, lead
from askwell.report.sections import sections_of

FILE = "report.html"


def report(root: Path | str, out: Path | str | None = None, metric: str | None = None) -> Path:
    """Write the report of a run or a labelling, however far it has got; where it was written.

    Args:
        root: what `askwell compare`, `train` or `search` made with --out, or the file that `askwell label` keeps.
        out: the file to write; by default ``report.html`` in `root`, or beside the labelling's file, called like it.
        metric: what strategies are judged by, see `askwell.core.METRICS`; the run's own by default.

    Raises:
        AskwellError: if there is no run or labelling, or the file cannot be written.
    """
    if Path(root).is_file():
        if metric is not None:
            raise AskwellError("The report of a labelling shows the accuracy alone; leave out --metric.")
        path = Path(root).with_suffix(".html") if out is None else Path(out)
        write_whole(path, labelled(Path(root)).encode())
        return path
    run = open_run(root, metric)
    path = Path(root) / FILE if out is None else Path(out)
    write_whole(path, render(run).encode())
    return path


def render(run: Run) -> str:
    """The report's HTML."""
    missing = "".join(html.paragraph(sentence) for sentence in run.missing)
    first = html.paragraph(_led(run))
    if missing:
        first += f'<div class="missing"><strong>Not everything is there yet.</strong>{missing}</div>'
    sections = list(sections_of(run))
    foot = "Made by askwell report. The file needs no network."
    return page(f"{run.root.resolve().name}: {run.kind}", first, sections, foot)


def _led(run: Run) -> str:
    if isinstance(run, SearchRun):
        return lead(run)
    return _compared(run) if isinstance(run, CompareRun) else _trained(run)


def _compared(run: CompareRun) -> str:
    spec, names = run.spec, list(run.datasets)
    played = listed([f"{counted(spec.rounds_of(b), 'round')} of {counted(b, 'label')}" for b in spec.batches])
    many = "datasets" if len(names) > 1 else "dataset"
    where = f"{len(names)} {many} ({listed(names)})" if len(names) <= 8 else f"{len(names)} datasets"
    answers = f"; {spec.noise:.0%} of answers are wrong" if spec.noise else ""
    return (
        f"Which strategy should choose what to label? {len(spec.played)} of them on {where}: "
        f"{counted(spec.splits, 'split')}, {played}, {listed(spec.learners)} as the learner, "
        f"{counted(spec.start, 'label') if spec.start else 'no labels'} to start with{answers}. "
        f"They are judged by {metric_of(spec.metric).words}."
    )


def _trained(run: TrainingRun) -> str:
    updates = run.training.updates
    seeds = updates["seed"].n_unique()
    count = updates["update"].n_unique()
    planned = run.spec.get("updates", count)
    progress = f"{count}" if count == planned else f"{count} of {planned}"
    minutes = updates.unique("update")["seconds"].sum() / 60  # seeds learn side by side
    algorithm = run.spec.get("trainer")
    how = f" by {algorithm}" if isinstance(algorithm, str) else ""
    return (
        f"A policy that learns to ask, trained{how}: {progress} updates, {seeds} seed{'s' * (seeds != 1)}, "
        f"{minutes:.1f} minutes."
    )


__all__ = ["FILE", "CompareRun", "SearchRun", "TrainingRun", "open_run", "render", "report"]
