"""Small linear classifiers of the strategies' own, whatever the learner is."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from askwell.core.geometry import extended
from askwell.core.inverse import inverse, over_rows

NEWTON_STEPS = 15
SVM_STEPS = 25


class _Newton(NamedTuple):
    w: Float[Array, " d1"]
    logit: Float[Array, " n"]
    loss: Float[Array, ""]
    gain: Float[Array, ""]  # by the last step
    number: Int[Array, ""]


def logistic(
    x: Float[Array, "n d"],
    target: Float[Array, " n"],
    ridge: float = 1.0,
    start: Float[Array, " d1"] | None = None,
) -> Float[Array, " d1"]:
    """Coefficients and, last, the intercept of two-class L2 logistic regression, ``target`` in 0..1.

    Minimises ``Σ cross-entropy + ridge |w|² / 2`` with a free intercept, as scikit-learn with ``C = 1 /
    ridge``. At most 15 Newton steps from `start` or zeros, each halved until it descends; the last is one that
    changes the loss by less than a millionth. If all targets are the same, the intercept just grows large.
    """
    d = x.shape[1]
    wide = extended(x)
    penalty = jnp.append(jnp.full(d, ridge), 1e-4)
    scales = 0.5 ** jnp.arange(6)

    def loss(w: Float[Array, " d1"], logit: Float[Array, " n"]) -> Float[Array, ""]:
        return jnp.sum(jax.nn.softplus(logit) - target * logit) + jnp.sum(penalty * w**2) / 2

    def step(state: _Newton) -> _Newton:
        w, logit, now, _, number = state
        p = jax.nn.sigmoid(logit)
        gradient = wide.T @ (p - target) + penalty * w
        hessian = over_rows(wide * (p * (1 - p))[:, None], wide) + jnp.diag(penalty)
        direction = inverse(hessian) @ gradient
        along = wide @ direction
        value = jax.vmap(lambda scale: loss(w - scale * direction, logit - scale * along))(scales)
        scale = jnp.where(jnp.min(value) < now, scales[jnp.argmin(value)], 0.0)
        after = jnp.minimum(jnp.min(value), now)
        return _Newton(w - scale * direction, logit - scale * along, after, now - after, number + 1)

    w = jnp.zeros(d + 1) if start is None else start
    logit = wide @ w
    first = _Newton(w, logit, loss(w, logit), jnp.array(jnp.inf), jnp.array(0))
    return jax.lax.while_loop(lambda s: (s.number < NEWTON_STEPS) & (s.gain > 1e-6 * s.loss), step, first).w


def svm(
    x: Float[Array, "b d"], sign: Float[Array, "k b"], used: Float[Array, " b"], C: float = 1.0
) -> Float[Array, "k b"]:
    """Dual coefficients of `k` linear SVMs with squared hinge loss on the same points, labels ``±1``.

    Minimises ``(|w|² + a²)/2 + C Σ_used max(0, 1 − sign (w·x + a))²``, as scikit-learn's ``LinearSVC``; then
    ``w = Σ βᵢ xᵢ`` and ``a = Σ βᵢ``. Points with ``β ≠ 0`` are the support vectors. Newton steps on the
    primal (Chapelle 2007), each halved until it descends: exact once the set of support vectors no longer changes.
    """
    wide = extended(x)
    gram = wide @ wide.T
    scales = 0.5 ** jnp.arange(6)

    def solve(sign: Float[Array, " b"]) -> Float[Array, " b"]:
        def loss(beta: Float[Array, " b"]) -> Float[Array, ""]:
            decision = gram @ beta
            return beta @ decision / 2 + C * jnp.sum(used * jnp.maximum(1 - sign * decision, 0) ** 2)

        def step(beta: Float[Array, " b"], _):
            inside = used * (sign * (gram @ beta) < 1)
            # (gram + 1/2C) target = sign among those inside, by as many equations as features (Woodbury 1950).
            among = 2 * C * inside * wide.T
            small = inverse(among @ wide + jnp.eye(wide.shape[1]))
            answer = lambda right: 2 * C * inside * (right - wide @ (small @ (among @ right)))
            target = answer(sign)
            target += answer(sign - gram @ target - target / (2 * C))  # what cancelled in single precision
            tried = beta + scales[:, None] * (target - beta)
            value = jax.vmap(loss)(tried)
            best = jnp.argmin(value)
            # The last full steps change the loss by less than its precision: take them nevertheless.
            return jnp.where(value[best] <= loss(beta) * (1 + 1e-6), tried[best], beta), None

        return jax.lax.scan(step, jnp.zeros(len(used)), None, length=SVM_STEPS)[0]

    return jax.vmap(solve)(sign)
