"""The critical-difference diagram: what is drawn where, and no overlapping text."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from matplotlib.text import Text

from askwell.core import SCHEMA, AskwellError
from askwell.plots import FIGURES, critical_difference, save
from askwell.plots.palette import _KNOWN

NAMES = [name for name in _KNOWN if name not in ("oracle", "clairvoyant")]


def records(strategies, datasets, step=0.01, noise=0.02, splits=1, names=NAMES):
    """Strategies that get better by `step` from one to the next."""
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        [
            {"dataset": f"d{d}", "strategy": name, "learner": "logistic", "batch": 10, "split": s}
            | {"round": 1, "labels": 10, "accuracy": 0.5 + step * i + value, "seconds": 0.1}
            for d in range(datasets)
            for i, name in enumerate(names[:strategies])
            for value in [rng.normal(0, noise)]
            for s in range(splits)
        ],
        schema=SCHEMA,
    )


@pytest.mark.parametrize(("strategies", "datasets"), [(3, 5), (5, 12), (20, 16), (30, 30)])
def test_every_name_shows_and_no_text_overlaps(strategies, datasets):
    figure = critical_difference.figure(records(strategies, datasets))
    figure.draw_without_rendering()
    (ax,) = figure.axes
    boxes = [(t.get_text(), Text.get_window_extent(t)) for t in ax.texts]
    for name in NAMES[:strategies]:
        assert sum(name in text.split() for text, _ in boxes) == 1
    for (a, box), (b, other) in combinations(boxes, 2):
        assert not box.overlaps(other), f"'{a}' overlaps '{b}'"
    for text, box in boxes:
        assert figure.bbox.x0 <= box.x0, text
        assert box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0, text
        assert box.y1 <= figure.bbox.y1, text


def scale(ax):
    """Inches of one rank, from the numbers above the axis."""
    ticks = [(int(t.get_text()), t.get_position()[0]) for t in ax.texts if t.get_text().isdigit()]
    (low, left), *_, (high, right) = ticks
    return (right - left) / (high - low)


def test_bars_have_a_dot_at_each_of_their_strategies():
    found = critical_difference.data(records(6, 12))
    assert len(found.groups) > 1
    figure = critical_difference.figure(records(6, 12))
    (ax,) = figure.axes
    dots = [line.get_xdata() for line in ax.lines if line.get_zorder() == 4]
    assert [len(x) for x in dots] == [len(group) for group in found.groups]
    # A strategy's leader starts on the axis at its mean rank and ends at its marker.
    leaders = [line for line in ax.lines if len(line.get_xdata()) == 3]
    markers = [line for line in ax.lines if line.get_label() in found.ranks.mean]
    place = {
        marker.get_label(): leader.get_xdata()[0] for leader, marker in zip(leaders, markers, strict=True)
    }
    for x, group in zip(dots, found.groups, strict=True):
        np.testing.assert_allclose(x, [place[name] for name in group])
    for leader, marker in zip(leaders, markers, strict=True):
        assert (leader.get_xdata()[-1], leader.get_ydata()[-1]) == (
            marker.get_xdata()[0],
            marker.get_ydata()[0],
        )
    mean = found.ranks.mean
    np.testing.assert_allclose(np.diff(list(place.values())), np.diff([mean[n] for n in place]) * scale(ax))


def test_more_splits_of_the_same_datasets_draw_the_same_bars():
    # Only rounding may differ: a dataset is one observation.
    one, many = (critical_difference.data(records(5, 12, splits=splits)) for splits in (1, 20))
    assert one.groups == many.groups
    assert one.ranks.mean == pytest.approx(many.ranks.mean)


def test_too_few_say_so():
    with pytest.raises(AskwellError, match="these records have 5 strategies and 4 datasets"):
        critical_difference.figure(records(5, 4))
    with pytest.raises(AskwellError, match="3 strategies or more"):
        critical_difference.figure(records(2, 12))


def test_captions():
    text = critical_difference.caption(critical_difference.data(records(3, 12, step=0.1, noise=0.001)))
    assert text.startswith("Over 12 datasets: mixture has the best mean rank (1.00 of 3, Friedman p = ")
    assert "none of the others could not be told" not in text
    assert "; it differs from all others" in text
    few = critical_difference.caption(critical_difference.data(records(5, 5, step=0.1, noise=0.001)))
    assert few.endswith("so few datasets cannot tell any of 10 pairs apart at 5%.")
    alike = critical_difference.caption(critical_difference.data(records(4, 20, step=0.0)))
    assert "; 3 of 3 others could not be told from it" in alike


def test_caption_sets_the_ceilings_aside():
    found = critical_difference.data(
        records(4, 12, 0.1, 0.001, names=["random", "margin", "clairvoyant", "oracle"])
    )
    assert "Oracle and clairvoyant aside, margin has the best mean rank (3.00 of 4" in (
        critical_difference.caption(found)
    )


def test_registered_and_saved(tmp_path):
    assert FIGURES["critical-difference"] is critical_difference
    assert "Over 12 datasets" in save("critical-difference", records(5, 12), tmp_path / "cd.png")
    assert (tmp_path / "cd.png").stat().st_size > 10_000
