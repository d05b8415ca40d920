"""What one label does to a fitted linear classifier, in closed form: two Newton steps instead of a refit."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from askwell.core.geometry import extended
from askwell.core.inverse import inverse, over_rows, solved

PULLS = 5
"""Newton steps on the logits of the one point that is added; three more change it by a part in a million."""

FARTHEST = 1.5
"""Most that a step is lengthened to: the objective's curvature may grow on the way."""

STEPS = 2
"""Newton steps of what one label does; docs/influence.md has their error and their time."""

SOFT = 1e-4
"""Added to every direction, since a classifier that is very sure hardly bends."""


class LabelInfluence(eqx.Module):
    """Adding or taking away a labelled point, for multinomial logistic regression with a quadratic penalty.

    At the optimum the gradient is 0. With one more point it is that point's own, and the curvature grows by the
    point's own: one Newton step from there is exact but for third derivatives (Cook and Weisberg 1982; Pregibon 1981).
    Those of a point that is added matter where its label surprises the classifier, so its own loss is taken as it is,
    and only that of the others by its curvature. A second step from there, with the gradient of all points and the
    curvature of the first, takes most of the rest away. It costs one inverse for all points together, of ``p = d + 1``
    numbers a class.

    Attributes:
        inverse: of the objective's second derivatives, ``[c, p, c, p]``.
        weights: of the classifier, the intercept last.
        seen: classes that it was fitted to.
        ridge: the penalty on each column of the weights.
        x: the labelled points with a 1 at the end.
        target: their labels, one-hot.
        weight: how much each of them counts.
    """

    inverse: Float[Array, "c p c p"]
    weights: Float[Array, "c p"]
    seen: Bool[Array, " c"]
    ridge: Float[Array, " p"]
    x: Float[Array, "b p"]
    target: Float[Array, "b c"]
    weight: Float[Array, " b"]

    @classmethod
    def of(
        cls,
        weights: Float[Array, "c p"],
        seen: Bool[Array, " c"],
        x: Float[Array, "b d"],
        y: Int[Array, " b"],
        weight: Float[Array, " b"],
        penalty: Float[Array, " p"],
    ) -> "LabelInfluence":
        """From what was fitted to which points, and the penalty on each column of the weights."""
        c, p = weights.shape
        x = extended(x)
        root = root_of(believed(weights, seen, x)) * jnp.sqrt(weight)[:, None, None]
        curvature = root @ jnp.swapaxes(root, 1, 2)
        whole = jnp.einsum("bij,bp,bq->ipjq", curvature, x, x, optimize="optimal").reshape(c * p, c * p)
        whole += jnp.diag(jnp.tile(penalty, c)) + SOFT * jnp.eye(c * p)
        # The same added to all intercepts changes nothing, so a penalty on that costs nothing, and there is an inverse.
        shift = jnp.outer(seen, seen) / c + jnp.diag(~seen)
        whole += jnp.kron(shift, jnp.zeros((p, p)).at[-1, -1].set(1.0))
        inverted = inverse(whole).reshape(c, p, c, p)
        return cls(inverted, weights, seen, penalty, x, jax.nn.one_hot(y, c), weight)

    def leverage(self, x: Float[Array, " p"]) -> Float[Array, "c c"]:
        """How far a point pulls on its own logits."""
        return jnp.einsum("p,ipjq,q->ij", x, self.inverse, x)

    def added(
        self, x: Float[Array, " d"], label: Int[Array, ""] | int, steps: int = STEPS
    ) -> Float[Array, "c p"]:
        """The change of the weights when a labelled point is added, by so many `steps` of Newton.

        One is cheapest. With more the first heeds how the point's own loss bends on the way, and each is as long as
        the curvature where it begins says: one label may surprise the classifier.
        """
        target = jax.nn.one_hot(label, len(self.weights))
        return self._moved(extended(x[None])[0], target, jnp.array(1.0), 1, steps)

    def removed(self, place: Int[Array, ""] | int, steps: int = STEPS) -> Float[Array, "c p"]:
        """The change of the weights when the labelled point at that place is taken away; see `added`."""
        return self._moved(self.x[place], self.target[place], self.weight[place], -1, steps)

    def _moved(self, x: Array, target: Array, weight: Array, sign: int, steps: int) -> Float[Array, "c p"]:
        leverage = self.leverage(x)
        before, change = believed(self.weights, self.seen, self.x), jnp.zeros_like(self.weights)
        heeded = sign > 0 and steps > 1
        if heeded:
            pull = pulled(leverage, self.weights @ x, target, weight, self.seen)
            change = -jnp.einsum("ipjq,j,q->ip", self.inverse, pull, x)
        for taken in range(int(heeded), steps):
            weights = self.weights + change
            own = sign * weight * (believed(weights, self.seen, x[None])[0] - target)
            # The inverse holds the curvature that the point had at first; what is taken away is that.
            bent_at = weights if sign > 0 else self.weights
            root = root_of(believed(bent_at, self.seen, x[None]))[0] * jnp.sqrt(weight)
            inner = root @ damping(leverage, root, sign) @ root.T
            gradient = jnp.outer(own, x)
            if taken:  # at the optimum the gradient of all others is 0
                others = (believed(weights, self.seen, self.x) - before) * self.weight[:, None]
                gradient += over_rows(others, self.x) + self.ridge * change
            step = -jnp.einsum("ipjq,jq->ip", self.inverse, gradient)
            # Woodbury: (H ± R Rᵀ)⁻¹ = H⁻¹ ∓ H⁻¹ R (I ± Rᵀ H⁻¹ R)⁻¹ Rᵀ H⁻¹.
            step -= sign * jnp.einsum("ipjq,j,q->ip", self.inverse, inner @ (step @ x), x)
            change += self._scaled(change, step, x, target, sign * weight) if steps > 1 else step
        return change

    def _scaled(
        self, change: Array, step: Array, x: Array, target: Array, weight: Array
    ) -> Float[Array, "c p"]:
        """The step as long as one Newton step along it: its own metric is the curvature at another place."""
        points = jnp.concatenate([self.x, x[None]])
        targets, each = jnp.concatenate([self.target, target[None]]), jnp.append(self.weight, weight)
        weights, along = self.weights + change, points @ step.T
        proba = believed(weights, self.seen, points)
        centred = along - jnp.sum(proba * along, axis=1, keepdims=True)
        curvature = each @ jnp.sum(proba * centred**2, axis=1) + jnp.sum(self.ridge * step**2)
        slope = each @ jnp.sum((proba - targets) * along, axis=1) + jnp.sum(self.ridge * weights * step)
        length = jnp.where(curvature > 0, -slope / jnp.maximum(curvature, 1e-20), 1.0)
        return jnp.clip(length, 0.0, FARTHEST) * step

    def with_added(self, x: Float[Array, " p"], root: Float[Array, "c c"]) -> "LabelInfluence":
        """The same after a point of that `root_of` is added, whatever its label: what a batch is chosen by."""
        reach = jnp.einsum("ipjq,q->ipj", self.inverse, x)
        inner = root @ damping(self.leverage(x), root) @ root.T
        less = jnp.einsum("ipk,kl,jql->ipjq", reach, inner, reach)
        return eqx.tree_at(lambda one: one.inverse, self, self.inverse - less)


def pulled(
    leverage: Float[Array, "c c"],
    logits: Float[Array, " c"],
    target: Float[Array, " c"],
    weight: Float[Array, ""],
    seen: Bool[Array, " c"],
) -> Float[Array, " c"]:
    """The gradient by its logits of a point's own loss, where the point has moved them to from `logits`.

    They move by ``leverage`` times that gradient. Newton's method finds where, from equal logits: there the loss bends
    most, while from logits that are far off it would jump to and fro.
    """

    def proba(z: Float[Array, " c"]) -> Float[Array, " c"]:
        return jax.nn.softmax(allowed(seen, z))

    def step(z: Float[Array, " c"], _: None) -> tuple[Float[Array, " c"], None]:
        p = proba(z)
        off = z + leverage @ (weight * (p - target)) - logits
        root = root_of(p[None])[0] * jnp.sqrt(weight)
        reach = leverage @ root
        return z - off + reach @ solved(jnp.eye(len(z)) + root.T @ reach, root.T @ off), None

    z, _ = jax.lax.scan(step, jnp.zeros_like(logits), None, length=PULLS)
    return weight * (proba(z) - target)


def allowed(seen: Bool[Array, " c"], logits: Float[Array, "*m c"]) -> Float[Array, "*m c"]:
    """Logits that leave classes out which were never seen; where none was, no class is left out."""
    return jnp.where(seen | ~jnp.any(seen), logits, -jnp.inf)


def believed(
    weights: Float[Array, "c p"], seen: Bool[Array, " c"], x: Float[Array, "m p"]
) -> Float[Array, "m c"]:
    """Probabilities of the classes that were seen."""
    return jax.nn.softmax(allowed(seen, x @ weights.T), axis=1)


def root_of(proba: Float[Array, "m c"]) -> Float[Array, "m c c"]:
    """A root ``R`` of the cross-entropy's second derivatives by the logits: ``R Rᵀ = diag(p) − p pᵀ``."""
    half = jnp.sqrt(proba)
    return half[:, :, None] * (jnp.eye(proba.shape[1]) - half[:, :, None] * half[:, None, :])


def damping(own: Float[Array, "c c"], root: Float[Array, "c c"], sign: int = 1) -> Float[Array, "c c"]:
    """``(I ± Rᵀ M R)⁻¹``: how much the curvature of a point that is added (or taken away) shortens its own step."""
    return inverse(jnp.eye(len(own)) + sign * root.T @ own @ root)
