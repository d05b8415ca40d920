"""`askwell ask`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from askwell.cli.terminal import names


def ask(
    pool: Annotated[
        Path, typer.Argument(help="Table (.csv .tsv .parquet .jsonl) or embeddings (.npy .npz).")
    ],
    labels: Annotated[
        list[Path] | None,
        typer.Option(help="Table with the ids and labels so far; may be given several times."),
    ] = None,
    strategy: Annotated[
        str | None, typer.Option(help="See `askwell list strategies`. [the best in the metric elsewhere]")
    ] = None,
    metric: Annotated[
        str,
        typer.Option(
            help="What counts: accuracy, balanced-accuracy, macro-f1, log-loss. Decides --strategy."
        ),
    ] = "accuracy",
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
    ignore: Annotated[str | None, typer.Option(help="Columns to leave out, with commas.")] = None,
    features_from: Annotated[
        str | None, typer.Option(help="Columns that are features, with commas. [all others]")
    ] = None,
    show: Annotated[
        str | None, typer.Option(help="Columns to copy to --out, with commas. [all, of a narrow table]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to type labels into, .csv or .jsonl; else ids are printed.")
    ] = None,
    audit: Annotated[
        float, typer.Option(help="Share of the batch drawn at random, to tell the accuracy fairly, e.g. 0.1.")
    ] = 0.0,
) -> None:
    """Say which rows of a pool to label next."""
    settings: dict[str, Any] = locals()
    lists = ("classes", "ignore", "features_from", "show")
    settings |= {name: names(settings[name]) for name in lists}
    from askwell.asking import ask as choose
    from askwell.core import counted

    asked = choose(**settings)
    for note in asked.notes:
        print(note, file=sys.stderr)
    if out is None:
        print(asked.text(), end="")
    elif asked.ids:
        print(
            f"{counted(len(asked.ids), 'row')} to label in {out}: type into its label column, then run this again."
        )
