"""The rule that does best on the labels so far: it is found where there is evidence, and never without."""

from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from askwell.core import NOT_ASKED, AbstractStrategy, AskwellError, View, gathered
from askwell.learners import make_learner
from askwell.strategies import Adaptive, Random, UHerding
from askwell.strategies.pickers import top_k

KEY, N, B = jax.random.key(3), 120, 60


class OneSided(AbstractStrategy):
    """Asks from left to right, so that it meets one class first."""

    name: ClassVar[str] = "one-sided"

    def select(self, key, view, q):
        """See `AbstractStrategy.select`."""
        return top_k(key, -view.x[:, 0], view.asked, q)


def view(labels, seed=0):
    """Two classes, left and right; so many random labels."""
    rng = np.random.default_rng(seed)
    truth = np.arange(N) % 2
    x = jnp.asarray(rng.normal(size=(N, 2)) + 4 * np.stack([truth, 0 * truth], 1), jnp.float32)
    rows = jnp.full(B, N).at[:labels].set(rng.permutation(N)[:labels])
    y = jnp.full(N, NOT_ASKED).at[rows].set(jnp.asarray(truth)[rows], mode="drop")
    learner = make_learner("logistic")
    fitted = learner.fit(KEY, *gathered(x, y, rows), 2)
    return View.of(x, fitted.log_proba(x), y, rows, learner=learner, fitted=fitted)


@pytest.mark.parametrize("rules", [(OneSided(), Random()), (Random(), OneSided())])
def test_the_better_rule_is_found_from_the_labels_alone(rules):
    adaptive = Adaptive(rules, (0.0, 0.0), spread=0.2)
    seen = view(50)
    rated = np.asarray(jax.jit(adaptive.rated)(KEY, seen))
    assert rated[0] == 0
    assert (rated[1] > 0.05) if isinstance(rules[1], Random) else (rated[1] < -0.05)
    picks = np.asarray(jax.jit(lambda seen: adaptive.select(KEY, seen, 5))(seen))
    assert not np.asarray(seen.asked)[picks].any()
    asks = np.asarray(Random().select(jax.random.split(KEY)[1], seen, 5))
    np.testing.assert_array_equal(picks, asks)


def test_few_labels_change_nothing():
    adaptive = Adaptive((UHerding(), Random()), (0.0, -0.02))
    seen = view(23)
    np.testing.assert_allclose(adaptive.rated(KEY, seen), [0.0, -0.02], atol=1e-6)
    asks = UHerding().select(jax.random.split(KEY)[1], seen, 5)
    np.testing.assert_array_equal(adaptive.select(KEY, seen, 5), asks)


def test_noise_is_shrunk_to_what_is_known_from_elsewhere():
    leads = []
    for spread in (1e-6, 1e6):
        adaptive = Adaptive((OneSided(), Random()), (0.0, -0.5), spread=spread)
        leads.append(float(adaptive.rated(KEY, view(50))[1]))
    assert leads[0] == pytest.approx(-0.5, abs=1e-3)
    assert leads[1] > 0.05


def test_what_cannot_be_is_refused():
    with pytest.raises(AskwellError, match="a lead for each of its rules"):
        Adaptive((Random(),), (0.0, 0.1))
    with pytest.raises(AskwellError, match="1 trials; give at least 2"):
        Adaptive(trials=1)
