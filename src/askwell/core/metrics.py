"""What strategies are judged by: one table that scores, records, statistics, figures and commands share."""

from dataclasses import dataclass

from askwell.core.errors import AskwellError
from askwell.core.registry import unknown

ACCURACY = "accuracy"
"""The metric where none is named."""


@dataclass(frozen=True)
class Metric:
    """A score of the learner's predictions on the report split.

    Attributes:
        name: as users write it; the records' column has underscores for hyphens.
        words: as sentences and axes have it.
        sign: 1 where higher is better, -1 where lower is.
        delta: differences in AULC that are smaller do not matter to anyone who labels.
        trivial: what a learner does that knows nothing but the classes' shares; ``{}`` stands for the largest class.
    """

    name: str
    words: str
    sign: int = 1
    delta: float = 0.005
    trivial: str = "always saying {}"

    @property
    def column(self) -> str:
        """The column of the records."""
        return self.name.replace("-", "_")

    @property
    def axis(self) -> str:
        """The words with unit and direction where these are not obvious."""
        return self.words if self.sign > 0 else f"{self.words} (nats, lower is better)"


METRICS = {
    metric.name: metric
    for metric in (
        Metric(ACCURACY, "accuracy"),
        Metric("balanced-accuracy", "balanced accuracy"),
        Metric("macro-f1", "macro-F1"),
        # With .01 nats less the truth is given a probability that is 1 % higher, in the geometric mean.
        Metric("log-loss", "log-loss", -1, 0.01, "always predicting the classes' shares"),
    )
}


def metric_of(name: str) -> Metric:
    """The metric of that name.

    Raises:
        AskwellError: if there is none.
    """
    if name not in METRICS:
        raise AskwellError(unknown("metric", name, METRICS))
    return METRICS[name]
