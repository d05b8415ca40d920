"""Paired differences and the bootstrap: exact properties, and coverage."""

import numpy as np
import polars as pl
import pytest
from scipy import stats as scipy_stats

from askwell.core import SCHEMA, AskwellError
from askwell.stats import bootstrap, components, differences


def record(dataset, strategy, split, accuracy, batch=10, learner="logistic"):
    return {"dataset": dataset, "strategy": strategy, "learner": learner, "batch": batch, "split": split} | {
        "round": 1,
        "labels": batch,
        "accuracy": accuracy,
        "seconds": 0.0,
    }


def frame(rows):
    return pl.DataFrame(rows, schema=SCHEMA)


def test_differences_pair_the_same_cell_and_drop_what_has_no_partner():
    records = frame(
        [
            record("wine", "random", 1, 0.5),
            record("wine", "random", 0, 0.75),
            record("wine", "random", 2, 0.1),  # margin never ran split 2
            record("wine", "margin", 0, 0.875),
            record("wine", "margin", 1, 0.25),
            record("wine", "margin", 3, 0.9),  # random never ran split 3
            record("wine", "margin", 1, 0.9, batch=20),  # nor this batch
            record("iris", "margin", 0, 0.9),  # nor this dataset
            record("iris", "lonely", 0, 0.9),  # shares nothing
        ]
    )
    found = differences(records, "random")
    assert list(found) == ["margin"]
    assert list(found["margin"]) == ["wine"]
    np.testing.assert_array_equal(found["margin"]["wine"], [0.125, -0.25])


def test_learners_and_batches_are_averaged_within_a_split():
    records = frame(
        [
            record("wine", s, 0, a, batch, learner)
            for s, batch, learner, a in [
                ("random", 10, "logistic", 0.5),
                ("random", 20, "logistic", 0.5),
                ("random", 20, "nearest", 0.25),
                ("margin", 10, "logistic", 0.75),
                ("margin", 20, "logistic", 0.625),
                ("margin", 20, "nearest", 0.625),
            ]
        ]
    )
    np.testing.assert_allclose(differences(records, "random")["margin"]["wine"], [0.25])


def test_differences_come_by_split_even_if_a_batch_lacks_one():
    cells = [(10, 1, 0.5), (10, 2, 0.25), (20, 0, 0.125)]
    rows = [record("wine", "random", split, 0.0, batch) for batch, split, _ in cells]
    rows += [record("wine", "margin", split, a, batch) for batch, split, a in cells]
    np.testing.assert_array_equal(differences(frame(rows), "random")["margin"]["wine"], [0.125, 0.5, 0.25])


def test_unknown_baseline_names_the_strategies_there_are():
    with pytest.raises(AskwellError, match=r"Did you mean 'random'\? Known: random, margin\."):
        differences(frame([record("a", "random", 0, 0.5), record("a", "margin", 0, 0.5)]), "randon")


def test_components_have_hand_computed_values():
    # Means 1 and 4, variances 2 and 8 over 2 splits each: noise (3 · 1 + 2 · 4) / 5, observed 10.8 / 4.
    near, far = np.array([0.0, 2.0]), np.array([2.0, 6.0])
    spread = components([near, far, near, far, near])
    assert spread.between == pytest.approx(0.5)
    assert spread.error() == pytest.approx(np.sqrt(2.7 / 5))
    assert spread.error(more=2) == pytest.approx(np.sqrt((0.5 + 1.1) / 5))
    assert spread.freedom() == spread.freedom(more=2) == 4
    given = components([near, far])
    assert given.between == 0.0
    assert given.error() == pytest.approx(np.sqrt(1 + 4) / 2)
    assert given.freedom() == pytest.approx((1 + 4) ** 2 / (1 + 16))
    assert given.freedom(more=2) == pytest.approx((0.5 + 2) ** 2 / (0.25 / 3 + 4 / 3))
    assert components([np.zeros(4), np.ones(3)]).freedom() == 3 + 2
    single = components([np.array([0.0, 2.0])])
    assert (single.between, single.freedom(more=3)) == (0.0, 4)
    assert single.error() == pytest.approx(1.0)


def test_a_single_dataset_agrees_with_scipy_but_for_the_stated_widening():
    values = np.random.default_rng(0).exponential(size=12)
    ours = bootstrap([values], resamples=40_000)
    theirs = scipy_stats.bootstrap((values,), np.mean, n_resamples=40_000, method="percentile", rng=1)
    widen = np.sqrt(12 / 11) * scipy_stats.t.ppf(0.975, 11) / scipy_stats.norm.ppf(0.975)
    # A percentile's Monte-Carlo error is about √(p(1-p)/B)/density = 0.013 standard errors at B = 40,000.
    tolerance = 4 * np.sqrt(2) * 0.013 * theirs.standard_error * widen
    low, high = theirs.confidence_interval - values.mean()
    assert ours.low - ours.estimate == pytest.approx(widen * low, abs=tolerance)
    assert ours.high - ours.estimate == pytest.approx(widen * high, abs=tolerance)
    assert high > -1.1 * low  # the sample is skewed, and so is the interval: not a t interval in disguise


@pytest.mark.parametrize(("noise", "splits"), [((1, 1), (20, 20)), ((1, 10), (30, 30)), ((10, 1), (12, 50))])
def test_two_datasets_agree_with_welchs_interval(noise, splits):
    rng = np.random.default_rng(0)
    values = [0.5 + 0.4 * i + rng.normal(0, 0.01 * noise[i], splits[i]) for i in range(2)]
    # Half the difference between one sample and the other turned over is the mean of the two.
    welch = scipy_stats.ttest_ind(values[0], -values[1], equal_var=False)
    assert components(values).freedom() == pytest.approx(welch.df)
    low, high = np.array(welch.confidence_interval(0.95)) / 2
    found = bootstrap(values, resamples=40_000)
    # Monte-Carlo error as above is 4 · 0.013 standard errors; means of 12 are not quite normal either.
    tolerance = 0.06 * (high - low)
    assert (found.low, found.high) == pytest.approx((low, high), abs=tolerance)


def test_a_dataset_without_noise_moves_and_halves_the_interval_of_the_other():
    noisy = np.random.default_rng(0).normal(size=20)
    # Were datasets resampled, a quarter of the draws would hold the noisy one twice, a quarter not at all.
    expected = np.array(bootstrap([noisy])) / 2 + 3.0
    assert bootstrap([noisy, np.full(5, 6.0)]) == pytest.approx(tuple(expected))


def test_the_fifth_dataset_turns_the_claim_to_datasets_in_general():
    noise = np.array([-0.01, 0.01, -0.02, 0.02])
    apart = [noise + shift for shift in (0.01, 0.09, 0.02, 0.08, 0.05)]
    alike = [noise + 0.05] * 5
    assert bootstrap(apart[:4]) == pytest.approx(bootstrap(alike[:4]))  # given: their gaps do not count
    four, five, same = bootstrap(apart[:4]), bootstrap(apart), bootstrap(alike)
    assert five.estimate == pytest.approx(same.estimate)
    assert five.high - five.low > 2 * (same.high - same.low)
    assert five.high - five.low > 2 * (four.high - four.low)  # more data, but a wider question


def test_many_datasets_agree_with_the_t_interval_of_their_means():
    rng = np.random.default_rng(2)
    # Splits make more of the noise than datasets: counting them twice would show.
    values = list(rng.normal(0, 0.02, (60, 1)) + rng.normal(0, 0.06, (60, 5)))
    means = np.mean(values, axis=1)
    low, high = scipy_stats.t.interval(0.95, 59, means.mean(), scipy_stats.sem(means))
    found = bootstrap(values)
    assert found.low == pytest.approx(low, abs=0.06 * (high - low))
    assert found.high == pytest.approx(high, abs=0.06 * (high - low))


def test_each_dataset_weighs_the_same():
    assert bootstrap([np.full(50, 1.0), np.full(2, 0.0)]).estimate == 0.5


def test_same_input_same_interval():
    values = list(np.random.default_rng(0).normal(size=(4, 6)))
    assert bootstrap(values, seed=3) == bootstrap(values, seed=3)
    assert bootstrap(values, seed=3) != bootstrap(values, seed=4)


def test_one_split_is_no_interval_but_one_split_on_many_datasets_is():
    assert bootstrap([np.array([0.25])]) == (0.25, None, None)
    found = bootstrap([np.array([v]) for v in (0.1, 0.2, 0.3, 0.4, 0.5)])
    assert found.low is not None
    assert found.low < 0.3 < found.high
    few = [np.array([0.1, 0.2, 0.3]), np.array([0.4])]
    assert bootstrap(few) == (pytest.approx(0.3), None, None)
    assert components(few).freedom() == 0


def test_no_spread_is_no_width():
    assert bootstrap([np.zeros(4)] * 3) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(("k", "s"), [(1, 5), (5, 10), (12, 10), (20, 3)])
def test_coverage_is_nominal(k, s):
    """Misses under a true difference of 0; exactly 5 % would be within 4 standard errors of this bound."""
    rng = np.random.default_rng(k)
    experiments = 500
    misses = 0
    for seed in range(experiments):
        centre = rng.normal(0, 0.01 if k > 1 else 0.0, (k, 1))
        _, low, high = bootstrap(list(centre + rng.normal(0, 0.02, (k, s))), seed, resamples=1000)
        misses += not low <= 0 <= high
    error = np.sqrt(0.05 * 0.95 / experiments)
    assert 0.05 - 4 * error < misses / experiments < 0.05 + 4 * error


@pytest.mark.parametrize("noise", [(0.02, 0.02, 0.02), (0.05, 0.005, 0.02)])
@pytest.mark.parametrize("s", [5, 10])
@pytest.mark.parametrize("k", [2, 3])
def test_coverage_of_the_mean_of_few_datasets_is_nominal(k, s, noise):
    """Misses of the mean over just these datasets, which differ; bound as above."""
    rng = np.random.default_rng(k)
    experiments = 1000
    misses = 0
    for seed in range(experiments):
        centre = rng.normal(0, 0.03, k)
        values = [rng.normal(c, sd, s) for c, sd in zip(centre, noise, strict=False)]
        _, low, high = bootstrap(values, seed, resamples=1000)
        misses += not low <= centre.mean() <= high
    error = np.sqrt(0.05 * 0.95 / experiments)
    assert 0.05 - 4 * error < misses / experiments < 0.05 + 4 * error
