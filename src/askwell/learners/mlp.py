"""A small neural network, trained by full-batch Adam from a fresh initialisation."""

from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractFitted, AbstractLearner, AskwellError
from askwell.learners.base import complete, seen_classes

DAMPING, PRODUCTS = 1e-2, 50
"""Added to every direction's curvature, and products with it until a direction is found (Martens 2010)."""

NOTHING = 1e-9
"""A pull of this length moves nothing: its square would be too small a number."""


class MlpFitted(AbstractFitted):
    """The trained network and which classes it was trained for."""

    network: eqx.nn.MLP
    seen: Bool[Array, " c"]

    def log_proba(self, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
        """See `AbstractFitted.log_proba`."""
        logits = jnp.where(self.seen, jax.vmap(self.network)(x), -jnp.inf)
        logits = jnp.where(jnp.any(self.seen), logits, 0.0)
        return complete(jax.nn.log_softmax(logits), self.seen)


class Mlp(AbstractLearner):
    """One hidden layer of ReLU units, AdamW (Loshchilov & Hutter 2019) on the mean cross-entropy.

    The initialisation comes from the key: same key and labels, same network.
    """

    name: ClassVar[str] = "mlp"
    foretells: ClassVar[bool] = True
    width: int = 64
    steps: int = 200
    learning_rate: float = 1e-2
    weight_decay: float = 1e-2

    def __check_init__(self):
        """Refuse sizes that cannot be trained."""
        if self.width < 1 or self.steps < 1:
            raise AskwellError(
                f"The mlp learner's width and steps must be at least 1, not {self.width}, {self.steps}."
            )

    def fit(
        self,
        key: PRNGKeyArray,
        x: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        classes: int,
    ) -> MlpFitted:
        """See `AbstractLearner.fit`."""
        import optax  # slow to import, and only needed here

        seen = seen_classes(y, weight, classes)
        network = eqx.nn.MLP(x.shape[1], classes, self.width, depth=1, key=key)
        params, static = eqx.partition(network, eqx.is_inexact_array)
        optimiser = optax.adamw(self.learning_rate, weight_decay=self.weight_decay)
        target = jax.nn.one_hot(y, classes) * (weight / jnp.maximum(jnp.sum(weight), 1e-9))[:, None]

        def loss(params) -> Float[Array, ""]:
            logits = jnp.where(seen, jax.vmap(eqx.combine(params, static))(x), -1e30)
            return -jnp.sum(jnp.where(seen, jax.nn.log_softmax(logits), 0.0) * target)

        def step(carry: tuple[Any, Any], _):
            params, state = carry
            updates, state = optimiser.update(jax.grad(loss)(params), state, params)
            return (optax.apply_updates(params, updates), state), None

        (params, _), _ = jax.lax.scan(step, (params, optimiser.init(params)), None, length=self.steps)
        return MlpFitted(eqx.combine(params, static), seen)  # pyright: ignore[reportArgumentType]

    def without(
        self,
        fitted: AbstractFitted,
        x: Float[Array, "b d"],
        y: Int[Array, " b"],
        weight: Float[Array, " b"],
    ) -> Callable[[Int[Array, ""]], MlpFitted]:
        """See `AbstractLearner.without`: a damped Gauss–Newton step by conjugate gradients (Koh and Liang 2017).

        The training ends before it converges, so a step from where it ended is a rough guess
        ([influence](influence.md)).
        """
        assert isinstance(fitted, MlpFitted)
        network, static = eqx.partition(fitted.network, eqx.is_inexact_array)
        params, unravel = ravel_pytree(network)
        share = weight / jnp.maximum(jnp.sum(weight), 1e-9)

        def logits(params: Array) -> Float[Array, "b c"]:
            return jnp.where(fitted.seen, jax.vmap(eqx.combine(unravel(params), static))(x), -1e30)

        found, tangent = jax.linearize(logits, params)
        cotangent = jax.linear_transpose(tangent, params)
        proba = jax.nn.softmax(found)

        def curved(direction: Array) -> Array:
            bend = tangent(direction)
            bend = proba * (bend - jnp.sum(proba * bend, axis=1, keepdims=True)) * share[:, None]
            return cotangent(bend)[0] + DAMPING * direction

        def less(place: Int[Array, ""]) -> MlpFitted:
            pull = (
                jnp.zeros_like(proba).at[place].set(proba[place] - jax.nn.one_hot(y[place], proba.shape[1]))
            )
            step, _ = jax.scipy.sparse.linalg.cg(
                curved, cotangent(pull * share[:, None])[0], maxiter=PRODUCTS, atol=NOTHING
            )
            moved: Any = eqx.combine(unravel(params + step), static)
            return MlpFitted(moved, seen_classes(y, weight.at[place].set(0.0), len(fitted.seen)))

        return less
