"""What an agent sees and does, for each space of actions. A game with another space adds a door here."""

import abc
from typing import ClassVar

import equinox as eqx
import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractSpace, Classes, HalfSpaces, Points, Rows, RowsOrStop, Skip, View
from askwell.gym.features import observe
from askwell.policies import group_features
from askwell.policies.skip import look
from askwell.strategies.stopping.base import agreements, stopping_of

REACH = 10.0
"""Features of a point or class lie within this; those that were measured do by far."""


class AbstractDoor(abc.ABC):
    """What an action of Gymnasium's means, and what the agent observes: numbers from `low` to `high`."""

    space: ClassVar[type[AbstractSpace]]
    low: ClassVar[float] = -REACH
    high: ClassVar[float] = REACH

    def observations(self, view: View) -> Box:
        """The space of observations, for views of these shapes."""
        return Box(self.low, self.high, eqx.filter_eval_shape(self.observe, view).shape, np.float32)

    @abc.abstractmethod
    def actions(self, space: AbstractSpace, view: View) -> gymnasium.Space:
        """The space of actions, for views of these shapes."""

    @abc.abstractmethod
    def observe(self, view: View) -> Float[Array, "..."]:
        """What the agent sees."""

    def allowed(self, key: PRNGKeyArray, action: Array, view: View) -> tuple[Array, Int[Array, ""]]:
        """The game's action that an agent's stands for, and in how many places it had to be changed: as it is."""
        return action, jnp.array(0)


class RowsDoor(AbstractDoor):
    """Batches: features of every row, and the rows to ask."""

    space: ClassVar[type[AbstractSpace]] = Rows
    low: ClassVar[float] = 0.0
    high: ClassVar[float] = 1.0

    def actions(self, space: AbstractSpace, view: View) -> MultiDiscrete:
        """See `AbstractDoor.actions`."""
        assert isinstance(space, Rows)
        return MultiDiscrete(np.full(space.q, len(view.y)))

    def observe(self, view: View) -> Float[Array, "n f"]:
        """See `AbstractDoor.observe`."""
        return observe(view)

    def allowed(
        self, key: PRNGKeyArray, action: Int[Array, " q"], view: View
    ) -> tuple[Int[Array, " q"], Int[Array, ""]]:
        """See `AbstractDoor.allowed`."""
        return legal(key, action, view.asked)


class RowsOrStopDoor(AbstractDoor):
    """Batches, or stop: price, agreement and features of every row; and 1 to go on or 0 to stop, then the rows."""

    space: ClassVar[type[AbstractSpace]] = RowsOrStop
    low: ClassVar[float] = 0.0

    def actions(self, space: AbstractSpace, view: View) -> MultiDiscrete:
        """See `AbstractDoor.actions`."""
        assert isinstance(space, RowsOrStop)
        return MultiDiscrete(np.array([2, *[len(view.y)] * space.q]))

    def observe(self, view: View) -> Float[Array, "n g"]:
        """See `AbstractDoor.observe`: the same price and last agreement in each row, then the row's own features."""
        same = jnp.stack([jnp.minimum(stopping_of(view).price, REACH), agreements(view, 1)[0]])
        rows = observe(view)
        return jnp.concatenate([jnp.broadcast_to(same, (len(rows), 2)), rows], axis=1)

    def allowed(
        self, key: PRNGKeyArray, action: Int[Array, " q1"], view: View
    ) -> tuple[Int[Array, " q"], Int[Array, ""]]:
        """See `AbstractDoor.allowed`."""
        rows, replaced = legal(key, action[1:], view.asked)
        stop = action[0] == 0
        return jnp.where(stop, len(view.y), rows), jnp.where(stop, 0, replaced)


class ClassesDoor(AbstractDoor):
    """Class queries: features of every class or group, and which of them to ask."""

    space: ClassVar[type[AbstractSpace]] = Classes

    def actions(self, space: AbstractSpace, view: View) -> MultiDiscrete:
        """See `AbstractDoor.actions`."""
        assert isinstance(space, Classes)
        return MultiDiscrete(np.full(space.q, len(view.geometry.centres)))

    def observe(self, view: View) -> Float[Array, "g f"]:
        """See `AbstractDoor.observe`; the batch is still empty."""
        empty = jnp.zeros(len(view.geometry.centres))
        return jnp.clip(group_features.see(group_features.look(view), empty, 1), -REACH, REACH)


class PointsDoor(AbstractDoor):
    """Point queries: where each row lies and its features, and the points to ask."""

    space: ClassVar[type[AbstractSpace]] = Points

    def actions(self, space: AbstractSpace, view: View) -> Box:
        """See `AbstractDoor.actions`."""
        assert isinstance(space, Points)
        return Box(-REACH, REACH, (space.q, view.x.shape[1]), np.float32)

    def observe(self, view: View) -> Float[Array, "n g"]:
        """See `AbstractDoor.observe`."""
        return placed(view)


class HalfSpacesDoor(AbstractDoor):
    """Half-spaces: where each row lies and its features, and the normals and offsets of the half-spaces."""

    space: ClassVar[type[AbstractSpace]] = HalfSpaces

    def actions(self, space: AbstractSpace, view: View) -> Box:
        """See `AbstractDoor.actions`."""
        assert isinstance(space, HalfSpaces)
        return Box(-REACH, REACH, (space.q, view.x.shape[1] + 1), np.float32)

    def observe(self, view: View) -> Float[Array, "n g"]:
        """See `AbstractDoor.observe`."""
        return placed(view)


class SkipDoor(AbstractDoor):
    """Label or skip: features of the point that is offered, and 1 or 0."""

    space: ClassVar[type[AbstractSpace]] = Skip

    def actions(self, space: AbstractSpace, view: View) -> Discrete:
        """See `AbstractDoor.actions`."""
        return Discrete(2)

    def observe(self, view: View) -> Float[Array, " f"]:
        """See `AbstractDoor.observe`."""
        return jnp.clip(look(view), -REACH, REACH)

    def allowed(
        self, key: PRNGKeyArray, action: Int[Array, ""], view: View
    ) -> tuple[Bool[Array, ""], Int[Array, ""]]:
        """See `AbstractDoor.allowed`; every action is."""
        return action == 1, jnp.array(0)


DOORS: dict[type[AbstractSpace], AbstractDoor] = {
    door.space: door()
    for door in (RowsDoor, RowsOrStopDoor, ClassesDoor, PointsDoor, HalfSpacesDoor, SkipDoor)
}


def placed(view: View) -> Float[Array, "n g"]:
    """Where each row lies, and its features."""
    return jnp.concatenate([jnp.clip(view.x, -REACH, REACH), observe(view)], axis=1)


def legal(
    key: PRNGKeyArray, action: Int[Array, " q"], asked: Bool[Array, " n"]
) -> tuple[Int[Array, " q"], Int[Array, ""]]:
    """The batch that an action asks for, and how many of its rows had to be replaced.

    Rows keep their order; one that was asked before, or comes a second time in the action, is replaced by a
    random row that neither was asked nor is in the action. The replacements come last.
    """
    n, q = asked.shape[0], action.shape[0]
    place = jnp.full(n, q).at[action].min(jnp.arange(q))
    wanted = (place < q) & ~asked
    score = jnp.where(wanted, 1.0 + q - place, jax.random.uniform(key, (n,)))
    picks = jax.lax.top_k(jnp.where(asked, -1.0, score), q)[1]
    return picks, q - jnp.sum(wanted)
