"""What figures are made from, besides records: a training, episodes seen on a plane, many random samples."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl


class Training(NamedTuple):
    """The three tables of a training run.

    Attributes:
        updates: a row per update and seed: ``seed``, ``update``, ``seconds``, ``reward``, ``spread``, ``entropy``
            (nats per pick), ``groups``, ``classes`` (effective numbers asked in a batch), ``largest``,
            ``redundancy`` (0..1), ``gradient``, ``shuffled`` (norms),
            ``agreement`` and ``chance`` (cosines between the gradients of two halves of the tasks, and the same of
            shuffled rewards; null where they were not taken), ``warning``.
        decisions: ``seed``, ``update``, ``round``, ``kind`` ("group" or "class"), ``index``, ``share``, ``prior``.
        validation: ``seed``, ``update``, ``against``, ``difference``, ``low``, ``high`` (AULC, 95 %).
    """

    updates: pl.DataFrame
    decisions: pl.DataFrame
    validation: pl.DataFrame


class Scene(NamedTuple):
    """One strategy's episode, round by round, as it was before each batch.

    Attributes:
        picks: pool rows bought in each of ``r`` rounds, best first; as many as were bought.
        labels: labels paid for after each round, ``[r]``.
        belief: the class that the learner thinks most probable, ``[r, n]``; of a learner without labels, 0.
        confidence: its probability, ``[r, n]``.
        accuracy: on the report split after each batch, ``[r]``.
        regions: the same as belief on a grid over the plane, ``[r, g, g]`` (y, x); None unless the data are 2-D.
        score: how unsure the learner is there (``1 - margin``, what margin sampling ranks by), ``[r, g, g]``.
        offered: where points came one at a time, the rows in the order in which they did, ``[t]``; else empty.
        each: how many of them came in a round.
        change: what each label bought, in order, adds to the probability of the class that is believed in the end,
            ``[b, n]``; nothing of a learner that cannot foretell it.
    """

    strategy: str
    picks: Sequence[np.ndarray]
    labels: np.ndarray
    belief: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    regions: np.ndarray | None = None
    score: np.ndarray | None = None
    offered: np.ndarray = np.zeros(0, int)
    each: int = 1
    change: np.ndarray = np.zeros((0, 0))

    def skipped(self, round: int) -> np.ndarray:
        """The rows that came up to the end of a round and were not labelled."""
        came = self.offered[: (round + 1) * self.each]
        bought = np.concatenate([*self.picks[: round + 1], np.zeros(0, int)])
        return came[~np.isin(came, bought)]

    def knows(self, round: int) -> bool:
        """Whether the learner prefers any class anywhere before that batch; without labels it does not."""
        return bool(np.ptp(self.confidence[round]) > 1e-6)


class Replay(NamedTuple):
    """The same split played by several strategies, on a plane.

    Attributes:
        plane: what the plane is: "data", "PCA" or "t-SNE".
        xy: the pool's points on it, ``[n, 2]``.
        y: their true classes, ``[n]``, indices into `classes`.
        box: left, right, bottom and top of the plane.
        start: pool rows labelled before the first batch.
    """

    dataset: str
    split: int
    plane: str
    xy: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    box: tuple[float, float, float, float]
    start: np.ndarray
    scenes: tuple[Scene, ...]


class Search(NamedTuple):
    """What a search found.

    Attributes:
        trials: a row a trial and validation: ``trial``, ``update``, ``difference`` (how much better than the spec as it
            is, in AULC, on the same tasks), its standard ``error``, ``state`` ("complete", "pruned", "fail").
        importance: a row a setting: ``setting``, ``importance``, ``noise`` (shares).
        winner: the trial that was chosen, if one was.
    """

    trials: pl.DataFrame
    importance: pl.DataFrame
    winner: int | None


class Samples(NamedTuple):
    """Learning curves of random samples, nested: splits, samples of a split, learners of a sample.

    Attributes:
        curves: a row per ``dataset``, ``split``, ``sample``, ``learner`` (numbers) and ``labels``, with
            ``training_loss``, ``log_loss`` (nats) and ``accuracy``.
        lead: the best strategy's lead over random in AULC by dataset, where one was played.
        splits: how many paired splits the run has.
    """

    curves: pl.DataFrame
    lead: dict[str, tuple[str, float]]
    splits: int


class Effects(NamedTuple):
    """What each label that was bought did to the classifier, by strategy, of one dataset and learner.

    Attributes:
        labels: a row a label: ``dataset``, ``split``, ``strategy``, ``round``; ``labels`` bought after its round;
            ``effect``: by how much the log-loss on the report split rises without it, right after its round (nats;
            above 0: it helped); ``foretold``: the same in closed form instead of by a refit, NaN where the learner
            has none; ``in_the_end``: as ``effect``, when all labels were bought; ``wrong``: whether the annotator gave
            a wrong answer; ``training_loss`` of the round's labels and ``log_loss`` on the report split.
    """

    labels: pl.DataFrame
