"""What an agent sees and does, for each space of actions. A game with another space adds a door here."""

import abc
from typing import ClassVar

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Box, Discrete, MultiDiscrete
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.core import AbstractSpace, Rows, Skip, View
from askwell.gym.features import FEATURES, observe
from askwell.policies.skip import INPUTS, look

REACH = 10.0
"""Features of an offered point lie within this; those that were measured do by far."""


class AbstractDoor(abc.ABC):
    """Gymnasium's spaces for a pool of `n` points, the observation of a view, and what an action means."""

    space: ClassVar[type[AbstractSpace]]

    def __init__(self, space: AbstractSpace, n: int):
        self.actions, self.observations = self.spaces(space, n)

    @abc.abstractmethod
    def spaces(self, space: AbstractSpace, n: int) -> tuple[gymnasium.Space, gymnasium.Space]:
        """The spaces of actions and observations."""

    @abc.abstractmethod
    def observe(self, view: View) -> Float[Array, "..."]:
        """What the agent sees."""

    @abc.abstractmethod
    def allowed(
        self, key: PRNGKeyArray, action: Int[Array, "..."], view: View
    ) -> tuple[Array, Int[Array, ""]]:
        """The game's action that an agent's stands for, and in how many places it had to be changed."""


class RowsDoor(AbstractDoor):
    """Batches: features of every row, and the rows to ask."""

    space: ClassVar[type[AbstractSpace]] = Rows

    def spaces(self, space: AbstractSpace, n: int) -> tuple[gymnasium.Space, gymnasium.Space]:
        """See `AbstractDoor.spaces`."""
        assert isinstance(space, Rows)
        return MultiDiscrete(np.full(space.q, n)), Box(0.0, 1.0, (n, len(FEATURES)), np.float32)

    def observe(self, view: View) -> Float[Array, "n f"]:
        """See `AbstractDoor.observe`."""
        return observe(view)

    def allowed(
        self, key: PRNGKeyArray, action: Int[Array, " q"], view: View
    ) -> tuple[Int[Array, " q"], Int[Array, ""]]:
        """See `AbstractDoor.allowed`."""
        return legal(key, action, view.asked)


class SkipDoor(AbstractDoor):
    """Label or skip: features of the point that is offered, and 1 or 0."""

    space: ClassVar[type[AbstractSpace]] = Skip

    def spaces(self, space: AbstractSpace, n: int) -> tuple[gymnasium.Space, gymnasium.Space]:
        """See `AbstractDoor.spaces`."""
        return Discrete(2), Box(-REACH, REACH, (len(INPUTS),), np.float32)

    def observe(self, view: View) -> Float[Array, " f"]:
        """See `AbstractDoor.observe`."""
        return jnp.clip(look(view), -REACH, REACH)

    def allowed(
        self, key: PRNGKeyArray, action: Int[Array, ""], view: View
    ) -> tuple[Bool[Array, ""], Int[Array, ""]]:
        """See `AbstractDoor.allowed`; every action is."""
        return action == 1, jnp.array(0)


DOORS: dict[type[AbstractSpace], type[AbstractDoor]] = {door.space: door for door in (RowsDoor, SkipDoor)}


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
