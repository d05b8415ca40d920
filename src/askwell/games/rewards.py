"""Rewards of a batch: pure functions of the selection split's scores before and after it."""

from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Array, Bool, Float

from askwell.games.scores import Scores


class Change(NamedTuple):
    """What a reward may look at, all on the selection split.

    `random` is the score that a random batch from the same state would have reached; it is computed
    only for rewards in ``NEEDS_RANDOM``, since it costs a refit.
    """

    before: Scores
    after: Scores
    last: Bool[Array, ""]
    random: Scores | None


def accuracy_change(change: Change) -> Float[Array, ""]:
    """Accuracy gained; over an episode, without discount, these sum to the final accuracy less the first."""
    return change.after.accuracy - change.before.accuracy


def balanced_accuracy_change(change: Change) -> Float[Array, ""]:
    """Balanced accuracy gained: each class counts as much as any other, however rare."""
    return change.after.balanced_accuracy - change.before.balanced_accuracy


def macro_f1_change(change: Change) -> Float[Array, ""]:
    """Macro-F1 gained."""
    return change.after.macro_f1 - change.before.macro_f1


def log_loss_change(change: Change) -> Float[Array, ""]:
    """Decrease of the log-loss, in nats: smoother than accuracy."""
    return change.before.log_loss - change.after.log_loss


def final_accuracy(change: Change) -> Float[Array, ""]:
    """Accuracy after the last round, 0 before it; following it may lower the area under the learning curve."""
    return change.after.accuracy * change.last


def relative_accuracy(change: Change) -> Float[Array, ""]:
    """Accuracy above that of a random batch from the same state: 0 on average for the strategy random."""
    assert change.random is not None
    return change.after.accuracy - change.random.accuracy


REWARDS: dict[str, Callable[[Change], Float[Array, ""]]] = {
    "accuracy": accuracy_change,
    "balanced-accuracy": balanced_accuracy_change,
    "macro-f1": macro_f1_change,
    "log-loss": log_loss_change,
    "final-accuracy": final_accuracy,
    "relative": relative_accuracy,
}
NEEDS_RANDOM = frozenset({"relative"})
