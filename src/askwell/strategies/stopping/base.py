"""What rules for stopping share."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from askwell.core import AskwellError, Stopping, View


def stopping_of(view: View) -> Stopping:
    """Price and agreement of a view.

    Raises:
        AskwellError: while tracing, if nobody can stop in this game.
    """
    if view.stopping is None:
        raise AskwellError("This view has no price of a label; play the rule in a game such as stop.")
    return view.stopping


def agreements(view: View, rounds: int) -> Float[Array, " k"]:
    """The shares of predictions that each of the last `rounds` rounds left as they were; 0 before the first."""
    known = jnp.concatenate([jnp.zeros(rounds), stopping_of(view).agreement])
    return jax.lax.dynamic_slice(known, (view.round,), (rounds,))
