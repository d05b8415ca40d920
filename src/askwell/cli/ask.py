"""`askwell ask`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from askwell.cli.labels import (
    Audit,
    Embeddings,
    Encoder,
    Features,
    FeaturesFrom,
    Id,
    Ignore,
    Label,
    Labels,
    Learner,
    Metric,
    Pool,
    Strategy,
)
from askwell.cli.terminal import names


def ask(
    pool: Pool,
    labels: Labels = None,
    strategy: Strategy = None,
    metric: Metric = "accuracy",
    batch: Annotated[int, typer.Option(help="How many rows to ask for.")] = 100,
    learner: Learner = "logistic",
    proba: Annotated[
        Path | None, typer.Option(help="Your own model's class probabilities (.npy), instead of a learner.")
    ] = None,
    classes: Annotated[str | None, typer.Option(help="Names of --proba's columns, with commas.")] = None,
    id: Id = None,
    label: Label = None,
    seed: Annotated[int, typer.Option(help="Decides ties, and which candidates are drawn.")] = 0,
    candidates: Annotated[
        int | None, typer.Option(help="Rows that the strategy is shown. [all, or 50000]")
    ] = None,
    features: Features = 64,
    ignore: Ignore = None,
    features_from: FeaturesFrom = None,
    encoder: Encoder = None,
    embeddings: Embeddings = None,
    show: Annotated[
        str | None, typer.Option(help="Columns to copy to --out, with commas. [all, of a narrow table]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to type labels into, .csv or .jsonl; else ids are printed.")
    ] = None,
    audit: Audit = 0.0,
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
