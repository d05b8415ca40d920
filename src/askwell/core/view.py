"""The view: all that a strategy may see in a round."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from askwell.core.geometry import Geometry

NOT_ASKED = -1


class View(eqx.Module):
    """What is known before a batch is picked. It never holds a hidden label.

    `log_proba` is the current learner's belief about every pool point; `y` holds the answers so far
    (``NOT_ASKED`` elsewhere; answers may be wrong); `rows` the rows asked so far, in order, filled up
    with ``n`` to the whole budget ``b``; `round` counts from 0.
    """

    x: Float[Array, "n d"]
    geometry: Geometry
    log_proba: Float[Array, "n c"]
    y: Int[Array, " n"]
    rows: Int[Array, " b"]
    round: Int[Array, ""]
    rounds: int = eqx.field(static=True)

    @property
    def asked(self) -> Bool[Array, " n"]:
        """Which points have been asked about."""
        return self.y != NOT_ASKED

    @property
    def labelled_x(self) -> Float[Array, "b d"]:
        """Features of the points asked so far; ``inf`` in the places not used yet."""
        return self.x.at[self.rows].get(mode="fill", fill_value=jnp.inf)

    @property
    def proba(self) -> Float[Array, "n c"]:
        """Class probabilities of the current learner."""
        return jnp.exp(self.log_proba)

    @property
    def seen(self) -> Bool[Array, " c"]:
        """Which classes have been answered at least once."""
        c = self.log_proba.shape[1]
        return jnp.any(self.y[:, None] == jnp.arange(c), axis=0)

    @property
    def cold(self) -> Bool[Array, ""]:
        """True while fewer than two classes have been seen: probabilities then say nothing.

        The one rule for every strategy that needs probabilities: in a cold round all points
        count as equally uncertain (see `askwell.strategies.uncertainty`).
        """
        return jnp.sum(self.seen) < 2
