"""Training runs: resumable to the bit, honest about what went wrong, and what they leave can be played."""

import functools
import importlib
import os
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import polars as pl
import pytest

from askwell import AskwellError, compare
from askwell.policies import load_policy, make_head
from askwell.training import Siblings, TrainingSpec, histories, programs, train
from askwell.training.warn import WINDOW, warning

module = importlib.import_module("askwell.training.run")  # the name in the package is the function's

SOURCE = {"rounds": 2, "batch": 3, "pool": 32, "selection": 32, "features": 3, "classes": 3}
TINY = {
    "updates": 6,
    "tasks": 8,
    "every": 3,
    "judged": 8,
    "against": ("random",),
    "algorithm": {"k": 3, "candidates": 16},
    "sources": (SOURCE,),
}


@pytest.fixture(scope="module", autouse=True)
def _shared_programs():
    """Runs of one spec share their compiled programs; that each would compile its own is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("collector", "judge", "probe"):
            patch.setattr(programs, name, functools.cache(getattr(programs, name)))
        yield


@pytest.fixture
def another_head():
    """For tests with another head: the shared programs are for the first one's weights."""

    def clear():
        for name in ("collector", "judge", "probe"):
            getattr(programs, name).cache_clear()

    clear()
    yield
    clear()


@pytest.fixture(scope="module")
def spec() -> TrainingSpec:
    return TrainingSpec.make(**TINY)


@pytest.fixture(scope="module")
def whole(spec, tmp_path_factory):
    """A run from start to end."""
    out = tmp_path_factory.mktemp("train") / "run"
    return out, train(spec, out)


def same(one, other):
    """The same weights to the bit, and the same rows but for the time they took."""
    assert (one / "policy.safetensors").read_bytes() == (other / "policy.safetensors").read_bytes()
    assert (one / "checkpoint.safetensors").read_bytes() == (other / "checkpoint.safetensors").read_bytes()
    for name, rows in histories(one).items():
        left, right = (frame.drop("seconds", strict=False) for frame in (rows, histories(other)[name]))
        assert left.equals(right), name


def test_what_a_run_leaves(spec, whole):
    out, trained = whole
    assert TrainingSpec.read(out / "spec.toml") == spec
    rows = histories(out)
    assert rows["training"]["update"].to_list() == list(range(6))
    assert rows["training"].drop_nulls().height == 6
    assert rows["validation"]["update"].to_list() == [3, 6]
    assert set(rows["decisions"]["update"]) == set(range(7))
    shares = rows["decisions"].group_by("update", "round", "kind").agg(pl.col("share", "prior").sum())
    assert np.allclose(shares["share"], 1, atol=1e-5)
    assert np.allclose(shares["prior"], 1, atol=1e-5)
    assert trained.card["validation"][0]["against"] == "random"
    assert trained.card["spec"]["updates"] == 6


def test_the_weights_move_and_the_best_average_is_kept(whole):
    out, trained = whole
    start = make_head("pointwise", jax.random.key(0), {})
    assert float(np.abs(trained.policy.base - start.base).max()) > 1e-4
    loaded = load_policy(out)
    assert jax.tree.all(
        jax.tree.map(np.array_equal, jax.tree.leaves(loaded), jax.tree.leaves(trained.policy))
    )


def test_ctrl_c_keeps_a_checkpoint_and_the_same_call_goes_on_to_the_same_bits(spec, whole, tmp_path):
    def stop(row):
        if row["history"] == "training" and row["update"] == 3:
            os.kill(os.getpid(), signal.SIGINT)

    def interrupt():
        with pytest.raises(KeyboardInterrupt):
            train(spec, tmp_path / "run", stop)

    interrupt()
    done = histories(tmp_path / "run")["training"].height
    assert 4 <= done <= 5
    seen = []
    train(spec, tmp_path / "run", lambda row: seen.append(row))
    assert min(row["update"] for row in seen if row["history"] == "training") == done
    same(whole[0], tmp_path / "run")


def test_a_run_that_dies_between_checkpoints_goes_on_to_the_same_bits(spec, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEEP", 2)

    def die(row):
        if row["history"] == "training" and row["update"] == 4:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        train(spec, tmp_path / "run", die)
    assert histories(tmp_path / "run")["training"].height == 4
    train(spec, tmp_path / "run")
    same(whole[0], tmp_path / "run")


def test_the_natural_gradient_goes_on_to_the_same_bits_too(another_head, tmp_path):
    spec = TrainingSpec.make(**TINY | {"updates": 3, "head": "linear", "optimiser": "natural"})

    def die(row):
        if row["history"] == "training" and row["update"] == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(spec, tmp_path / "run", die)
    train(spec, tmp_path / "run")
    train(spec, tmp_path / "whole")
    same(tmp_path / "whole", tmp_path / "run")


def test_a_finished_run_is_not_played_again(spec, whole):
    seen = []
    again = train(spec, whole[0], seen.append)
    assert not seen
    assert again.card == whole[1].card


def test_the_policy_plays_by_its_path(whole):
    name = f"policy:{whole[0]}"
    result = compare("iris", strategies=("random", name), splits=2, rounds=2, batches=3)
    assert set(result.records["strategy"]) == {"random", name}


def test_another_spec_or_something_else_in_the_place_is_refused(whole, tmp_path):
    with pytest.raises(AskwellError, match=r"another spec .*updates 6, now 7"):
        train(TrainingSpec.make(**TINY | {"updates": 7}), whole[0])
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(AskwellError, match="holds no Askwell run"):
        train(TrainingSpec.make(**TINY), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_damaged_checkpoint_is_one_sentence(spec, whole, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    for file in whole[0].iterdir():
        (out / file.name).write_bytes(file.read_bytes())
    (out / "checkpoint.safetensors").write_bytes((out / "checkpoint.safetensors").read_bytes()[:200])
    with pytest.raises(AskwellError, match="is damaged, or another version of Askwell wrote it; delete it"):
        train(spec, out)


def test_what_is_not_finite_stops_the_run_and_keeps_the_checkpoint(spec, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEEP", 1)

    learn, calls = Siblings.learn, []

    def broken(trainer, *arguments):
        calls.append(arguments)
        state, metrics = learn(trainer, *arguments)
        return state, metrics | {"gradient": metrics["gradient"] * (np.nan if len(calls) > 2 else 1.0)}

    monkeypatch.setattr(Siblings, "learn", broken)
    with pytest.raises(
        AskwellError, match="The gradient of update 2 is not finite; the last good checkpoint is kept"
    ):
        train(spec, tmp_path / "run")
    assert histories(tmp_path / "run")["training"].height == 2


@pytest.mark.parametrize(
    ("field", "says"),
    [
        ({"updates": 0}, "updates is 0; it should be greater than or equal to 1"),
        (
            {"tasks": 6},
            "tasks is 6 and chunk, the tasks in one program, 4; give tasks a multiple of chunk, at least twice",
        ),
        ({"tasks": 16, "chunk": 16}, "tasks is 16 and chunk, the tasks in one program, 16"),
        ({"head": "pointwize"}, "Unknown head 'pointwize'. Did you mean 'pointwise'"),
        ({"trainer": "sibling"}, "Unknown trainer 'sibling'. Did you mean 'siblings'"),
        (
            {"algorithm": {"kk": 3}},
            "trainer 'siblings' cannot have the settings {'kk': 3}; known: k, lookahead,",
        ),
        (
            {"trainer": "reinforce", "optimiser": "natural", "algorithm": {}},
            'set trainer = "siblings" or optimiser = "adam"',
        ),
        (
            {"policy": {"rule": "margn-herding"}},
            "Unknown rule 'margn-herding'. Did you mean 'margin-herding'",
        ),
        ({"stepp": 3}, "Unknown training spec field 'stepp'. Did you mean 'step'"),
        ({"sources": ({"pol": 3},)}, "Unknown training spec field 'pol'. Did you mean 'pool'"),
        ({"sources": ({"pool": 5},)}, "pools of 5 points and a budget of 100"),
        ({"sources": ({"synthetic": {"modez": 3}},)}, "synthetic settings are wrong"),
        ({"sources": ({"datasets": "nowhere"},)}, "nowhere"),
        ({"sources": ({"datasets": "iris", "pool": 200},)}, "iris has 150 rows, too few for a pool of 200"),
        ({"sources": ()}, "sources is"),
        ({"sources": ({"thinned": 2},)}, "thinned is 2; it should be less than or equal to 1"),
        ({"metric": "acuracy"}, "Unknown metric 'acuracy'. Did you mean 'accuracy'"),
    ],
)
def test_a_wrong_spec_is_one_sentence(field, says, tmp_path):
    with pytest.raises(AskwellError) as error:
        train(TrainingSpec.make(**TINY | field), tmp_path / "run")
    assert says in str(error.value)
    assert not (tmp_path / "run").exists() or not (tmp_path / "run" / "checkpoint.safetensors").exists()


def test_validation_judges_by_the_metric_and_less_loss_is_better():
    run = module.Run(TrainingSpec.make(**TINY, metric="log-loss"))
    run.validate(0)
    assert run._validation is not None
    _, key, pools, others = run._validation[0]
    game, head = run.sources[0][0], jax.tree.map(lambda leaf: leaf[0], run.heads).open()
    own = jax.jit(lambda key, pools: programs.areas(game, head, key, pools, "log_loss"))(key, pools)
    (row,) = run.rows["validation"]
    assert row["difference"] == pytest.approx(float((others["random"] - own).mean()), abs=1e-5)
    assert float(run.state.score[0]) == pytest.approx(-float(own.mean()), abs=1e-5)


def test_opponents_that_cannot_act_in_the_game_are_refused_before_anything_is_played(tmp_path):
    source = {**SOURCE, "game": "class-queries"}
    algorithm = {"k": 3}
    spec = TrainingSpec.make(**TINY | {"sources": (source,), "algorithm": algorithm}, head="groups")
    with pytest.raises(AskwellError, match=r"'random' decides about rows, .* 'class-queries' is classes"):
        train(spec, tmp_path / "out")


def rows(**figures):
    row = {"groups": 6.0, "redundancy": 0.2, "entropy": 1.0, "agreement": 0.1, "chance": 0.0, "warning": ""}
    return [row | figures] * WINDOW


@pytest.mark.parametrize(
    ("figures", "word"),
    [
        ({}, ""),
        ({"groups": 1.1}, "Collapse"),
        ({"redundancy": 0.99}, "Collapse"),
        ({"entropy": 0.001}, "Certain"),
        ({"agreement": -0.1}, "No signal"),
    ],
)
def test_warnings_fall_when_they_should_and_once(spec, figures, word):
    seen = rows(**figures)
    told = warning(seen, spec)
    assert told.startswith(word)
    assert bool(told) == bool(word)
    assert not warning([*seen[:-2], seen[-1] | {"warning": told}, seen[-1]], spec)
    assert not warning(seen[:-1], spec)


def test_noise_has_no_signal_and_a_weak_one_is_seen(spec):
    """A mean cosine of twice its standard error is seen, one of half of it is not."""
    for lead, word in ((0.14, ""), (0.03, "No signal")):
        seen = [rows()[0] | {"agreement": lead + (-1) ** i * 0.5} for i in range(WINDOW)]
        assert warning(seen, spec).startswith(word)
        assert bool(warning(seen, spec)) == bool(word)


def test_training_goes_on_from_a_policy_or_says_why_not(whole, tmp_path):
    out, first = whole
    more = TrainingSpec.make(**TINY | {"updates": 1, "every": 1, "step": 1e-6}, start=str(out))
    after = train(more, tmp_path / "more")
    np.testing.assert_allclose(after.policy.base, first.policy.base, atol=1e-5)
    other = TrainingSpec.make(**TINY, head="linear", start=str(out))
    with pytest.raises(AskwellError, match="a policy of head 'pointwise' or with other settings than this"):
        train(other, tmp_path / "other")


COMPILING = """
import sys, time
import askwell.execution
programs = sys.modules["askwell.execution.workers"]
slow = programs.compiled
def compiled(*arguments, **settings):
    print("compiling", flush=True)
    time.sleep(30)
    return slow(*arguments, **settings)
programs.compiled = compiled
from askwell.cli import main
main()
"""
"""The command with programs that take half a minute to compile."""


def test_ctrl_c_while_programs_compile_is_heard_at_once_and_waits_for_none(tmp_path):
    (tmp_path / "spec.toml").write_text(TrainingSpec.make(**TINY).toml())
    command = [
        sys.executable,
        "-c",
        COMPILING,
        "train",
        str(tmp_path / "spec.toml"),
        "--out",
        str(tmp_path / "run"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout.readline() == "compiling\n"
        start = time.monotonic()
        running.send_signal(signal.SIGINT)
        said = running.stderr.read()
        assert running.wait(20) == 130
        assert (
            time.monotonic() - start < 10
        )  # two seconds on a quiet machine; half a minute would be compiling
    assert "Ctrl-C heard: stopping" in said
    assert said.splitlines()[-1].startswith("askwell: interrupted; what was finished is kept")
    assert (tmp_path / "run" / "checkpoint.safetensors").exists()
