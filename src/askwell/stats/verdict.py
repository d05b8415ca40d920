"""What the records say about a strategy, in words."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from askwell.core import ACCURACY, METRICS, AskwellError, metric_of
from askwell.stats.bayes import bayes_signed_rank
from askwell.stats.majority import against_majority
from askwell.stats.paired import Interval, bootstrap, differences
from askwell.stats.power import more_splits
from askwell.stats.spread import GENERAL, components

Word = Literal["better", "worse", "equivalent", "not enough evidence"]


@dataclass(frozen=True)
class Verdict:
    """A strategy against a baseline: the mean paired difference in AULC, its 95 % interval, the verdict.

    The difference is the strategy's AULC less the baseline's; where lower is better, "better" has a negative one.

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
        metric: what the AULC is of, see `askwell.core.METRICS`.
        below: the datasets on which the strategy's AULC is no better than the majority class's; `trivial` says what
            that is, where there is one dataset.
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
    metric: str = ACCURACY
    below: tuple[str, ...] = ()
    trivial: str = ""

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
            return f"equivalent to {self.baseline} within {self.delta:g}{self._metric}{scope}"
        if self.verdict != "not enough evidence" and self.low is not None and self.high is not None:
            near, far = sorted((abs(self.low), abs(self.high)))
            size = abs(self.difference)
            than = f"{self.verdict} than {self.baseline} by {size:.3f} [{near:.3f}, {far:.3f}]"
            return f"{than}{self._metric}{scope}{self._but}"
        if self.more_splits is None:
            return "not enough evidence: more splits would probably not settle it, more datasets would"
        if self.splits == 1 or self.low is None:
            return (
                f"not enough evidence: one split does not show the spread, run about {self.more_splits} more"
            )
        plural = "s" if self.more_splits > 1 else ""
        return f"not enough evidence: about {self.more_splits} more split{plural} would settle it"

    @property
    def _metric(self) -> str:
        return "" if self.metric == ACCURACY else f" in {metric_of(self.metric).words}"

    @property
    def _but(self) -> str:
        """What keeps "better" from being good."""
        if self.verdict != "better" or not self.below:
            return ""
        if self.datasets == 1:
            return f", but no better than {self.trivial}"
        return f", but on {len(self.below)} of {self.datasets} datasets no better than the majority class"


def verdicts(
    records: pl.DataFrame,
    baseline: str,
    delta: float | None = None,
    seed: int = 0,
    confidence: float = 0.95,
    metric: str = ACCURACY,
) -> list[Verdict]:
    """One verdict per strategy other than the baseline, in order of first appearance.

    With five datasets or more it is about the mean over such datasets in general. With fewer it is about the
    mean over just these: two datasets say next to nothing about others, but enough splits settle what holds
    for the two. Going from four to five, the wider question may be open although the narrow one was settled.
    Each verdict is made at `confidence` on its own; nothing is adjusted for the number of strategies (`ranks` is).
    Differences smaller than `delta` count as equivalent; by default that is the metric's own `delta`.

    Raises:
        AskwellError: if the baseline has no records, or `delta` is not positive.
    """
    sign, delta = metric_of(metric).sign, metric_of(metric).delta if delta is None else delta
    if delta <= 0:
        raise AskwellError(f"delta is {delta}, but must be positive: the smallest difference that matters.")
    found, low = [], against_majority(records, metric).filter(~pl.col("above"))
    for strategy, by_dataset in differences(records, baseline, metric).items():
        values = list(by_dataset.values())
        interval, spread = bootstrap(values, seed, confidence=confidence), components(values)
        word = judge(interval, delta, sign)
        gains = [sign * value.mean() for value in values]
        posterior = bayes_signed_rank(gains, delta, seed) if spread.general else (None, None, None)
        below = low.filter(pl.col("strategy") == strategy, pl.col("dataset").is_in(list(by_dataset)))
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
                metric=metric,
                below=tuple(below["dataset"]),
                trivial=f"{below['does'][0]} ({below['level'][0]:.4f})" if len(below) == 1 else "",
            )
        )
    return found


def judge(interval: Interval, delta: float = METRICS[ACCURACY].delta, sign: int = 1) -> Word:
    """The verdict: by the interval's side of 0, else by whether it lies inside ``±delta``; `sign` is the metric's."""
    _, low, high = interval
    if low is None or high is None:
        return "not enough evidence"
    if low > 0 or high < 0:
        return "better" if (low > 0) == (sign > 0) else "worse"
    return "equivalent" if -delta < low and high < delta else "not enough evidence"
