"""Scores against scikit-learn, and the calibration error against a plain loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

from askwell.games import score

RNG = np.random.default_rng(0)


def predictions(m, c, sharpness):
    logits = sharpness * RNG.normal(size=(m, c))
    log_proba = np.asarray(jax.nn.log_softmax(jnp.asarray(logits, jnp.float32)))
    return log_proba, RNG.integers(0, c - (c > 3), m).astype(
        np.int32
    )  # of many classes the last never occurs


def calibration(log_proba, y, bins=15):
    proba = np.exp(log_proba.astype(np.float64))
    top, hit = proba.max(1), proba.argmax(1) == y
    total = 0.0
    for low in range(bins):
        here = (top >= low / bins) & ((top < (low + 1) / bins) | (low == bins - 1))
        if here.any():
            total += here.mean() * abs(hit[here].mean() - top[here].mean())
    return total


@pytest.mark.parametrize(("m", "c", "sharpness"), [(500, 2, 1.0), (500, 5, 3.0), (500, 5, 0.1), (7, 4, 1.0)])
def test_agreement(m, c, sharpness):
    log_proba, y = predictions(m, c, sharpness)
    s = score(jnp.asarray(log_proba), jnp.asarray(y))
    guess = log_proba.argmax(1)
    assert s.accuracy == pytest.approx(accuracy_score(y, guess), abs=1e-6)
    own = np.isin(guess, y)  # scikit-learn warns of guesses at classes that do not occur
    assert s.balanced_accuracy == pytest.approx(
        balanced_accuracy_score(y, np.where(own, guess, (y + 1) % (y.max() + 1))), abs=1e-6
    )
    macro = f1_score(y, guess, labels=np.unique(y), average="macro", zero_division=0.0)
    assert s.macro_f1 == pytest.approx(macro, abs=1e-6)
    proba = np.exp(log_proba.astype(np.float64))
    expected = log_loss(y, proba / proba.sum(1, keepdims=True), labels=np.arange(c))
    assert s.log_loss == pytest.approx(expected, rel=1e-5)
    assert s.calibration_error == pytest.approx(calibration(log_proba, y), abs=1e-5)


def test_who_knows_nothing_hits_one_in_c():
    y = jnp.array([0, 0, 0, 1])
    s = score(jnp.full((4, 4), -jnp.log(4.0)), y)
    assert s.accuracy == pytest.approx(0.25)
    assert s.balanced_accuracy == pytest.approx(0.25)
    # Each class is guessed as often as a point: F1 is 2·(3/4)/(3+1) and 2·(1/4)/(1+1).
    assert s.macro_f1 == pytest.approx((0.375 + 0.25) / 2)
    assert s.calibration_error == pytest.approx(0, abs=1e-6)
