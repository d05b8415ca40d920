"""What rules for streams share: the uncertainty of the point offered, and when they may spend."""

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from askwell.core import AskwellError, Stream, View
from askwell.strategies import uncertainty


def stream_of(view: View) -> Stream:
    """The stream of a view.

    Raises:
        AskwellError: while tracing, if points do not come one at a time in this game.
    """
    if view.stream is None:
        raise AskwellError("This view has no stream; play the rule in a game such as label-or-skip.")
    return view.stream


def least_confidence(view: View) -> Float[Array, ""]:
    """``1 − p₁`` of the point that is offered; 1 in a cold round."""
    return uncertainty.least_confidence(view, stream_of(view).row[None])[0]


def margin(view: View) -> Float[Array, ""]:
    """``1 − (p₁ − p₂)`` of the point that is offered; 1 in a cold round."""
    return uncertainty.margin(view, stream_of(view).row[None])[0]


def affordable(stream: Stream) -> Bool[Array, " n"]:
    """For each place of the stream, whether less than its share of the budget had been spent when it came.

    What came until then may cost ``budget / length`` labels a point (Žliobaitė et al. 2014, their estimate of spending
    without forgetting).
    """
    count = jnp.cumsum(stream.labelled)
    before = count - stream.labelled
    return before < (jnp.arange(len(count)) + 1) * (stream.budget / stream.length)
