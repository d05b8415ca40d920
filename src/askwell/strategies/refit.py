"""The view's own learner, for strategies that try out labels or weights."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractFitted, AbstractLearner, AskwellError, View

BLOCK = 2**14
"""Points at a time whose scores by a committee are computed."""


def learner_of(view: View, strategy: str) -> AbstractLearner:
    """The learner that the labels are for.

    Raises:
        AskwellError: while tracing, if the view has none.
    """
    if view.learner is None:
        raise AskwellError(
            f"The strategy '{strategy}' refits the learner, and this view shows only its probabilities; "
            "play it in a game that has a learner, or choose one that needs probabilities alone."
        )
    return view.learner


def fitted_of(view: View, strategy: str) -> AbstractFitted:
    """The learner as the game has fitted it to the labels so far.

    Raises:
        AskwellError: while tracing, if the view has none.
    """
    learner_of(view, strategy)
    assert view.fitted is not None
    return view.fitted


def committee(key: PRNGKeyArray, view: View, strategy: str, members: int) -> Float[Array, "k n c"]:
    """Log-probabilities of the learner fitted `members` times, each time with other weights for the labelled points.

    Weights are those of the Bayesian bootstrap (Rubin 1981): exponential, scaled to sum to the number of
    labels. Unlike resampling, it never hides a label from a member, so that all of them know the same
    classes.
    """
    return _predicted(_members(key, view, strategy, members), view.x)


def committee_score(
    key: PRNGKeyArray,
    view: View,
    strategy: str,
    members: int,
    score: Callable[[Float[Array, "k m c"]], Float[Array, " m"]],
) -> Float[Array, " n"]:
    """The `score` of each point by what a `committee` says of it.

    Of more than `BLOCK` points it is computed block by block: a million, with ten members and classes, would fill
    several times .4 GB.
    """
    fitted, n = _members(key, view, strategy, members), len(view.x)
    if n <= BLOCK:
        return score(_predicted(fitted, view.x))

    def block(found: Float[Array, " n"], start: Int[Array, ""]):
        own = score(_predicted(fitted, jax.lax.dynamic_slice_in_dim(view.x, start, BLOCK)))
        return jax.lax.dynamic_update_slice_in_dim(found, own, start, 0), None

    starts = jnp.minimum(jnp.arange(0, n, BLOCK), n - BLOCK)  # the last block overlaps
    return jax.lax.scan(block, jnp.zeros(n, view.x.dtype), starts)[0]


def _members(key: PRNGKeyArray, view: View, strategy: str, members: int) -> AbstractFitted:
    learner = learner_of(view, strategy)
    x, y, used = view.evidence

    def member(key: PRNGKeyArray) -> AbstractFitted:
        weight_key, fit_key = jax.random.split(key)
        weight = jax.random.exponential(weight_key, used.shape) * used
        weight *= jnp.sum(used) / jnp.maximum(jnp.sum(weight), 1e-9)
        return learner.fit(fit_key, x, y, weight, view.log_proba.shape[1])

    return jax.vmap(member)(jax.random.split(key, members))


def _predicted(members: AbstractFitted, x: Float[Array, "m d"]) -> Float[Array, "k m c"]:
    return jax.vmap(lambda member: member.log_proba(x))(members)
