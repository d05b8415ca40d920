"""`askwell train` and `askwell evaluate` as a newcomer meets them."""

import json

import polars as pl
import pytest

from askwell import cli
from askwell.cli.terminal import program

SPEC = """
updates = 4
tasks = 8
every = 2
judged = 8
against = ["random"]
algorithm = { k = 3, candidates = 16 }

[[sources]]
rounds = 2
batch = 3
pool = 32
selection = 32
features = 3
classes = 3
"""


@pytest.fixture
def say(tmp_path, monkeypatch, capsys):
    """Run the command line in an empty folder; exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["askwell", *args])
        with pytest.raises(SystemExit) as left:
            cli.main()
        output = capsys.readouterr()
        return int(left.value.code or 0), output.out, output.err

    return run


def test_a_command_to_copy_works_where_the_name_is_not_found(monkeypatch):
    monkeypatch.setenv("PATH", "")
    for called, command in (
        (".venv/bin/askwell", ".venv/bin/askwell"),
        ("bin/pytest", "askwell"),
        ("askwell/__main__.py", "python -m askwell"),
    ):
        monkeypatch.setattr("sys.argv", [called])
        assert program() == command


def test_from_a_spec_to_a_judged_policy(say, tmp_path):
    (tmp_path / "spec.toml").write_text(SPEC)
    code, out, err = say("train", "spec.toml", "--out", "run", "--watch-port", "0")
    assert code == 0
    assert "Watch it at http://127.0.0.1:" in err
    assert "Update 4: " in err
    assert "against random (validation tasks)" in " ".join(out.split())
    assert out.endswith("askwell evaluate run digits breast_cancer letter\n")
    assert json.loads((tmp_path / "run" / "policy.json").read_text())["spec"]["updates"] == 4

    code, out, _ = say("evaluate", "run", "--fresh", "8", "--strategies", "random,oracle", "--out", "fresh")
    assert code == 0
    assert "8 fresh synthetic tasks" in " ".join(out.split())
    assert "oracle" not in out
    areas = pl.read_parquet(tmp_path / "fresh" / "fresh.parquet")
    assert sorted(areas.group_by("strategy").len().rows()) == [("policy:run", 8), ("random", 8)]

    play = ("--rounds", "2", "--batch", "4", "--splits", "2")
    code, out, _ = say("evaluate", "run", "iris", "--strategies", "random", "--baseline", "random", *play)
    assert code == 0
    assert "policy:run" in out

    code, out, _ = say("report", "run")
    assert code == 0
    assert (tmp_path / "run" / "report.html").exists()


def test_a_head_over_groups_says_how_well_they_agree_with_the_classes(say, tmp_path):
    (tmp_path / "spec.toml").write_text(
        SPEC.replace("updates = 4", 'updates = 1\nhead = "groups"')
        .replace('"random"', '"pool-shares"')
        .replace("[[sources]]", '[[sources]]\ngame = "class-queries"\ngame_settings = {by = "group"}')
    )
    code, out, _ = say("train", "spec.toml", "--out", "run")
    assert code == 0
    assert "Groups agree with classes at 0." in out


def test_several_specs_and_seeds_are_a_run_each(say, tmp_path):
    (tmp_path / "a.toml").write_text(SPEC.replace("updates = 4", "updates = 1"))
    code, out, _ = say("train", "a.toml", "--seeds", "0,3", "--out", "runs")
    assert code == 0
    assert [line.split("│")[1:4] for line in out.splitlines() if "random" in line] == [
        [" a-0 ", "      1 ", " random  "],
        [" a-3 ", "      1 ", " random  "],
    ]
    assert json.loads((tmp_path / "runs" / "a-3" / "policy.json").read_text())["seed"] == 3
    assert out.endswith("askwell evaluate runs/a-0 digits breast_cancer letter\n")
    code, _, err = say("train", "a.toml", "--out", "runs")
    assert (code, "holds no Askwell run; choose a new or empty --out" in err) == (2, True)
    code, _, err = say("train", "a.toml", "--seeds", "0,3", "--updates", "2", "--out", "runs")
    assert (code, "a-0 was made by another spec (updates 1, now 2)" in err) == (2, True)
    code, _, err = say("train", "a.toml", "--seeds", "0", "--out", "runs/a-0")
    assert (code, "a-0 is a run itself" in err) == (2, True)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["evaluate", "learned"], "Give either datasets to judge the policy on, or --fresh N"),
        (["evaluate", "learned", "iris", "--fresh", "8"], "Give either datasets to judge the policy on, or --fresh N"),
        (["evaluate", "nowhere", "iris"], "There is no policy file nowhere; check the path."),
        (["evaluate", "nowhere", "--fresh", "8"], "There is no policy file nowhere; check the path."),
        (["evaluate", "learned", "--fresh", "8", "--strategies", "margn"], "Did you mean 'margin'"),
        (["train", "nowhere.toml", "--out", "run"], "nowhere.toml"),
        (["train", "a.toml", "b/a.toml", "--out", "run"], "Two specs are called 'a'; give each once, or rename"),
        (["train", "a.toml", "--seeds", "0,x", "--out", "run"], "--seeds is '0,x'; give a whole number, or several"),
        (["train", "a.toml", "--seeds", "0,1", "--seed", "2", "--out", "run"], "--watch-port are for one run"),
        (["train", "--seeds", "0,1", "--out", "run"], "For several runs give specs, or one and --seeds"),
        (["train", "a.toml", "--executor", "ray", "--out", "run"], "give several specs, or --seeds"),
        (["train", "a.toml", "b.toml", "--executor", "rya", "--out", "run"], "The executor is 'rya'; give"),
        (["train", "wrong.toml", "--out", "run"], "Unknown training spec field 'updatse'. Did you mean 'updates'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(say, tmp_path, args, says):
    (tmp_path / "wrong.toml").write_text("updatse = 3\n")
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(SPEC)
    code, out, err = say(*args)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert says in line
    assert not (tmp_path / "run").exists()
