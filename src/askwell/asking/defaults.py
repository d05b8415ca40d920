"""The strategy that asks where none is named."""

from askwell.core import metric_of

DEFAULTS = {
    "accuracy": "uherding",
    "balanced-accuracy": "uherding",
    "macro-f1": "uherding",
    "log-loss": "margin-herding",
}
"""By metric; chosen on the meta-validation sets (docs/choose.md, which `python docs/choose.py` writes)."""


def default_strategy(metric: str) -> str:
    """The strategy to take where the metric is what counts.

    Raises:
        AskwellError: if there is no such metric.
    """
    return DEFAULTS[metric_of(metric).name]
