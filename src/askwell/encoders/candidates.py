"""The family of metrics, of which a history chooses one."""

from collections.abc import Mapping

from askwell.encoders.metric import Fit, Metric, between, plain, within
from askwell.encoders.network import Network

NONE = "none"
"""No metric: the features as they are."""

SHRINKAGES, SPREADS, LENGTHS = (0.03, 0.1, 0.3, 1.0, 3.0), (0.1, 1.0), (1.0, 2.0)

BETWEEN: Mapping[str, Fit] = {
    f"within-class whitening, shrunk by {s:g}, and the past classes' spread, shrunk by {t:g}": between(s, t)
    for s in SHRINKAGES[::2]
    for t in SPREADS
}
KINDS: Mapping[str, Fit] = {
    "the features": plain,
    **{f"within-class whitening, shrunk by {s:g}": within(s) for s in SHRINKAGES},
    **BETWEEN,
}

WIDE = ", among four times as many features"

NETWORK = "a network on within-class whitening"

CANDIDATES: Mapping[str, Metric | Network] = {
    f"{name}{', twice as long' if length > 1 else ''}": one
    for length in LENGTHS
    for name, one in (
        *((name, Metric(fit, length)) for name, fit in KINDS.items()),
        *((f"{name}{WIDE}", Metric(fit, length, wide=True)) for name, fit in BETWEEN.items()),
        (NETWORK, Network(Metric(within(0.1)), length)),
    )
}
"""What may be chosen besides `NONE`. Only what knows where classes lie apart can choose among features."""
