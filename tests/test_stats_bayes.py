"""The Bayesian signed-rank test: against a slow version, another program's numbers, and its laws."""

import numpy as np
import polars as pl
import pytest

from askwell.core import SCHEMA, AskwellError
from askwell.stats import bayes_signed_rank, verdicts

EIGHT = (0.01, 0.02, -0.01, 0.004, 0.006, 0.03, 0.0, 0.012)
SIX_SIGMA = 6 * np.sqrt(0.25 / 50_000)


def slowly(differences, delta, seed, prior=1.0, samples=4000):
    """By loops over pairs, and weights from gamma variables: another stream of random numbers."""
    rng = np.random.default_rng(seed)
    z = [0.0, *differences]
    wins = np.zeros(3)
    for _ in range(samples):
        w = [rng.gamma(prior), *(rng.exponential() for _ in differences)]
        shares = [0.0, 0.0, 0.0]
        for a, wa in zip(z, w, strict=True):
            for b, wb in zip(z, w, strict=True):
                walsh = (a + b) / 2
                shares[0 if walsh > delta else 2 if walsh < -delta else 1] += wa * wb
        wins[int(np.argmax(shares))] += 1
    return wins / samples


@pytest.mark.parametrize("prior", [0.5, 1.0])
def test_agrees_with_a_slow_independent_version(prior):
    z = np.random.default_rng(1).normal(0.004, 0.008, 6)
    found = bayes_signed_rank(z, 0.005, prior=prior)
    error = np.sqrt(0.25 / 4000)
    np.testing.assert_allclose(found, slowly(z, 0.005, 7, prior), atol=4 * error)


def test_agrees_with_baycomp():
    # baycomp 1.0.3, SignedRankTest.probs(zeros, z, rope=0.005, nsamples=1_000_000, random_state=0), reversed.
    for prior, expected in [(1.0, (0.812490, 0.186172, 0.001338)), (0.5, (0.852759, 0.145647, 0.001594))]:
        np.testing.assert_allclose(bayes_signed_rank(EIGHT, 0.005, prior=prior), expected, atol=SIX_SIGMA)


def test_one_dataset_by_hand():
    # Shares: (1-w)² of pairs lie at 0.02, 2w(1-w) at 0.01, w² at 0, with w uniform. Bound 0.015: better wins
    # where (1-w)² > 1/2, so with probability 1 - √½; bound 0.005: where 1 - w² > 1/2.
    assert bayes_signed_rank([0.02], 0.015).better == pytest.approx(1 - np.sqrt(0.5), abs=SIX_SIGMA)
    assert bayes_signed_rank([0.02], 0.005).better == pytest.approx(np.sqrt(0.5), abs=SIX_SIGMA)


def test_probabilities_sum_to_one_and_mirror():
    found, mirrored = bayes_signed_rank(EIGHT, 0.005), bayes_signed_rank(np.negative(EIGHT), 0.005)
    assert sum(found) == pytest.approx(1)
    assert mirrored == pytest.approx((found.worse, found.equivalent, found.better))


def test_better_rises_with_every_shift_and_equivalent_with_delta():
    shifted = [bayes_signed_rank(np.add(EIGHT, shift), 0.005).better for shift in (-0.02, -0.005, 0, 0.005)]
    wider = [bayes_signed_rank(EIGHT, delta).equivalent for delta in (0.002, 0.005, 0.01, 0.05)]
    for values in (shifted, wider):
        assert values == sorted(values)
        assert values[0] < values[-1] - 0.5


def test_the_clear_cases():
    assert bayes_signed_rank([0.1] * 10, 0.005).better > 0.99
    assert bayes_signed_rank([0.0] * 10, 0.005) == (0.0, 1.0, 0.0)
    assert bayes_signed_rank([-0.1] * 10, 0.005).worse > 0.99


def test_seeded():
    assert bayes_signed_rank(EIGHT, 0.005, seed=3) == bayes_signed_rank(EIGHT, 0.005, seed=3)
    assert bayes_signed_rank(EIGHT, 0.005, seed=3) != bayes_signed_rank(EIGHT, 0.005, seed=4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 0.005), "at least one"),
        (([0.1, np.nan], 0.005), "finite"),
        (([[0.1]], 0.005), "shape"),
        (([0.1], 0.0), "delta is 0"),
        (([0.1], 0.005, 0, 0.0), "prior is 0"),
    ],
)
def test_wrong_arguments_say_so(arguments, message):
    with pytest.raises(AskwellError, match=message):
        bayes_signed_rank(*arguments)


def records(differences, splits=2, batches=(10,)):
    return pl.DataFrame(
        [
            {"dataset": f"d{d}", "strategy": name, "learner": "logistic", "batch": batch, "split": s}
            | {"round": 1, "labels": 10, "accuracy": 0.5 + (name == "margin") * z + 0.01 * s, "seconds": 0.1}
            for name in ("random", "margin")
            for d, z in enumerate(differences)
            for s in range(splits)
            for batch in batches
        ],
        schema=SCHEMA,
    )


@pytest.mark.parametrize(("splits", "batches"), [(2, (10,)), (5, (10, 20))])
def test_verdicts_hold_the_posterior_of_dataset_means(splits, batches):
    (found,) = verdicts(records(EIGHT, splits, batches), "random")
    expected = tuple(bayes_signed_rank(EIGHT, 0.005))
    # 0.01 and the prior's 0 lie just on the bound; adding 0.5 and taking it off again must not matter.
    assert (found.p_better, found.p_equivalent, found.p_worse) == pytest.approx(expected)


def test_below_five_datasets_there_is_no_posterior():
    (four,) = verdicts(records(EIGHT[:4]), "random")
    (five,) = verdicts(records(EIGHT[:5]), "random")
    assert (four.p_better, four.p_equivalent, four.p_worse) == (None, None, None)
    assert five.p_better is not None
