"""What the records say about a strategy, in words."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from askwell.core import AskwellError
from askwell.stats.bayes import bayes_signed_rank
from askwell.stats.paired import Interval, bootstrap, differences
from askwell.stats.power import more_splits
from askwell.stats.spread import GENERAL, components

DELTA = 0.005
"""Differences in AULC smaller than this do not matter to anyone who labels."""

Word = Literal["better", "worse", "equivalent", "not enough evidence"]


@dataclass(frozen=True)
class Verdict:
    """A strategy against a baseline: the mean paired difference in AULC, its 95 % interval, the verdict.

    Attributes:
        low: lower bound, None when a single split leaves it undefined; likewise `high`.
        more_splits: splits to add on every dataset until the verdict is predicted to settle; None when it
            has settled already, or when splits are unlikely to do it (see `more_splits`).
        delta: differences smaller than this count as equivalent.
        datasets: how many datasets the difference is averaged over.
        splits: paired splits on the dataset that has most.
        p_better: probability, by the Bayesian signed-rank test over datasets (see `bayes_signed_rank`), that
            the strategy is better; `p_equivalent` that it is within `delta`; `p_worse`. The three sum to one.
            None below five datasets. They are given beside the verdict and never decide it.
    """

    strategy: str
    baseline: str
    difference: float
    low: float | None
    high: float | None
    verdict: Word
    more_splits: int | None
    delta: float
    datasets: int
    splits: int
    p_better: float | None = None
    p_equivalent: float | None = None
    p_worse: float | None = None

    @property
    def said(self) -> str:
        """The verdict as a whole sentence."""
        open = self.verdict == "not enough evidence"
        return f"{self.strategy}{': ' if open else ' is '}{self.sentence}"

    @property
    def sentence(self) -> str:
        """The verdict as a sentence without its subject, with the datasets if it holds for just a few."""
        scope = f" on these {self.datasets} datasets" if 1 < self.datasets < GENERAL else ""
        if self.verdict == "equivalent":
            return f"equivalent to {self.baseline} within {self.delta:g}{scope}"
        if self.verdict != "not enough evidence" and self.low is not None and self.high is not None:
            near, far = sorted((abs(self.low), abs(self.high)))
            size = abs(self.difference)
            return f"{self.verdict} than {self.baseline} by {size:.3f} [{near:.3f}, {far:.3f}]{scope}"
        if self.more_splits is None:
            return "not enough evidence: more splits would probably not settle it, more datasets would"
        if self.splits == 1 or self.low is None:
            return (
                f"not enough evidence: one split does not show the spread, run about {self.more_splits} more"
            )
        plural = "s" if self.more_splits > 1 else ""
        return f"not enough evidence: about {self.more_splits} more split{plural} would settle it"


def verdicts(
    records: pl.DataFrame, baseline: str, delta: float = DELTA, seed: int = 0, confidence: float = 0.95
) -> list[Verdict]:
    """One verdict per strategy other than the baseline, in order of first appearance.

    With five datasets or more it is about the mean over such datasets in general. With fewer it is about the
    mean over just these: two datasets say next to nothing about others, but enough splits settle what holds
    for the two. Going from four to five, the wider question may be open although the narrow one was settled.
    Each verdict is made at `confidence` on its own; nothing is adjusted for the number of strategies (`ranks` is).

    Raises:
        AskwellError: if the baseline has no records, or `delta` is not positive.
    """
    if delta <= 0:
        raise AskwellError(f"delta is {delta}, but must be positive: the smallest difference that matters.")
    found = []
    for strategy, by_dataset in differences(records, baseline).items():
        values = list(by_dataset.values())
        interval, spread = bootstrap(values, seed, confidence=confidence), components(values)
        word = judge(interval, delta)
        means = [value.mean() for value in values]
        posterior = bayes_signed_rank(means, delta, seed) if spread.general else (None, None, None)
        found.append(
            Verdict(
                strategy,
                baseline,
                *interval,
                word,
                more_splits(interval, spread, delta, confidence) if word == "not enough evidence" else None,
                delta,
                spread.datasets,
                int(spread.splits.max()),
                *posterior,
            )
        )
    return found


def judge(interval: Interval, delta: float = DELTA) -> Word:
    """The verdict: by the interval's sign, else by whether it lies inside ``±delta``."""
    _, low, high = interval
    if low is None or high is None:
        return "not enough evidence"
    if low > 0:
        return "better"
    if high < 0:
        return "worse"
    return "equivalent" if -delta < low and high < delta else "not enough evidence"
