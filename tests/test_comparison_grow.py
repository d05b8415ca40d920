"""A finished run grows: only what is new is played, and what is finished stays as it is."""

import os

import jax.numpy as jnp
import numpy as np
import polars as pl
import pytest

import askwell
from askwell import AskwellError, Spec, compare
from askwell.core import AbstractStrategy, record
from askwell.strategies.pickers import top_k

SETTINGS = {"rounds": 2, "batches": 4}


def test_more_splits_strategies_and_datasets_play_only_what_is_new(tmp_path):
    out, played = tmp_path / "run", []
    progress = lambda done, total, what: played.append((done, total))
    first = compare("iris", strategies=["random", "margin"], splits=3, out=out, **SETTINGS)
    before = {path: path.stat().st_mtime_ns for path in (out / "cells").rglob("*.parquet")}
    more = compare(["iris", "wine"], strategies=["random", "margin", "coreset"], splits=5, out=out,
                   progress=progress, **SETTINGS)  # fmt: skip
    assert played[0] == (6, 30)
    assert len(more.records) == 2 * 3 * 5 * 2
    kept = more.records.filter(dataset="iris", strategy=pl.lit("margin"), split=pl.lit(2, pl.Int32))
    assert kept.equals(
        first.records.filter(dataset="iris", strategy=pl.lit("margin"), split=pl.lit(2, pl.Int32))
    )
    assert all(path.stat().st_mtime_ns == time for path, time in before.items())
    alone = compare("wine", strategies=["coreset"], baseline="coreset", splits=5, **SETTINGS)
    drop = lambda frame: frame.filter(dataset="wine", strategy="coreset").drop("seconds")
    assert drop(alone.records).equals(drop(more.records))  # as if it had been played in one go
    # A smaller request gives what it asks for, and takes nothing away.
    less = compare("iris", strategies=["random", "margin"], splits=2, out=out, **SETTINGS)
    assert len(less.records) == 8
    whole = askwell.reopen(out)
    assert (whole.spec.splits, whole.spec.datasets) == (5, ("iris", "wine"))
    assert len(whole.records) == 60


@pytest.mark.parametrize("change", [{"rounds": 3}, {"noise": 0.1}, {"seed": 1}, {"start": 2}, {"pool": 50}])
def test_what_would_alter_finished_cells_is_refused(tmp_path, change):
    out = tmp_path / "run"
    compare("iris", strategies="random", splits=1, out=out, **SETTINGS)
    with pytest.raises(AskwellError, match=f"another spec \\({next(iter(change))} "):
        compare("iris", strategies="random", splits=2, out=out, **{**SETTINGS, **change})


def test_another_baseline_compares_what_is_there(tmp_path):
    out = tmp_path / "run"
    compare("iris", strategies=["random", "margin"], splits=2, out=out, **SETTINGS)
    other = compare("iris", strategies=["random", "margin"], baseline="margin", splits=2, out=out, **SETTINGS)
    assert [v.strategy for v in other.verdicts()] == ["random"]


def test_records_of_earlier_versions_open(tmp_path):
    out = tmp_path / "run"
    result = compare("iris", strategies="random", splits=1, out=out, **SETTINGS)
    (path,) = (out / "cells").rglob("*.parquet")
    pl.read_parquet(path).drop("turn", "budget").write_parquet(path)
    assert askwell.reopen(out).records.equals(result.records)
    with pytest.raises(pl.exceptions.PolarsError):
        record.completed(pl.DataFrame({"a": [1]}))


def test_paths_in_a_spec_count_from_the_spec(tmp_path, monkeypatch):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    data.mkdir()
    elsewhere.mkdir()
    rows = ["a,b,label", *(f"{i % 7},{i},{'xy'[i % 2]}" for i in range(60))]
    (data / "mine.csv").write_text("\n".join(rows))
    (data / "spec.toml").write_text(
        'datasets = ["mine.csv"]\nstrategies = ["random"]\nrounds = 1\nsplits = 1\n'
    )
    monkeypatch.chdir(elsewhere)
    result = compare(spec=data / "spec.toml", out=tmp_path / "run")
    assert result.spec.datasets == (os.path.join("..", "data", "mine.csv"),)
    # The run's own spec leads there, too, from any folder.
    monkeypatch.chdir(tmp_path)
    assert Spec.read("run/spec.toml").datasets == (os.path.join("data", "mine.csv"),)
    again = compare(spec="run/spec.toml", out="run")
    assert again.run_seconds == 0


def test_specs_of_earlier_versions_had_paths_from_the_working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.csv").write_text("a,label\n1,x\n")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "spec.toml").write_text('datasets = ["mine.csv"]\n')
    assert Spec.read("run/spec.toml").datasets == ("mine.csv",)


@pytest.mark.parametrize(
    "name", ["iris", "keel:letter", "openml:61", "policy:learned", "margin", "/abs/x.csv", "~/x.csv"]
)
def test_names_and_whole_paths_are_left_alone(name, tmp_path):
    from askwell.core.spec import moved_path

    expected = os.path.relpath(tmp_path / "learned") if name == "policy:learned" else None
    assert moved_path(name, tmp_path, tmp_path.cwd()) == (f"policy:{expected}" if expected else name)


class Twice(AbstractStrategy):
    """Asks one row twice."""

    name = "twice"

    def select(self, key, view, q):
        picks = top_k(key, jnp.zeros(len(view.y)), view.asked, q)
        return picks.at[1].set(picks[0])


class Again(AbstractStrategy):
    """Asks the same rows in every round."""

    name = "again"

    def select(self, key, view, q):
        return jnp.arange(q)


@pytest.mark.parametrize(("strategy", "round"), [(Twice(), 1), (Again(), 2)])
def test_what_asks_a_row_twice_is_refused_by_name(strategy, round, tmp_path):
    with pytest.raises(
        AskwellError, match=rf"'mine' picked a row twice, .* \(on iris, split 0, round {round}\)"
    ):
        compare(
            "iris", strategies={"mine": strategy}, baseline="mine", splits=1, out=tmp_path / "run", **SETTINGS
        )
    assert not list((tmp_path / "run").rglob("*.parquet"))  # nothing of it is kept


def test_ask_refuses_them_too():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    with pytest.raises(AskwellError, match="'twice' picked a row twice"):
        askwell.ask(x, strategy=Twice(), batch=4)
    with pytest.raises(AskwellError, match="'again' picked a row twice, one that has a label"):
        askwell.ask(x, labels={"0": "a", "9": "b"}, strategy=Again(), batch=4)
    with pytest.raises(AskwellError, match="'label-all' decides about skip, and ask wants a batch of rows"):
        askwell.ask(x, strategy="label-all", batch=4)


def test_a_stream_is_compared_reported_and_taken_up(tmp_path):
    out = tmp_path / "run"
    settings = {
        "game": "label-or-skip",
        "game_settings": {"every": 8},
        "rounds": 3,
        "batches": 4,
        "splits": 3,
    }
    result = compare("iris", strategies=["label-all", "fixed-threshold"], out=out, **settings)
    assert result.spec.baseline == "label-random"
    assert set(result.records["budget"]) == {12}
    spent = result.records.group_by("strategy").agg(pl.col("labels").max(), pl.col("picks").list.len().sum())
    assert dict(spent.select("strategy", "labels").rows())["label-random"] == 12
    assert (spent["picks"] == 3 * spent["labels"]).sum() >= 2
    area = result.table().filter(strategy="fixed-threshold", dataset="iris")["aulc"][0]
    by_hand = []
    for (_,), episode in result.records.filter(strategy="fixed-threshold").group_by("split"):
        paid, accuracy = (
            episode.sort("round")["labels"].to_numpy(),
            episode.sort("round")["accuracy"].to_numpy(),
        )
        known = [accuracy[paid <= labels][-1] for labels in (4, 8, 12) if (paid <= labels).any()]
        by_hand.append(np.mean(known))
    assert area == pytest.approx(np.mean(by_hand))
    from askwell.report import render
    from askwell.report.run import open_run

    page = render(open_run(out))
    for title in ("Labels and skips", "What is skipped", "Where it asks"):
        assert f"<h2>{title}</h2>" in page
    assert compare(spec=out / "spec.toml", out=out).run_seconds == 0
