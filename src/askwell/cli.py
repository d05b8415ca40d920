"""The command line: thin, and quick to answer, since everything heavy is imported inside its command."""

import logging
import shlex
import sys
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from askwell import learning, seeing

app = typer.Typer(
    help="Askwell learns which labels to ask for: batch active learning, compared honestly.",
    add_completion=False,
    rich_markup_mode=None,  # "[10]" in a help text is no markup, and Rich takes time to import
    pretty_exceptions_enable=False,
)


INTERRUPTED = 130


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
    strategies: Annotated[
        str | None, typer.Option(help="Names with commas, see `askwell list strategies`.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Strategy that the others are compared to. [random]")
    ] = None,
    learner: Annotated[
        str | None, typer.Option(help="Classifier, or several with commas. [logistic]")
    ] = None,
    rounds: Annotated[int | None, typer.Option(help="Batches asked in an episode. [10]")] = None,
    batch: Annotated[
        str | None, typer.Option(help="Labels asked in a round, or several sizes with commas. [10]")
    ] = None,
    labels: Annotated[
        int | None, typer.Option(help="Labels asked in an episode, whatever the batch; instead of --rounds.")
    ] = None,
    splits: Annotated[int | None, typer.Option(help="Pool / selection / report splits. [20]")] = None,
    pool: Annotated[
        int | None, typer.Option(help="Most points to choose from. [1000, or the budget]")
    ] = None,
    start: Annotated[int | None, typer.Option(help="Random labels before the first round. [0]")] = None,
    noise: Annotated[float | None, typer.Option(help="Probability that an answer is wrong. [0]")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides splits, wrong answers and ties. [0]")] = None,
    out: Annotated[Path | None, typer.Option(help="Keep records here; a stopped run goes on.")] = None,
    spec: Annotated[
        Path | None, typer.Option(help="TOML file with these settings; options replace them.")
    ] = None,
    format: Annotated[Format, typer.Option(help="What to print.")] = Format.table,
) -> None:
    """Play active learning with several strategies and compare them."""
    from askwell.experiments import compare as play

    settings: dict[str, Any] = {
        "label": label,
        "id": id,
        "strategies": _names(strategies),
        "baseline": baseline,
        "learners": _names(learner),
        "rounds": rounds,
        "labels": labels,
        "batches": numbers(batch, "--batch"),
        "splits": splits,
        "pool": pool,
        "start": start,
        "noise": noise,
        "seed": seed,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    # JAX logs the traceback of a classifier that fails; the user gets a sentence instead.
    logging.getLogger("jax._src.callback").setLevel(logging.CRITICAL)
    with _progress() as progress:
        result = play(data, out=out, spec=spec, progress=progress, **given)
    for note in result.notes:
        console(stderr=True).print(f"Note: {note}")
    if format is Format.json:
        print(result.json())
    else:
        _print(result, out)


@app.command()
def ask(
    pool: Annotated[
        Path, typer.Argument(help="Table (.csv .tsv .parquet .jsonl) or embeddings (.npy .npz).")
    ],
    labels: Annotated[Path | None, typer.Option(help="Table with the ids and labels so far.")] = None,
    strategy: Annotated[str, typer.Option(help="See `askwell list strategies`.")] = "margin-herding",
    batch: Annotated[int, typer.Option(help="How many rows to ask for.")] = 100,
    learner: Annotated[str, typer.Option(help="Classifier that is fitted to the labels.")] = "logistic",
    proba: Annotated[
        Path | None, typer.Option(help="Your own model's class probabilities (.npy), instead of a learner.")
    ] = None,
    classes: Annotated[str | None, typer.Option(help="Names of --proba's columns, with commas.")] = None,
    id: Annotated[str | None, typer.Option(help="Column that names the rows. [id]")] = None,
    label: Annotated[str | None, typer.Option(help="Column that holds the labels, in either file.")] = None,
    seed: Annotated[int, typer.Option(help="Decides ties, and which candidates are drawn.")] = 0,
    candidates: Annotated[
        int | None, typer.Option(help="Rows that the strategy is shown. [all, or 50000]")
    ] = None,
    features: Annotated[int, typer.Option(help="Most features kept, as in `compare`.")] = 64,
    out: Annotated[Path | None, typer.Option(help="File to write, .csv or .jsonl; else printed.")] = None,
) -> None:
    """Say which rows of a pool to label next."""
    settings: dict[str, Any] = {**locals(), "classes": _names(classes)}
    from askwell.asking import ask as choose

    asked = choose(**settings)
    for note in asked.notes:
        print(note, file=sys.stderr)
    if out is None:
        print(asked.text(), end="")


@app.command("list")
def list_(kind: Annotated[Kind, typer.Argument(help="Which names.")]) -> None:
    """List the names that there are, with a word on each."""
    from rich.table import Table

    listing = _listing(kind)
    table = Table(box=None, pad_edge=False)
    for column in listing:
        table.add_column(column, no_wrap=column == "name")
    for row in zip(*listing.values(), strict=True):
        table.add_row(*row)
    console().print(table)


app.command()(learning.train)
app.command()(learning.evaluate)
app.command()(seeing.report)
app.command()(seeing.plot)


def main() -> None:
    """Entry point: bad input is one sentence and exit code 2, Ctrl-C is 130."""
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        _fail(sentence, 2)
    if code == INTERRUPTED:  # what newer versions of Typer make of Ctrl-C
        _fail("interrupted; what was finished is kept in --out, and the same command goes on.", code)
    sys.exit(code if isinstance(code, int) else 0)


def _sentence(error: Exception) -> str | None:
    """What to tell the user, or None for an error that is ours."""
    # Typer's own complaints (a missing argument, a wrong choice) bring a sentence along, over several lines.
    if (message := getattr(error, "format_message", None)) is not None:
        return " ".join(message().replace("Value error, ", "").split())
    from askwell.core.errors import AskwellError  # only here: it brings JAX, which `--help` need not wait for

    return str(error) if isinstance(error, AskwellError) else None


def _fail(sentence: str, code: int) -> NoReturn:
    print(f"askwell: {sentence}", file=sys.stderr)
    sys.exit(code)


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def numbers(text: str | None, option: str) -> tuple[int, ...] | None:
    """The whole numbers in a list with commas."""
    from askwell.core.errors import AskwellError

    try:
        return None if text is None else tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise AskwellError(f"{option} is '{text}'; give a whole number, or several with commas.") from error


def console(stderr: bool = False):
    """Rich's console, without its markup."""
    from rich.console import Console

    # No markup and no emoji: names are the user's and may hold anything.
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


@contextmanager
def _progress():
    """A progress bar with time left on standard error, as the callback that `compare` wants."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console(stderr=True)
    what = TextColumn("{task.description}", markup=False)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), what)
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task("compiling", total=None)

        def update(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=what or "compiling")

        yield update


def _print(result, out: Path | None) -> None:
    screen = console()
    screen.print(result.rich(screen.width))
    screen.print()
    for verdict in result.verdicts():
        screen.print(f"{verdict.strategy}: {verdict.sentence}")
    ranks = result.ranks()
    if ranks is not None:
        listed = ", ".join(f"{name} {rank:.1f}" for name, rank in ranks.mean.items())
        over = f"{len(ranks.datasets)} datasets"
        screen.print(f"Mean ranks over {over}: {listed} (Friedman p = {ranks.p_value:.2g}).")
        different = ranks.pairs.filter(ranks.pairs["p_holm"] < 0.05)
        for a, b, _, p in different.iter_rows():
            screen.print(f"{a} ranks above {b} (Wilcoxon, Holm-corrected p = {p:.2g}).")
    if result.run_seconds:
        spent = f"{result.compile_seconds:.1f} s compiling and {result.run_seconds:.1f} s playing"
        screen.print(f"It took {spent}, summed over threads.")
    else:
        screen.print("Every cell was finished before; nothing was played.")
    if out is not None:
        command = shlex.join([learning.command(), "report", str(out)])
        screen.print(f"Records are in {out}; to see them:\n{command}", soft_wrap=True)


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

        summaries = [(module.__doc__ or "").split("\n")[0] for module in FIGURES.values()]
        return {"name": list(FIGURES), "summary": summaries}
    from askwell.core.registry import summary

    if kind is Kind.strategies:
        from askwell.policies import SHIPPED, load_policy
        from askwell.strategies import STRATEGIES

        known = {**{name: type(load_policy(path)) for name, path in SHIPPED.items()}, **STRATEGIES}
        return {
            "name": list(known),
            "summary": [summary(strategy) for strategy in known.values()],
            "needs": [", ".join(strategy.needs) or "features" for strategy in known.values()],
        }
    if kind is Kind.learners:
        from askwell.learners import LEARNERS as registry
    else:
        from askwell.games import GAMES as registry
    return {"name": list(registry), "summary": [summary(one) for one in registry.values()]}


if __name__ == "__main__":
    main()
