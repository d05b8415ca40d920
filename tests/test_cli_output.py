"""What the command line prints, and what its help must not import."""

import json
import re
import subprocess
import sys

import pytest

from askwell import Spec, cli
from askwell.games import GAMES
from askwell.learners import LEARNERS
from askwell.policies import SHIPPED
from askwell.strategies import STRATEGIES

SMALL = ["compare", "iris", "--strategies", "margin", "--rounds", "2", "--batch", "5", "--noise", "0.2"]


@pytest.fixture
def say(monkeypatch, capsys):
    """Run the command line; what it printed on standard output."""

    def run(*args: str, err: str | None = "") -> str:
        monkeypatch.setattr("sys.argv", ["askwell", *args])
        with pytest.raises(SystemExit) as left:
            cli.main()
        output = capsys.readouterr()
        assert left.value.code == 0, output.err
        slow = re.compile(
            r"\d+ of \d+ cells done .*\n?"
        )  # a line every ten seconds, which a busy machine may need
        assert slow.sub("", output.err).strip() == err
        return output.out

    return run


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("cli") / "run"


HEAVY = "{'jax', 'sklearn', 'polars', 'pandas', 'numpy', 'matplotlib', 'scipy', 'rich.console'}"


@pytest.mark.parametrize(
    "args", [[], ["--help"], ["compare", "--help"], ["list", "--help"], ["plot", "--help"]]
)
def test_help_comes_without_heavy_imports(args):
    code = f"import sys; sys.argv = {['askwell', *args]}\nfrom askwell.cli import main\ntry:\n    main()\n"
    code += f"finally:\n    print(sorted({HEAVY} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: askwell")
    assert done.stdout.endswith("[]\n")
    assert "..." not in done.stdout.partition("Commands:")[2]  # no summary is cut off


def test_help_shows_defaults_that_look_like_markup(say):
    assert "[random]" in say("compare", "--help")


@pytest.mark.parametrize(
    ("kind", "registry"), [("strategies", STRATEGIES), ("learners", LEARNERS), ("games", GAMES)]
)
def test_list_names_everything_with_a_summary(say, kind, registry):
    lines = say("list", kind).splitlines()
    starts = [line.split()[0] for line in lines[1:] if not line.startswith(" ")]
    assert starts == [*(SHIPPED if kind == "strategies" else ()), *registry]
    assert all(len(line.split()) > 2 for line in lines[1:] if not line.startswith(" "))


def test_lists_say_what_is_decided_about(say):
    def last(kind):  # lines that go on with a summary begin with a space
        lines = [line for line in say("list", kind).splitlines() if line.strip() and line[0] != " "]
        return {line.split()[0]: line.split()[-1] for line in lines}

    games, rules = last("games"), last("strategies")
    assert (games["batch"], games["label-or-skip"], games["class-queries"]) == ("rows", "skip", "classes")
    assert (rules["margin"], rules["label-all"], rules["pool-shares"]) == ("rows", "skip", "classes")


def test_list_datasets_and_figures(say):
    digits = next(line for line in say("list", "datasets").splitlines() if line.startswith("digits"))
    assert digits.split() == ["digits", "scikit-learn", "held", "out", "yes"]
    assert "learning-curves" in say("list", "figures")


def test_json_is_one_object_with_nothing_else(say):
    found = json.loads(say(*SMALL, "--splits", "1", "--format", "json"))
    keys = [
        "dataset",
        "strategy",
        "batch",
        "aulc",
        "aulc_low",
        "aulc_high",
        "final",
        "seconds",
        "splits",
        "gap_closed",
    ]
    assert [list(row) for row in found["rows"]] == [keys, keys]
    assert [row["strategy"] for row in found["rows"]] == ["random", "margin"]
    assert found["rows"][0]["aulc_low"] is None
    (verdict,) = found["verdicts"]
    keys = ["strategy", "baseline", "difference", "low", "high", "verdict", "more_splits"]
    assert list(verdict) == [*keys, "p_better", "p_equivalent", "p_worse", "below"]
    assert found["metric"] == "accuracy"
    (majority,) = found["majority"]
    assert (majority["dataset"], majority["level"] >= 1 / 3) == ("iris", True)
    assert (verdict["strategy"], verdict["baseline"], verdict["low"]) == ("margin", "random", None)
    assert verdict["verdict"] == "not enough evidence"


def test_table_then_resume_then_spec_then_plot(say, run_dir):
    first = say(*SMALL, "--splits", "3", "--out", str(run_dir))
    assert "iris" in first
    assert "margin: " in first
    assert "s compiling and" in first
    again = say(*SMALL, "--splits", "3", "--out", str(run_dir))
    assert "nothing was played" in again
    assert again.splitlines()[:8] == first.splitlines()[:8]
    spec = Spec.read(run_dir / "spec.toml")
    assert (spec.splits, spec.batches, spec.noise, spec.strategies) == (3, (5,), 0.2, ("margin",))
    by_spec = say("compare", "--spec", str(run_dir / "spec.toml"), "--splits", "2", "--format", "json")
    assert {row["splits"] for row in json.loads(by_spec)["rows"]} == {2}
    figure = run_dir / "new" / "curves.svg"
    caption = say("plot", "learning-curves", str(run_dir), "--out", str(figure))
    assert caption.strip().endswith(".")
    assert figure.read_text().startswith("<?xml")


def test_several_learners_and_batches_stay_unambiguous(say):
    args = [*SMALL, "--splits", "1", "--strategies", "random", "--batch", "5,10"]
    rows = json.loads(say(*args, "--format", "json"))["rows"]
    assert [row["batch"] for row in rows] == [5, 10]
    args = [*SMALL, "--splits", "1", "--strategies", "random", "--learner", "logistic,sklearn:GaussianNB"]
    rows = json.loads(say(*args, "--format", "json"))["rows"]
    assert [row["learner"] for row in rows] == ["logistic", "sklearn:GaussianNB"]


@pytest.mark.parametrize(
    ("figure", "target", "words"),
    [
        ("learning-curve", "a.png", "Did you mean 'learning-curves'?"),
        ("learning-curves", "a.jpeg", "must end in .png, .svg, .pdf"),
        ("learning-curves", "taken.png", "Cannot write"),
        ("learning-curves", "file/a.png", "Cannot write"),
    ],
)
def test_figures_that_cannot_be_drawn(monkeypatch, capsys, tmp_path, run_dir, figure, target, words):
    (tmp_path / "taken.png").mkdir()
    (tmp_path / "file").write_text("")
    before = sorted(tmp_path.rglob("*"))
    argv = ["askwell", "plot", figure, str(run_dir), "--out", str(tmp_path / target)]
    monkeypatch.setattr("sys.argv", ["askwell", *SMALL, "--splits", "3", "--out", str(run_dir)])
    with pytest.raises(SystemExit):
        cli.main()
    capsys.readouterr()
    monkeypatch.setattr("sys.argv", argv)
    with pytest.raises(SystemExit) as left:
        cli.main()
    output = capsys.readouterr()
    assert (left.value.code, output.out) == (2, "")
    (line,) = output.err.splitlines()
    assert words in line
    assert sorted(tmp_path.rglob("*")) == before


def test_a_failing_classifier_prints_one_sentence_in_a_process_of_its_own():
    args = ["compare", "iris", "--strategies", "random", "--learner", "sklearn:RadiusNeighborsClassifier"]
    args += ["--rounds", "2", "--batch", "5", "--splits", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "askwell", *args], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = [line for line in done.stderr.splitlines() if line]
    assert "'sklearn:RadiusNeighborsClassifier' failed on iris with random: ValueError" in line


def test_version_and_help(capsys, monkeypatch):
    import askwell

    for arguments, expected in ((["--version"], f"askwell {askwell.__version__}\n"), (["-h"], None)):
        monkeypatch.setattr("sys.argv", ["askwell", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        said = capsys.readouterr().out
        assert said == expected if expected else "Commands" in said
    monkeypatch.setattr("sys.argv", ["askwell", "compare", "-h"])
    with pytest.raises(SystemExit):
        cli.main()
    assert "--game" in capsys.readouterr().out


def test_public_names_are_there_to_be_completed():
    import askwell

    assert set(askwell.__all__) <= set(dir(askwell))
    assert all(hasattr(askwell, name) for name in askwell.__all__)


def test_off_a_terminal_a_line_tells_how_far_it_is(capsys, monkeypatch):
    from askwell.cli import terminal

    times = iter([0.0, 4.0, 11.0, 11.0, 12.0, 30.0, 30.0])
    monkeypatch.setattr(terminal.time, "monotonic", lambda: next(times))
    with terminal.progress() as update:
        for done in range(1, 5):
            update(done, 9, "margin on iris")
    assert capsys.readouterr().err.splitlines() == [
        "2 of 9 cells done (margin on iris)",
        "4 of 9 cells done (margin on iris)",
    ]
