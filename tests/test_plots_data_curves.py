"""Data curves: quantiles and variance components by hand."""

import itertools

import numpy as np
import polars as pl
import pytest

from askwell.plots import FIGURES, Samples, data_curves, save


def test_components_of_a_design_by_hand():
    # Two splits, two samples each, two learners each. Within: differences of 2, variance 2 each.
    values = np.array([[[0.0, 2.0], [4.0, 6.0]], [[10.0, 12.0], [14.0, 16.0]]])
    # Sample means 1, 5 | 11, 15: variance 8 each, so MS = 16 and the part (16 - 2) / 2 = 7.
    # Split means 3 and 13: variance 50, so MS = 200 and the part (200 - 16) / 4 = 46.
    assert data_curves.nested(values) == (46.0, 7.0, 2.0)


def test_components_are_never_negative():
    values = np.array([[[0.0, 2.0], [0.0, 2.0]], [[0.0, 2.0], [0.0, 2.0]]])
    assert data_curves.nested(values) == (0.0, 0.0, 2.0)


@pytest.mark.parametrize("seed", range(3))
def test_components_are_found_again(seed):
    rng = np.random.default_rng(seed)
    values = (
        3 * rng.normal(size=(400, 1, 1)) + 2 * rng.normal(size=(400, 10, 1)) + rng.normal(size=(400, 10, 3))
    )
    np.testing.assert_allclose(np.sqrt(data_curves.nested(values)), [3, 2, 1], rtol=0.1)


def samples(lead=None, splits=20, deviation=0.02):
    rng = np.random.default_rng(0)
    rows = []
    for split, sample in itertools.product(range(6), range(6)):
        shift = rng.normal(0, deviation)
        rows += [
            {"dataset": "d", "split": split, "sample": sample, "learner": learner, "labels": labels}
            | {"training_loss": 0.1, "log_loss": 1.0, "accuracy": 0.5 + labels / 100 + shift}
            for learner in range(2)
            for labels in (10, 20)
        ]
    return Samples(pl.DataFrame(rows), {"d": ("margin", lead)} if lead else {}, splits)


def test_quantiles_and_parts():
    found = data_curves.data(samples())
    end = found.bands.filter(metric="accuracy", labels=20)
    accuracy = samples().curves.filter(labels=20)["accuracy"]
    assert end["q25"][0] == pytest.approx(np.quantile(accuracy, 0.25))
    assert end["q95"][0] == pytest.approx(np.quantile(accuracy, 0.95))
    row = found.spread.row(0, named=True)
    assert row["learner"] == pytest.approx(0, abs=1e-9)
    assert row["sample"] == pytest.approx(0.02, rel=0.3)
    assert found.noise["d"] == pytest.approx(np.sqrt(2) * row["sample"])
    assert found.episodes == 72


def test_episodes_needed_by_hand():
    assert data_curves.needed(0.1, 0.05) == 32  # 7.85 × 4 = 31.4
    assert data_curves.needed(0.001, 0.5) == 2


def test_the_sentence_says_whether_random_is_too_noisy():
    clear, unclear = (data_curves.caption(data_curves.data(samples(lead, 20))) for lead in (0.05, 0.001))
    assert clear.startswith(
        "On d, 84% of the variance after 20 labels is the sample's; one random episode differs"
    )
    assert "this set's signal is not too noisy (20 were played)" in clear
    assert "A verdict may know more" not in clear
    assert "too noisy for this run (20 were played). A verdict may know more" in unclear
    assert "noisy" not in data_curves.caption(data_curves.data(samples()))


def test_panels(tmp_path):
    assert FIGURES["data-curves"] is data_curves
    panels = data_curves.charts(data_curves.data(samples()))
    assert [panel.title for panel in panels] == [
        "training loss",
        "log-loss",
        "accuracy",
        "spread of accuracy",
    ]
    save("data-curves", samples(), tmp_path / "d.png")
    assert (tmp_path / "d.png").stat().st_size > 10_000
