"""`askwell predict`."""

from pathlib import Path
from typing import Annotated

import typer

from askwell.cli.labels import (
    Embeddings,
    Encoder,
    Features,
    FeaturesFrom,
    Id,
    Ignore,
    Label,
    Labels,
    Learner,
    Pool,
    open_session,
)


def predict(
    pool: Pool,
    out: Annotated[Path, typer.Option(help="File to write: .parquet, .csv or .jsonl.")],
    labels: Labels = None,
    learner: Learner = "logistic",
    id: Id = None,
    label: Label = None,
    features: Features = 64,
    ignore: Ignore = None,
    features_from: FeaturesFrom = None,
    encoder: Encoder = None,
    embeddings: Embeddings = None,
    metric: Annotated[
        str, typer.Option(help="What counts; by balanced-accuracy and macro-f1 a rare class is said sooner.")
    ] = "accuracy",
    model: Annotated[
        Path | None, typer.Option(help="Write the classifier, too (.skops; no code runs when it is read).")
    ] = None,
) -> None:
    """Predict the class of every row of a pool from the labels so far."""
    given = {name: value for name, value in locals().items() if name not in ("out", "model")}
    from askwell.labelling.predictions import check_model, check_path, predictions, write_predictions

    path = check_path(out)
    if model is not None:
        check_model(model)
    session = open_session(**given)
    frame = predictions(session.ids, session.log.labels, session.predict())
    if model is not None:
        from askwell.labelling.models import save_model  # scikit-learn and skops are slow to import

        save_model(session.estimator(), model)
    write_predictions(frame, path)
    known = len(frame) - frame["label"].null_count()
    print(f"{len(frame)} rows predicted from {known} labels: {path}")
