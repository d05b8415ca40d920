"""The contract of a learner: the classifier that the labels are for."""

import abc
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core.errors import AskwellError
from askwell.core.influence import LabelInfluence

T = TypeVar("T")


class AbstractFitted(eqx.Module):
    """A learner after a fit."""

    @abc.abstractmethod
    def log_proba(self, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
        """Log-probability of each class; finite, and each row sums to one in probability."""


class AbstractLearner(eqx.Module):
    """Fits from scratch at every call: nothing is carried from one fit to the next.

    All learners agree on the cases that have no natural answer: with no label yet every class is
    equally probable; a class never answered has the small probability ``askwell.learners.FLOOR``.
    """

    name: ClassVar[str]
    foretells: ClassVar[bool] = False

    @abc.abstractmethod
    def fit(
        self,
        key: PRNGKeyArray,
        x: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        classes: int,
    ) -> AbstractFitted:
        """Fit to the rows of positive weight; rows of weight 0 may hold anything finite in `x`.

        `classes` is the static number ``c``; labels lie in ``0..c-1`` wherever the weight is positive.
        """

    def refit(
        self,
        fitted: AbstractFitted,
        key: PRNGKeyArray,
        x: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        classes: int,
    ) -> AbstractFitted:
        """Fit again after a small change of the rows, for searches that try out many; games never do.

        The answer must be that of `fit`. A learner whose answer does not depend on where it starts may start at
        `fitted`; if that is zero throughout, there was no fit before. The default is `fit` itself.
        """
        return self.fit(key, x, y, weight, classes)

    def influence(
        self,
        fitted: AbstractFitted,
        x: Float[Array, "b d"],
        y: Int[Array, " b"],
        weight: Float[Array, " b"],
    ) -> LabelInfluence:
        """What adding or taking away a label does, in closed form; `fitted` is what `fit` gave for these rows.

        Raises:
            AskwellError: while tracing, for a learner that has no closed form.
        """
        raise AskwellError(
            f"The learner '{self.name}' has no closed form for what a label does; choose logistic, or the strategy "
            "expected-error, which refits."
        )

    def without(
        self,
        fitted: AbstractFitted,
        x: Float[Array, "b d"],
        y: Int[Array, " b"],
        weight: Float[Array, " b"],
    ) -> Callable[[Int[Array, ""]], AbstractFitted]:
        """A function from a label's place to the classifier as it would probably be without it; no refit is done.

        `fitted` is what `fit` gave for these rows. Where `foretells` is False there is no such function.
        """
        raise AskwellError(
            f"The learner '{self.name}' cannot tell what it would be without a label; fit it again."
        )


def unfitted(
    learner: AbstractLearner,
    x: Float[Array, "n d"],
    y: Int[Array, " n"],
    weight: Float[Array, " n"],
    classes: int,
) -> AbstractFitted:
    """A stand-in for a fit to rows of these shapes while there is no label: zeros throughout.

    Nothing is fitted, so no program has to be compiled for it; every class is equally probable.
    """
    shapes = eqx.filter_eval_shape(learner.fit, jax.random.key(0), x, y, weight, classes)
    blank = lambda leaf: jnp.zeros(leaf.shape, leaf.dtype) if isinstance(leaf, jax.ShapeDtypeStruct) else leaf
    return jax.tree.map(blank, shapes, is_leaf=lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))


class Packed(eqx.Module, Generic[T]):
    """A tree (a fitted learner, a policy) as arrays alone, which loops, ``vmap`` and files can carry.

    Attributes:
        arrays: its arrays, in the order of its leaves.
        form: how to put it together again; packed trees of one kind share it.
    """

    arrays: list[Array]
    form: tuple[Any, tuple[Any, ...]] = eqx.field(static=True)

    @classmethod
    def of(cls, tree: T) -> "Packed[T]":
        """Pack a tree."""
        leaves, structure = jax.tree.flatten(tree)
        rest = tuple(None if eqx.is_array(leaf) else leaf for leaf in leaves)
        return cls([leaf for leaf in leaves if eqx.is_array(leaf)], (structure, rest))

    def open(self) -> T:
        """The tree."""
        structure, rest = self.form
        arrays = iter(self.arrays)
        # A tree has no leaf that is None, so a None in `rest` marks the place of an array.
        return jax.tree.unflatten(structure, [next(arrays) if leaf is None else leaf for leaf in rest])
