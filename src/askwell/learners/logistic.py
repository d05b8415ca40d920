"""Multinomial logistic regression: convex, deterministic, converged."""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractFitted, AbstractLearner, AskwellError, LabelInfluence
from askwell.core.geometry import extended
from askwell.core.inverse import inverse
from askwell.learners.base import complete, seen_classes

STAGE = 24
"""Steps until the preconditioner is computed anew, which costs as much as some ten steps."""

INTERCEPT = 1e-2
"""Share of the penalty that the preconditioner has for the intercept, which is free."""


class LogisticFitted(AbstractFitted):
    """Coefficients, intercepts, and which classes they were fitted for."""

    coefficients: Float[Array, "c d"]
    intercepts: Float[Array, " c"]
    seen: Bool[Array, " c"]

    @property
    def weights(self) -> Float[Array, "c p"]:
        """The coefficients with the intercept as last column: ``p = d + 1``."""
        return jnp.concatenate([self.coefficients, self.intercepts[:, None]], axis=1)

    def log_proba(self, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
        """See `AbstractFitted.log_proba`."""
        # Points along the last axis: sums along rows are slow on CPU.
        logits = self.coefficients @ x.T + self.intercepts[:, None]
        logits = jnp.where((self.seen | ~jnp.any(self.seen))[:, None], logits, -jnp.inf)
        return complete(jax.nn.log_softmax(logits, axis=0).T, self.seen)


class _Step(NamedTuple):
    weights: Array
    logits: Array  # of the training points, carried along since they are linear in the weights
    proba: Array
    gradient: Array
    scaled: Array  # preconditioned gradient
    direction: Array
    decrement: Array
    step: Array


class _End(NamedTuple):
    """Where a step along the direction ends, and how steep the objective is there, along it."""

    length: Array
    weights: Array
    logits: Array
    proba: Array
    slope: Array


class Logistic(AbstractLearner):
    """L2 logistic regression, scikit-learn's objective with its ``C``; the same answer every time.

    Minimises ``sum of weight × cross-entropy + |W|² / (2 C)`` with a free intercept, by conjugate
    gradients, each line search one exact Newton step. They are preconditioned with ``XᵀHX + I/C``, where
    ``H`` is the diagonal of the points' mean curvature over classes, ``p (1 − p)``, where a stage of steps begins:
    half the steps that Böhning's bound takes (1992; the same for all points and weights), and a third of them
    where a refit begins near its end. Stops when the Newton decrement in that metric is below
    `tolerance`, over ``√C`` where that is above 1: a flatter objective is further from its end at the
    same decrement. Single precision holds probabilities to 1e-3 for ``C`` up to about 10.
    """

    name: ClassVar[str] = "logistic"
    foretells: ClassVar[bool] = True
    C: float = 1.0
    tolerance: float = 4e-4
    max_steps: int = 500

    def __check_init__(self):
        """Refuse what the solver cannot converge on."""
        if not self.C > 0:
            raise AskwellError(f"The logistic learner's C is {self.C}; it must be above 0.")

    def fit(
        self,
        key: PRNGKeyArray,
        x: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        classes: int,
    ) -> LogisticFitted:
        """See `AbstractLearner.fit`; `key` is not used."""
        nothing = LogisticFitted(
            jnp.zeros((classes, x.shape[1])), jnp.zeros(classes), jnp.zeros(classes, bool)
        )
        return self.refit(nothing, key, x, y, weight, classes)

    def _ridge(self, seen: Bool[Array, " c"], d: int) -> tuple[Float[Array, " p"], Float[Array, ""]]:
        """The penalty on each column of the weights, none on the intercept."""
        # scikit-learn penalises two classes through one weight vector, which is twice as strong per class.
        penalty = jnp.where(jnp.sum(seen) == 2, 2.0, 1.0) / self.C
        return jnp.append(jnp.full(d, penalty), 0.0), penalty

    def influence(
        self,
        fitted: AbstractFitted,
        x: Float[Array, "b d"],
        y: Int[Array, " b"],
        weight: Float[Array, " b"],
    ) -> LabelInfluence:
        """See `AbstractLearner.influence`."""
        assert isinstance(fitted, LogisticFitted)
        ridge, _ = self._ridge(fitted.seen, x.shape[1])
        return LabelInfluence.of(fitted.weights, fitted.seen, x, y, weight, ridge)

    def without(
        self,
        fitted: AbstractFitted,
        x: Float[Array, "b d"],
        y: Int[Array, " b"],
        weight: Float[Array, " b"],
    ) -> Callable[[Int[Array, ""]], LogisticFitted]:
        """See `AbstractLearner.without`: one Newton step; a class whose only label this is counts as not seen."""
        assert isinstance(fitted, LogisticFitted)
        now = self.influence(fitted, x, y, weight)

        def less(place: Int[Array, ""]) -> LogisticFitted:
            weights = fitted.weights + now.removed(place)
            seen = seen_classes(y, weight.at[place].set(0.0), len(fitted.seen))
            return LogisticFitted(weights[:, :-1], weights[:, -1], seen)

        return less

    def refit(
        self,
        fitted: AbstractFitted,
        key: PRNGKeyArray,
        x: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        classes: int,
    ) -> LogisticFitted:
        """See `AbstractLearner.refit`: begins at the coefficients of `fitted`."""
        assert isinstance(fitted, LogisticFitted)
        seen = seen_classes(y, weight, classes)
        # Points run along the last axis: it is the long one, and the one that the processor vectorises.
        xt = extended(x).T
        target = jnp.where(y == jnp.arange(classes)[:, None], weight, 0.0)
        ridge, penalty = self._ridge(seen, x.shape[1])
        free = jnp.append(jnp.zeros(x.shape[1]), INTERCEPT * penalty)
        count = jnp.maximum(jnp.sum(seen), 1)
        tolerance = self.tolerance / jnp.sqrt(jnp.maximum(self.C, 1.0))

        def believed(logits: Array) -> Array:
            return jax.nn.softmax(jnp.where(seen[:, None], logits, -jnp.inf), axis=0)

        def slope(weights: Array, proba: Array) -> Array:
            return (proba * weight - target) @ xt.T + ridge * weights

        def stage(s: _Step) -> _Step:
            spread = weight * jnp.sum(s.proba * (1 - s.proba), axis=0) / count
            preconditioner = inverse((xt * spread) @ xt.T + jnp.diag(ridge + free))

            def advance(s: _Step) -> _Step:
                rise = s.direction @ xt
                centred = rise - jnp.sum(s.proba * rise, axis=0)
                curvature = jnp.sum(weight * s.proba * centred**2) + jnp.sum(ridge * s.direction**2)
                descent = -jnp.sum(s.gradient * s.direction)

                def arrived(length: Array) -> _End:
                    weights, logits = s.weights + length * s.direction, s.logits + length * rise
                    proba = believed(logits)
                    steepness = jnp.sum((proba * weight - target) * rise) + jnp.sum(
                        ridge * weights * s.direction
                    )
                    return _End(length, weights, logits, proba, steepness)

                # Where probabilities are all but 0 and 1 there is next to no curvature, and a Newton step goes far too
                # far. The objective is convex, so the secant of its slope leads back.
                _, weights, logits, proba, _ = jax.lax.while_loop(
                    lambda end: end.slope > descent,
                    lambda end: arrived(end.length * descent / (descent + end.slope)),
                    arrived(descent / jnp.maximum(curvature, 1e-20)),
                )
                gradient = slope(weights, proba)
                scaled = gradient @ preconditioner
                # Polak–Ribière, restarted along the scaled gradient whenever it would not descend.
                size = jnp.sum(gradient * scaled)
                beta = (size - jnp.sum(gradient * s.scaled)) / jnp.maximum(s.decrement**2, 1e-30)
                direction = jnp.maximum(beta, 0.0) * s.direction - scaled
                direction = jnp.where(jnp.sum(direction * gradient) < 0, direction, -scaled)
                return _Step(
                    weights, logits, proba, gradient, scaled, direction, jnp.sqrt(jnp.abs(size)), s.step + 1
                )

            scaled = s.gradient @ preconditioner
            decrement = jnp.sqrt(jnp.abs(jnp.sum(s.gradient * scaled)))
            first = s._replace(scaled=scaled, direction=-scaled, decrement=decrement)
            end = jnp.minimum(s.step + STAGE, self.max_steps)
            return jax.lax.while_loop(lambda s: (s.decrement > tolerance) & (s.step < end), advance, first)

        weights = jnp.where(seen[:, None], fitted.weights, 0.0)
        logits = weights @ xt
        proba = believed(logits)
        gradient = slope(weights, proba)
        first = _Step(weights, logits, proba, gradient, gradient, gradient, jnp.array(jnp.inf), jnp.array(0))
        # With no class seen the softmax is not a number; there is nothing to fit.
        last = jax.lax.while_loop(
            lambda s: (s.decrement > tolerance) & (s.step < self.max_steps), stage, first
        )
        return LogisticFitted(last.weights[:, :-1], last.weights[:, -1], seen)
