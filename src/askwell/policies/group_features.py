"""What a policy over groups sees of every group: free of scale, of the number of classes and of the groups' order."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from askwell.core import View
from askwell.policies.features import named
from askwell.strategies import coverage, uncertainty

FEATURES = (
    "share",  # log share of the pool, 0 for an average group
    "left",  # share of the group's points that are left
    "labels",  # log of its share of the labels so far over its share of the pool
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
    """What is seen of `n` points in `g` groups at the start of a batch."""

    member: Bool[Array, "n g"]
    asked: Bool[Array, " n"]
    unsure: Float[Array, " n"]
    entropy: Float[Array, " n"]
    density: Float[Array, " n"]
    kernel: Float[Array, "n l"]
    round: Float[Array, ""]
    cold: Bool[Array, ""]


class Batch(eqx.Module):
    """The batch so far: who is no longer to be asked, and how well the landmarks are covered."""

    gone: Bool[Array, " n"]
    cover: Float[Array, " l"]


def look(view: View) -> tuple[Sight, Batch]:
    """What is seen before the first pick of a batch."""
    member = view.geometry.groups[:, None] == jnp.arange(view.geometry.centres.shape[0])
    density = jnp.log(view.geometry.density)
    density = jnp.clip((density - jnp.mean(density)) / (jnp.std(density) + TINY), -4.0, 4.0)
    kernel = view.geometry.similarity
    round = view.round / max(view.rounds - 1, 1)
    sight = Sight(
        member,
        view.asked,
        uncertainty.margin(view),
        uncertainty.entropy(view),
        density,
        kernel,
        round,
        view.cold,
    )
    return sight, Batch(view.asked, coverage.covered(view, lambda rows: kernel[rows]))


def add(sight: Sight, batch: Batch, row: Int[Array, ""]) -> Batch:
    """The batch with one more point."""
    return Batch(batch.gone.at[row].set(True), jnp.maximum(batch.cover, sight.kernel[row]))


def see(sight: Sight, batch: Batch, q: int) -> Float[Array, "g f"]:
    """Features of each group given the batch so far, followed by the context, which is the same for all."""
    n, g = sight.member.shape
    member = sight.member.astype(sight.unsure.dtype)
    left = (~batch.gone).astype(member.dtype)
    new = batch.gone & ~sight.asked
    size, labels, remaining = jnp.sum(member, axis=0), sight.asked @ member, left @ member
    total, picked = jnp.sum(labels), jnp.sum(new)
    gain = jnp.mean(coverage.gain(sight.kernel, batch.cover), axis=1)

    def mean(value: Float[Array, " n"]) -> Float[Array, " g"]:
        return (left * value) @ member / jnp.maximum(remaining, 1.0)

    def overall(value: Float[Array, " n"]) -> Float[Array, ""]:
        return left @ value / jnp.maximum(jnp.sum(left), 1.0)

    share = (size + 1) / (n + g)
    features = {
        "share": jnp.log(share * g),
        "left": remaining / jnp.maximum(size, 1.0),
        "labels": jnp.log((labels + 1) / (total + g) / share),
        "margin": mean(sight.unsure),
        "highest margin": jnp.max((left * sight.unsure)[:, None] * member, axis=0),
        "entropy": mean(sight.entropy),
        "density": mean(sight.density),
        "gain": jnp.log((mean(gain) + TINY) / (overall(gain) + TINY)),
        "batch": new @ member / jnp.maximum(picked, 1),
    }
    context = {
        "round": sight.round,
        "slot": picked / q,
        "cold": sight.cold.astype(member.dtype),
        "labels": jnp.log1p(total) / 5,
        "batch": jnp.full((), jnp.log(q) / 3),
        "groups": jnp.full((), jnp.log(g) / 3),
        "mean margin": overall(sight.unsure),
        "cover": jnp.mean(batch.cover),
    }
    everywhere = jnp.broadcast_to(named(CONTEXT, context), (g, len(CONTEXT)))
    return jnp.concatenate([named(FEATURES, features), everywhere], axis=1)
