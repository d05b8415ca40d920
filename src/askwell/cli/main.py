"""The commands together, and what becomes of their errors."""

import gc
import os
import sys
from typing import Annotated, NoReturn

import typer

import askwell
from askwell.cli import ask, compare, evaluate, label, listing, plot, predict, report, search, status, train

INTERRUPTED = 130
ENDED = "interrupted; what was finished is kept in --out, and the same command goes on."
UNWRITTEN = "interrupted; no file was changed, and the same command starts again."
HELP = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    help="Askwell learns which labels to ask for: batch active learning, compared honestly.",
    add_completion=False,
    context_settings=HELP,
    rich_markup_mode=None,  # "[10]" in a help text is no markup, and Rich takes time to import
    pretty_exceptions_enable=False,
)
for command in (
    compare.compare,
    ask.ask,
    label.label,
    status.status,
    predict.predict,
    train.train,
    search.search,
    evaluate.evaluate,
    report.report,
    plot.plot,
):
    app.command(context_settings=HELP)(command)
app.command("list", context_settings=HELP)(listing.list_)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"askwell {askwell.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Askwell learns which labels to ask for: batch active learning, compared honestly."""


def main() -> None:
    """Entry point: bad input is one sentence and exit code 2, Ctrl-C is 130."""
    # Imports and tracing make many objects, few of them garbage: looking for it took 0.3 s of each command.
    gc.set_threshold(100_000, 50, 100)
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
        goes_on = {"compare", "train", "evaluate", "search"} & set(sys.argv[1:2])
        print(f"askwell: {ENDED if goes_on else UNWRITTEN}", file=sys.stderr, flush=True)
        sys.stdout.flush()
        os._exit(INTERRUPTED)  # every file is whole, and a program that still compiles would be waited for
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
