"""The contract of a policy: a strategy whose decisions are drawn, so that they can be made more or less likely."""

import abc
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractStrategy, View


class Act(eqx.Module):
    """A batch that a policy drew.

    Attributes:
        picks: the pool rows, in the order of the draw.
        decisions: what was decided at each place: the row itself, or a group that the row came from.
        log_prob: how likely each decision was given those before it; they sum to the ordered batch's.
        entropy: of each decision before it fell, in nats.
        chance: how likely each pool row was at each place.
    """

    picks: Int[Array, " q"]
    decisions: Int[Array, " q"]
    log_prob: Float[Array, " q"]
    entropy: Float[Array, " q"]
    chance: Float[Array, "q n"]


class AbstractPolicy(AbstractStrategy):
    """A strategy with trained weights: `act` draws a batch, for training; `select` decides.

    A head is made with ``Head(key, **settings)``. `inputs` names what its network reads, in order.
    """

    inputs: ClassVar[tuple[str, ...]] = ()

    @abc.abstractmethod
    def act(
        self,
        key: PRNGKeyArray,
        view: View,
        q: int,
        rows: Int[Array, " m"] | None = None,
        decisions: Int[Array, " q"] | None = None,
    ) -> Act:
        """Draw a batch; `log_prob`, `entropy` and `chance` can be differentiated with respect to the policy.

        With `rows` the choice may be limited to those (training can afford a few more often than all); at least `q`
        of them must be left. With `decisions` none is drawn: it is their probability that is told.
        """

    def decisions_of(self, view: View, picks: Int[Array, " q"]) -> Int[Array, " q"]:
        """The decisions that a batch stands for, as `act` takes them."""
        return picks
