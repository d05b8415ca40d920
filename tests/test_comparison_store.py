"""The store: cells whole or not at all, runs taken up only where spec and data are the same."""

import errno
import os
from pathlib import Path

import polars as pl
import pytest

from askwell import AskwellError, Spec, reopen
from askwell.comparison import Cell, Store
from askwell.comparison.store import grid
from askwell.core import SCHEMA, write_whole

SPEC = Spec.make(
    datasets=["z.csv", "a"], strategies=["margin", "random"], batches=[10, 5], rounds=1, splits=2
)
DATA = {"z": "1", "a": "2"}
CELLS = grid(SPEC, DATA)


def records(cell: Cell) -> pl.DataFrame:
    row = (
        {name: None for name in SCHEMA} | cell._asdict() | {"round": 1, "labels": cell.batch, "accuracy": 0.5}
    )
    return pl.DataFrame([row], schema=SCHEMA)


@pytest.fixture
def store(tmp_path) -> Store:
    store = Store(tmp_path / "run")
    store.open(SPEC, DATA)
    return store


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_grid_has_every_cell_once_in_the_specs_order():
    assert len(set(CELLS)) == len(CELLS) == 2 * 2 * 2 * 2
    assert CELLS[0] == Cell("z", "margin", "logistic", 10, 0)
    assert CELLS[-1] == Cell("a", "random", "logistic", 5, 1)


def test_cells_come_back_in_the_grids_order_whatever_order_they_were_written_in(store):
    for cell in reversed(CELLS):
        assert store.read(cell) is None
        store.write_cell(cell, records(cell))
        assert store.read(cell).equals(records(cell))
    assert reopen(store.root).records.equals(pl.concat([records(cell) for cell in CELLS]))


def test_half_a_run_opens_as_far_as_it_has_got_and_a_damaged_cell_counts_as_missing(store):
    for cell in CELLS[:3]:
        store.write_cell(cell, records(cell))
    (store.root / CELLS[1].path).write_bytes(b"PAR1 nonsense")
    (store.root / CELLS[2].path).write_bytes(b"")
    assert store.read(CELLS[1]) is None
    assert store.records().equals(records(CELLS[0]))


def test_no_finished_cell(store):
    with pytest.raises(AskwellError, match="has no finished cell yet"):
        reopen(store.root)


@pytest.mark.parametrize(
    "name", ["..", ".", "", "a/b", "con tent", "数" * 80, "x" * 250, "[bold]", "a\\b:c*"]
)
def test_any_name_makes_a_folder_below_the_run(store, name):
    cells = [Cell(name, "margin", "logistic", 5, 0), Cell(f"{name}2", "margin", "logistic", 5, 0)]
    for cell in cells:
        store.write_cell(cell, records(cell))
        assert store.read(cell).equals(records(cell))
        assert (store.root / "cells") in (store.root / cell.path).resolve().parents
    assert cells[0].path != cells[1].path


def test_the_same_spec_and_data_are_taken_up(store):
    before = files(store.root)
    (store.root / "cells" / "x").mkdir(parents=True)
    (store.root / "cells" / "x" / ".part-abc").write_bytes(b"half")
    store.open(SPEC, DATA)
    assert files(store.root) == before == ["data.json", "spec.toml"]


def test_another_spec_is_refused_and_says_which_settings_differ(store):
    other = Spec.make(**{**SPEC.model_dump(), "noise": 0.5, "splits": 3})
    with pytest.raises(AskwellError, match=r"another spec \(noise 0.0, now 0.5\)"):
        store.open(other, DATA)


def test_changed_data_are_refused(store):
    with pytest.raises(AskwellError, match="The data of a changed since"):
        store.open(SPEC, {**DATA, "a": "3"})


def test_other_weights_are_refused(tmp_path):
    store = Store(tmp_path / "run")
    store.open(SPEC, DATA, {"learned": "1"})
    store.open(SPEC, DATA, {"learned": "1"})
    with pytest.raises(AskwellError, match="The strategy of learned changed since"):
        store.open(SPEC, DATA, {"learned": "2"})


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_unreadable_fingerprints(store, text):
    (store.root / "data.json").write_text(text)
    with pytest.raises(AskwellError, match=r"data\.json cannot be read"):
        store.open(SPEC, DATA)


def test_a_run_that_was_killed_at_its_very_start_begins_again(tmp_path):
    (tmp_path / "data.json").write_text("{}")
    (tmp_path / ".part-abc").write_text("half a spec")
    Store(tmp_path).open(SPEC, DATA)
    assert files(tmp_path) == ["data.json", "spec.toml"]
    assert Store(tmp_path).spec() == SPEC


def test_foreign_places_are_refused_and_left_alone(tmp_path):
    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter1").write_text("words")
    for place in (foreign, foreign / "chapter1"):
        with pytest.raises(AskwellError, match="holds no Askwell run"):
            Store(place).open(SPEC, DATA)
    with pytest.raises(AskwellError, match="Cannot"):
        Store(foreign / "chapter1" / "below").open(SPEC, DATA)
    with pytest.raises(AskwellError, match="Cannot"):
        Store(tmp_path / ("x" * 300)).open(SPEC, DATA)
    with pytest.raises(AskwellError, match="is no Askwell run"):
        reopen(foreign)
    assert files(tmp_path) == ["thesis/chapter1"]


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), AskwellError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch, failure, raised):
    (tmp_path / "old").write_bytes(b"old")

    def replace(*_):
        raise failure

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(raised):
        write_whole(tmp_path / "old", b"new")
    assert files(tmp_path) == ["old"]
    assert (tmp_path / "old").read_bytes() == b"old"
