"""The points whose labels will probably do most, by a closed form instead of refits."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, LabelInfluence, View
from askwell.core.geometry import extended
from askwell.core.influence import believed, damping, root_of
from askwell.strategies import uncertainty
from askwell.strategies.pickers import greedy, gumbel_top_k, top_k
from askwell.strategies.refit import fitted_of, learner_of

BLOCK = 256
"""Points that are rated at a time."""

CANDIDATES, SAMPLE = 2**12, 2**14
"""Of a larger pool, so many points of the highest entropy are rated, by the entropy of a random sample."""


class Influence(AbstractStrategy):
    """Greatest expected fall of the pool's entropy by one Newton step (ours); random in a cold round.

    To second order it is what `expected-error` finds by refitting with every class on every candidate. A label's step
    is linear in ``p − label``, whose mean under the belief is 0 and whose covariance is ``diag(p) − p pᵀ``. So what
    counts is how the pool's entropy bends along the steps; one matrix tells that for all candidates. After each pick
    the curvature is that of a classifier with this point, so the batch is spread. The learner must have a closed form,
    which `logistic` is.
    """

    name: ClassVar[str] = "influence"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "learner")

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        now = learner_of(view, self.name).influence(fitted_of(view, self.name), *view.evidence)
        n, (key, some_key, sample_key) = len(view.y), jax.random.split(key, 3)
        rows, sample = jnp.arange(n), jnp.arange(n)
        if n > CANDIDATES:
            rows = top_k(some_key, uncertainty.entropy(view), view.asked, CANDIDATES)
        if n > SAMPLE:
            sample = gumbel_top_k(sample_key, jnp.zeros(n), view.asked, SAMPLE)
        bent = _bent(now, view.x[sample], ~view.asked[sample])
        x = extended(view.x[rows])
        root = root_of(believed(now.weights, now.seen, x))

        def score(now: LabelInfluence) -> Float[Array, " m"]:
            return jnp.where(view.cold, 0.0, -expected_change(now, bent, x, root))

        def update(now: LabelInfluence, at: Int[Array, ""]) -> LabelInfluence:
            return now.with_added(x[at], root[at])

        return rows[greedy(key, now, score, update, view.asked[rows], q)]


def _bent(now: LabelInfluence, x: Float[Array, "m d"], counts: Bool[Array, " m"]) -> Float[Array, "c p c p"]:
    """How the mean entropy of those points that count bends by the weights."""
    wide = extended(x)
    bend = _entropy_bend(believed(now.weights, now.seen, wide))
    share = counts / jnp.maximum(jnp.sum(counts), 1)
    return jnp.einsum("n,nij,np,nq->ipjq", share, bend, wide, wide, optimize="optimal")


def expected_change(
    now: LabelInfluence,
    bent: Float[Array, "c p c p"],
    x: Float[Array, "n p"],
    root: Float[Array, "n c c"],
) -> Float[Array, " n"]:
    """The expected change of what bends by `bent` along the weights, for a label of each point."""
    c, p = now.weights.shape
    flat = now.inverse.reshape(c * p, c * p)
    along = (flat @ bent.reshape(c * p, c * p) @ flat).reshape(c, p, c, p)

    def one(point: tuple[Array, Array]) -> Float[Array, ""]:
        x, root = point
        step = root @ damping(now.leverage(x), root)
        far = jnp.einsum("p,ipjq,q->ij", x, along, x)
        return 0.5 * jnp.sum((far @ step) * step)

    return jax.lax.map(one, (x, root), batch_size=min(BLOCK, len(x)))


def _entropy_bend(proba: Float[Array, "n c"]) -> Float[Array, "n c c"]:
    """Second derivatives of the entropy of probabilities by the logits."""

    def entropy(logits: Array) -> Array:
        log = jax.nn.log_softmax(logits)
        return -jnp.sum(jnp.exp(log) * log)

    return jax.vmap(jax.hessian(entropy))(jnp.log(jnp.maximum(proba, 1e-12)))
