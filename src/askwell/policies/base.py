"""The contracts of heads: players with trained weights."""

import abc
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractPlayer, AbstractSpace, AbstractStrategy, View
from askwell.strategies import AbstractScoreStrategy


class AbstractHead(AbstractPlayer):
    """A player with weights that a trainer may change. It is made with ``Head(key, **settings)``.

    `inputs` names what its network reads, in order; `groups` says that it stands on the pool's groups, whose agreement
    with the classes is then measured and told.
    """

    inputs: ClassVar[tuple[str, ...]] = ()
    groups: ClassVar[bool] = False


class AbstractScorer(AbstractHead, AbstractScoreStrategy):
    """A head that rates points, such as by the gain that it foretells: no probability of a decision is owed."""


class AbstractForeteller(AbstractHead):
    """A head that foretells what single labels would bring, from what is seen of them.

    Only differences within a state count. It decides by what it foretells. The trainers regression and dqn teach it.
    """

    @abc.abstractmethod
    def candidates(self, key: PRNGKeyArray, view: View, k: int) -> Array:
        """`k` random actions to learn from, each of one label: a batch of the game's space, to be taken apart."""

    @abc.abstractmethod
    def seen(self, view: View, actions: Array) -> Float[Array, "k f"]:
        """What is seen of some actions, as many numbers as `inputs` names."""

    @abc.abstractmethod
    def foretold(self, x: Float[Array, "m f"]) -> Float[Array, " m"]:
        """The gains less those of the other actions, in units of their spread, from what is seen."""


class Act(eqx.Module):
    """An action that a policy drew, in `q` decisions one after another.

    Attributes:
        action: the action, of the game's space.
        log_prob: how likely each decision was given those before it; they sum to the action's.
        entropy: of each decision before it fell, in nats.
        decisions: what was decided at each place, as `act` takes it.
        chance: how likely each pool row is to be bought at each place; None where an action is no batch.
    """

    action: Array
    log_prob: Float[Array, " q"]
    entropy: Float[Array, " q"]
    decisions: Int[Array, " q"]
    chance: Float[Array, "q n"] | None = None


class AbstractPolicy(AbstractHead):
    """A head whose decisions are drawn, so that they can be made more or less likely."""

    @abc.abstractmethod
    def act(
        self,
        key: PRNGKeyArray,
        view: View,
        space: AbstractSpace,
        rows: Int[Array, " m"] | None = None,
        decisions: Int[Array, " q"] | None = None,
    ) -> Act:
        """Draw an action; all but the action can be differentiated with respect to the policy.

        With `rows`, a policy over rows may limit its choice to those (training can afford a few more often than all);
        at least a batch of them must be left. With `decisions` none is drawn: it is their probability that is told.
        """


class AbstractRowsPolicy(AbstractPolicy, AbstractStrategy):
    """A policy that picks batches; its decisions are the rows."""
