"""`askwell status`."""

from askwell.cli.labels import Features, Id, Label, Labels, Learner, Pool


def status(
    pool: Pool,
    labels: Labels = None,
    learner: Learner = "logistic",
    id: Id = None,
    label: Label = None,
    features: Features = 64,
) -> None:
    """Say how far the labelling of a pool has come."""
    from askwell.labelling import Session

    session = Session(pool, labels=labels, learner=learner, id=id, label=label, features=features)
    print(session.status())
