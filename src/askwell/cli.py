"""The command line: thin, and quick to answer, since everything heavy is imported inside its command."""

import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="Askwell learns which labels to ask for: batch active learning, compared honestly.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How results are printed."""

    table = "table"
    json = "json"


class Kind(StrEnum):
    """What can be listed."""

    strategies = "strategies"
    learners = "learners"
    datasets = "datasets"
    games = "games"
    figures = "figures"


@app.command()
def compare(
    data: Annotated[
        list[str] | None, typer.Argument(help="Dataset names (see `askwell list datasets`) or files.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Column that holds the labels (files).")] = None,
    id: Annotated[str | None, typer.Option(help="Column that names the rows (files).")] = None,
    strategies: Annotated[str | None, typer.Option(help="Names, separated by commas.")] = None,
    baseline: Annotated[str | None, typer.Option(help="What the others are compared to. [random]")] = None,
    learner: Annotated[str | None, typer.Option(help="Classifier, or several with commas. [logistic]")] = None,
    rounds: Annotated[int | None, typer.Option(help="Batches asked in an episode. [10]")] = None,
    batch: Annotated[str | None, typer.Option(help="Labels asked in a round, or several with commas. [10]")] = None,
    splits: Annotated[int | None, typer.Option(help="Pool / selection / report splits. [20]")] = None,
    pool: Annotated[int | None, typer.Option(help="Most points to choose from. [1000]")] = None,
    start: Annotated[int | None, typer.Option(help="Random labels before the first round. [0]")] = None,
    noise: Annotated[float | None, typer.Option(help="Probability that an answer is wrong. [0]")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides splits, wrong answers and ties. [0]")] = None,
    out: Annotated[Path | None, typer.Option(help="Keep records here; a stopped run goes on.")] = None,
    spec: Annotated[Path | None, typer.Option(help="TOML file with these settings; options replace them.")] = None,
    format: Annotated[Format, typer.Option(help="What to print.")] = Format.table,
) -> None:
    """Play active learning on data with several strategies, and say which is better."""
    from askwell.experiments import compare as play

    settings: dict[str, Any] = {
        "label": label,
        "id": id,
        "strategies": _names(strategies),
        "baseline": baseline,
        "learners": _names(learner),
        "rounds": rounds,
        "batches": _numbers(batch, "--batch"),
        "splits": splits,
        "pool": pool,
        "start": start,
        "noise": noise,
        "seed": seed,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    with _progress() as progress:
        result = play(data, out=out, spec=spec, progress=progress, **given)
    if format is Format.json:
        print(result.json())
    else:
        _print(result, out)


@app.command("list")
def list_(kind: Annotated[Kind, typer.Argument(help="What to list.")]) -> None:
    """List what can be named: strategies, learners, datasets, games, figures."""
    from rich.table import Table

    listing = _listing(kind)
    table = Table(box=None, pad_edge=False)
    for column in listing:
        table.add_column(column, no_wrap=column == "name")
    for row in zip(*listing.values(), strict=True):
        table.add_row(*row)
    _console().print(table)


@app.command()
def plot(
    name: Annotated[str, typer.Argument(help="Figure, see `askwell list figures`.")],
    run_dir: Annotated[Path, typer.Argument(help="Directory that `askwell compare --out` made.")],
    out: Annotated[Path, typer.Option(help="File to write: .png, .svg or .pdf.")],
) -> None:
    """Draw a figure from a run's records."""
    from askwell.experiments import reopen
    from askwell.plots import save

    print(save(name, reopen(run_dir).records, out))


def main() -> None:
    """Entry point: bad input is one sentence and exit code 2, Ctrl-C is 130."""
    from askwell.core.errors import AskwellError

    try:
        code = app(standalone_mode=False)
    except AskwellError as error:
        _fail(str(error))
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; with --out the finished cells are kept, and the same command goes on.", 130)
    except Exception as error:
        # Typer's own complaints (a missing argument, a wrong choice) bring a sentence along.
        if not hasattr(error, "format_message"):
            raise
        _fail(error.format_message())  # pyright: ignore[reportAttributeAccessIssue]
    else:
        sys.exit(code if isinstance(code, int) else 0)


def _fail(sentence: str, code: int = 2) -> None:
    print(f"askwell: {sentence}", file=sys.stderr)
    sys.exit(code)


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def _numbers(text: str | None, option: str) -> tuple[int, ...] | None:
    from askwell.core.errors import AskwellError

    try:
        return None if text is None else tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise AskwellError(f"{option} is '{text}'; give a whole number, or several with commas.") from error


def _console(stderr: bool = False):
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


@contextmanager
def _progress():
    """A progress bar with time left on standard error, as the callback that `compare` wants."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.progress import TimeRemainingColumn as Left

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), Left())
    with Progress(*columns, console=_console(stderr=True), transient=True) as bar:
        task = bar.add_task("compiling", total=None)

        def update(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what or "compiling")

        yield update


def _print(result, out: Path | None) -> None:
    console = _console()
    console.print(result.rich())
    console.print()
    for verdict in result.verdicts():
        console.print(f"[bold]{verdict.strategy}[/bold]: {verdict.sentence}")
    ranks = result.ranks()
    if ranks is not None:
        listed = ", ".join(f"{name} {rank:.1f}" for name, rank in ranks.mean.items())
        console.print(f"Mean ranks over {len(ranks.datasets)} datasets: {listed} (Friedman p = {ranks.p_value:.2g}).")
        different = ranks.pairs.filter(ranks.pairs["p_holm"] < 0.05)
        for a, b, _, p in different.iter_rows():
            console.print(f"{a} ranks above {b} (Wilcoxon, Holm-corrected p = {p:.2g}).")
    for note in result.notes:
        console.print(f"Note: {note}")
    console.print(f"Compiled for {result.compile_seconds:.1f} s, played for {result.run_seconds:.1f} s (sums over threads).")
    if out is not None:
        console.print(f"Records: {out}. Draw them: askwell plot learning-curves {out} --out curves.png")


def _listing(kind: Kind) -> dict[str, list[str]]:
    """Columns of a list, by heading."""
    if kind is Kind.datasets:
        from askwell.data import catalogue

        entries = catalogue()
        return {
            "name": [entry.name for entry in entries],
            "source": [entry.source for entry in entries],
            "role": [entry.role for entry in entries],
            "installed": ["yes" if entry.installed else "no" for entry in entries],
        }
    if kind is Kind.figures:
        from askwell.plots import FIGURES

        return {"name": list(FIGURES), "summary": [(FIGURES[n].__doc__ or "").split("\n")[0] for n in FIGURES]}
    from askwell.core.registry import summary

    if kind is Kind.strategies:
        from askwell.strategies import STRATEGIES as registry
    elif kind is Kind.learners:
        from askwell.learners import LEARNERS as registry
    else:
        from askwell.games import GAMES as registry
    listing = {"name": list(registry), "summary": [summary(registry[name]) for name in registry]}
    if kind is Kind.strategies:
        listing["needs"] = [", ".join(registry[name].needs) or "features" for name in registry]
    return listing


if __name__ == "__main__":
    main()
