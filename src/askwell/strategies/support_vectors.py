"""Support vectors: the points near a linear SVM's boundary."""

from typing import ClassVar

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, AskwellError, View
from askwell.core.extreme import argmin
from askwell.core.geometry import square_distance
from askwell.strategies.pickers import greedy
from askwell.strategies.separators import svm


def one_against_rest(
    x: Float[Array, "b d"], y: Int[Array, " b"], used: Float[Array, " b"], classes: int, C: float
) -> tuple[Float[Array, "c b"], Bool[Array, " b"]]:
    """Dual coefficients of each class's SVM, and which labelled points support that of a seen class."""
    own = y == jnp.arange(classes)[:, None]
    beta = svm(x, jnp.where(own, 1.0, -1.0), used, C)
    seen = jnp.any(own & (used > 0), axis=1)
    return beta, jnp.any((beta != 0) & seen[:, None], axis=0)


class SupportVectors(AbstractStrategy):
    """Nearest a linear SVM's boundaries, spread over its support points (Tong & Koller 2001); random if cold.

    One SVM for each class against the rest, as scikit-learn's ``LinearSVC`` (squared hinge), on the pool's
    own features and with `C`, whatever the learner is. A point counts by its smallest ``|decision|`` over the
    classes seen: such points would become support vectors, whatever their label. While others are left, no
    two points of a batch have the same nearest support vector among the labelled points (this spread is this
    project's own).
    """

    name: ClassVar[str] = "support-vectors"
    C: float = 1.0

    def __check_init__(self):
        """Refuse what cannot be fitted."""
        if not self.C > 0:
            raise AskwellError(f"support-vectors' C is {self.C}; it must be above 0.")

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        x, y, used = view.evidence
        beta, support = one_against_rest(x, y, used, view.log_proba.shape[1], self.C)
        decision = view.x @ (beta @ x).T + jnp.sum(beta, axis=1)
        near = 1 / (1 + jnp.min(jnp.where(view.seen, jnp.abs(decision), jnp.inf), axis=1))
        group = argmin(jnp.where(support[:, None], square_distance(x, view.x), jnp.inf), axis=0)
        return greedy(
            key,
            jnp.zeros(len(used)),
            lambda count: jnp.where(view.cold, 0.0, near - count[group]),
            lambda count, row: count.at[group[row]].add(1.0),
            view.asked,
            q,
        )
