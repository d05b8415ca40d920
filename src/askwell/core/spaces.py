"""What an action is: each game has one of these spaces. A space is added together with the first game that needs it."""

import abc
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core.geometry import cut
from askwell.core.view import View


class AbstractSpace(eqx.Module):
    """The actions of a game."""

    name: ClassVar[str]

    @abc.abstractmethod
    def sample(self, key: PRNGKeyArray, view: View) -> Array:
        """A random allowed action, each with the same probability."""


class AbstractBatchSpace(AbstractSpace):
    """Actions that buy `q` labels each."""

    q: eqx.AbstractVar[int]


class Rows(AbstractBatchSpace):
    """A batch: `q` distinct rows of the pool that were never asked, ``int [q]``."""

    name: ClassVar[str] = "rows"
    q: int = eqx.field(static=True)

    def sample(self, key: PRNGKeyArray, view: View) -> Int[Array, " q"]:
        """See `AbstractSpace.sample`."""
        return jax.lax.top_k(jax.random.uniform(key, view.y.shape) - view.asked, self.q)[1]


class RowsOrStop(Rows):
    """A batch as in `Rows`, or ``n`` in every place, which ends the episode. Players that only pick rows never stop."""

    name: ClassVar[str] = "rows or stop"

    def sample(self, key: PRNGKeyArray, view: View) -> Int[Array, " q"]:
        """See `AbstractSpace.sample`, but that one action in eight stops: among all batches it would never come."""
        return jnp.where(jax.random.bernoulli(key, 1 / 8), len(view.y), super().sample(key, view))


class Classes(AbstractBatchSpace):
    """For each place of a batch, a group of the view's geometry: a class, or what stands for one, ``int [q]``.

    A group may be named any number of times.
    """

    name: ClassVar[str] = "classes"
    q: int = eqx.field(static=True)

    def sample(self, key: PRNGKeyArray, view: View) -> Int[Array, " q"]:
        """See `AbstractSpace.sample`."""
        return jax.random.randint(key, (self.q,), 0, len(view.geometry.centres))


class Points(AbstractBatchSpace):
    """A batch of points of the data space, ``float [q, d]``; they need not be rows of the pool."""

    name: ClassVar[str] = "points"
    q: int = eqx.field(static=True)

    def sample(self, key: PRNGKeyArray, view: View) -> Float[Array, "q d"]:
        """See `AbstractSpace.sample`: normal, with the pool's mean and deviations; the space has no end."""
        spread = jax.random.normal(key, (self.q, view.x.shape[1]))
        return jnp.mean(view.x, axis=0) + jnp.std(view.x, axis=0) * spread


class HalfSpaces(AbstractBatchSpace):
    """A batch of half-spaces, ``float [q, d + 1]``: a normal each and, last, an offset; beyond lies ``w · x > t``."""

    name: ClassVar[str] = "half-spaces"
    q: int = eqx.field(static=True)

    def sample(self, key: PRNGKeyArray, view: View) -> Float[Array, "q p"]:
        """See `AbstractSpace.sample`: any direction, and any number of rows beyond, but neither none nor all."""
        n, d = view.x.shape
        normal_key, count_key = jax.random.split(key)
        count = jax.random.randint(count_key, (self.q,), 1, max(n, 2))
        return cut(view.x, jax.random.normal(normal_key, (self.q, d)), count)


class Skip(AbstractSpace):
    """Yes or no to the one point that is offered: True labels it, False skips it, ``bool []``."""

    name: ClassVar[str] = "skip"

    def sample(self, key: PRNGKeyArray, view: View) -> Bool[Array, ""]:
        """See `AbstractSpace.sample`."""
        return jax.random.bernoulli(key)
