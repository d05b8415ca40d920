"""What a policy sees of every candidate: free of scale, of the number of classes and of the order of rows.

Three parts: `fixed` features hold for the whole batch; `moving` ones are worked out anew after each pick of the
batch; `context` describes the round to all candidates alike. Lengths enter as logarithms, so a policy that is
linear in them can express products such as margin × coverage gain.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from askwell.core import View
from askwell.core.geometry import rbf, square_distance
from askwell.core.inverse import inverse
from askwell.strategies import coverage, uncertainty

FIXED = (
    "doubt",  # log margin uncertainty
    "entropy",
    "rank",  # of the margin uncertainty, among what is left
    "confidence",  # log top probability
    "density",  # log typicality
    "norm",
    "apart",  # log distance to the nearest labelled point
    "evidence",  # log kernel mass of labelled points around
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
    "twin",  # highest similarity to the batch so far
    "same",  # share of the batch so far that is predicted to be of this class
)
CONTEXT = (
    "round",
    "labels",  # log of their number, over the pool
    "cold",
    "classes",  # log of those seen
    "slot",  # place in the batch
    "batch",  # log of its size
    "mean doubt",
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
    twin: Float[Array, " m"]
    count: Float[Array, " c"]
    size: Float[Array, ""]


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
    x, y, used = view.labelled
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
    doubt, entropy = uncertainty.margin(view), jnp.where(warm, uncertainty.entropy(view), 1.0)
    entropy = jnp.minimum(entropy * jnp.log(c) / jnp.log(jnp.maximum(classes, 2)), 1.2)
    # Ranks among what is left; ties share the mean of their places.
    below = jnp.searchsorted(jnp.sort(jnp.where(left > 0, doubt, jnp.inf)), doubt) / remaining
    apart = jnp.sqrt(jnp.min(jnp.where(used > 0, near, jnp.inf), axis=1, initial=jnp.inf))
    apart = jnp.where(labels > 0, jnp.minimum(apart / width, 10.0), 1.0)
    norm = jnp.sqrt(jnp.sum((view.x - jnp.mean(view.x, axis=0)) ** 2, axis=1))
    fixed = jnp.stack(
        [
            jnp.where(warm, _log(doubt), 0.0),
            entropy,
            jnp.where(warm, below, 0.5),
            jnp.where(warm, jnp.log(jnp.max(proba, axis=1) + TINY), 0.0),
            _standard(jnp.log(view.geometry.density), left),
            _standard(norm, left),
            _log(apart, 1e-2),
            _log(mass, 0.1),
            jnp.where(warm, 1 - jnp.max(posterior, axis=1), 0.0),
            conflict,
            jnp.where(warm, jnp.log((share[predicted] + 0.02) / (label_share[predicted] + 0.02)), 0.0),
            jnp.where(warm, jnp.log(share[predicted] + 0.02), 0.0),
        ],
        axis=1,
    )
    coarse, fine = view.geometry.similarity, view.geometry.kernel(view.geometry.widths[0])
    cover = jnp.stack(
        [coverage.covered(view, lambda rows, kernel=kernel: kernel[rows]) for kernel in (coarse, fine)]
    )

    # A linear model of what was asked: its predictive variance is x'Mx with M = (X'X + I)^-1.
    scaled = jnp.concatenate([view.x, jnp.ones((n, 1))], axis=1)
    asked = jnp.where(used[:, None] > 0, scaled[row], 0.0)
    d1 = scaled.shape[1]
    variance = inverse(asked.T @ asked + jnp.eye(d1))
    second = scaled.T @ scaled / n
    of_pool = view.x.T @ view.x / n
    dimension = jnp.trace(of_pool) ** 2 / (jnp.sum(of_pool**2) + TINY)
    context = jnp.stack(
        [
            view.round / max(view.rounds - 1, 1),
            jnp.log1p(labels) / 5.0,
            1.0 - warm,
            jnp.log(classes) / 3.0,
            jnp.zeros(()),
            jnp.full((), jnp.log(q) / 3.0),
            jnp.sum(left * doubt) / remaining,
            jnp.sum(left * entropy) / remaining,
            jnp.mean(cover[0]),
            beyond(guess == y),
            beyond(predicted[row] == y),
            jnp.sum(left * conflict) / remaining,
            _balance(share, classes),
            _balance(label_share, classes),
            jnp.log(dimension + 1e-3) / jnp.log(max(d1, 3)),
        ]
    )
    weight = jnp.where(warm, doubt, 1.0)[view.geometry.landmarks]
    sight = Sight(
        rows, fixed[rows], context, coarse[rows], fine[rows], weight, scaled[rows], second, predicted[rows], width,
        jnp.zeros(len(MOVING)),
    )  # fmt: skip
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
    moving = [
        jnp.log(both[:, 0] + 1e-5),
        jnp.log(jnp.sum(fine, axis=1) / points + 1e-5),
        jnp.log(both[:, 1] + 1e-5),
        jnp.log(batch.leverage + 1e-5),
        jnp.log(batch.reach / (1 + batch.leverage) + 1e-5),
        batch.twin,
        batch.count[sight.predicted] / jnp.maximum(batch.size, 1.0),
    ]
    return jnp.stack(moving, axis=1) - sight.centre


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
        jnp.maximum(batch.twin, similarity),
        batch.count.at[sight.predicted[pick]].add(1.0),
        batch.size + 1,
    )
