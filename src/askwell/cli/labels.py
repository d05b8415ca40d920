"""What the commands for labelling share: their options, and the session that the pool and the labels so far make."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from askwell.cli.terminal import names

if TYPE_CHECKING:
    from askwell.labelling import Session

Pool = Annotated[Path, typer.Argument(help="Table (.csv .tsv .parquet .jsonl) or embeddings (.npy .npz).")]
Labels = Annotated[
    list[Path] | None,
    typer.Option(help="Table with the ids and labels so far; may be given several times."),
]
Learner = Annotated[str, typer.Option(help="Classifier that is fitted to the labels.")]
Strategy = Annotated[
    str | None,
    typer.Option(
        help="See `askwell list strategies`; or policy:PATH, what `train` wrote. [the best in the metric elsewhere]"
    ),
]
Metric = Annotated[
    str,
    typer.Option(help="What counts: accuracy, balanced-accuracy, macro-f1, log-loss. Decides --strategy."),
]
Audit = Annotated[
    float, typer.Option(help="Share of the batch drawn at random, to tell the accuracy fairly, e.g. 0.1.")
]
Id = Annotated[str | None, typer.Option(help="Column that names the rows. [id]")]
Label = Annotated[str | None, typer.Option(help="Column that holds the labels, in either file.")]
Features = Annotated[int, typer.Option(help="Most features kept, as in `compare`.")]
Ignore = Annotated[str | None, typer.Option(help="Columns to leave out, with commas.")]
Encoder = Annotated[
    Path | None,
    typer.Option(
        help="What `train --history` wrote: the metric of your domain; or 'sentences', for prose. [none]"
    ),
]
Embeddings = Annotated[
    Path | None,
    typer.Option(
        help="Numbers that stand for the rows, by id or in order (.npy .npz .parquet). [the columns]"
    ),
]
FeaturesFrom = Annotated[
    str | None, typer.Option(help="Columns that are features, with commas. [all others]")
]


def open_session(pool: Path, *, ignore: str | None, features_from: str | None, **settings: Any) -> "Session":
    """The session, whose notes are said."""
    from askwell.labelling import Session

    session = Session(pool, ignore=names(ignore), features_from=names(features_from), **settings)
    for note in session.notes:
        print(note, file=sys.stderr)
    return session
