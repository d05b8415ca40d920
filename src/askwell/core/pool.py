"""The pool: fixed arrays, so that episodes compile once and run under ``vmap``."""

import equinox as eqx
from jaxtyping import Array, Float, Int


class Pool(eqx.Module):
    """One split of a dataset: what may be asked about, and the two sets that the learner is scored on.

    Rewards and the oracle see *selection*; every reported number comes from *report*.

    Shapes: `x` and `y` are the pool itself ``[n, d]``, ``[n]`` (labels in ``0..c-1``, hidden until asked);
    the two evaluation sets have ``m`` points each of their own.
    """

    x: Float[Array, "n d"]
    y: Int[Array, " n"]
    selection_x: Float[Array, "m1 d"]
    selection_y: Int[Array, " m1"]
    report_x: Float[Array, "m2 d"]
    report_y: Int[Array, " m2"]
    classes: int = eqx.field(static=True)
