"""The view: all that a strategy may see in a round."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from askwell.core.geometry import Geometry
from askwell.core.learner import AbstractLearner

NOT_ASKED = -1


class Truth(eqx.Module):
    """What only a strategy that cheats may see: what the annotator would answer, and the evaluation sets."""

    answers: Int[Array, " n"]
    selection_x: Float[Array, "m1 d"]
    selection_y: Int[Array, " m1"]
    report_x: Float[Array, "m2 d"]
    report_y: Int[Array, " m2"]


class View(eqx.Module):
    """What is known before a batch is picked. It never holds a hidden label.

    `log_proba` is the current learner's belief about every pool point; `y` holds the answers so far
    (``NOT_ASKED`` elsewhere; answers may be wrong); `rows` the rows asked so far, in order, filled up
    with ``n`` to the whole budget ``b``; `round` counts from 0. `learner` is the kind of classifier that is
    refitted after the batch, for strategies that try out labels (None where only its probabilities are known).
    `truth` is None but for strategies that declare ``cheats``. `given` says that `log_proba` was not fitted to
    `y`: it comes from a model of the user's own, which knows its classes before the first answer.
    """

    x: Float[Array, "n d"]
    geometry: Geometry
    log_proba: Float[Array, "n c"]
    y: Int[Array, " n"]
    rows: Int[Array, " b"]
    round: Int[Array, ""]
    rounds: int = eqx.field(static=True)
    learner: AbstractLearner | None = None
    truth: Truth | None = None
    given: bool = eqx.field(static=True, default=False)

    @property
    def asked(self) -> Bool[Array, " n"]:
        """Which points have been asked about."""
        return self.y != NOT_ASKED

    @property
    def labelled_x(self) -> Float[Array, "b d"]:
        """Features of the points asked so far; ``inf`` in the places not used yet."""
        return self.x.at[self.rows].get(mode="fill", fill_value=jnp.inf)

    @property
    def labelled(self) -> tuple[Float[Array, "b d"], Int[Array, " b"], Float[Array, " b"]]:
        """The points asked so far and their answers, in order, with weight 1; weight 0 where not used yet."""
        used = self.rows < self.y.shape[0]
        at = jnp.where(used, self.rows, 0)
        return self.x[at], jnp.where(used, self.y[at], 0), used.astype(self.x.dtype)

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
        """True while fewer than two classes have been seen: probabilities then say nothing, unless `given`.

        The one rule for every strategy that needs probabilities: in a cold round all points
        count as equally uncertain (see `askwell.strategies.uncertainty`).
        """
        return (jnp.sum(self.seen) < 2) & (not self.given)
