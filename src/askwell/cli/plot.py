"""`askwell plot`."""

from pathlib import Path
from typing import Annotated

import typer


def plot(
    name: Annotated[str, typer.Argument(help="Figure, see `askwell list figures`.")],
    run_dir: Annotated[Path, typer.Argument(help="Directory that `compare --out` or `train --out` made.")],
    out: Annotated[
        Path, typer.Option(help="File to write: .png, .svg, .pdf; .gif for `where` and `decisions`.")
    ],
    dataset: Annotated[str | None, typer.Option(help="For `where` and `data-curves`. [the first]")] = None,
    split: Annotated[int | None, typer.Option(help="For `where`. [the first]")] = None,
    strategies: Annotated[str | None, typer.Option(help="For `where`: names with commas.")] = None,
    plane: Annotated[str, typer.Option(help="For `where`: pca or tsne.")] = "pca",
) -> None:
    """Draw a figure from a run."""
    from askwell.plots import FIGURES, check, save
    from askwell.report import open_run

    check(name, out)
    source = FIGURES[name].SOURCE
    wanted = {
        "dataset": dataset,
        "split": split,
        "strategies": strategies.split(",") if strategies else None,
        "plane": plane,
    }
    settings = wanted if source in ("replay", "samples") else {}
    print(save(name, open_run(run_dir).source(source, **settings), out))
