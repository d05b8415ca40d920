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
    dataset: Annotated[
        str | None, typer.Option(help="For `where`, `influence`, `data-curves`. [the first]")
    ] = None,
    split: Annotated[int | None, typer.Option(help="For `where` (the first) and `influence` (some).")] = None,
    strategies: Annotated[
        str | None, typer.Option(help="For `where`, `influence`: names with commas.")
    ] = None,
    plane: Annotated[str, typer.Option(help="For `where`: pca or tsne.")] = "pca",
    metric: Annotated[
        str | None, typer.Option(help="What strategies are judged by, as in `compare`. [the run's]")
    ] = None,
) -> None:
    """Draw a figure from a run."""
    from askwell.core import AskwellError
    from askwell.plots import FIGURES, check, save, taken
    from askwell.report import CompareRun, open_run

    check(name, out)
    source = FIGURES[name].SOURCE
    wanted = {
        "dataset": dataset,
        "split": split,
        "strategies": strategies.split(",") if strategies else None,
        "plane": plane,
    }
    settings = wanted if source in ("replay", "reach", "samples", "effects") else {}
    run, said = open_run(run_dir, metric), {}
    if isinstance(run, CompareRun):
        said = taken(name, {"metric": run.spec.metric, "baseline": run.spec.baseline})
    if metric is not None and "metric" not in said:
        raise AskwellError(f"The figure '{name}' is not about a metric of your choice; leave out --metric.")
    print(save(name, run.source(source, **settings), out, **said))
