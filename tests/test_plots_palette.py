"""Colours, markers and the nudging of names."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from askwell.plots import style
from askwell.plots.labels import spread_apart
from askwell.plots.palette import _KNOWN
from askwell.strategies import STRATEGIES

KNOWN = tuple(_KNOWN)
FIRST = (
    *("random", "least-confidence", "margin", "entropy", "power-margin", "coreset"),
    *("typiclust", "uherding", "margin-herding", "oracle", "learned"),
)


def test_the_first_strategies_differ_in_colour_and_in_marker():
    assert len({style(name).colour for name in FIRST}) == len(FIRST)
    assert len({style(name).marker for name in FIRST}) == len(FIRST)


def test_no_two_strategies_share_colour_and_marker():
    names = {*KNOWN, *STRATEGIES}
    assert len({style(name) for name in names}) == len(names)


def test_every_registered_strategy_is_known():
    assert set(STRATEGIES) <= set(KNOWN)


def test_an_unknown_strategy_has_one_style_that_no_known_one_has():
    assert style("mine") == style("mine")
    assert len({style(f"mine-{i}") for i in range(200)}) == 35  # all colours with all markers
    assert {style(f"mine-{i}").colour for i in range(200)}.isdisjoint(style(name).colour for name in KNOWN)


def test_matplotlib_knows_every_colour_and_marker():
    for name in [*KNOWN, *(f"mine-{i}" for i in range(200))]:
        to_rgb(style(name).colour)
        Line2D([], [], marker=style(name).marker)


def test_names_that_are_apart_stay():
    np.testing.assert_array_equal(spread_apart(np.array([30.0, 10.0]), 10, 0, 100), [30, 10])


def test_names_are_spread_by_hand_computed_amounts():
    # Two that coincide share the gap; a third pushes at them; the rim pushes back.
    np.testing.assert_allclose(spread_apart(np.array([50.0, 50.0]), 10, 0, 100), [45, 55])
    np.testing.assert_allclose(spread_apart(np.array([50.0, 50.0, 53.0]), 10, 0, 100), [41, 51, 61])
    np.testing.assert_allclose(spread_apart(np.array([99.0, 100.0]), 10, 0, 100), [90, 100])
    np.testing.assert_allclose(spread_apart(np.array([0.0, 1.0]), 10, 0, 100), [0, 10])


@pytest.mark.parametrize("seed", range(20))
def test_names_keep_their_order_and_distance(seed):
    wanted = np.random.default_rng(seed).uniform(0, 100, 8)
    placed = spread_apart(wanted, 10, 0, 100)
    assert (np.argsort(placed) == np.argsort(wanted)).all()
    assert np.diff(np.sort(placed)).min() >= 10 - 1e-9
    assert placed.min() >= 0
    assert placed.max() <= 100
