"""A search tells real differences from luck, loses nothing, and says what it found."""

import contextlib
import json
import re
from html import unescape

import numpy as np
import optuna
import pytest

from askwell import cli
from askwell.core import AskwellError
from askwell.plots import FIGURES
from askwell.report import open_run, report
from askwell.search import Found, SearchSpec, found, search, space
from askwell.search.halving import FEWEST, difference, goes_on
from askwell.search.run import JOURNAL, Trials
from askwell.training import TrainingSpec

BASE = """
updates = 4
every = 2
tasks = 8
judged = 8
against = ["random"]
algorithm = { k = 2, candidates = 24, entropy = 0.01 }
[[sources]]
pool = 48
features = 4
classes = 3
rounds = 2
batch = 4
selection = 64
[[validation]]
datasets = ["iris"]
pool = 60
features = 4
classes = 3
rounds = 2
batch = 4
selection = 1
report = 60
"""
SPEC = """
train = "base.toml"
datasets = ["iris"]
splits = 4
pool = 60
first = 2
[settings]
step = { low = 0.001, high = 0.05, log = true }
"""
SETTINGS = {
    "step": {"low": 0.001, "high": 0.1, "log": True},
    "algorithm.candidates": {"low": 24, "high": 128},
    "policy.without": [[], ["margin", "entropy"]],
    "trainer": [{"trainer": "siblings"}, {"trainer": "reinforce", "algorithm.discount": 0.9}],
    "sources.*.reward": ["accuracy", "log-loss"],
}


@pytest.fixture
def written(tmp_path):
    (tmp_path / "base.toml").write_text(BASE)
    (tmp_path / "search.toml").write_text(SPEC)
    return tmp_path


# Which trials go on


def test_a_trial_within_a_standard_error_of_the_better_half_goes_on():
    rng = np.random.default_rng(0)
    tasks = rng.normal(0.7, 0.2, 64)  # what tasks differ by is common to all trials, and cancels
    trial = lambda lead: tasks + lead + rng.normal(0, 0.02, 64)
    others = [trial(0.01 * i) for i in range(4)]
    assert goes_on(trial(0.03), others, 0.5)
    assert not goes_on(trial(-0.03), others, 0.5)
    mean, error = difference(trial(0.01), trial(0.0))
    assert mean == pytest.approx(0.01, abs=4 * error)
    assert error == pytest.approx(0.02 * 2**0.5 / 8, rel=0.3)


def test_the_luck_of_tasks_stops_nobody():
    rng = np.random.default_rng(1)
    stopped = 0
    for _ in range(200):
        others = [rng.normal(0.7, 0.02, 32) for _ in range(6)]
        stopped += not goes_on(rng.normal(0.7, 0.02, 32), others, 0.5)
    assert stopped < 0.4 * 200  # by raw means half of them would be


def test_few_trials_stop_nobody():
    assert goes_on(np.zeros(8), [np.ones(8)] * (FEWEST - 1), 0.5)
    assert not goes_on(np.zeros(8), [np.ones(8)] * FEWEST, 0.5)


# What is searched


def test_settings_are_put_where_they_belong():
    base = TrainingSpec.make(sources=[{"pool": 256}, {"pool": 512}]).model_dump()
    own = space.default(SETTINGS, base)
    assert own == {
        "step": 0.005,
        "algorithm.candidates": 96,
        "policy.without": "[]",
        "trainer": '{"trainer": "siblings"}',
        "sources.*.reward": "accuracy",
    }
    kinds = space.space(SETTINGS)
    assert kinds["algorithm.candidates"] == optuna.distributions.IntDistribution(24, 128)
    other = {name: getattr(kind, "choices", (None,))[-1] or kind.high for name, kind in kinds.items()}
    made = TrainingSpec.make(**space.applied(base, space.chosen(SETTINGS, other)))
    assert (made.step, made.trainer, made.policy["without"]) == (0.1, "reinforce", ["margin", "entropy"])
    assert made.algorithm == {"candidates": 128, "discount": 0.9}
    assert [source.reward for source in made.sources] == ["log-loss", "log-loss"]
    assert [source.pool for source in made.sources] == [256, 512]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("step = [0.01]\n", "The setting step is [0.01]; give a list of two options or more"),
        ("step = { low = 0.1, high = 0.01 }\n", "The range of step is wrong"),
        ("step = { low = 0.0, high = 0.1, log = true }\n", "The range of step is wrong"),
        (
            "step = { low = 0.1, high = 0.2 }\n",
            "What the training spec has for step (0.005) is not in its range",
        ),
        (
            'head = ["linear", "groups"]\n',
            "for head ('pointwise') is not in its range or among its options; add it",
        ),
        ('head = ["pointwise", "pointwse"]\n', "The setting head cannot be 'pointwse': "),
        ("stepp = [0.005, 0.1]\n", "for stepp"),
        ('"sources.3.pool" = [256, 512]\n', "for sources.3.pool"),
        (
            'trainer = [{ trainer = "siblings" }, { trainer = "reinforce", "algorithm.k" = 3 }]',
            "cannot have the settings",
        ),
        ('"algorithm.entropy" = [0.01, "much"]\n', "The setting algorithm.entropy cannot be 'much'"),
    ],
)
def test_wrong_settings_are_one_sentence(written, settings, words):
    text = SPEC[: SPEC.index("step")] + settings
    (written / "search.toml").write_text(text)
    with pytest.raises(AskwellError) as caught:
        SearchSpec.read(written / "search.toml").base()
    assert words in str(caught.value)


# What is found


def trials(values, errors=0.001):
    rows = [{"trial": 0, "update": 2, "difference": 0.0, "error": 0.0}]
    return rows + [
        {"trial": i + 1, "update": 2, "difference": v, "error": errors} for i, v in enumerate(values)
    ]


def test_more_time_is_told_from_what_trials_differ_by_beyond_noise():
    rng, base = np.random.default_rng(0), TrainingSpec.make()
    luck = found.more_time(trials(rng.normal(0, 0.002, 40), 0.002), base, 3600)
    assert "would probably find nothing that is better by 0.005 or more" in luck
    real = found.more_time(trials(rng.normal(0, 0.02, 40), 0.002), base, 3600)
    assert (told := re.search(r"noise taken away, is (0\.\d+)", real))
    assert float(told[1]) == pytest.approx(0.02, rel=0.35)
    assert "would probably be better than the spec as it is by 0.0" in real
    assert "nothing can be said" in found.more_time(trials([0.1]), base, 3600)


def test_a_setting_that_matters_stands_out_of_noise():
    rng, kinds = np.random.default_rng(0), {"a": optuna.distributions.FloatDistribution(0, 1)}
    kinds["b"] = optuna.distributions.CategoricalDistribution(["x", "y"])
    made = []
    for _ in range(40):
        params = {"a": float(rng.random()), "b": str(rng.choice(["x", "y"]))}
        value = 0.1 * params["a"] + 0.01 * rng.normal()
        made.append(
            optuna.create_trial(
                params=params, distributions=kinds, value=value, intermediate_values={2: value}
            )
        )
    told = {row["setting"]: row for row in found.importance(made, 2, 0)}
    assert told["a"]["importance"] > told["a"]["noise"]
    assert told["b"]["importance"] < told["b"]["noise"]
    assert found.importance(made[:3], 2, 0) == []


# The whole


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    root = tmp_path_factory.mktemp("search")
    (root / "base.toml").write_text(BASE)
    (root / "search.toml").write_text(SPEC)
    spec, out, said = SearchSpec.read(root / "search.toml"), root / "run", []
    with pytest.MonkeyPatch.context() as patched, contextlib.suppress(KeyboardInterrupt):
        # Ctrl-C in the midst of the first trial, after its first validation.
        patched.setattr(Trials, "_look", lambda trials: _stop_at(list(out.rglob("checkpoint.*")), 1))
        search(spec, 1.0, out)
    assert not (out / "found.json").exists()
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C after the first trial
        search(spec, 1.0, out, lambda what, spent: said.append(what) or _stop_at(said, 1))
    first = search(spec, 1.0, out, lambda what, spent: said.append(what), most=2)
    return spec, out, said, first


def _stop_at(seen, many):
    if len(seen) == many:
        raise KeyboardInterrupt


def test_a_search_goes_on_and_says_what_it_found(played):
    _, out, said, first = played
    assert isinstance(first, Found)
    assert said[0].startswith("Trial 0 was trained to its end, after update 4: ")
    assert said[-1] == "Now the winner is judged on fresh splits."
    assert len(first.settings) == 3
    assert first.winner is not None
    assert first.low is not None
    assert first.low <= first.difference <= first.high
    assert "the winner" in first.verdict or "not enough evidence" in first.verdict
    assert json.loads((out / "found.json").read_text()) == first.plain()
    rows = [row for row in first.trials if row["trial"] == 0]
    assert [row["update"] for row in rows] == [2, 4]
    assert all(row["difference"] == row["error"] == 0 for row in rows)


def test_optuna_itself_reads_the_storage(played):
    _, out, _, first = played
    storage = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(out / JOURNAL)))
    study = optuna.load_study(study_name="askwell", storage=storage)
    assert len(study.trials) >= len(first.settings)
    assert study.trials[0].params["step"] == 0.005


def test_its_report_and_figures(played, tmp_path):
    _, out, _, first = played
    said = unescape(
        re.sub(r"<(script|style).*?</\1>", "", report(out, tmp_path / "r.html").read_text(), flags=re.S)
    )
    assert first.verdict in said
    assert first.more in said
    assert 'data-name="trials"' in said
    assert "askwell search" in said
    run = open_run(out)
    data = FIGURES["trials"].data(run.source("search"))
    assert data.filter(winner=True)["trial"].unique().to_list() == [first.winner]
    with pytest.raises(AskwellError, match="not of a search"):
        run.source("records")
    with pytest.raises(AskwellError, match="leave out --metric"):
        open_run(out, "accuracy")


def test_another_search_may_not_go_on_there(played, tmp_path):
    spec, out, *_ = played
    with pytest.raises(AskwellError, match="was made by another spec"):
        search(spec.model_copy(update={"splits": 5}), 0.1, out)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / JOURNAL).write_text("no journal\n")
    with pytest.raises(AskwellError, match="cannot be read as Optuna's storage"):
        search(spec, 0.1, tmp_path / "empty")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pool": 5}, "the budget is 8 labels; use a larger --pool"),
        ({"datasets": ("iriss",)}, "Did you mean 'iris'?"),
    ],
)
def test_a_last_word_that_cannot_be_spoken_is_said_at_once(written, change, words):
    spec = SearchSpec.read(written / "search.toml").model_copy(update=change)
    with pytest.raises(AskwellError) as caught:
        search(spec, 1.0, written / "run")
    assert words in str(caught.value)
    assert not (written / "run").exists()


def test_too_little_time_is_one_sentence_and_exit_code_2(written, capsys, monkeypatch):
    command = ["askwell", "search", str(written / "search.toml"), "--out", str(written / "run"), "--hours"]
    for hours, words in (("0", "hours is 0.0; give a time above 0"), ("1e-6", "not enough for one trial")):
        monkeypatch.setattr("sys.argv", [*command, hours])
        with pytest.raises(SystemExit) as left:
            cli.main()
        assert left.value.code == 2
        assert words in capsys.readouterr().err
