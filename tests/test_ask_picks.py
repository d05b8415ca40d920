"""`ask` shows a strategy the right view and gives the right ids back."""

import dataclasses
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest

import askwell
from askwell.core import NOT_ASKED, AbstractStrategy, View
from askwell.learners import Logistic
from askwell.strategies import STRATEGIES, Margin

N, BATCH = 120, 7
SPLIT = np.random.default_rng(1).permutation(N)
LABELLED = np.sort(SPLIT[:30])


@pytest.fixture(scope="module")
def pool():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, N)
    return (rng.normal(size=(N, 5)) + 1.5 * np.eye(5)[y]).astype(np.float32), np.array(["ant", "bee", "cat"])[
        y
    ]


@pytest.fixture
def table(pool, tmp_path):
    """Compare's CSV, labels missing but for `LABELLED`, and ids that are not in the order of the rows."""
    x, y = pool
    shown = [word if row in LABELLED else "" for row, word in enumerate(y)]
    ids = [f"r{N - row}" for row in range(N)]
    frame = pl.DataFrame({"id": ids, **{f"f{i}": x[:, i] for i in range(5)}, "label": shown})
    frame.write_csv(tmp_path / "pool.csv")
    return str(tmp_path / "pool.csv")


def scaled(x):
    """The encoder's rule for numbers, written out."""
    return ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)


def by_hand(x, y, strategy, seed=0):
    classes = sorted(set(y))
    answers = np.full(N, NOT_ASKED, np.int32)
    answers[LABELLED] = [classes.index(word) for word in y[LABELLED]]
    at = jnp.asarray(LABELLED)
    fitted = Logistic().fit(jax.random.key(9), jnp.asarray(x)[at], jnp.asarray(answers)[at], jnp.ones(30), 3)
    rows = jnp.concatenate([at, jnp.full(BATCH, N)])
    x = jnp.asarray(x)
    view = View.of(x, fitted.log_proba(x), jnp.asarray(answers), rows, learner=Logistic(), fitted=fitted)
    return np.asarray(
        eqx.filter_jit(STRATEGIES[strategy]().select)(jax.random.key(seed), view, BATCH)
    ), fitted


@pytest.mark.parametrize("strategy", ["margin", "coreset", "power-margin", "margin-herding", "typiclust"])
def test_the_same_picks_as_by_hand(pool, table, strategy):
    x, y = pool
    asked = askwell.ask(table, strategy=strategy, batch=BATCH)
    picks, fitted = by_hand(scaled(x), y, strategy)
    assert asked.rows.tolist() == picks.tolist()
    assert asked.ids == tuple(f"r{N - row}" for row in picks)
    proba = np.exp(fitted.log_proba(jnp.asarray(scaled(x)[picks])))
    assert asked.frame["predicted"].to_list() == [["ant", "bee", "cat"][i] for i in proba.argmax(axis=1)]
    assert "probability" not in asked.frame  # a learner that saw 30 labels is too sure of itself
    assert asked.frame["rank"].to_list() == list(range(1, BATCH + 1))


def test_labels_may_come_from_a_file_of_their_own(pool, table, tmp_path):
    x, y = pool
    np.save(tmp_path / "x.npy", x)
    rows = "".join(f"{row},{y[row]}\n" for row in LABELLED[::-1]) + "0,\n" * (0 not in LABELLED)
    (tmp_path / "labels.csv").write_text("id,label\n" + rows)
    apart = askwell.ask(
        str(tmp_path / "x.npy"), labels=str(tmp_path / "labels.csv"), strategy="margin", batch=BATCH
    )
    assert apart.rows.tolist() == askwell.ask(table, strategy="margin", batch=BATCH).rows.tolist()
    assert apart.ids == tuple(map(str, apart.rows))


HONEST = [n for n, kind in STRATEGIES.items() if issubclass(kind, AbstractStrategy) and not kind.cheats]


@pytest.mark.parametrize("strategy", HONEST)
def test_no_strategy_asks_what_is_labelled_already(pool, strategy):
    x, y = pool
    labels = {str(row): str(y[row]) for row in range(N - BATCH)}
    asked = askwell.ask(x, labels=labels, strategy=strategy, batch=BATCH)
    assert sorted(asked.rows) == list(range(N - BATCH, N))


def test_the_seed_decides(pool):
    first, again, other = (askwell.ask(pool[0], strategy="random", batch=5, seed=s).ids for s in (1, 1, 2))
    assert first == again != other


def test_a_cold_start_says_nothing_of_classes(pool, tmp_path):
    (tmp_path / "labels.csv").write_text("id,label\n")
    (tmp_path / "labels.jsonl").write_text("")
    expected = askwell.ask(pool[0], batch=5)
    for name in ("labels.csv", "labels.jsonl"):
        assert askwell.ask(pool[0], labels=tmp_path / name, batch=5).ids == expected.ids
    assert expected.frame.columns == ["id", "rank"]


def test_one_class_is_a_cold_round(pool):
    labels = {"3": "ant", "4": "ant"}
    asked = askwell.ask(pool[0], labels=labels, strategy="margin", batch=5)
    assert set(asked.frame["predicted"]) == {"ant"}
    assert not {"3", "4"} & set(asked.ids)


class Spy(AbstractStrategy):
    """Asks the first rows that are left, and keeps what it saw."""

    name: ClassVar[str] = "spy"
    seen: ClassVar[list] = []

    def select(self, key, view, q):
        self.seen.append((view.x.shape[0], view.given, view.learner))
        jax.debug.callback(
            lambda y, rows, x: self.seen.append((y, rows, x)), view.y, view.rows, view.x, ordered=True
        )
        return jnp.argsort(view.asked, stable=True)[:q]


def test_a_sample_holds_the_labelled_rows_and_leads_back_to_the_pool(pool):
    x, y = pool
    Spy.seen.clear()
    labels = {str(row): str(y[row]) for row in LABELLED}
    asked = askwell.ask(x, labels=labels, strategy=Spy(), batch=5, candidates=40, seed=3)
    jax.effects_barrier()
    assert asked.notes[-1:] == (
        "spy chose among 40 of 90 rows, drawn at random by --seed; --candidates changes that.",
    )
    (n, given, learner), (answers, rows, shown) = Spy.seen
    assert (n, given, learner) == (70, False, Logistic())
    at = [int(np.flatnonzero((scaled(x) - row).__abs__().max(axis=1) < 1e-5)[0]) for row in shown]
    assert {at[row] for row in rows[rows < n]} == set(LABELLED)
    assert [["ant", "bee", "cat"][answers[row]] for row in rows[rows < n]] == list(y[LABELLED])
    free = [row for row in at if row not in LABELLED]
    assert asked.rows.tolist() == free[:5]
    other = askwell.ask(x, labels=labels, strategy=Spy(), batch=5, candidates=40, seed=4)
    assert other.rows.tolist() != asked.rows.tolist()


def test_given_probabilities_count_before_the_first_label(pool):
    proba = np.full((N, 3), [0.8, 0.1, 0.1])
    doubtful = [17, 5, 99]
    proba[doubtful] = [0.4, 0.4, 0.2]
    asked = askwell.ask(pool[0], proba=proba, strategy="margin", batch=3, classes=["ant", "bee", "cat"])
    assert sorted(asked.rows) == sorted(doubtful)
    assert set(asked.frame["predicted"]) == {"ant"}
    np.testing.assert_allclose(asked.frame["probability"], 0.4, atol=1e-6)


def test_columns_of_given_probabilities_are_the_sorted_classes(pool):
    proba = np.tile(np.array([0.1, 0.2, 0.7]), (N, 1))
    for labels, last in (
        ({"0": "b", "1": "c", "2": "a"}, "c"),
        ({"0": "10", "1": "9", "2": "8"}, "10"),
        ({"0": "1"}, "2"),
    ):
        asked = askwell.ask(pool[0], labels=labels, proba=proba, strategy="random", batch=3)
        assert set(asked.frame["predicted"]) == {last}


def test_rows_are_predicted_in_blocks_that_overlap(pool, monkeypatch):
    x, y = pool
    labels = {str(row): str(y[row]) for row in LABELLED}
    whole = askwell.ask(x, labels=labels, strategy="margin", batch=90)
    monkeypatch.setattr("askwell.asking.belief.BLOCK", 50)
    parts = askwell.ask(x, labels=labels, strategy="margin", batch=90)
    assert parts.rows[:20].tolist() == whole.rows[:20].tolist()
    assert parts.frame["predicted"].to_list() == whole.frame["predicted"].to_list()


def test_the_result_is_frozen(pool):
    asked = askwell.ask(pool[0], strategy=Margin(), batch=2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        asked.ids = ()
