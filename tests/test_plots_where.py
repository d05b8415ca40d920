"""Where strategies ask: what is computed by hand, frames on the web, stills and films."""

import numpy as np
import pytest
from PIL import Image

from askwell.plots import Replay, Scene, save, where
from askwell.plots.where_web import NUMBERED

XY = np.array([[0, 0], [1, 0], [3, 0], [0, 4], [5, 5], [6, 6]], float)
Y = np.array([0, 0, 0, 1, 1, 1])


def scene(name, picks, grid=None):
    rounds = len(picks)
    belief = np.zeros((rounds, len(XY)), int)
    belief[1:, 3:] = 1
    confidence = np.full((rounds, len(XY)), 0.5)
    confidence[1:] = np.linspace(0.5, 1, len(XY))
    regions = score = None
    if grid:
        regions, score = np.ones((rounds, grid, grid), int), np.full((rounds, grid, grid), 0.8)
    labels, accuracy = np.array([2, 4])[:rounds], np.array([0.5, 0.75])[:rounds]
    return Scene(
        name, [np.array(batch, int) for batch in picks], labels, belief, confidence, accuracy, regions, score
    )


def replay(*scenes, start=()):
    box = (-1.0, 7.0, -1.0, 7.0)
    return Replay("tiny", 3, "data", XY, Y, ("cat", "dog"), box, np.array(start, int), scenes)


RANDOM = scene("random", [[0, 3], [1, 5]])
CLOSE = scene("margin", [[0, 1], [4, 5]])


def test_spacing_by_hand():
    found = where.data(replay(RANDOM, CLOSE))
    # random: 4 apart, then (1,0)-(6,6): √61; margin: 1, then √2.
    assert found.spacing["random"] == 1
    assert found.spacing["margin"] == pytest.approx((1 + np.sqrt(2)) / (4 + np.sqrt(61)))
    assert where.caption(found) == (
        "Points of a batch lie closest together with margin (0.20 of random's distance to the nearest other pick) "
        "and widest apart with random (1.00); numbers are the order of asking."
    )
    alone = where.data(replay(CLOSE))
    assert where.caption(alone) == "Where margin asks, batch by batch."


def test_names_stand_on_a_point_near_their_class_s_median():
    np.testing.assert_array_equal(where.data(replay(RANDOM)).centres, [[1, 0], [5, 5]])


def test_density_is_highest_where_points_are():
    density = where.data(replay(RANDOM)).density
    assert density.max() == 1
    low, high = density[:30].sum(), density[30:].sum()  # four of six points lie below the middle, y = 3
    assert low > high


def test_web_has_a_frame_a_round_and_says_which_traces_are_what():
    (panel,) = where.plotly(where.data(replay(RANDOM, start=[2])))
    assert [frame.name for frame in panel.frames] == ["0", "1"]
    assert panel.layout.title.text == "<b>random</b><br>0.500 after 2 labels"
    assert panel.frames[1].layout.title.text == "<b>random</b><br>0.750 after 4 labels"
    assert panel.layout.meta["steps"] == ["batch 1 of 2", "batch 2 of 2"]
    by_class, by_belief = (panel.data[panel.layout.meta[kind][0]] for kind in ("class", "belief"))
    np.testing.assert_array_equal(by_class.marker.color, Y)
    assert (by_class.visible, by_belief.visible) == (None, False)
    belief, earlier, batch = panel.frames[1].data[-3:]
    np.testing.assert_array_equal(belief.marker.color, [0, 0, 0, 1, 1, 1])
    np.testing.assert_array_equal(batch.x, XY[[1, 5], 0])
    assert list(batch.text) == ["1", "2"]
    assert list(earlier.text) == ["at the start", "in batch 1", "in batch 1"]
    np.testing.assert_array_equal(earlier.x, XY[[2, 0, 3], 0])


def test_regions_show_once_the_learner_knows_something():
    (panel,) = where.plotly(where.data(replay(scene("margin", [[0, 1], [4, 5]], grid=5))))
    (cold, unsure), (warm, sure) = (frame.data[:2] for frame in panel.frames)
    assert (cold.opacity, warm.opacity) == (0, pytest.approx(0.28))
    assert unsure.z.max() == 0
    assert (sure.z == 80).all()


def test_large_batches_are_not_numbered():
    count = NUMBERED + 1
    xy = np.random.default_rng(0).normal(size=(count, 2))
    nothing = np.zeros((1, count))
    picks, labels = [np.arange(count)], np.array([count])
    one = Scene("random", picks, labels, nothing.astype(int), nothing, np.array([0.5]))
    many = replay(one)._replace(xy=xy, y=np.zeros(count, int))
    (panel,) = where.plotly(where.data(many))
    assert set(panel.data[-1].text) == {""}


def test_still_and_film(tmp_path):
    two = replay(scene("random", [[0, 3], [1, 5]], grid=5), scene("margin", [[0, 1], [4, 5]], grid=5))
    figure = where.figure(two)
    assert len(figure.axes) == 4
    assert [ax.get_title() for ax in figure.axes[:2]] == [
        "random · 0.500 after 2 labels", "margin · 0.500 after 2 labels",
    ]  # fmt: skip
    numbers = [t for t in figure.axes[0].texts if t.get_text() in ("1", "2")]
    assert [t.get_position() for t in numbers] == [(0, 0), (0, 4)]
    save("where", two, tmp_path / "w.gif")
    with Image.open(tmp_path / "w.gif") as film:
        assert film.n_frames == 2
        assert film.info["duration"] == 1000


def test_names_that_would_lie_over_others_are_left_out():
    """26 classes at much the same place: a few names, of the largest classes first."""
    rng = np.random.default_rng(0)
    y = np.concatenate([np.repeat(np.arange(26), 4), np.full(20, 7)])
    xy = rng.normal(3, 0.2, (len(y), 2))
    crowd = replay(RANDOM)._replace(xy=xy, y=y, classes=tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    shown = np.isfinite(where.data(crowd).centres[:, 0])
    assert 1 <= shown.sum() < 10
    assert shown[7]
    words = [t.get_text() for t in where.figure(crowd).axes[0].texts if t.get_text().isalpha()]
    assert len(words) == shown.sum()


def test_of_a_stream_what_was_skipped_is_shown_and_rounds_may_be_empty(tmp_path):
    one = scene("label-random", [[0], []])._replace(offered=np.array([0, 2, 4, 5]), each=2)
    assert one.skipped(0).tolist() == [2]
    assert one.skipped(1).tolist() == [2, 4, 5]
    (panel,) = where.plotly(where.data(replay(one)))
    crosses = panel.frames[1].data[-3]
    np.testing.assert_array_equal(crosses.x, XY[[2, 4, 5], 0])
    assert len(panel.frames[1].data[-1].x) == 0
    save("where", replay(one), tmp_path / "w.gif")
    save("where", replay(one), tmp_path / "w.png")
