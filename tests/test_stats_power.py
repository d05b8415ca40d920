"""How many splits to plan for."""

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.power import TTestPower

from askwell.core import SCHEMA, AskwellError
from askwell.stats import bootstrap, judge, splits_needed


def records(differences):
    """Records of random and margin, from one array of split differences per dataset."""
    return pl.DataFrame(
        [
            {"dataset": f"d{d:02}", "strategy": name, "learner": "logistic", "batch": 10, "split": s}
            | {"round": 1, "labels": 10, "accuracy": 0.5 + (name == "margin") * z, "seconds": 0.1}
            for name in ("random", "margin")
            for d, row in enumerate(differences)
            for s, z in enumerate(row)
        ],
        schema=SCHEMA,
    )


def noise(sd, splits):
    """Differences with exactly that standard deviation."""
    return np.resize([1.0, -1.0], splits) * sd * np.sqrt((splits - 1) / splits) if splits > 1 else np.zeros(1)


@pytest.mark.parametrize("delta", [0.005, 0.01, 0.02, 0.03, 0.05])
def test_one_dataset_agrees_with_statsmodels(delta):
    needed = TTestPower().solve_power(effect_size=delta / 0.02, alpha=0.05, power=0.8)
    found = splits_needed(records([noise(0.02, 20)]), "margin", "random", delta)
    assert found == int(np.ceil(needed))


def test_the_difference_seen_so_far_plays_no_part():
    values = noise(0.02, 10)
    asked = {splits_needed(records([values + shift]), "margin", "random", 0.01) for shift in (-0.1, 0.0, 0.1)}
    assert len(asked) == 1


def test_smaller_differences_and_more_noise_need_more():
    def needed(delta, sd):
        return splits_needed(records([noise(sd, 10)] * 3), "margin", "random", delta)

    assert needed(0.005, 0.02) > needed(0.01, 0.02) > needed(0.01, 0.01) >= 2


def test_datasets_that_differ_are_not_settled_by_splits():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 0.05, (8, 1)) + rng.normal(0, 0.01, (8, 10))
    assert splits_needed(records(values), "margin", "random", 0.01) is None
    assert splits_needed(records(values), "margin", "random", 0.1) == 2


def test_datasets_of_one_split_take_the_others_spread():
    few, all_seen = [noise(0.02, 10)] * 3, [noise(0.02, 10)] * 4
    assert splits_needed(records([*few, [0.0]]), "margin", "random", 0.01) == splits_needed(
        records(all_seen), "margin", "random", 0.01
    )


@pytest.mark.parametrize(("k", "between"), [(1, 0.0), (4, 0.0), (12, 0.01)])
def test_following_the_answer_finds_the_difference_as_often_as_promised(k, between):
    rng = np.random.default_rng(k)
    seen = noise(between, k)[:, None] + noise(0.02, 100)
    n = splits_needed(records(seen), "margin", "random", 0.015)
    assert n is not None
    found = 0
    for seed in range(200):
        values = 0.015 + rng.normal(0, between, (k, 1)) + rng.normal(0, 0.02, (k, n))
        found += judge(bootstrap(list(values), seed, 500)) == "better"
    # At least the promise, less three standard errors; it may be more where 2 splits do too much already.
    assert found / 200 > 0.8 - 3 * np.sqrt(0.16 / 200)


def test_wrong_arguments_say_so():
    found = records([noise(0.02, 4)])
    with pytest.raises(AskwellError, match="delta is 0"):
        splits_needed(found, "margin", "random", 0)
    with pytest.raises(AskwellError, match="Unknown strategy 'badge'"):
        splits_needed(found, "badge", "random", 0.01)
    with pytest.raises(AskwellError, match="Known: random, margin"):
        splits_needed(found, "margin", "rnd", 0.01)
    with pytest.raises(AskwellError, match="run about 4 more splits first"):
        splits_needed(records([[0.1], [0.2]]), "margin", "random", 0.01)
