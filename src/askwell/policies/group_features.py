"""What a policy over groups sees of every group: free of scale, of the number of groups and of their order."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from askwell.core import View
from askwell.policies.features import named
from askwell.strategies import coverage, uncertainty
from askwell.strategies.classes.base import label_counts, members, remaining

FEATURES = (
    "share",  # log share of the pool, 0 for an average group
    "left",  # share of the group's points that are left
    "labels",  # log of its share of the labels so far over its share of the pool
    "answers",  # the same of the answers, where groups stand for classes
    "margin",  # mean margin uncertainty of what is left
    "highest margin",  # the highest one
    "entropy",  # mean of what is left
    "density",  # mean log typicality, standardised
    "gain",  # log mean coverage gain, over that of all points left
    "batch",  # share of the batch so far
)
CONTEXT = ("round", "slot", "cold", "labels", "batch", "groups", "mean margin", "cover")
TINY = 1e-5


class Sight(eqx.Module):
    """What is seen of `g` groups at the start of a batch; `left` counts points, the features are named."""

    size: Float[Array, " g"]
    left: Float[Array, " g"]
    features: dict[str, Float[Array, " g"]]
    context: dict[str, Float[Array, ""]]


def look(view: View) -> Sight:
    """What is seen before the first decision of a batch."""
    n, g = len(view.y), len(view.geometry.centres)
    member, fresh = members(view), (~view.asked).astype(view.x.dtype)
    density = jnp.log(view.geometry.density)
    density = jnp.clip((density - jnp.mean(density)) / (jnp.std(density) + TINY), -4.0, 4.0)
    kernel, margin = view.geometry.similarity, uncertainty.margin(view)
    cover = coverage.covered(view, lambda rows: kernel[rows])
    gain = jnp.mean(coverage.gain(kernel, cover), axis=1)
    size, left, labels = jnp.sum(member, axis=0), remaining(view), view.asked @ member
    total, share = jnp.sum(labels), (size + 1) / (n + g)

    def mean(value: Float[Array, " n"]) -> Float[Array, " g"]:
        return (fresh * value) @ member / jnp.maximum(left, 1.0)

    def overall(value: Float[Array, " n"]) -> Float[Array, ""]:
        return fresh @ value / jnp.maximum(jnp.sum(fresh), 1.0)

    features = {
        "share": jnp.log(share * g),
        "labels": jnp.log((labels + 1) / (total + g) / share),
        "answers": jnp.log((label_counts(view) + 1) / (total + g) / share),
        "margin": mean(margin),
        "highest margin": jnp.max((fresh * margin)[:, None] * member, axis=0),
        "entropy": mean(uncertainty.entropy(view)),
        "density": mean(density),
        "gain": jnp.log((mean(gain) + TINY) / (overall(gain) + TINY)),
    }
    context = {
        "round": view.round / max(view.rounds - 1, 1),
        "cold": view.cold.astype(member.dtype),
        "labels": jnp.log1p(total) / 5,
        "groups": jnp.full((), jnp.log(g) / 3),
        "mean margin": overall(margin),
        "cover": jnp.mean(cover),
    }
    return Sight(size, left, features, context)


def see(sight: Sight, batch: Float[Array, " g"], q: int) -> Float[Array, "g f"]:
    """Features of each group given how often it is in the batch so far, then the context, the same for all."""
    picked = jnp.sum(batch)
    moving = {
        "left": jnp.maximum(sight.left - batch, 0.0) / jnp.maximum(sight.size, 1.0),
        "batch": batch / jnp.maximum(picked, 1.0),
    }
    context = {**sight.context, "slot": picked / q, "batch": jnp.full((), jnp.log(q) / 3)}
    everywhere = jnp.broadcast_to(named(CONTEXT, context), (len(batch), len(CONTEXT)))
    return jnp.concatenate([named(FEATURES, {**sight.features, **moving}), everywhere], axis=1)
