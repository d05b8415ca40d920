"""`askwell status`."""

from askwell.cli.labels import Features, FeaturesFrom, Id, Ignore, Label, Labels, Learner, Pool, open_session


def status(
    pool: Pool,
    labels: Labels = None,
    learner: Learner = "logistic",
    id: Id = None,
    label: Label = None,
    features: Features = 64,
    ignore: Ignore = None,
    features_from: FeaturesFrom = None,
) -> None:
    """Say how far the labelling of a pool has come."""
    print(open_session(**locals()).status())
