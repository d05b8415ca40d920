"""What a policy sees of every candidate: free of scale, of the number of classes and of the order of rows.

Three parts: `fixed` features hold for the whole batch; `moving` ones are worked out anew after each pick of the
batch; `context` describes the round to all candidates alike. Lengths enter as logarithms, so a policy that is
linear in them can express products such as margin × coverage gain.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from askwell.core import View
from askwell.core.geometry import extended, rbf, square_distance
from askwell.core.inverse import inverse, over_rows
from askwell.strategies import coverage, uncertainty

FIXED = (
    "margin",  # log margin uncertainty
    "entropy",
    "rank",  # of the margin uncertainty, among what is left
    "confidence",  # log top probability
    "density",  # log typicality
    "norm",
    "apart",  # log distance to the nearest labelled point
    "label mass",  # log kernel mass of labelled points around
    "posterior",  # uncertainty of the kernel posterior that the labels give
    "conflict",  # between learner and kernel posterior
    "scarce",  # log predicted share of the predicted class, over its share of the labels
    "share",  # log predicted share of the predicted class
)
MOVING = (
    "coarse",  # log coverage gain, coarse kernel
    "fine",  # the same, fine kernel
    "weighted",  # log coverage gain, landmarks weighted by their uncertainty
    "leverage",  # log predictive variance of a linear model of what was asked
    "reduction",  # log decrease of that variance over the pool
    "similarity",  # highest similarity to the batch so far
    "same",  # share of the batch so far that is predicted to be of this class
)
CONTEXT = (
    "round",
    "labels",  # log of their number, over the pool
    "cold",
    "classes",  # log of those seen
    "slot",  # place in the batch
    "batch",  # log of its size
    "mean margin",
    "mean entropy",
    "cover",  # mean, coarse
    "agreement",  # do labelled neighbours agree, beyond chance
    "fit",  # the learner's accuracy on its own labels, beyond chance
    "conflict",  # mean, of learner and kernel posterior
    "balance",  # entropy of the predicted class shares over that of equal ones
    "labelled balance",  # the same of the labels
    "dimension",  # log effective dimension over log d
)
FEATURES = FIXED + MOVING
TINY = 1e-6


class Sight(eqx.Module):
    """What is seen of `m` candidates at the start of a batch, and what it takes to follow the batch as it grows."""

    rows: Int[Array, " m"]
    fixed: Float[Array, "m f"]
    context: Float[Array, " g"]
    coarse: Float[Array, "m l"]
    fine: Float[Array, "m l"]
    weight: Float[Array, " l"]
    x: Float[Array, "m d1"]
    spread: Float[Array, "d1 d1"]
    predicted: Int[Array, " m"]
    width: Float[Array, ""]
    centre: Float[Array, " v"]


class Batch(eqx.Module):
    """The batch so far, as far as the features of the next pick need it."""

    cover: Float[Array, "2 l"]
    along: Float[Array, "m d1"]  # each candidate times the inverse of the asked points' second moments
    leverage: Float[Array, " m"]
    reach: Float[Array, " m"]  # second moment, over the pool, of the predictions that a candidate moves
    similarity: Float[Array, " m"]
    count: Float[Array, " c"]
    size: Float[Array, ""]


def named(names: tuple[str, ...], columns: dict[str, Array]) -> Float[Array, "... f"]:
    """Columns side by side, in the order of their names; each name must be there, and no other."""
    if set(names) != set(columns):
        raise KeyError(f"{sorted(set(names) ^ set(columns))} are named once, and once not.")
    return jnp.stack([columns[name] for name in names], axis=-1)


def _log(value: Float[Array, "..."], floor: float = 1e-3) -> Float[Array, "..."]:
    return jnp.log(value + floor)


def _standard(value: Float[Array, " n"], left: Float[Array, " n"]) -> Float[Array, " n"]:
    """Zero mean and unit deviation over the points that are left, no further out than 4."""
    total = jnp.maximum(jnp.sum(left), 1.0)
    mean = jnp.sum(left * value) / total
    deviation = jnp.sqrt(jnp.sum(left * (value - mean) ** 2) / total)
    return jnp.clip((value - mean) / (deviation + TINY), -4.0, 4.0)


def _balance(share: Float[Array, " c"], exists: Int[Array, ""]) -> Float[Array, ""]:
    return -jnp.sum(share * jnp.log(share + TINY)) / jnp.log(jnp.maximum(exists, 2.0))


def look(view: View, q: int, rows: Int[Array, " m"]) -> tuple[Sight, Batch]:
    """What is seen of some rows before the first pick of a batch of `q`."""
    n, c = view.log_proba.shape
    left = (~view.asked).astype(view.x.dtype)
    remaining = jnp.maximum(jnp.sum(left), 1.0)
    proba, seen = view.proba, view.seen
    warm = ~view.cold
    x, y, used = view.evidence
    labels = jnp.sum(used)
    classes = jnp.maximum(jnp.sum(seen), 1)

    # The kernel posterior: what the labels alone say about a point, smoothed towards their shares.
    width = view.geometry.widths[1]
    near = square_distance(view.x, x)
    similarity = rbf(near, width) * used
    member = jnp.where(used[:, None] > 0, y[:, None] == jnp.arange(c), False).astype(view.x.dtype)
    label_share = jnp.sum(member, axis=0) / jnp.maximum(labels, 1.0)
    mass = jnp.sum(similarity, axis=1)
    posterior = (similarity @ member + 0.3 * label_share) / (mass + 0.3)[:, None]
    conflict = jnp.where(warm, 0.5 * jnp.sum(jnp.abs(posterior - proba), axis=1), 0.0)

    # The same for each label from the others: does the neighbourhood tell the class?
    row = jnp.where(used > 0, view.rows, 0)
    others = (similarity[row] - jnp.eye(len(y))) * used * used[:, None]
    guess = jnp.argmax(jnp.maximum(others, 0.0) @ member + 1e-3 * label_share, axis=1)
    chance = jnp.max(label_share)

    def beyond(right: Array) -> Array:
        return jnp.where(
            warm, (jnp.sum(used * right) / jnp.maximum(labels, 1) - chance) / (1 - chance + 0.05), 0.0
        )

    predicted = jnp.argmax(proba, axis=1)
    share = jnp.mean(proba, axis=0)
    unsure, entropy = uncertainty.margin(view), jnp.where(warm, uncertainty.entropy(view), 1.0)
    entropy = jnp.minimum(entropy * jnp.log(c) / jnp.log(jnp.maximum(classes, 2)), 1.2)
    # Ranks among what is left; ties share the mean of their places.
    below = jnp.searchsorted(jnp.sort(jnp.where(left > 0, unsure, jnp.inf)), unsure) / remaining
    apart = jnp.sqrt(jnp.min(jnp.where(used > 0, near, jnp.inf), axis=1, initial=jnp.inf))
    apart = jnp.where(labels > 0, jnp.minimum(apart / width, 10.0), 1.0)
    norm = jnp.sqrt(jnp.sum((view.x - jnp.mean(view.x, axis=0)) ** 2, axis=1))
    fixed = {
        "margin": jnp.where(warm, _log(unsure), 0.0),
        "entropy": entropy,
        "rank": jnp.where(warm, below, 0.5),
        "confidence": jnp.where(warm, jnp.log(jnp.max(proba, axis=1) + TINY), 0.0),
        "density": _standard(jnp.log(view.geometry.density), left),
        "norm": _standard(norm, left),
        "apart": _log(apart, 1e-2),
        "label mass": _log(mass, 0.1),
        "posterior": jnp.where(warm, 1 - jnp.max(posterior, axis=1), 0.0),
        "conflict": conflict,
        "scarce": jnp.where(warm, jnp.log((share[predicted] + 0.02) / (label_share[predicted] + 0.02)), 0.0),
        "share": jnp.where(warm, jnp.log(share[predicted] + 0.02), 0.0),
    }
    coarse, fine = view.geometry.similarity, view.geometry.kernel(view.geometry.widths[0])
    cover = jnp.stack(
        [coverage.covered(view, lambda rows, kernel=kernel: kernel[rows]) for kernel in (coarse, fine)]
    )

    # A linear model of what was asked: its predictive variance is x'Mx with M = (X'X + I)^-1.
    scaled = extended(view.x)
    asked = jnp.where(used[:, None] > 0, scaled[row], 0.0)
    d1 = scaled.shape[1]
    variance = inverse(over_rows(asked, asked) + jnp.eye(d1))
    second = over_rows(scaled, scaled) / n
    of_pool = over_rows(view.x, view.x) / n
    dimension = jnp.trace(of_pool) ** 2 / (jnp.sum(of_pool**2) + TINY)
    context = {
        "round": view.round / max(view.rounds - 1, 1),
        "labels": jnp.log1p(labels) / 5.0,
        "cold": 1.0 - warm,
        "classes": jnp.log(classes) / 3.0,
        "slot": jnp.zeros(()),
        "batch": jnp.full((), jnp.log(q) / 3.0),
        "mean margin": jnp.sum(left * unsure) / remaining,
        "mean entropy": jnp.sum(left * entropy) / remaining,
        "cover": jnp.mean(cover[0]),
        "agreement": beyond(guess == y),
        "fit": beyond(predicted[row] == y),
        "conflict": jnp.sum(left * conflict) / remaining,
        "balance": _balance(share, classes),
        "labelled balance": _balance(label_share, classes),
        "dimension": jnp.log(dimension + 1e-3) / jnp.log(max(d1, 3)),
    }
    weight = jnp.where(warm, unsure, 1.0)[view.geometry.landmarks]
    sight = Sight(
        rows=rows,
        fixed=named(FIXED, fixed)[rows],
        context=named(CONTEXT, context),
        coarse=coarse[rows],
        fine=fine[rows],
        weight=weight,
        x=scaled[rows],
        spread=second,
        predicted=predicted[rows],
        width=width,
        centre=jnp.zeros(len(MOVING)),
    )
    along = scaled[rows] @ variance
    leverage, reach = jnp.sum(along * scaled[rows], axis=1), jnp.sum((along @ second) * along, axis=1)
    first = Batch(cover, along, leverage, reach, jnp.zeros(len(rows)), jnp.zeros(c), jnp.zeros(()))
    # Logs of gains count from their mean before the first pick.
    among = left[rows]
    centre = among @ _moving(sight, first) / jnp.maximum(jnp.sum(among), 1.0)
    return eqx.tree_at(lambda s: s.centre, sight, centre), first


def _moving(sight: Sight, batch: Batch) -> Float[Array, "m v"]:
    coarse = jnp.maximum(sight.coarse - batch.cover[0], 0.0)
    fine = jnp.maximum(sight.fine - batch.cover[1], 0.0)
    points = coarse.shape[1]
    both = coarse @ jnp.stack([jnp.ones(points), sight.weight], axis=1) / points
    moving = {
        "coarse": jnp.log(both[:, 0] + 1e-5),
        "fine": jnp.log(jnp.sum(fine, axis=1) / points + 1e-5),
        "weighted": jnp.log(both[:, 1] + 1e-5),
        "leverage": jnp.log(batch.leverage + 1e-5),
        "reduction": jnp.log(batch.reach / (1 + batch.leverage) + 1e-5),
        "similarity": batch.similarity,
        "same": batch.count[sight.predicted] / jnp.maximum(batch.size, 1.0),
    }
    return named(MOVING, moving) - sight.centre


def see(sight: Sight, batch: Batch, q: int) -> tuple[Float[Array, "m f"], Float[Array, " g"]]:
    """Features of all candidates given the batch so far, and the context."""
    features = jnp.concatenate([sight.fixed, _moving(sight, batch)], axis=1)
    return features, sight.context.at[CONTEXT.index("slot")].set(batch.size / q)


def add(sight: Sight, batch: Batch, pick: Int[Array, ""]) -> Batch:
    """The batch with one more candidate, given by its place among them."""
    x = sight.x[pick]
    similarity = rbf(jnp.sum((sight.x - x) ** 2, axis=1), sight.width)
    # One more row in the linear model changes the inverse by a matrix of rank one (Sherman and Morrison 1950).
    shared = batch.along @ x
    own = batch.along[pick] / (1 + batch.leverage[pick])
    moved = sight.spread @ own
    reach = batch.reach - 2 * shared * (batch.along @ moved) + shared**2 * (own @ moved)
    return Batch(
        jnp.maximum(batch.cover, jnp.stack([sight.coarse[pick], sight.fine[pick]])),
        batch.along - jnp.outer(shared, own),
        jnp.maximum(batch.leverage - shared**2 / (1 + batch.leverage[pick]), 0.0),
        jnp.maximum(reach, 0.0),
        jnp.maximum(batch.similarity, similarity),
        batch.count.at[sight.predicted[pick]].add(1.0),
        batch.size + 1,
    )
