"""What `askwell status` and `askwell predict` share: the pool and the labels so far."""

from pathlib import Path
from typing import Annotated

import typer

Pool = Annotated[Path, typer.Argument(help="Table (.csv .tsv .parquet .jsonl) or embeddings (.npy .npz).")]
Labels = Annotated[
    list[Path] | None,
    typer.Option(help="Table with the ids and labels so far; may be given several times."),
]
Learner = Annotated[str, typer.Option(help="Classifier that is fitted to the labels.")]
Id = Annotated[str | None, typer.Option(help="Column that names the rows. [id]")]
Label = Annotated[str | None, typer.Option(help="Column that holds the labels, in either file.")]
Features = Annotated[int, typer.Option(help="Most features kept, as in `compare`.")]
