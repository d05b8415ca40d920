"""Whatever is wrong with the input: one sentence on standard error, exit code 2, nothing elsewhere."""

import pytest

from askwell import cli

GOOD = [f"{i},{i * 37 % 11},{'ab'[i % 2]}" for i in range(30)]


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


@pytest.fixture
def refused(say):
    """Run the command line and check the manner of its refusal; the sentence."""

    def run(*args: str) -> str:
        code, out, err = say(*args)
        assert (code, out) == (2, "")
        (line,) = err.splitlines()
        assert line.startswith("askwell: ")
        assert len(line) > 20
        return line

    return run


@pytest.mark.parametrize(
    ("rows", "options", "words"),
    [
        (GOOD, ["--label", "lable"], "Did you mean 'label'?"),
        (GOOD, ["--id", "number"], "Unknown id column 'number'"),
        ([row[:-1] + "a" for row in GOOD], [], "at least 2 classes"),
        ([*GOOD, "5,5,c"], [], "class 'c' has 1 row"),
        ([*GOOD[1:], "inf,5,a"], [], "inf"),
        ([f",{row.split(',', 1)[1]}" for row in GOOD], [], "column 'u'"),
        (GOOD, ["--id", "v"], "appears twice"),
        (GOOD, ["--rounds", "10", "--batch", "5"], "the budget is 50 labels"),
        ([*GOOD, "1,2"], [], "line 32"),
        ([], [], "mine.csv"),
    ],
)
def test_files(refused, tmp_path, rows, options, words):
    (tmp_path / "mine.csv").write_text("\n".join(["u,v,label", *rows]))
    assert words in refused("compare", "mine.csv", "--rounds", "2", "--batch", "5", *options)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ("compare", "No dataset was given"),
        ("compare none.csv", "There is no file 'none.csv'"),
        ("compare irs", "Did you mean 'iris'?"),
        ("compare iris iris", "Two datasets are called 'iris'"),
        ("compare iris --strategies margn", "Did you mean 'margin'?"),
        ("compare iris --strategies=", "strategies is empty"),
        ("compare iris --strategies ,", "strategies is empty"),
        ("compare iris --baseline randm", "Did you mean 'random'?"),
        ("compare iris --learner logistc", "Did you mean 'logistic'?"),
        ("compare iris --learner sklearn:GausianNB", "Did you mean 'GaussianNB'?"),
        ("compare iris --learner logistic:3", "takes nothing after a colon"),
        ("compare iris --splits 0", "splits is 0"),
        ("compare iris --splits many", "--splits"),
        ("compare iris --batch 0", "batches is 0"),
        ("compare iris --batch ten", "--batch is 'ten'"),
        ("compare iris --batch 5,", "--batch is '5,'"),
        ("compare iris --rounds -1", "rounds is -1"),
        ("compare iris --start -1", "start is -1"),
        ("compare iris --noise 1.5", "noise is 1.5"),
        ("compare iris --seed -1", "seed is -1"),
        ("compare iris --pool 5", "larger --pool"),
        ("compare iris --label class", "leave out --label"),
        ("compare iris --format xml", "'table', 'json'"),
        ("compare iris --lerner mlp", "--learner"),
        ("compare --spec none.toml", "Cannot read the spec none.toml"),
        ("list strateges", "'strategies'"),
        ("list", "strategies"),
        ("comapre iris", "comapre"),
        ("plot learning-curves", "run_dir"),
        ("plot learning-curves none --out a.png", "none is no Askwell run"),
    ],
)
def test_arguments(refused, args, words):
    assert words in refused(*args.split())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("splits = ", "not valid TOML"),
        ("datasets = 'iris'\nsplitz = 2", "Did you mean 'splits'?"),
        ("datasets = 'iris'\nsplits = 'many'", "splits is 'many'"),
        ("datasets = 'iris'\nreward = 'acuracy'", "Did you mean 'accuracy'?"),
        ("datasets = ['iris', 'iris']", "Two datasets are called 'iris'"),
    ],
)
def test_specs(refused, tmp_path, text, words):
    (tmp_path / "spec.toml").write_text(text)
    assert words in refused("compare", "--spec", "spec.toml")


def test_two_files_of_one_stem(refused, tmp_path):
    for name in ("mine.csv", "mine.tsv"):
        (tmp_path / name).write_text(
            "\n".join(["u,v,label", *GOOD]).replace(",", "\t" if "tsv" in name else ",")
        )
    sentence = refused("compare", "mine.csv", "mine.tsv", "--rounds", "1", "--batch", "5")
    assert "Two datasets are called 'mine'" in sentence


def test_out_that_is_something_else(refused, tmp_path):
    (tmp_path / "file").write_text("words")
    for place in ("file", "."):
        assert "holds no Askwell run" in refused("compare", "iris", "--out", place)
    assert "Cannot" in refused("compare", "iris", "--out", "file/below")
    assert (tmp_path / "file").read_text() == "words"


def test_an_error_of_ours_is_not_hidden(monkeypatch):
    def broken(*args, **settings):
        raise ZeroDivisionError

    monkeypatch.setattr("sys.argv", ["askwell", "compare", "iris"])
    monkeypatch.setattr("askwell.comparison.compare", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main()


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (["error"], "--setting is 'error'; give a setting of the game and its value, as error=0.2"),
        (["error=2"], "0..1; 2 was given"),
        (["eror=0.2"], "Did you mean 'error'"),
        (["by=clas"], "Did you mean 'class'"),
    ],
)
def test_settings_of_a_game(refused, setting, words):
    options = [part for one in setting for part in ("--setting", one)]
    assert words in refused("compare", "iris", "--game", "class-queries", *options)


def test_a_setting_that_the_batch_game_has_not(refused):
    assert "has no settings of its own; given error" in refused("compare", "iris", "--setting", "error=0.2")
