"""A head that foretells what asking at any point of the data space would bring, and looks for the best one."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from askwell.core import AbstractPointStrategy, View
from askwell.core.geometry import rbf
from askwell.policies.base import AbstractForeteller
from askwell.policies.features import named
from askwell.policies.gain import foretelling
from askwell.strategies import coverage, uncertainty
from askwell.strategies.points.base import apart, climb, some_rows, to_landmarks

FEATURES = (
    "margin",  # log margin uncertainty
    "confidence",  # log probability of the top class
    "coarse",  # log coverage gain
    "weighted",  # the same, landmarks weighted by their uncertainty
    "density",  # log mean similarity to the landmarks
    "nearness",  # similarity to the nearest labelled point
    "away",  # log distance to the nearest landmark, over the kernel's width
)
CONTEXT = ("round", "labels", "cold", "mean margin", "cover", "classes")
TINY = 1e-4


class Sight(eqx.Module):
    """What is seen of a pool at the start of a batch, to look at any point of the space from."""

    view: View
    margin: Float[Array, " l"]
    context: dict[str, Float[Array, ""]]


class PointGain(AbstractPointStrategy, AbstractForeteller):
    """Q-learning on the choice of the data point: a network foretells a point's gain, and the best point is climbed to.

    The search starts from several random rows. What is in the batch already covers its surroundings. In a cold round
    coverage gain decides. All features are defined anywhere, so the network serves spaces of any dimension.
    """

    name: ClassVar[str] = "point-gain"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    inputs: ClassVar[tuple[str, ...]] = FEATURES + CONTEXT
    network: eqx.nn.MLP

    def __init__(self, key: PRNGKeyArray):
        self.network = foretelling(key, len(self.inputs))

    def candidates(self, key: PRNGKeyArray, view: View, k: int) -> Float[Array, "k d"]:
        """See `AbstractForeteller.candidates`: random rows, and as many points some way off from one."""
        row_key, move_key, far_key = jax.random.split(key, 3)
        reach = 2 * view.geometry.widths[1] / view.x.shape[1] ** 0.5
        far = reach * jnp.maximum(jax.random.uniform(far_key, (k, 1), minval=-1.0), 0.0)
        return some_rows(row_key, view, k) + far * jax.random.normal(move_key, (k, view.x.shape[1]))

    def seen(self, view: View, actions: Float[Array, "k d"]) -> Float[Array, "k f"]:
        """See `AbstractForeteller.seen`: before anything is in the batch."""
        return see(*look(view), actions)

    def foretold(self, x: Float[Array, "m f"]) -> Float[Array, " m"]:
        """See `AbstractForeteller.foretold`."""
        return jax.vmap(self.network)(x)[:, 0]

    def points(self, key: PRNGKeyArray, view: View, q: int) -> Float[Array, "q d"]:
        """See `AbstractPointStrategy.points`."""
        sight, first = look(view)

        def place(cover: Float[Array, " l"], key: PRNGKeyArray):
            def value(x: Float[Array, "m d"]) -> Float[Array, " m"]:
                seen = see(sight, cover, x)
                return jnp.where(view.cold, seen[:, FEATURES.index("coarse")], self.foretold(seen))

            point = climb(key, view, value)
            return jnp.maximum(cover, rbf(to_landmarks(view, point[None])[0], view.geometry.widths[1])), point

        return jax.lax.scan(place, first, jax.random.split(key, q))[1]


def look(view: View) -> tuple[Sight, Float[Array, " l"]]:
    """What is seen before the first point of a batch, and how well the landmarks are covered."""
    margin, weight = uncertainty.margin(view), view.evidence.weight
    cover = coverage.covered(view, coverage.similarity(view))
    context = {
        "round": view.round / max(view.rounds - 1, 1),
        "labels": jnp.log1p(jnp.sum(weight)) / 5,
        "cold": view.cold.astype(weight.dtype),
        "mean margin": jnp.mean(margin),
        "cover": jnp.mean(cover),
        "classes": jnp.log1p(jnp.sum(view.seen)) / 3,
    }
    return Sight(view, margin[view.geometry.landmarks], context), cover


def see(sight: Sight, cover: Float[Array, " l"], x: Float[Array, "m d"]) -> Float[Array, "m f"]:
    """Features of points of the space, given what is covered, and the context."""
    view, width = sight.view, sight.view.geometry.widths[1]
    assert view.fitted is not None
    log_proba, distance = view.fitted.log_proba(x), to_landmarks(view, x)
    near = rbf(distance, width)
    gain = jnp.maximum(near - cover, 0.0)
    to_labels = rbf(apart(view, x, view.evidence.x), width)
    log = lambda value: jnp.log(value + TINY) / 3
    features = {
        "margin": log(uncertainty.margin_of(view, jnp.exp(log_proba))),
        "confidence": jnp.where(view.cold, 0.0, jnp.max(log_proba, axis=1)),
        "coarse": log(jnp.mean(gain, axis=1)),
        "weighted": log(jnp.mean(gain * sight.margin, axis=1)),
        "density": log(jnp.mean(near, axis=1)),
        "nearness": jnp.max(jnp.where(view.evidence.weight > 0, to_labels, 0.0), axis=1),
        "away": log(jnp.sqrt(jnp.min(distance, axis=1)) / width),
    }
    context = jnp.broadcast_to(named(CONTEXT, sight.context), (len(x), len(CONTEXT)))
    return jnp.concatenate([named(FEATURES, features), context], axis=1)
