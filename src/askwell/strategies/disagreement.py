"""How much a committee disagrees about each point, in nats."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def entropy(proba: Float[Array, "*any c"]) -> Float[Array, "*any"]:
    """``−Σ p log p``, with ``0 log 0 = 0``."""
    return -jnp.sum(jnp.where(proba > 0, proba * jnp.log(jnp.maximum(proba, 1e-30)), 0.0), axis=-1)


def mutual_information(log_proba: Float[Array, "k n c"]) -> Float[Array, " n"]:
    """Of a point's label and which member is right: ``H(mean p) − mean H(p)`` (Houlsby et al. 2011).

    It is also the members' mean KL divergence to their mean (McCallum & Nigam 1998).
    """
    proba = jnp.exp(log_proba)
    mean = jnp.mean(proba, axis=0)
    # As a KL divergence: a difference of two nearly equal entropies would lose the small values.
    return jnp.mean(jnp.sum(proba * (log_proba - jnp.log(jnp.maximum(mean, 1e-30))), axis=2), axis=0)


def vote_entropy(log_proba: Float[Array, "k n c"]) -> Float[Array, " n"]:
    """Entropy of the members' votes, each for its top class (Engelson & Dagan 1996)."""
    votes = jnp.argmax(log_proba, axis=2)[:, :, None] == jnp.arange(log_proba.shape[2])
    share = jnp.sort(jnp.mean(votes, axis=0), axis=1)  # sorted: equal votes for other classes tie exactly
    return entropy(share)
