"""The strategy of a domain: how the past chooses it, and that ``policy:DIRECTORY`` plays it."""

import json

import numpy as np
import pytest

import askwell
from askwell import AskwellError
from askwell.data import rows_of
from askwell.encoders.candidates import NONE
from askwell.policies import make_strategy, save_choice
from askwell.training.history import learn_metric


def past():
    """Ten classes of two clumps each: who asks in both halves learns sooner than chance."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(10), 100)
    centres = 1.5 * rng.normal(size=(10, 2, 6))
    x = centres[y, rng.integers(0, 2, len(y))] + 0.5 * rng.normal(size=(len(y), 6))
    return rows_of("past", x.astype(np.float32), y, labelled=True)


@pytest.fixture(scope="module")
def learned():
    names = ("random", "uherding", "margin-herding")
    return {names: learn_metric(past(), strategies=names, family={}) for names in (names, names[::-1])}


def test_another_strategy_is_taken_where_it_is_surely_better(learned):
    found = learned["random", "uherding", "margin-herding"]
    assert found.name == NONE
    best, *_, worst = found.strategies
    assert found.strategy == best.name != "random" == worst.name
    assert best.gain > 2 * best.se > 0
    assert (worst.gain, worst.se) == (0.0, 0.0)
    assert found.why.startswith(f"There {best.name} reached {best.score:.3f}, better than random by 0.")


def test_else_the_first_is_kept(learned):
    found = learned["margin-herding", "uherding", "random"]
    assert found.strategy == "margin-herding"
    assert (
        found.why == "No other strategy was better than margin-herding by more than 2 standard errors there."
    )
    scores = [{one.name: one.score for one in each.strategies} for each in learned.values()]
    assert scores[0] == pytest.approx(scores[1])  # whoever comes first, all play the same games


def test_a_metric_that_is_better_when_low_is_minded():
    found = learn_metric(past(), strategies=("random", "uherding"), family={}, metric="log-loss")
    first, last = found.strategies
    assert first.gain >= last.gain
    assert np.sign(first.gain - last.gain) == np.sign(last.score - first.score)


def test_a_directory_plays_its_strategy(tmp_path):
    save_choice("margin", tmp_path)
    assert make_strategy(f"policy:{tmp_path}").name == "margin"
    chosen = f"policy:{tmp_path}"
    records = askwell.compare("iris", strategies=["margin", chosen], baseline="margin", splits=2).records
    margin, same = (records.filter(strategy=name).drop("strategy", "seconds") for name in ("margin", chosen))
    assert len(margin) == 20
    assert margin.equals(same)
    x = past().features.to_numpy()
    assert askwell.ask(x, strategy=chosen, batch=5).ids == askwell.ask(x, strategy="margin", batch=5).ids


def test_a_run_does_not_go_on_with_another_choice(tmp_path):
    chosen = f"policy:{tmp_path}"
    settings = {"strategies": [chosen, "random"], "baseline": "random", "splits": 1, "out": tmp_path / "run"}
    save_choice("margin", tmp_path)
    askwell.compare("iris", **settings)
    save_choice("entropy", tmp_path)
    with pytest.raises(
        AskwellError, match=r"^The strategy of policy:.* changed since .*; choose another --out"
    ):
        askwell.compare("iris", **settings)


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"strategy": "nobody"})])
def test_a_damaged_choice_is_said(tmp_path, text):
    (tmp_path / "strategy.json").write_text(text)
    with pytest.raises(AskwellError, match=r"is damaged; run `askwell train --history` again|'nobody'"):
        make_strategy(f"policy:{tmp_path}")
