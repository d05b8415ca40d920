"""Batch active learning via information matrices."""

from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, AskwellError, View
from askwell.core.geometry import extended
from askwell.core.inverse import inverse
from askwell.strategies.pickers import greedy


class Information(NamedTuple):
    """What the labels tell, kept through rank-one updates; one block for each class.

    With ``M`` the information of the points asked and ``F`` the pool's, `inverse` is ``M⁻¹``, `product` is
    ``M⁻¹ F M⁻¹``, and `leverage` and `reach` are ``xᵀ M⁻¹ x`` and ``xᵀ M⁻¹ F M⁻¹ x`` of every point.
    """

    inverse: Float[Array, "c d d"]
    product: Float[Array, "c d d"]
    leverage: Float[Array, "c n"]
    reach: Float[Array, "c n"]


def fisher(x: Float[Array, "n d"], amount: Float[Array, "c n"]) -> Float[Array, "c d d"]:
    """``Σ amount · x xᵀ`` for each class."""
    return jnp.einsum("cn,nd,ne->cde", amount, x, x, optimize="optimal")


def information(
    x: Float[Array, "n d"], amount: Float[Array, "c n"], asked: Bool[Array, " n"], ridge: float
) -> Information:
    """The state before the batch."""
    before = jax.vmap(inverse)(fisher(x, amount * asked) + ridge * jnp.eye(x.shape[1]))
    before = (before + jnp.swapaxes(before, 1, 2)) / 2
    product = before @ fisher(x, amount) @ before
    leverage, reach = (jnp.sum((x @ m) * x, axis=2) for m in (before, product))
    return Information(before, product, leverage, reach)


def gain(now: Information, amount: Float[Array, "c n"]) -> Float[Array, " n"]:
    """By how much ``tr(M⁻¹ F)`` falls if `amount` of each point's information is added to ``M`` (Woodbury)."""
    return jnp.sum(amount * now.reach / jnp.maximum(1 + amount * now.leverage, 1e-6), axis=0)


def add(
    now: Information, x: Float[Array, "n d"], amount: Float[Array, "c n"], row: Int[Array, ""]
) -> Information:
    """The state once `amount` of that row's information is added to ``M``; negative amounts take it away."""
    own = amount[:, row]
    step = own / jnp.maximum(1 + own * now.leverage[:, row], 1e-6)
    step, height = step[:, None], now.reach[:, row, None]
    u, w = now.inverse @ x[row], now.product @ x[row]
    near, far = u @ x.T, w @ x.T

    def outer(a, b):
        return a[:, :, None] * b[:, None, :]

    return Information(
        now.inverse - step[:, :, None] * outer(u, u),
        now.product
        - step[:, :, None] * (outer(u, w) + outer(w, u))
        + (step**2 * height)[:, :, None] * outer(u, u),
        now.leverage - step * near**2,
        now.reach - 2 * step * near * far + step**2 * height * near**2,
    )


class Bait(AbstractStrategy):
    """Batch whose Fisher information matches the whole pool's best (Ash et al. 2021); optimal design if cold.

    Minimises ``tr((ridge · I + Σ_asked I(x))⁻¹ Σ_pool I(x))``: adds ``2 q`` points greedily, then takes the
    ``q`` back whose loss matters least. ``I(x)`` is that of logistic regression on the pool's own features (the
    paper: a network's last layer), weighed by the view's probabilities. Only its class blocks ``p (1 − p) x
    xᵀ`` are kept: the same criterion as the full matrix's for two classes, an approximation for more, which
    drops the covariance of different classes' weights. Memory ``c · (d² + n)``: meant for up to about 1,000
    features (at 100 classes that is 0.8 GB; the full matrix would take 40). In a cold round all points weigh
    the same, which leaves the optimal design for least squares (V-optimality).
    """

    name: ClassVar[str] = "bait"
    needs: ClassVar[tuple[str, ...]] = ("probabilities",)
    ridge: float = 1.0

    def __check_init__(self):
        """Refuse a ridge that leaves the first round without an inverse."""
        if not self.ridge > 0:
            raise AskwellError(f"bait's ridge is {self.ridge}; it must be above 0.")

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        n, c = view.log_proba.shape
        x = extended(view.x)
        proba = jnp.where(view.cold, 1 / c, view.proba).T
        amount = proba * (1 - proba)
        most = min(2 * q, n)
        picks = greedy(
            key,
            information(x, amount, view.asked, self.ridge),
            lambda now: gain(now, amount),
            lambda now, row: add(now, x, amount, row),
            view.asked,
            most,
        )
        # If fewer than 2 q points are left, the last picks are not real: they are neither kept nor taken back.
        real = jnp.arange(most) < n - jnp.sum(view.asked)
        taken = jnp.zeros(n, bool).at[picks].max(real)
        now = information(x, amount, view.asked | taken, self.ridge)

        def take_back(carry: tuple[Information, Bool[Array, " s"]], _):
            now, kept = carry
            loss = jnp.where(kept, -gain(now, -amount)[picks], jnp.inf)
            place = jnp.argmin(loss)
            spare = jnp.sum(kept) > q
            after = add(now, x, -amount * spare, picks[place])
            return (after, kept.at[place].set(kept[place] & ~spare)), None

        (_, kept), _ = jax.lax.scan(take_back, (now, real), None, length=most - q)
        return picks[jax.lax.top_k(kept.astype(jnp.int32), q)[1]]
