"""`askwell.compare`: pairing, independence of company, own strategies and datasets."""

import sys
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest

import askwell
from askwell.comparison.play import WIDEST, Episodes
from askwell.core import SCHEMA, AbstractStrategy
from askwell.data import encode, load, split
from askwell.learners import Logistic
from askwell.strategies import Margin, Random

SMALL = {"rounds": 2, "batches": 5, "noise": 0.2}


def numbers(records: pl.DataFrame) -> pl.DataFrame:
    return records.drop("seconds")


@pytest.fixture(scope="module")
def both() -> askwell.Result:
    return askwell.compare("iris", strategies=["random", "margin"], splits=5, **SMALL)


def test_records_have_the_schema_and_the_grids_order(both):
    records = both.records
    assert records.schema == SCHEMA
    expected = [(s, i, r) for s in ("random", "margin") for i in range(5) for r in (1, 2)]
    assert records.select("strategy", "split", "round").rows() == expected
    assert records["labels"].unique().sort().to_list() == [5, 10]
    picked = records.explode("picks").group_by("strategy", "split").agg(pl.col("picks").n_unique())
    assert picked["picks"].to_list() == [10] * 10


def test_a_split_depends_neither_on_the_company_nor_on_the_number_of_splits(both):
    alone = askwell.compare("iris", strategies="margin", baseline="margin", splits=2, **SMALL)
    among = both.records.filter((pl.col("strategy") == "margin") & (pl.col("split") < 2))
    assert numbers(alone.records).equals(numbers(among))


def test_strategies_meet_the_same_splits_wrong_answers_and_keys(both):
    twins = askwell.compare(
        "iris", strategies={"a": Random(), "b": Random()}, baseline="a", splits=5, **SMALL
    )
    a, b = (numbers(twins.records.filter(pl.col("strategy") == name)).drop("strategy") for name in "ab")
    assert a.equals(b)
    assert a.equals(numbers(both.records.filter(pl.col("strategy") == "random")).drop("strategy"))
    (verdict,) = twins.verdicts()
    assert (verdict.strategy, verdict.baseline, verdict.difference) == ("b", "a", 0.0)


def test_another_seed_gives_other_records(both):
    other = askwell.compare("iris", strategies="random", splits=2, seed=1, **SMALL)
    first = both.records.filter((pl.col("strategy") == "random") & (pl.col("split") < 2))
    assert not other.records["picks"].equals(first["picks"])


def test_a_dataset_object_is_as_good_as_its_name(both):
    result = askwell.compare(
        encode(load("iris")), strategies={"margin": Margin(), "random": Random()}, splits=5, **SMALL
    )
    assert result.spec.datasets == ("iris",)
    assert result.spec.strategies == ("margin", "random")
    for name in ("random", "margin"):
        mine, theirs = (numbers(r.records.filter(pl.col("strategy") == name)) for r in (result, both))
        assert mine.equals(theirs)


def test_no_more_splits_are_held_at_once_than_are_played_at_once(monkeypatch):
    sizes = []

    def spy(*args, splits: int, **settings):
        sizes.append(splits)
        return split(*args, splits=splits, **settings)

    monkeypatch.setattr(sys.modules["askwell.comparison.jobs"], "split", spy)
    askwell.compare("iris", strategies="random", splits=4 * WIDEST + 1, **SMALL)
    assert max(sizes) == WIDEST
    assert sum(sizes) == 1 + 5 * WIDEST  # the plan's look at the shape, and five chunks


def test_table_and_verdicts(both):
    table = both.table()
    assert table["strategy"].to_list() == ["random", "margin"]
    assert table["splits"].to_list() == [5, 5]
    assert [(v.strategy, v.baseline) for v in both.verdicts()] == [("margin", "random")]
    assert [(v.strategy, v.baseline) for v in both.verdicts("margin")] == [("random", "margin")]
    assert both.ranks() is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"strategies": {"mine": Margin}}, "The strategy 'mine' is <class"),
        ({"strategies": ["margn"]}, "Did you mean 'margin'?"),
        ({"baseline": "randm"}, "Did you mean 'random'?"),
        ({"splitz": 3}, "Did you mean 'splits'?"),
        ({"reward": "acuracy"}, "Did you mean 'accuracy'?"),
        ({"learners": "sklearn:GausianNB"}, "Did you mean 'GaussianNB'?"),
        ({"pool": 5}, "larger --pool"),
        ({"rounds": 100}, "fewer --rounds"),
    ],
)
def test_wrong_settings_are_one_sentence_before_anything_is_played(settings, words, tmp_path):
    with pytest.raises(askwell.AskwellError) as caught:
        askwell.compare("iris", out=tmp_path / "run", **{**SMALL, **settings})
    assert words in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_two_datasets_of_one_name_are_refused():
    with pytest.raises(askwell.AskwellError, match="Two datasets are called 'iris'"):
        askwell.compare(["iris", "iris"], **SMALL)


def test_progress_counts_every_cell():
    seen = []
    askwell.compare(
        "iris", strategies="random", splits=5, progress=lambda *report: seen.append(report), **SMALL
    )
    assert seen[0] == (0, 5, "")
    assert seen[-1] == (5, 5, "random on iris")
    assert [done for done, _, _ in seen] == sorted(done for done, _, _ in seen)


@pytest.mark.parametrize("name", ["GaussianNB", "RandomForestClassifier"])
def test_scikit_learns_classifiers(name):
    result = askwell.compare(
        "iris", strategies="random", learners=f"sklearn:{name}", splits=1, rounds=2, batches=10
    )
    assert result.records["learner"].unique().to_list() == [f"sklearn:{name}"]
    assert result.records["accuracy"].max() > 0.6


def test_learners_of_your_own():
    learners = {"strong": Logistic(C=100.0), "logistic": Logistic()}
    result = askwell.compare("iris", strategies="random", learners=learners, splits=1, **SMALL)
    plain = askwell.compare("iris", strategies="random", splits=1, **SMALL)
    strong, same = (result.records.filter(pl.col("learner") == name) for name in learners)
    assert numbers(same).equals(numbers(plain.records))
    assert strong["log_loss"].to_list() != same["log_loss"].to_list()
    with pytest.raises(askwell.AskwellError, match="'strong' is 3; give a name"):
        askwell.compare("iris", learners={"strong": 3})


class Alike(AbstractStrategy):
    """The first rows that were not asked, in some shape and type."""

    name: ClassVar[str] = "alike"
    more: int = 0
    kind: str = "int32"

    def select(self, key, view, q):
        rows = jax.lax.top_k(-view.asked.astype(jnp.float32), q + self.more)[1]
        return rows.astype(self.kind)


def test_a_batch_of_another_shape_or_type_is_refused_by_name():
    with pytest.raises(
        askwell.AskwellError, match=r"'alike' gave an action of shape \(6,\).*has shape \(5,\)"
    ):
        askwell.compare("iris", strategies={"mine": Alike(more=1)}, baseline="mine", splits=1, **SMALL)
    with pytest.raises(askwell.AskwellError, match=r"type float32; here one has .* type int32"):
        askwell.compare(
            "iris", strategies={"mine": Alike(kind="float32")}, baseline="mine", splits=1, **SMALL
        )
    small = askwell.compare(
        "iris", strategies={"mine": Alike(kind="uint8")}, baseline="mine", splits=1, **SMALL
    )
    whole = askwell.compare("iris", strategies={"mine": Alike()}, baseline="mine", splits=1, **SMALL)
    assert numbers(small.records).equals(numbers(whole.records))


def test_a_classifier_that_fails_is_one_sentence():
    with pytest.raises(
        askwell.AskwellError, match="'sklearn:RadiusNeighborsClassifier' failed on iris with"
    ) as caught:
        askwell.compare(
            "iris", strategies="random", learners="sklearn:RadiusNeighborsClassifier", splits=2, **SMALL
        )
    assert "ValueError: No neighbors found" in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_programs_are_dropped_once_their_cells_are_played(monkeypatch):
    """A process may have some 65,000 memory maps, and a compiled program takes hundreds: a large grid would crash."""
    dropped = []
    release = Episodes.release
    monkeypatch.setattr(Episodes, "release", lambda program: (dropped.append(program), release(program)))
    strategies = {"random": Random(), "margin": Margin(), "own": Alike()}
    askwell.compare("iris", strategies=strategies, rounds=1, batches=(2, 3), splits=5)
    assert len(set(dropped)) == len(dropped) == 4  # one's own strategy has programs of its own
    assert all(program._compiled is None for program in dropped)


def test_an_accelerator_plays_many_splits_at_once_with_the_same_numbers(monkeypatch, both):
    from askwell.comparison import play

    monkeypatch.setattr(play, "accelerator_memory", lambda: 2**26)
    wide = askwell.compare("iris", strategies=["random", "margin"], splits=5, **SMALL)
    pools = split(encode(load("iris")), splits=1, seed=0, budget=10).pools
    assert play.chunk_size(pools, Random()) > WIDEST
    assert wide.records["picks"].to_list() == both.records["picks"].to_list()
    np.testing.assert_allclose(wide.records["log_loss"], both.records["log_loss"], atol=1e-5)
