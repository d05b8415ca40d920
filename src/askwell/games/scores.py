"""How good a fitted learner is on one evaluation set."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

CALIBRATION_BINS = 15


class Scores(eqx.Module):
    """Scores of one set of predictions: all are shares in 0..1, except `log_loss`, which is in nats."""

    accuracy: Float[Array, ""]
    balanced_accuracy: Float[Array, ""]
    macro_f1: Float[Array, ""]
    log_loss: Float[Array, ""]
    calibration_error: Float[Array, ""]


def score(log_proba: Float[Array, "m c"], y: Int[Array, " m"]) -> Scores:
    """Score log-probabilities against the truth.

    Tied top classes share the hit, so a learner that knows nothing scores ``1/c`` and not the share of
    class 0. Balanced accuracy is the mean recall of the classes that occur in `y`, macro-F1 their mean F1: a first
    guess at another class changes no number of classes, so curves do not jump. The calibration error is the expected
    one over equal-width bins of the top probability (Guo et al. 2017).
    """
    m, c = log_proba.shape
    best = log_proba == jnp.max(log_proba, axis=1, keepdims=True)
    own = jnp.arange(m), y
    guess = best / jnp.sum(best, axis=1, keepdims=True)
    hit = guess[own]
    member = jax.nn.one_hot(y, c)
    count = jnp.sum(member, axis=0)
    hits = hit @ member
    recall = hits / jnp.maximum(count, 1)
    f1 = (
        2 * hits / jnp.maximum(count + jnp.sum(guess, axis=0), 1)
    )  # where a class occurs, the sum is at least 1
    top = jnp.exp(jnp.max(log_proba, axis=1))
    which = jnp.clip((top * CALIBRATION_BINS).astype(int), 0, CALIBRATION_BINS - 1)
    gap = (hit - top) @ jax.nn.one_hot(which, CALIBRATION_BINS)
    return Scores(
        accuracy=jnp.mean(hit),
        balanced_accuracy=jnp.sum(recall) / jnp.sum(count > 0),
        macro_f1=jnp.sum(f1) / jnp.sum(count > 0),
        log_loss=-jnp.mean(log_proba[own]),
        calibration_error=jnp.sum(jnp.abs(gap)) / m,
    )
