"""The view's own learner, for strategies that try out labels or weights."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractFitted, AbstractLearner, AskwellError, View


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
    learner = learner_of(view, strategy)
    x, y, used = view.evidence

    def member(key: PRNGKeyArray) -> Float[Array, "n c"]:
        weight_key, fit_key = jax.random.split(key)
        weight = jax.random.exponential(weight_key, used.shape) * used
        weight *= jnp.sum(used) / jnp.maximum(jnp.sum(weight), 1e-9)
        return learner.fit(fit_key, x, y, weight, view.log_proba.shape[1]).log_proba(view.x)

    return jax.vmap(member)(jax.random.split(key, members))
