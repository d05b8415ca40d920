"""The learning curves: their data by hand, and a drawing in which no texts overlap."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from askwell.core import SCHEMA, AskwellError
from askwell.plots import FIGURES, learning_curves

STRATEGIES = (
    "random",
    "margin",
    "margin-herding",
    "oracle",
    "coreset",
    "entropy",
    "typiclust",
    "uherding",
    "power-margin",
    "learned",
    "least-confidence",
)


def row(dataset, strategy, split, labels, accuracy, batch=10, learner="logistic"):
    return {"dataset": dataset, "strategy": strategy, "learner": learner, "batch": batch, "split": split} | {
        "round": labels // batch,
        "labels": labels,
        "accuracy": accuracy,
    }


def frame(rows):
    return pl.DataFrame(rows, schema=SCHEMA)


def crowded(datasets, strategies, splits=3):
    """Lines that all end within a hair of each other, the hardest case for names at their ends."""
    rng = np.random.default_rng(0)
    return frame(
        [
            row(f"set-{d}", name, s, 10 * r, 0.9 - 0.4 * 0.7**r + rng.normal(0, 0.005))
            for d in range(datasets)
            for name in STRATEGIES[:strategies]
            for s in range(splits)
            for r in range(1, 11)
        ]
    )


def texts(figure):
    """All pieces of text that show, with their boxes."""
    figure.draw_without_rendering()
    found = [*figure.texts]
    for ax in figure.axes:
        found += [*ax.texts, ax.title]
        # A tick beyond the view has a label too, which is not drawn.
        for axis, coordinate in ((ax.xaxis, 0), (ax.yaxis, 1)):
            low, high = axis.get_view_interval()
            found += [t for t in axis.get_ticklabels() if low <= t.get_position()[coordinate] <= high]
    found += [t for legend in figure.legends for t in legend.get_texts()]
    # Text.get_window_extent, because an annotation's own box takes in its leader.
    return [(t.get_text(), Text.get_window_extent(t)) for t in found if t.get_text()]


def test_data_has_hand_computed_values():
    records = frame(
        [
            row("wine", "margin", 0, 20, 0.9),
            row("wine", "margin", 0, 10, 0.5),
            row("wine", "margin", 1, 10, 0.7),
            row("wine", "margin", 1, 20, 0.9),
            row("iris", "margin", 0, 10, 0.25),
        ]
    )
    iris, ten, twenty = learning_curves.data(records).rows(named=True)
    assert iris == {
        "panel": "iris",
        "strategy": "margin",
        "labels": 10,
        "accuracy": 0.25,
        "accuracy_low": None,
        "accuracy_high": None,
        "splits": 1,
        "level": None,
    }
    # 0.5 and 0.7: s/√2 = 0.1, t_1 = 12.7062.
    assert (ten["panel"], ten["labels"], ten["splits"]) == ("wine", 10, 2)
    assert ten["accuracy"] == pytest.approx(0.6)
    assert ten["accuracy_low"] == pytest.approx(0.6 - 1.27062, abs=1e-5)
    assert ten["accuracy_high"] == pytest.approx(0.6 + 1.27062, abs=1e-5)
    assert (twenty["labels"], twenty["accuracy_low"], twenty["accuracy_high"]) == (20, 0.9, 0.9)


def test_learners_and_batches_get_panels_of_their_own_when_there_are_several():
    records = frame([row("wine", "margin", 0, 20, 0.9), row("wine", "margin", 0, 20, 0.8, batch=20)])
    assert learning_curves.data(records)["panel"].to_list() == ["wine · batch 10", "wine · batch 20"]
    records = frame([row("wine", "margin", 0, 20, 0.9), row("wine", "margin", 0, 20, 0.8, learner="nearest")])
    assert learning_curves.data(records)["panel"].to_list() == ["wine · logistic", "wine · nearest"]


@pytest.mark.parametrize(("datasets", "strategies"), [(1, 2), (1, 9), (3, 4), (3, 9), (10, 5), (10, 11)])
def test_panels_lines_and_no_overlapping_text(datasets, strategies):
    figure = learning_curves.figure(crowded(datasets, strategies))
    assert len(figure.axes) == datasets
    assert all(len(ax.lines) == strategies for ax in figure.axes)
    assert {ax.get_title() for ax in figure.axes} == {f"set-{d}" for d in range(datasets)}
    named = [t.get_text() for ax in figure.axes for t in ax.texts] + [
        t.get_text() for legend in figure.legends for t in legend.get_texts()
    ]
    times = 1 if figure.legends else datasets
    assert sorted(named) == sorted(STRATEGIES[:strategies] * times)
    for (a, box), (b, other) in combinations(texts(figure), 2):
        assert not box.overlaps(other), f"'{a}' overlaps '{b}'"
    canvas = figure.bbox
    for text, box in texts(figure):
        assert canvas.x0 <= box.x0, text
        assert box.x1 <= canvas.x1, text
        assert canvas.y0 <= box.y0, text
        assert box.y1 <= canvas.y1, text


def test_names_are_at_the_ends_where_they_fit_and_in_a_legend_where_not():
    assert not learning_curves.figure(crowded(3, 4)).legends
    assert len(learning_curves.figure(crowded(3, 11)).legends) == 1


def test_a_line_runs_through_its_means_and_its_band_through_the_bounds():
    curves = learning_curves.data(crowded(1, 1))
    figure = Figure()
    learning_curves.draw(curves, figure)
    (ax,) = figure.axes
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), curves["labels"])
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), curves["accuracy"])
    edge = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert edge.min() == curves["accuracy_low"].min()
    assert edge.max() == curves["accuracy_high"].max()


def test_axes_say_what_they_measure():
    figure = learning_curves.figure(crowded(2, 2))
    assert (figure.get_supxlabel(), figure.get_supylabel()) == ("labels asked", "accuracy on report split")


def test_one_split_and_one_round_can_be_drawn():
    learning_curves.figure(frame([row("wine", "margin", 0, 10, 0.5)]))


def test_nothing_to_draw_says_so():
    with pytest.raises(AskwellError, match="no records"):
        learning_curves.figure(frame([]))


def test_drawing_is_registered_and_written(tmp_path):
    FIGURES["learning-curves"].figure(crowded(1, 2)).savefig(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000


def captioned(ends, splits=1):
    """The caption for ``{dataset: {strategy: final accuracy}}``."""
    rows = [
        row(dataset, name, s, 100, a)
        for dataset, table in ends.items()
        for name, a in table.items()
        for s in range(splits)
    ]
    early = [r | {"round": 1, "labels": 10, "accuracy": 1.0 - r["accuracy"]} for r in rows]
    return learning_curves.caption(learning_curves.data(frame(rows + early)))


def test_caption_counts_who_is_highest_at_the_end():
    a, b, c = {"random": 0.5, "margin": 0.7}, {"random": 0.4, "margin": 0.6}, {"random": 0.8, "margin": 0.7}
    assert captioned({"a": a, "b": b, "c": c}, splits=2) == (
        "After 100 labels margin is highest on 2 of 3 datasets, random on 1; "
        "lines are means over 2 splits, bands their 95 % intervals."
    )
    assert captioned({"a": a}) == "After 100 labels margin is highest; lines are of one split."


def test_caption_sets_the_oracle_aside():
    assert captioned({"a": {"random": 0.5, "margin": 0.7, "oracle": 0.9}}) == (
        "Oracle aside, after 100 labels margin is highest; lines are of one split."
    )
    both = {"random": 0.5, "oracle": 0.8, "clairvoyant": 0.9}
    assert captioned({"a": both}) == (
        "Oracle and clairvoyant aside, after 100 labels random is highest; lines are of one split."
    )
    assert captioned({"a": {"oracle": 0.9}}) == "After 100 labels oracle is highest; lines are of one split."


def test_caption_names_ties_and_unequal_ends():
    assert captioned({"a": {"random": 0.5, "margin": 0.5}}) == (
        "After 100 labels margin and random are highest; lines are of one split."
    )
    records = frame([row("a", "margin", 0, 50, 0.5), row("b", "margin", 0, 80, 0.5)])
    assert learning_curves.caption(learning_curves.data(records)) == (
        "After the last round (50 to 80 labels) margin is highest on 2 of 2 datasets; lines are of one split."
    )
