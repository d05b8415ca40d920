"""`askwell report`."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    run_dir: Annotated[
        Path, typer.Argument(help="What `compare --out` or `train --out` made, or the --db of `label`.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="File to write. [RUN_DIR/report.html, or the --db's name with .html]")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="What strategies are judged by, as in `compare`. [the run's]")
    ] = None,
    open: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
) -> None:
    """Write what a run or a labelling found as one HTML file."""
    from askwell.report import report as make

    path = make(run_dir, out, metric)
    print(f"The report is in {path}")
    if open:
        typer.launch(path.resolve().as_uri())
