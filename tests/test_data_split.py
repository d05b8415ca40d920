"""Pool, selection and report."""

import numpy as np
import pytest

from askwell.core import AskwellError
from askwell.data import Dataset, split


def dataset(rows: int = 200, weights=(0.6, 0.3, 0.1)) -> Dataset:
    """The only feature is the row's number, so every point tells which row it is."""
    rng = np.random.default_rng(0)
    counts = [round(rows * w) for w in weights]
    counts[0] += rows - sum(counts)
    y = rng.permutation(np.repeat(np.arange(len(weights)), counts)).astype(np.int32)
    ids = np.array([f"id{i}" for i in range(rows)], dtype=object)
    x = np.arange(rows, dtype=np.float32)[:, None]
    return Dataset("t", x, y, tuple(f"c{i}" for i in range(len(weights))), ids)


def test_points_lead_back_to_their_rows():
    data = dataset()
    s = split(data, seed=3, splits=4, budget=20)
    np.testing.assert_array_equal(s.pools.x[..., 0], s.rows)
    np.testing.assert_array_equal(s.pools.y, data.y[s.rows])
    for x, y in ((s.pools.selection_x, s.pools.selection_y), (s.pools.report_x, s.pools.report_y)):
        np.testing.assert_array_equal(y, data.y[np.asarray(x)[..., 0].astype(int)])
    picked = s.rows[2, 5]
    assert data.ids[picked] == f"id{int(s.pools.x[2, 5, 0])}"


def test_types_and_shapes():
    s = split(dataset(), seed=0, splits=4, budget=20)
    assert s.pools.x.shape == (4, 100, 1)
    assert s.rows.shape == s.pools.y.shape == (4, 100)
    assert (s.pools.x.dtype, s.pools.y.dtype, s.pools.classes) == (np.float32, np.int32, 3)
    assert type(s.pools.x) is np.ndarray


def segments(s, i):
    return [np.asarray(x)[i, :, 0].astype(int) for x in (s.pools.x, s.pools.selection_x, s.pools.report_x)]


@pytest.mark.parametrize("rows", [200, 5000])
def test_segments_are_disjoint(rows):
    s = split(dataset(rows), seed=0, splits=3, budget=20)
    for i in range(3):
        together = np.concatenate(segments(s, i))
        assert len(set(together)) == len(together)


@pytest.mark.parametrize("rows", [50, 203, 5000])
def test_every_segment_holds_each_class_share(rows):
    data = dataset(rows)
    share = np.bincount(data.y) / rows
    s = split(data, seed=1, splits=5, budget=10)
    for i in range(5):
        for part in segments(s, i):
            # The segment's borders, too, fall by at most a row or so per class.
            assert (abs(np.bincount(data.y[part], minlength=3) - share * len(part)) < 2.5).all()


def test_a_split_depends_on_its_number_alone():
    few, many = (split(dataset(), seed=5, splits=k, budget=20) for k in (2, 6))
    later = split(dataset(), seed=5, splits=2, first=4, budget=20)
    np.testing.assert_array_equal(few.rows, many.rows[:2])
    np.testing.assert_array_equal(later.rows, many.rows[4:])
    np.testing.assert_array_equal(few.pools.report_x, many.pools.report_x[:2])
    assert (many.rows[0] != many.rows[1]).any()
    assert (split(dataset(), seed=6, splits=1, budget=20).rows[0] != many.rows[0]).any()


def test_order_within_a_segment_says_nothing_about_the_class():
    data = dataset(1000, (0.5, 0.5))
    s = split(data, seed=0, splits=20, budget=20)
    # Unshuffled, the two classes would alternate.
    alternates = np.mean(s.pools.y[:, 1:] != s.pools.y[:, :-1])
    assert 0.45 < alternates < 0.55


@pytest.mark.parametrize(
    ("rows", "pool", "budget", "sizes"),
    [
        (100, None, 20, (50, 20, 30)),
        (100, None, 60, (60, 16, 24)),
        (100, None, 70, (70, 12, 18)),
        (90, None, 63, (63, 11, 16)),
        (100, 30, 20, (30, 20, 30)),
        (3000, None, 100, (1000, 800, 1200)),
        (3000, 2000, 100, (1500, 600, 900)),
        (3500, None, 100, (1000, 1000, 1500)),
        (20_000, None, 100, (1000, 1000, 2000)),
        (20_000, None, 1500, (1500, 1000, 2000)),
        (20_000, 5000, 100, (5000, 1000, 2000)),
        (6, None, 1, (3, 1, 2)),
        (6, None, 4, (4, 1, 1)),
    ],
)
def test_sizes(rows, pool, budget, sizes):
    s = split(dataset(rows), seed=0, splits=2, pool=pool, budget=budget)
    assert tuple(map(len, segments(s, 0))) == sizes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"budget": 141},
            r"t has 200 rows, of which at most 140 .*the budget is 141 labels; use fewer --rounds",
        ),
        ({"budget": 20, "pool": 19}, "limited to 19 points but the budget is 20 labels"),
        ({"budget": 0}, "budget is 0"),
        ({"budget": 5, "splits": 0}, "splits is 0"),
        ({"budget": 5, "seed": -1}, "seed is -1"),
        ({"budget": 5, "first": -1}, "first is -1"),
    ],
)
def test_bad_requests(options, message):
    with pytest.raises(AskwellError, match=message):
        split(dataset(), **{"seed": 0, "splits": 1} | options)


def test_too_few_rows():
    with pytest.raises(AskwellError, match="need at least 4"):
        split(dataset(2, (1.0,)), seed=0, splits=1, budget=1)
