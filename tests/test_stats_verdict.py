"""Verdicts: the rule, the words, and how often they are right."""

import numpy as np
import polars as pl
import pytest

from askwell.core import SCHEMA, AskwellError
from askwell.stats import Interval, Verdict, bootstrap, components, judge, more_splits, verdicts


def grid(accuracy, batches=(10,)):
    """Records from ``{strategy: [dataset, split]}``, the same accuracy in both of two rounds."""
    return pl.DataFrame(
        [
            {"dataset": f"d{d:02}", "strategy": name, "learner": "logistic", "batch": batch, "split": s}
            | {"round": r, "labels": r * batch, "accuracy": float(a), "seconds": 0.1}
            for name, table in accuracy.items()
            for (d, s), a in np.ndenumerate(table)
            for batch in batches
            for r in (1, 2)
        ],
        schema=SCHEMA,
    )


def simulate(rng, k, s, difference=0.0, between=0.01, within=0.02):
    return list(rng.normal(difference, between if k > 1 else 0.0, (k, 1)) + rng.normal(0, within, (k, s)))


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.001, 0.004, "better"),  # small, but surely so
        (-0.004, -0.001, "worse"),
        (-0.004, 0.004, "equivalent"),
        (-0.005, 0.004, "not enough evidence"),
        (-0.004, 0.02, "not enough evidence"),
        (0.0, 0.0, "equivalent"),
        (None, None, "not enough evidence"),
    ],
)
def test_rule(low, high, word):
    assert judge(Interval(0.0, low, high), delta=0.005) == word


def test_sentences():
    def sentence(word, difference, low, high, more=None, splits=10, datasets=5):
        return Verdict("s", "random", difference, low, high, word, more, 0.005, datasets, splits).sentence

    assert sentence("better", 0.031, 0.024, 0.038) == "better than random by 0.031 [0.024, 0.038]"
    assert sentence("worse", -0.031, -0.038, -0.024) == "worse than random by 0.031 [0.024, 0.038]"
    assert sentence("equivalent", 0.001, -0.001, 0.003) == "equivalent to random within 0.005"
    word = "not enough evidence"
    assert sentence(word, 0.01, -0.01, 0.03, 14) == f"{word}: about 14 more splits would settle it"
    assert sentence(word, 0.01, -0.01, 0.03, 1) == f"{word}: about 1 more split would settle it"
    assert sentence(word, 0.01, -0.01, 0.03) == (
        f"{word}: more splits would probably not settle it, more datasets would"
    )
    assert sentence(word, 0.01, None, None, 4, splits=1) == (
        f"{word}: one split does not show the spread, run about 4 more"
    )
    for datasets, scope in [(1, ""), (2, " on these 2 datasets"), (4, " on these 4 datasets"), (5, "")]:
        assert sentence("better", 0.031, 0.024, 0.038, datasets=datasets) == (
            f"better than random by 0.031 [0.024, 0.038]{scope}"
        )
        assert sentence("equivalent", 0.001, -0.001, 0.003, datasets=datasets) == (
            f"equivalent to random within 0.005{scope}"
        )
        assert sentence(word, 0.01, -0.01, 0.03, 14, datasets=datasets) == (
            f"{word}: about 14 more splits would settle it"
        )


def test_verdicts_of_a_small_grid():
    noise = np.random.default_rng(0).normal(0, 0.05, (6, 5))  # of the splits, shared by all
    own = np.random.default_rng(1).normal(0, 0.002, (6, 5))
    found = verdicts(
        grid({"oracle": 0.8 + noise, "random": 0.7 + noise, "twin": 0.7 + noise, "poor": 0.6 + noise + own}),
        "random",
    )
    assert [(v.strategy, v.verdict) for v in found] == [
        ("oracle", "better"),
        ("twin", "equivalent"),
        ("poor", "worse"),
    ]
    assert found[1].low == found[1].high == 0.0
    # Pairing: split noise of 0.05 would give an unpaired interval of about ±0.03.
    assert found[2].high - found[2].low < 0.005
    assert (found[0].datasets, found[0].splits, found[0].more_splits) == (6, 5, None)


def test_one_split_of_one_dataset_is_not_enough_evidence():
    (found,) = verdicts(grid({"random": [[0.5]], "margin": [[0.75]]}), "random")
    assert (found.verdict, found.difference, found.low, found.high) == (
        "not enough evidence",
        0.25,
        None,
        None,
    )
    assert found.more_splits == 4


def test_one_split_of_one_among_few_datasets_is_not_enough_evidence():
    records = grid({"random": np.full((2, 6), 0.5), "margin": np.full((2, 6), 0.75)})
    (found,) = verdicts(records.filter((pl.col("dataset") == "d00") | (pl.col("split") == 0)), "random")
    assert (found.verdict, found.low, found.high, found.more_splits) == ("not enough evidence", None, None, 4)
    assert found.splits == 6
    assert found.sentence == "not enough evidence: one split does not show the spread, run about 4 more"


def test_a_clear_difference_on_two_datasets_is_found():
    rng = np.random.default_rng(0)
    # Far apart as datasets, but the error of their mean is 0.02 / √40 = 0.003: ten times less than it.
    values = rng.normal([[0.01], [0.05]], 0.02, (2, 20))
    (found,) = verdicts(grid({"random": np.full((2, 20), 0.7), "margin": 0.7 + values}), "random")
    assert found.verdict == "better"
    assert found.sentence.endswith(" on these 2 datasets")


def test_what_holds_for_four_datasets_may_be_open_for_datasets_in_general():
    rng = np.random.default_rng(0)
    values = rng.normal([[0.01], [0.08], [0.0], [0.07], [0.01]], 0.01, (5, 20))
    table = {"random": np.full((5, 20), 0.7), "margin": 0.7 + values}
    (four,) = verdicts(grid({name: accuracy[:4] for name, accuracy in table.items()}), "random")
    (five,) = verdicts(grid(table), "random")
    assert (four.verdict, five.verdict) == ("better", "not enough evidence")
    assert five.more_splits is None


def test_wrong_arguments_say_so():
    records = grid({"random": [[0.5]], "margin": [[0.75]]})
    with pytest.raises(AskwellError, match="Known: random, margin"):
        verdicts(records, "rnd")
    with pytest.raises(AskwellError, match="delta is 0"):
        verdicts(records, "random", delta=0)


def test_the_order_of_the_rows_changes_nothing():
    rng = np.random.default_rng(0)
    records = grid(
        {name: rng.normal(0.7, 0.02, (4, 6)) for name in ("random", "margin", "entropy")}, (10, 20)
    )
    expected = {v.strategy: v for v in verdicts(records, "random")}
    for seed in range(3):
        shuffled = records.sample(fraction=1, shuffle=True, seed=seed)
        assert {v.strategy: v for v in verdicts(shuffled, "random")} == expected


def test_a_second_batch_size_is_no_further_evidence():
    rng = np.random.default_rng(0)
    table = {"random": rng.normal(0.7, 0.02, (8, 5)), "margin": rng.normal(0.71, 0.02, (8, 5))}
    (one,) = verdicts(grid(table), "random")
    (two,) = verdicts(grid(table, batches=(10, 20)), "random")
    assert (two.low, two.high) == pytest.approx((one.low, one.high))


def test_a_true_null_is_settled_wrongly_in_about_five_per_cent():
    rng = np.random.default_rng(0)
    experiments = 500
    wrong = sum(
        judge(bootstrap(simulate(rng, 12, 10), seed, 1000)) in ("better", "worse")
        for seed in range(experiments)
    )
    error = np.sqrt(0.05 * 0.95 / experiments)
    assert abs(wrong / experiments - 0.05) < 4 * error < 0.04


def test_a_true_difference_is_found():
    rng = np.random.default_rng(0)
    # The standard error is √((0.01² + 0.02²/10)/12) = 0.0034: six of them, far beyond t_11 = 2.2.
    words = [judge(bootstrap(simulate(rng, 12, 10, 0.02), seed, 1000)) for seed in range(50)]
    assert words.count("better") >= 49


@pytest.mark.parametrize("k", [1, 2, 4, 5, 12])
def test_following_more_splits_settles_most_cases(k):
    rng = np.random.default_rng(k)
    followed = settled = 0
    for seed in range(200):
        between = np.exp(rng.uniform(np.log(0.001), np.log(0.02))) if k > 1 else 0.0
        centre = rng.normal(rng.normal(0, 0.01), between, (k, 1))
        values = list(centre + rng.normal(0, 0.02, (k, 5)))
        interval = bootstrap(values, seed, 1000)
        if judge(interval) != "not enough evidence":
            continue
        more = more_splits(interval, components(values), 0.005)
        if more is None:
            continue
        longer = [np.r_[v, rng.normal(c, 0.02, more)] for v, c in zip(values, centre[:, 0], strict=True)]
        followed += 1
        settled += judge(bootstrap(longer, seed, 1000)) != "not enough evidence"
    assert followed > 40
    # Measured 62-85 %; a fair coin would pass this with a chance of 5 % or less.
    assert settled / followed > 0.5 + 1.645 * 0.5 / np.sqrt(followed)


def test_splits_cannot_settle_what_datasets_differ_in():
    rng = np.random.default_rng(0)
    values = simulate(rng, 6, 20, between=0.03, within=0.005)
    interval = bootstrap(values)
    assert judge(interval) == "not enough evidence"
    assert more_splits(interval, components(values), 0.005) is None


def test_what_few_datasets_differ_in_needs_no_more_splits():
    noise = np.array([0.05, -0.05, 0.03, -0.03])
    for shifts in ([0.5, -0.5], [0.5, 0.25, -0.5, -0.25]):
        apart, alike = [noise + shift for shift in shifts], [noise for _ in shifts]
        asked = more_splits(bootstrap(apart), components(apart), 0.005)
        assert asked is not None
        assert asked == more_splits(bootstrap(alike), components(alike), 0.005)


def test_a_larger_difference_needs_fewer_splits():
    noise = np.array([0.05, -0.05, 0.03, -0.03])
    near, far = ([noise + shift] for shift in (0.0025, 0.03))
    far_asked = more_splits(bootstrap(far), components(far), 0.005)
    assert 1 <= far_asked < more_splits(bootstrap(near), components(near), 0.005) / 2


def test_more_splits_falls_with_every_split_already_run():
    values = np.resize([0.03, -0.02], 64)
    asked = [more_splits(bootstrap([values[:s]]), components([values[:s]]), 0.005) for s in (8, 16, 32, 64)]
    assert asked == sorted(asked, reverse=True)
    # Hand: settled for sure once 1.97 · 0.025 / √n < delta / 2, near n = 388; likely well before.
    assert 20 < asked[-1] < 388 - 64


def test_a_whole_sentence_for_every_verdict():
    def said(word, more=3):
        return Verdict("mine", "random", 0.02, 0.01, 0.03, word, more, 0.005, 1, 20).said

    assert said("better", None) == "mine is better than random by 0.020 [0.010, 0.030]"
    assert said("equivalent", None) == "mine is equivalent to random within 0.005"
    assert said("not enough evidence") == "mine: not enough evidence: about 3 more splits would settle it"
