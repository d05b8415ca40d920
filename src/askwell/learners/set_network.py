"""A network that reads an unordered set of labelled points, and says of any point which class it has."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core.inverse import inverse, over_rows
from askwell.learners.base import seen_classes

METRICS, WHITENED = 4, 2
"""Ways in which distances are measured at once: some weigh the features, others undo how they correlate in a class."""

FACTS, ABOUT = 6, 6
"""Numbers that say what a feature is like, and what the labelled set is like."""

LABELS, CLASSES = 128, 10
"""What the network was taught with at most. Of more it is told no more than that, so it need not guess what follows."""

FAR = 6.0
"""Standard deviations beyond which a feature counts as just as far out."""


class LabelledSet(NamedTuple):
    """Labelled points as the network sees them: `hot` the labels times the weights, zero where there is none."""

    x: Float[Array, "b d"]
    hot: Float[Array, "b c"]
    weight: Float[Array, " b"]
    seen: Bool[Array, " c"]

    @classmethod
    def of(
        cls, x: Float[Array, "b d"], y: Int[Array, " b"], weight: Float[Array, " b"], classes: int
    ) -> "LabelledSet":
        """From points, their labels and weights; weight 0 in a place not used."""
        used = weight > 0
        hot = jax.nn.one_hot(y, classes) * weight[:, None]
        return cls(jnp.where(used[:, None], within(x), 0.0), hot, weight, seen_classes(y, weight, classes))


class Reading(NamedTuple):
    """What the network keeps of labelled points: the metrics, what the set is like, and what each point says."""

    metric: Float[Array, "d h"]
    whitening: Float[Array, "w d d"]
    about: Float[Array, " a"]
    voice: Float[Array, "b k c"]


class SetNetwork(eqx.Module):
    """Attention from any point to the labelled points, in steps, like boosting with a learned kernel.

    One small network weighs the features by what the labels say about them. Another turns how two points lie to each
    other into `kernels` numbers. In each of `steps` steps every labelled point says how wrong it still is,
    ``label − probability``, and all points move their logits by what the labelled ones say, as far as a third network
    allows (functional gradient descent, which transformers learn to do in context: Cheng et al. 2024).
    Nothing depends on the order of points, features or classes, or on how many there are.
    """

    relevance: eqx.nn.MLP
    pair_in: eqx.nn.Linear
    pair_about: eqx.nn.Linear
    pair_hidden: eqx.nn.Linear
    pair_out: eqx.nn.Linear
    rates: eqx.nn.MLP
    kernels: int = eqx.field(static=True)
    steps: int = eqx.field(static=True)

    def __init__(self, key: PRNGKeyArray, width: int = 32, kernels: int = 8, steps: int = 12):
        keys = jax.random.split(key, 6)
        self.relevance = eqx.nn.MLP(FACTS + ABOUT, METRICS, 16, 1, activation=jax.nn.silu, key=keys[0])
        self.pair_in = eqx.nn.Linear(3 * (METRICS + WHITENED), width, use_bias=False, key=keys[1])
        self.pair_about = eqx.nn.Linear(ABOUT, width, key=keys[2])
        self.pair_hidden = eqx.nn.Linear(width, width, key=keys[3])
        self.pair_out = eqx.nn.Linear(width, kernels, key=keys[4])
        out = steps * (kernels + 1) + WHITENED
        self.rates = eqx.nn.MLP(ABOUT, out, 32, 1, activation=jax.nn.silu, key=keys[5])
        self.kernels, self.steps = kernels, steps

    def __call__(self, told: LabelledSet, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
        """Logits at some points; ``-1e9`` for classes that were not seen."""
        return self.spoken(self.read(told), told, x)

    def read(self, told: LabelledSet) -> Reading:
        """What is kept of the labelled points, so that predictions need one look at them."""
        facts, about, moment = _described(told)
        features = jnp.concatenate([facts, jnp.broadcast_to(about, (len(facts), ABOUT))], axis=1)
        metric = jnp.exp(jnp.clip(jax.vmap(self.relevance)(features), -6.0, 6.0))
        metric = metric / (moment @ metric + 1e-6)
        free = 3 * jnp.tanh(self.rates(about) / 3)
        whitening = jnp.stack([_whitening(told, moment, jnp.exp(2 * one - 1)) for one in free[:WHITENED]])
        rates = free[WHITENED:].reshape(self.steps, self.kernels + 1)
        nothing = jnp.zeros((len(told.x), self.kernels, told.hot.shape[1]))
        reading = Reading(metric, whitening, about, nothing)
        kernel = self.attention(reading, told, told.x)
        room = jnp.maximum(jnp.sum(told.weight), 1.0) ** 0.5

        def step(voice: Array, rate: Array) -> tuple[Array, None]:
            logits = jnp.einsum("ijk,jkc->ic", kernel, voice)
            proba = jax.nn.softmax(jnp.where(told.seen, logits, -1e9), axis=1)
            wrong = told.hot - proba * told.weight[:, None]
            kept = jax.nn.sigmoid(rate[-1] + 2.0)
            return kept * voice + wrong[:, None, :] * rate[:-1, None] / room, None

        return reading._replace(voice=jax.lax.scan(step, nothing, rates)[0])

    def spoken(self, reading: Reading, told: LabelledSet, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
        """Logits at some points, of what `read` kept."""
        attention = self.attention(reading, told, within(x))
        return jnp.where(told.seen, jnp.einsum("mbk,bkc->mc", attention, reading.voice), -1e9)

    def attention(self, reading: Reading, told: LabelledSet, x: Float[Array, "m d"]) -> Float[Array, "m b k"]:
        """How points attend to the labelled ones; half of the kernels share out what there is."""
        dot = jnp.concatenate(
            [
                jnp.einsum("md,dh,bd->mbh", x, reading.metric, told.x, optimize="optimal"),
                jnp.einsum("md,wde,be->mbw", x, reading.whitening, told.x, optimize="optimal"),
            ],
            axis=2,
        )
        sizes = [self._sizes(reading, points) for points in (x, told.x)]
        apart = jnp.maximum(sizes[0][:, None] + sizes[1] - 2 * dot, 0.0)
        pairs = jnp.concatenate([dot, apart, jnp.log(apart + 0.01)], axis=2)
        hidden = jax.nn.relu(_through(self.pair_in, pairs) + self.pair_about(reading.about))
        hidden = jax.nn.relu(_through(self.pair_hidden, hidden))
        out = _through(self.pair_out, hidden)
        half = self.kernels // 2
        strength = jnp.where((told.weight > 0)[:, None], 2 * out[..., half:], -1e9)
        strength = jnp.exp(strength - jnp.max(strength, axis=1, keepdims=True))
        mean = jnp.einsum("mbk,b->mk", strength, told.weight) / jnp.maximum(jnp.sum(told.weight), 1e-6)
        return jnp.concatenate([out[..., :half], strength / mean[:, None]], axis=2)

    def _sizes(self, reading: Reading, x: Float[Array, "m d"]) -> Float[Array, "m h"]:
        """The points' squared lengths in each metric."""
        whitened = jnp.einsum("md,wde,me->mw", x, reading.whitening, x, optimize="optimal")
        return jnp.concatenate([x**2 @ reading.metric, whitened], axis=1)


def _through(linear: eqx.nn.Linear, x: Float[Array, "m b f"]) -> Float[Array, "m b g"]:
    """A linear layer for every pair."""
    out = x @ linear.weight.T
    return out if linear.bias is None else out + linear.bias


def within(x: Float[Array, "m d"]) -> Float[Array, "m d"]:
    """Features no further out than `FAR`: one extreme value shall not decide what a metric is."""
    return jnp.clip(x, -FAR, FAR)


def _whitening(told: LabelledSet, moment: Float[Array, " d"], ridge: Float[Array, ""]) -> Float[Array, "d d"]:
    """The inverse covariance within classes, with a ridge; the points have mean length 1 in it."""
    count = jnp.maximum(jnp.sum(told.hot, axis=0), 1e-6)
    total = jnp.maximum(jnp.sum(told.weight), 1e-6)
    centred = (told.x - (told.hot > 0) @ (over_rows(told.hot, told.x) / count[:, None])) * jnp.sqrt(
        told.weight / total
    )[:, None]
    b, d = centred.shape
    ridge = ridge * jnp.sum(moment) / jnp.maximum(jnp.sum(moment > 1e-8), 1) + 1e-6
    if d <= b:
        found = inverse(over_rows(centred, centred) + ridge * jnp.eye(d))
    else:  # the same, by the smaller matrix
        found = (jnp.eye(d) - centred.T @ inverse(centred @ centred.T + ridge * jnp.eye(b)) @ centred) / ridge
    size = jnp.sum((told.x @ found) * told.x * told.weight[:, None]) / total
    return found / (size + 1e-6)


def _described(told: LabelledSet) -> tuple[Array, Array, Array]:
    """What each feature is like, what the set is like, and the features' mean squares."""
    total = jnp.maximum(jnp.sum(told.weight), 1e-6)
    count = jnp.sum(told.hot, axis=0)
    share = count / total
    mean = told.weight @ told.x / total
    moment = told.weight @ told.x**2 / total
    of_class = over_rows(told.hot, told.x) / jnp.maximum(count, 1e-6)[:, None]
    spread = jnp.maximum(moment - mean**2, 0.0)
    between = share @ (of_class - mean) ** 2 / (spread + 1e-6)
    seen = jnp.sum(told.seen)
    chance = jnp.minimum((seen - 1) / jnp.maximum(total - 1, 1.0), 1.0)
    tail = jnp.log((told.weight @ told.x**4 / total + 1e-6) / (moment**2 + 1e-6))
    facts = jnp.stack(
        [
            between,
            jnp.sqrt(between),
            between - chance,
            jnp.log(spread + 0.01) / 3,
            tail / 3,
            jnp.sqrt(moment),
        ],
        1,
    )
    live = spread > 1e-8
    dimension = jnp.sum(spread) ** 2 / (jnp.sum(spread**2) + 1e-6)
    about = jnp.stack(
        [
            jnp.log(jnp.minimum(total, LABELS)) / 3,
            jnp.minimum(seen, CLASSES) / 8,
            chance,
            jnp.sum(live * between) / jnp.maximum(jnp.sum(live), 1),
            jnp.log(dimension + 1.0) / 3,
            -jnp.sum(share * jnp.log(share + 1e-9)) / jnp.log(jnp.maximum(seen, 2)),
        ]
    )
    return facts, about, moment
