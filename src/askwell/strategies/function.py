"""A plain Python function in a strategy's place."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from askwell.core import NOT_ASKED, AbstractStrategy, View

Query = Callable[[np.ndarray, np.ndarray, int], Sequence[int] | np.ndarray]


class QueryError(Exception):
    """A function raised, or returned what is no batch. It reaches the caller inside JAX's own error."""


class FunctionStrategy(AbstractStrategy):
    """A function ``query(X, labels, q)`` of your own, called on the host each round: as slow as it is.

    `X` is the encoded pool ``float32 [n, d]``; `labels` ``int32 [n]`` the answers so far, -1 for a row that can be
    asked and -2 for one that was asked in vain; `q` how many rows to return: distinct row numbers, best first. It
    should be pure: the same arguments, the same rows.
    """

    name: ClassVar[str] = "function"
    needs: ClassVar[tuple[str, ...]] = ("a Python function",)
    large: ClassVar[bool] = True
    function: Query = eqx.field(static=True)

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        del key
        # No bound method: JAX hashes the callback.
        call = functools.partial(_call, self.function, q)
        rows = jax.ShapeDtypeStruct((q,), jnp.int32)
        return jax.pure_callback(call, rows, view.x, view.y, vmap_method="sequential")


def _call(function: Query, q: int, x: Any, y: Any) -> np.ndarray:
    x, y = np.asarray(x), np.asarray(y)
    name = getattr(function, "__name__", type(function).__name__)
    try:
        given = np.asarray(function(x, y, q))
    except Exception as error:
        raise QueryError(f"{name} raised {type(error).__name__}: {error}") from error
    if given.shape != (q,) or given.dtype.kind not in "iu":
        raise QueryError(
            f"{name} returned {given.dtype} of shape {given.shape}; it must return {q} row numbers, as integers."
        )
    bad = [int(row) for row in given if not 0 <= row < len(y) or y[row] != NOT_ASKED]
    if bad:
        raise QueryError(
            f"{name} returned row {bad[0]}, which was asked already or does not exist; choose rows whose label is -1."
        )
    if len(set(given.tolist())) < q:
        raise QueryError(f"{name} returned a row twice; choose {q} different ones.")
    return given.astype(np.int32)
