"""Figures of a training: their data by hand, and pictures that show collapse where there is one and none elsewhere."""

import numpy as np
import polars as pl
import pytest

from askwell.core import AskwellError
from askwell.plots import (
    FIGURES,
    Training,
    class_shares,
    collapse,
    decisions,
    fixed_point,
    gradient,
    save,
    validation,
)
from askwell.plots.palette import ALARM
from askwell.plots.updates import POINTS, binned
from askwell.report import open_run
from askwell.training.store import HISTORIES
from fabricated import write_training

NAMES = [name for name, figure in FIGURES.items() if figure.SOURCE == "training"]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    return open_run(write_training(tmp_path_factory.mktemp("run") / "healthy")).source("training")


@pytest.fixture(scope="module")
def collapsed(tmp_path_factory):
    return open_run(write_training(tmp_path_factory.mktemp("run") / "collapsed", True)).source("training")


def training(updates=(), chosen=(), validations=()):
    """A training with just the columns that matter."""
    return Training(pl.DataFrame(updates), pl.DataFrame(chosen), pl.DataFrame(validations))


def test_bins_by_hand():
    updates = [
        {"seed": s, "update": u, "reward": float(u + 10 * s)} for s in (0, 1) for u in range(2 * POINTS)
    ]
    frame = binned(training(updates), ["reward"], "reward")
    assert len(frame) == POINTS
    # Updates 0 and 1: seed 0 has 0.5 on average, seed 1 has 10.5.
    assert frame.row(0, named=True) == {
        "stretch": 0, "update": 0.5, "reward": 5.5, "reward_low": 0.5, "reward_high": 10.5, "width": 2,
    }  # fmt: skip


def test_bins_of_one_seed_span_its_updates():
    updates = [{"seed": 0, "update": u, "reward": float(u % 2)} for u in range(2 * POINTS)]
    frame = binned(training(updates), ["reward"], "reward")
    assert frame.select("reward", "reward_low", "reward_high").row(0) == (0.5, 0.0, 1.0)


def chosen(seed, update, shares, kind="group", prior=None):
    prior = prior or [1 / len(shares)] * len(shares)
    return [
        {"seed": seed, "update": update, "round": 0, "kind": kind, "index": i, "share": s, "prior": prior[i]}
        for i, s in enumerate(shares)
    ]


UPDATES = [{"seed": 0, "update": u, "warning": "it collapsed." if u == 5 else ""} for u in range(11)]


def test_decisions_are_sorted_by_their_end_and_warnings_stand_over_their_column():
    logged = chosen(0, 0, [0.5, 0.3, 0.2]) + chosen(0, 4, [0.2, 0.3, 0.5]) + chosen(0, 8, [0.1, 0.2, 0.7])
    (found,) = decisions.data(training(UPDATES, logged))
    assert (found.which, found.updates) == ([2, 1, 0], [0, 4, 8])
    np.testing.assert_allclose(found.shares[:, 0], [[0.2, 0.3, 0.5], [0.5, 0.3, 0.2], [0.7, 0.2, 0.1]])
    over, rounds = decisions.charts([found])
    assert over.marks == ((1, "it collapsed"),)
    np.testing.assert_allclose(over.z[0], [20, 50, 70])
    np.testing.assert_allclose(rounds.z[:, 0], [70, 20, 10])
    assert "group 2 takes 70% of the batch (33% of the pool)" in decisions.caption([found])


def test_distance_to_the_end_by_hand():
    logged = chosen(0, 0, [1.0, 0.0]) + chosen(0, 5, [0.5, 0.5]) + chosen(0, 10, [0.48, 0.52])
    (way,) = fixed_point.data(training(UPDATES, logged))
    np.testing.assert_allclose(way.distance, [0.52, 0.02, 0.0])
    assert fixed_point.caption([way]).startswith(
        "Group decisions stay within 0.05 of their end after update 0 "
    )
    late = chosen(0, 0, [1.0, 0.0]) + chosen(0, 5, [0.9, 0.1]) + chosen(0, 10, [0.5, 0.5])
    assert "still move at the end" in fixed_point.caption(fixed_point.data(training(UPDATES, late)))


def test_class_shares_by_hand():
    found = class_shares.data(training(UPDATES, chosen(0, 3, [0.2, 0.8], "class", [0.6, 0.4])))
    (panel,) = class_shares.charts(found)
    assert [(dot.row, round(dot.value), dot.name) for dot in panel.dots] == [
        ("class 1", 40, "of the pool"), ("class 1", 80, "of the batch"),
        ("class 0", 60, "of the pool"), ("class 0", 20, "of the batch"),
    ]  # fmt: skip
    assert class_shares.caption(found) == (
        "Class 1 is asked most beyond its share: 80% of the batch, 40% of the pool. In all 40% of a batch lies "
        "elsewhere than the pool would put it."
    )
    with pytest.raises(AskwellError, match="no decision over classes"):
        class_shares.data(training(UPDATES, chosen(0, 3, [0.2, 0.8])))


def test_validation_spans_seeds():
    rows = [
        {"seed": s, "update": 9, "against": "random", "difference": d, "low": d - 0.01, "high": d + 0.01}
        for s, d in ((0, 0.02), (1, 0.04))
    ]
    found = validation.data(training([], [], rows))
    assert found.select("difference", "low", "high").row(0) == pytest.approx((0.03, 0.01, 0.05))
    assert "above random (+0.030 [+0.010, +0.050])" in validation.caption(found)
    for low, high, word in (
        (-0.002, 0.002, "equivalent to"),
        (-0.02, 0.01, "not told apart from"),
        (-1, -0.1, "below"),
    ):
        row = {
            "seed": 0,
            "update": 9,
            "against": "margin",
            "difference": (low + high) / 2,
            "low": low,
            "high": high,
        }
        assert f"the policy is {word} margin" in validation.caption(validation.data(training([], [], [row])))


def test_gradient_ratio_is_taken_update_by_update():
    rows = [
        {"seed": 0, "update": u, "gradient": g, "shuffled": s, "agreement": None, "chance": None}
        for u, (g, s) in enumerate([(4.0, 1.0), (1.0, 1.0)])
    ]
    found = gradient.data(training(rows))
    assert found["ratio"].to_list() == [4.0, 1.0]
    assert len(gradient.charts(found)) == 2  # agreement was not taken
    assert "1.0 times that of shuffled rewards: hardly more than noise" in gradient.caption(found)


def test_collapse_shows_where_there_is_one_and_not_elsewhere(healthy, collapsed):
    bad, good = collapse.data(collapsed), collapse.data(healthy)
    assert collapse.caption(bad).startswith("Collapse: at update ")
    assert (
        "fewer than 2 groups (seed 0) (2 warnings in all); a batch asks in 7.2 groups at first"
        in collapse.caption(bad)
    )
    other = collapse.caption(good._replace(warnings=[(7, "No signal: in only 2 of 50 updates.")]))
    assert other.startswith("No warning of collapse: ")
    assert other.endswith("Red: at update 7, No signal: in only 2 of 50 updates.")
    assert collapse.caption(good).startswith(
        "No warning of collapse: a batch asks in 8.0 groups at first and 8.0"
    )
    for found, colour, marks in ((bad, ALARM, 2), (good, "#0072b2", 0)):
        panels = collapse.charts(found)
        assert {line.colour for panel in panels for line in panel.lines} == {colour}
        assert {len(panel.marks) for panel in panels} == {marks}
        for figure in collapse.plotly(found):
            # Both seeds' warnings fell at one update: one sign that says both.
            signs = [note.hovertext for note in figure.layout.annotations if note.text == "<b>!</b>"]
            assert signs == (["<br>".join(word for _, word in found.warnings)] if marks else [])
    wide, narrow = (decisions.data(one)[0].shares[-1].max() for one in (collapsed, healthy))
    assert wide > 0.98
    assert narrow == pytest.approx(1 / 8)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_drawn_and_says_something(name, collapsed, tmp_path):
    module = FIGURES[name]
    caption = save(name, collapsed, tmp_path / f"{name}.png")
    assert caption.endswith(".")
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    found = module.data(collapsed)
    assert len(module.alt(found)) > 30
    assert all(panel.data for panel in module.plotly(found))


def test_the_painting_moves(collapsed, tmp_path):
    from PIL import Image

    save("decisions", collapsed, tmp_path / "d.gif")
    with Image.open(tmp_path / "d.gif") as film:
        assert film.n_frames == 7  # updates 0, 10, …, 50, 59
    frames = decisions.plotly(decisions.data(collapsed))[1].frames
    assert [frame.layout.title.text for frame in frames][-1] == "Groups over rounds, update 59"
    assert frames[0].data[0].z.max() < frames[-1].data[0].z.max()


def test_a_training_without_updates_says_so():
    empty = Training(*(pl.DataFrame(schema=columns) for columns in HISTORIES.values()))
    for name in NAMES:
        with pytest.raises(AskwellError, match=r"yet"):
            FIGURES[name].data(empty)
