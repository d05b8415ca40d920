"""Reports of whole, half-finished, empty and wrong runs, in words."""

import json
import re
import shutil
from html import unescape

import polars as pl
import pytest

from askwell import cli, compare
from askwell.core import SCHEMA, AskwellError
from askwell.report import html, open_run, render, report, tables, words
from askwell.report.page import page
from askwell.stats import verdicts
from fabricated import write_training


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "run"
    compare("iris", strategies=["random", "margin"], rounds=2, batches=(2, 5), splits=2, out=out)
    return out


@pytest.fixture
def copy(played, tmp_path):
    return shutil.copytree(played, tmp_path / "copy")


def text(path):
    """The report's words, without figures and scripts."""
    return unescape(re.sub(r"<(script|style).*?</\1>", "", path.read_text(), flags=re.S))


def test_a_whole_run(played, tmp_path):
    path = report(played, tmp_path / "new" / "r.html")
    said = text(path)
    assert path.stat().st_size < 8e6
    for name in (
        "verdicts",
        "learning-curves",
        "log-loss-curves",
        "verdict-matrix",
        "batch-sizes",
        "data-curves",
    ):
        assert f'data-name="{name}"' in said
    assert "<strong>margin</strong>" in said
    assert "Not everything is there yet" not in said
    assert "Ranks: A critical-difference diagram needs" in said
    assert f"askwell compare --spec {played}/spec.toml --out again" in said
    assert re.search(r"made with askwell [\d.]+, jax", said)


def test_figures_carry_the_numbers(played, tmp_path):
    source = report(played, tmp_path / "r.html").read_text()
    figures = re.findall(
        r'<div class="plot"[^>]*><script type="application/json">(.*?)</script>', source, re.S
    )
    titles = [json.loads(figure)["layout"]["title"]["text"] for figure in figures]
    assert titles.count("iris · batch 5") == 2  # accuracy and log-loss
    assert all(json.loads(figure)["data"] for figure in figures)


def test_a_half_finished_run_says_what_is_missing(copy, tmp_path):
    for cell in copy.rglob("split-00001.parquet"):
        if "margin" in str(cell):
            cell.unlink()
    said = text(report(copy, tmp_path / "r.html"))
    assert "2 of 8 cells are not finished: margin on iris." in said
    assert 'data-name="learning-curves"' in said


def test_an_empty_run_says_so(copy, tmp_path):
    shutil.rmtree(copy / "cells")
    said = text(report(copy, tmp_path / "r.html"))
    assert "has no finished cell yet" in said
    assert "Nothing has been played to its end yet." in said
    with pytest.raises(AskwellError, match="no finished cell"):
        open_run(copy).source("records")


def test_data_that_are_gone_cost_two_sections_only(tmp_path):
    mine = tmp_path / "mine.csv"
    pl.DataFrame({"a": range(40), "b": [i * i for i in range(40)], "label": ["x", "y"] * 20}).write_csv(mine)
    compare(mine, strategies=["random", "margin"], rounds=1, batches=4, splits=2, out=tmp_path / "run")
    mine.unlink()
    said = text(report(tmp_path / "run"))
    assert "Where it asks, mine: " in said
    assert "Random's noise: " in said
    assert 'data-name="learning-curves"' in said


def test_a_training_run(tmp_path):
    said = text(report(write_training(tmp_path / "t", collapsed=True)))
    assert "60 updates, 2 seeds, 0.5 minutes" in said
    assert "<strong>Against random: </strong>better by 0.050 [+0.040, +0.060] AULC" in said
    assert "Collapse: at update" in said
    assert "Not everything is there yet" not in said
    for name in ("validation", "collapse", "decisions", "fixed-point", "class-shares", "reward", "gradient"):
        assert f'data-name="{name}"' in said


def test_a_training_that_has_just_begun(tmp_path):
    (tmp_path / "spec.toml").write_text('trainer = "siblings"\n')
    said = text(report(tmp_path))
    for sentence in (
        "No update yet",
        "No validation yet",
        "The training has not ended",
        "No update has been finished",
    ):
        assert sentence in said
    (tmp_path / "training.parquet").write_bytes(b"half a fi")
    assert "training.parquet cannot be read" in text(report(tmp_path))


def test_a_training_of_an_older_version_lacks_columns(tmp_path):
    root = write_training(tmp_path / "t")
    pl.read_parquet(root / "training.parquet").drop("agreement", "chance").write_parquet(
        root / "training.parquet"
    )
    assert open_run(root).training.updates["agreement"].null_count() == 120
    assert 'data-name="gradient"' in text(report(root))


def test_a_trainer_that_tells_a_gradient_without_a_shuffled_one(tmp_path):
    root = write_training(tmp_path / "t")
    told = pl.read_parquet(root / "training.parquet").drop("shuffled", "agreement", "chance")
    told.write_parquet(root / "training.parquet")
    said = text(report(root))
    assert 'data-name="reward"' in said
    assert 'data-name="gradient"' not in said


def test_figures_of_the_other_kind_of_run_are_refused(played, tmp_path):
    with pytest.raises(AskwellError, match="is of a training"):
        open_run(played).source("training")
    with pytest.raises(AskwellError, match="is of a comparison"):
        open_run(write_training(tmp_path / "t")).source("records")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["report", "{tmp}/none"], "none is no Askwell run (there is no such directory)"),
        (["report", "{tmp}"], "is no Askwell run (it has no spec.toml)"),
        (["report", "{run}", "--out", "{tmp}/file/r.html"], "Cannot write"),
        (["plot", "wheer", "{run}", "--out", "{tmp}/a.png"], "Did you mean 'where'?"),
        (["plot", "where", "{run}", "--out", "{tmp}/a.webm"], "must end in .png, .svg, .pdf, .gif"),
        (["plot", "collapse", "{run}", "--out", "{tmp}/a.gif"], "must end in .png, .svg, .pdf."),
        (["plot", "collapse", "{run}", "--out", "{tmp}/a.png"], "is of a training"),
        (["plot", "where", "{run}", "--out", "{tmp}/a.png", "--plane", "umap"], "must be pca or tsne"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    played, tmp_path, monkeypatch, capsys, arguments, sentence
):
    (tmp_path / "file").write_text("")
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.setattr("sys.argv", ["askwell", *(a.format(tmp=tmp_path, run=played) for a in arguments)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    output = capsys.readouterr()
    assert (left.value.code, output.out) == (2, "")
    (line,) = output.err.splitlines()
    assert sentence in line
    assert sorted(tmp_path.rglob("*")) == before


def test_the_command_line_draws_where(played, tmp_path, monkeypatch, capsys):
    out = tmp_path / "w.png"
    arguments = ["plot", "where", str(played), "--out", str(out), "--strategies", "random", "--plane", "tsne"]
    monkeypatch.setattr("sys.argv", ["askwell", *arguments])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 0
    assert capsys.readouterr().out == "Where random asks, batch by batch.\n"
    assert out.read_bytes().startswith(b"\x89PNG")


def records(table):
    """``{strategy: [accuracy after each of the rounds of 10 labels]}``, two splits alike but for a hair."""
    return pl.DataFrame(
        [
            {"dataset": "d", "strategy": name, "learner": "logistic", "batch": 10, "split": s, "round": r}
            | {"labels": 10 * r, "accuracy": a + 0.001 * s, "seconds": 0.5}
            for name, curve in table.items()
            for r, a in enumerate(curve, 1)
            for s in range(3)
        ],
        schema=SCHEMA,
    )


def test_savings_by_hand():
    found = records({"random": [0.5, 0.6, 0.7], "margin": [0.6, 0.75, 0.8], "bad": [0.1, 0.2, 0.3]})
    rows = words.savings(found, "random").select("strategy", "enough", "all").rows()
    assert rows == [("bad", None, 30), ("margin", 20, 30), ("random", 30, 30)]
    said = words.saving(found, verdicts(found, "random"))
    assert said == "To be as accurate as random is in the end, margin needs 20 labels on d instead of 30."
    assert words.saving(found, verdicts(found, "margin")) == ""


def test_tables_leave_out_what_is_nowhere_known():
    shown = tables.results(records({"random": [0.5], "margin": [0.6]}), "random")
    assert "gap closed" not in shown
    assert "labels to match random" in shown


def test_names_are_text_and_never_markup():
    evil = "<script>alert(1)</script>"
    for made in (html.paragraph(evil), html.table(["a"], [[evil]]), html.bullets([evil]), html.code(evil)):
        assert "<script>" not in made
    assert "<script>alert" not in page(evil, "", [("a", evil, "")], "").partition("<style>")[0]


def test_evil_names_in_figures_end_no_script(tmp_path):
    data = records({"random": [0.5, 0.6], "</script><b>": [0.6, 0.7]})
    from askwell.plots import learning_curves

    found = learning_curves.data(data)
    made = html.figure("x", learning_curves.plotly(found), "caption", learning_curves.alt(found))
    assert made.count("</script>") == 1


def test_rounds_of_a_budget_are_told_shown_and_sampled(tmp_path):
    """Batches of 1 and 20 for 20 labels: 20 rounds of the one, 1 of the other, in words and in every figure."""
    out = tmp_path / "run"
    compare("iris", strategies=["random", "margin"], batches=(1, 20), labels=20, splits=2, out=out)
    run = open_run(out)
    page = render(run)
    assert "2 splits, 20 rounds of 1 label and 1 round of 20 labels" in page
    assert "<h2>Where it asks</h2>" in page
    assert run.samples(["iris"]).curves["labels"].max() == 20
    assert len(run.replay().scenes[0].picks) == 1  # of the batches that can be numbered, the largest


def test_the_baseline_alone_has_a_report(tmp_path):
    out = tmp_path / "run"
    compare("iris", strategies="random", batches=(2, 4), rounds=2, splits=2, out=out)
    assert "A lead needs a strategy besides the baseline random" in render(open_run(out))
