"""Runs that are stopped, in every way, end with the numbers of one that was not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

import askwell

SETTINGS = ["compare", "iris", "--strategies", "random,margin", "--rounds", "2", "--batch", "5"]
SETTINGS += ["--noise", "0.2", "--splits", "9", "--out"]

SLOW = """
import sys, time
import askwell.execution.directory as store
write = store.write_whole
def slow(*args):
    time.sleep(0.1)
    write(*args)
store.write_whole = slow
from askwell.cli import main
main()
"""
"""The command with a slow disk, so that it can be stopped half-way."""

FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
import sys
from askwell.execution import Threads
once = Threads.map
def on_a_full_disk(*args):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    return once(*args)
Threads.map = on_a_full_disk
from askwell.cli import main
main()
"""
"""The command on a disk that fills as the playing starts."""


def play(out: Path) -> askwell.Result:
    return askwell.compare(
        "iris", strategies=["random", "margin"], rounds=2, batches=5, noise=0.2, splits=9, out=out
    )


def numbers(records: pl.DataFrame) -> pl.DataFrame:
    return records.drop("seconds")


def cells(out: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(out.rglob("*.parquet"))}


def parts(out: Path) -> list[Path]:
    return list(out.rglob(".part-*"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "run"
    play(out)
    return out


def stop_half_way(out: Path, how: signal.Signals) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SLOW, *SETTINGS, str(out)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while len(cells(out)) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(how)
        stdout, stderr = process.communicate(timeout=60)
    finally:
        process.kill()
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def test_one_file_a_cell_and_nothing_else(whole):
    assert len(cells(whole)) == 18
    others = [path.name for path in whole.rglob("*") if path.is_file() and path.suffix != ".parquet"]
    assert sorted(others) == ["data.json", "spec.toml"]
    assert askwell.reopen(whole).records.equals(play(whole).records)


def test_finished_cells_are_not_played_again(whole):
    before = cells(whole)
    again = play(whole)
    assert cells(whole) == before
    assert again.run_seconds == again.compile_seconds == 0


def test_deleted_and_damaged_cells_come_back_as_they_were(whole):
    before = askwell.reopen(whole).records
    files = cells(whole)
    paths = list(files)
    for path in (
        paths[2],
        paths[8],
        paths[13],
    ):  # of a first chunk, of a padded last one, of the other strategy
        path.unlink()
    paths[5].write_bytes(paths[5].read_bytes()[:-20])
    again = play(whole).records
    assert numbers(again).equals(numbers(before))
    kept = {
        path: mark for path, mark in files.items() if path not in (paths[2], paths[8], paths[13], paths[5])
    }
    assert kept.items() <= cells(whole).items()
    assert len(cells(whole)) == len(files)


def test_kill_9_half_way_changes_no_number(whole, tmp_path):
    out = tmp_path / "run"
    assert stop_half_way(out, signal.SIGKILL).returncode == -signal.SIGKILL
    before = cells(out)
    assert 2 <= len(before) < 18
    assert numbers(askwell.reopen(out).records).height == 2 * len(before)
    finished = play(out).records
    assert numbers(finished).equals(numbers(askwell.reopen(whole).records))
    assert before.items() <= cells(out).items()
    assert parts(out) == []


def test_ctrl_c_keeps_finished_cells_and_says_so_in_one_sentence(whole, tmp_path):
    out = tmp_path / "run"
    done = stop_half_way(out, signal.SIGINT)
    assert done.returncode == 130
    assert done.stdout == ""
    assert done.stderr.split("\n")[-2].startswith("askwell: interrupted")
    assert "Traceback" not in done.stderr
    assert 2 <= len(cells(out)) < 18
    assert parts(out) == []
    assert numbers(play(out).records).equals(numbers(askwell.reopen(whole).records))


def test_a_full_disk_is_one_sentence_and_leaves_no_half_written_file(tmp_path):
    pytest.importorskip("resource")
    out = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FULL, *SETTINGS, str(out)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (sentence,) = [line for line in done.stderr.splitlines() if line]
    assert sentence.startswith("askwell: Cannot write ")
    assert "what was finished is kept" in sentence
    assert cells(out) == {}
    assert parts(out) == []


def test_changed_data_are_noticed(tmp_path):
    table = tmp_path / "mine.csv"
    rows = [f"{i % 7},{i * 37 % 11},{'ab'[i % 2]}" for i in range(40)]
    settings = {"strategies": "random", "rounds": 1, "batches": 4, "splits": 1, "out": tmp_path / "run"}
    table.write_text("\n".join(["u,v,label", *rows]))
    askwell.compare(table, **settings)
    table.write_text("\n".join(["u,v,label", "5,5,b", *rows[1:]]))
    with pytest.raises(askwell.AskwellError, match="The data of mine changed"):
        askwell.compare(table, **settings)


def test_the_tests_keep_off_the_users_cache():
    assert ".pytest_cache" in os.environ["JAX_COMPILATION_CACHE_DIR"]
