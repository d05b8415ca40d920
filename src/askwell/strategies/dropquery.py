"""DropQuery."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View
from askwell.strategies.refit import fitted_of
from askwell.strategies.representatives import representatives


def unsteady(
    key: PRNGKeyArray, disagreement: Float[Array, " n"], asked: Bool[Array, " n"], q: int
) -> Bool[Array, " n"]:
    """Points whose prediction changed in more than half of the trials; at least the `q` least steady."""
    tie_break = jax.random.uniform(key, asked.shape)
    disagreement = jnp.where(asked, -1.0, disagreement)
    place = jnp.zeros(len(asked), int).at[jnp.lexsort((tie_break, -disagreement))].set(jnp.arange(len(asked)))
    return (disagreement > 0.5) | (place < q)


class DropQuery(AbstractStrategy):
    """k-means over points whose class changes when features drop out (Gupte et al. 2024); random if cold.

    `trials` times a share `dropout` of each point's features is set to 0 and the rest divided by what is
    kept, as PyTorch's dropout does (scikit-activeml 1.0.1 does not divide, so that the intercept decides
    more). Candidates are those that change in more than half of the trials, or the `q` that change most, ties
    at random (scikit-activeml: by row). The batch is the nearest candidate to each of `q` k-means centres.
    Features are assumed to be centred, so that 0 carries no information.
    """

    name: ClassVar[str] = "dropquery"
    needs: ClassVar[tuple[str, ...]] = ("learner",)
    trials: int = eqx.field(static=True, default=3)
    dropout: float = 0.75

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        _, drop_key, tie_key, centre_key = jax.random.split(key, 4)
        n, d = view.x.shape
        kept = jax.random.bernoulli(drop_key, 1 - self.dropout, (self.trials, n, d))
        dropped = view.x * kept / (1 - self.dropout)
        # One call for all of them: a learner on the host fits at each.
        x = jnp.concatenate([view.x, dropped.reshape(-1, d)])
        predicted = jnp.argmax(fitted_of(view, self.name).log_proba(x), axis=1).reshape(-1, n)
        candidate = unsteady(tie_key, jnp.mean(predicted[1:] != predicted[0], axis=0), view.asked, q)
        return representatives(centre_key, view.x, candidate * 1.0, ~candidate, q)
