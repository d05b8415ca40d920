"""`askwell status`."""

from typing import Annotated, Any

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


def status(
    pool: Pool,
    labels: Labels = None,
    learner: Learner = "logistic",
    id: Id = None,
    label: Label = None,
    features: Features = 64,
    ignore: Ignore = None,
    features_from: FeaturesFrom = None,
    encoder: Encoder = None,
    embeddings: Embeddings = None,
    agreement: Annotated[
        float,
        typer.Option(
            help="Advise to stop once the last batches left this share of the predictions as they were."
        ),
    ] = 0.98,
    gain: Annotated[
        float | None,
        typer.Option(help="Advise to stop once the next batch will probably bring no more accuracy."),
    ] = None,
    rounds: Annotated[int, typer.Option(help="How many batches those are.")] = 3,
    budget: Annotated[int | None, typer.Option(help="Advise to stop at so many labels.")] = None,
) -> None:
    """Say how good the classifier is so far, and whether to stop."""
    given: dict[str, Any] = locals()
    from askwell.asking.stopping import Stop

    stop = Stop(given.pop("agreement"), given.pop("rounds"), given.pop("gain"), labels=given.pop("budget"))
    print(open_session(**given, stop=stop).status())
