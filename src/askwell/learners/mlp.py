"""A small neural network, trained by full-batch Adam from a fresh initialisation."""

from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractFitted, AbstractLearner, AskwellError
from askwell.learners.base import complete, seen_classes


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
