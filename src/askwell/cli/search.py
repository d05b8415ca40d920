"""`askwell search`."""

from pathlib import Path
from typing import Annotated

import typer


def search(
    spec: Annotated[Path, typer.Argument(help="TOML file: what is searched, and where it is judged.")],
    out: Annotated[Path, typer.Option(help="Directory of the search; a stopped search goes on there.")],
    hours: Annotated[
        float, typer.Option(help="Time for trials and for judging the winner; again: so much more.")
    ] = 0.5,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Stop after so many trials, even if there is time left.")
    ] = None,
    executor: Annotated[
        str, typer.Option(help="Where trials are played: threads, ray, or ray://HOST:PORT (a Ray cluster).")
    ] = "threads",
) -> None:
    """Search the settings of a training under a time budget."""
    from askwell.cli.terminal import console, program
    from askwell.core import AskwellError

    try:
        from askwell.search import SearchSpec
        from askwell.search import search as run
    except ModuleNotFoundError as error:
        if error.name != "optuna":
            raise
        raise AskwellError("A search needs Optuna: pip install 'askwell[search]'.") from error
    screen = console(stderr=True)
    watch = lambda said, spent: screen.print(
        f"{spent / 60:.1f} of {hours * 60:.0f} minutes: {said}", soft_wrap=True
    )
    found = run(SearchSpec.read(spec), hours, out, watch, executor, trials)
    console().print(f"{found.verdict}.".replace("..", "."), soft_wrap=True)
    console().print(found.more, soft_wrap=True)
    print(f"{program()} report {out}")
