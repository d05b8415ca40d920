"""What can be computed of a session, without further labels, that tells how good its classifier is."""

from typing import NamedTuple

import numpy as np

PROBE = 2000
"""Rows that stand for a larger pool."""


class Indicators(NamedTuple):
    """Figures of a session; all but the first two are shares in 0..1.

    Attributes:
        labels: how many there are.
        classes: how many of them were seen.
        majority: of the pool, how much the classifier puts in its largest class.
        cv: labelled rows that are predicted right from the others (cross-validation).
        balanced_cv: the same as a mean over classes.
        weighted_cv: the same, each row weighted by the share of the pool that it is the nearest labelled row of
            (Loog 2012): batches that were chosen lie where the classifier is unsure, and this weighs them down.
        confidence: mean probability that the classifier gives its own predictions on the pool.
        calibrated: the same at the temperature that suits the cross-validated probabilities (Guo et al. 2017).
        agreement: pool rows that are predicted as before the last batch; NaN in the first round.
        effective: number of rows that weigh as much as those of `weighted_cv`.
    """

    labels: int
    classes: int
    majority: float
    cv: float
    balanced_cv: float
    weighted_cv: float
    confidence: float
    calibrated: float
    agreement: float
    effective: float


def probe_rows(n: int, seed: int) -> np.ndarray:
    """Rows that stand for a pool of `n`, ascending: all, or `PROBE` that are drawn."""
    return (
        np.arange(n)
        if n <= PROBE
        else np.sort(np.random.default_rng(seed).choice(n, PROBE, replace=False, shuffle=False))
    )


def indicate(
    probe_x: np.ndarray,
    log_proba: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    held_out: np.ndarray,
    before: np.ndarray | None,
) -> Indicators:
    """The indicators.

    Args:
        probe_x: ``[m, d]``, rows that stand for the pool.
        log_proba: ``[m, c]``, of them.
        x: ``[b, d]``, the labelled rows.
        y: ``int [b]``, their labels.
        held_out: ``[b, c]``, log-probabilities of them as in `askwell.asking.crossfit`.
        before: ``int [m]``, what was predicted of the probe before the last batch.
    """
    hit = np.argmax(held_out, axis=1) == y
    nearest = np.argmin(np.square(x).sum(axis=1) - 2 * probe_x @ x.T, axis=1)
    weight = np.bincount(nearest, minlength=len(y)) / len(probe_x)
    predicted = np.argmax(log_proba, axis=1)
    return Indicators(
        labels=len(y),
        classes=len(np.unique(y)),
        majority=float(np.bincount(predicted).max() / len(predicted)),
        cv=float(hit.mean()),
        balanced_cv=float(np.mean([hit[y == name].mean() for name in np.unique(y)])),
        weighted_cv=float(hit @ weight),
        confidence=confidence(log_proba, 1.0),
        calibrated=confidence(log_proba, temperature(held_out, y)),
        agreement=float("nan") if before is None else float(np.mean(before == predicted)),
        effective=float(1 / np.sum(weight**2)),
    )


def confidence(log_proba: np.ndarray, temperature: float) -> float:
    """Mean probability of the likeliest class, at a temperature."""
    return float(np.exp(-_surprise(log_proba / temperature, np.argmax(log_proba, axis=1))).mean())


def temperature(log_proba: np.ndarray, y: np.ndarray) -> float:
    """What log-probabilities must be divided by to suit the labels best; between 1/10 and 10."""
    tried = np.geomspace(0.1, 10, 461)  # a hundredth apart; an optimiser would take longer to import
    return float(tried[np.argmin([_surprise(log_proba / t, y).mean() for t in tried])])


def _surprise(logits: np.ndarray, y: np.ndarray) -> np.ndarray:
    top = logits.max(axis=1, keepdims=True)
    return np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0] - logits[np.arange(len(y)), y]
