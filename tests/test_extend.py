"""What docs/extend.md shows works: each example is run, and held to the laws of its kind."""

import inspect
import re
from pathlib import Path

import jax
import pytest

import askwell
from askwell import games, policies, strategies, training
from askwell.games import BatchGame
from askwell.testing import STRATEGY_LAWS, check_game, check_trainer

PAGE = (Path(__file__).parents[1] / "docs" / "extend.md").read_text()
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> dict:
    """The classes of the page's files, imported from files as a user's are."""
    folder, found = tmp_path_factory.mktemp("extend"), {}
    for number, code in enumerate(EXAMPLES[:4]):
        path = folder / f"example{number}.py"
        path.write_text(code)
        names: dict = {"__name__": f"example{number}"}
        exec(compile(code, path, "exec"), names)
        classes = [kind for kind in names.values() if inspect.isclass(kind)]
        found |= {kind.__name__: kind for kind in classes if kind.__module__ == names["__name__"]}
    return found


def test_there_are_five_examples(shown):
    assert len(EXAMPLES) == 5
    assert {"DenseMargin", "NoReply", "LinearGain", "LeastSquares"} <= set(shown)


def test_the_strategy(shown):
    for rule in STRATEGY_LAWS:
        rule(shown["DenseMargin"]())


def test_the_game(shown):
    check_game(shown["NoReply"](BatchGame(rounds=3, batch=4), reply=0.6))


def test_the_head_and_the_trainer(shown):
    head = shown["LinearGain"](jax.random.key(0))
    for rule in STRATEGY_LAWS:
        rule(head)
    check_trainer(shown["LeastSquares"](), head, BatchGame(rounds=3, batch=4))


def test_one_line_registers_each(shown, monkeypatch, tmp_path):
    """The import that the page asks for, and nothing else: then names, specs and runs know it."""
    for registry, name in (
        (games.GAMES, "NoReply"),
        (policies.HEADS, "LinearGain"),
        (training.TRAINERS, "LeastSquares"),
        (strategies.STRATEGIES, "DenseMargin"),
    ):
        monkeypatch.setitem(registry._classes, shown[name].name, shown[name])
    result = askwell.compare(
        "iris",
        game="no-reply",
        strategies="dense-margin",
        splits=2,
        rounds=2,
        batches=4,
        out=tmp_path / "run",
    )
    assert result.spec.baseline == "random"
    assert (result.records["labels"] <= result.records["round"] * 4).all()
    assert result.records["labels"].n_unique() > 2  # some answers did not come
    source = {"rounds": 2, "batch": 3, "pool": 32, "selection": 32, "features": 3, "classes": 3}
    spec = askwell.TrainingSpec.make(
        head="linear-gain",
        trainer="least-squares",
        updates=2,
        tasks=8,
        judged=4,
        against="random",
        sources=[source],
    )
    trained = askwell.train(spec, tmp_path / "trained")
    assert trained.histories["training"]["error"].null_count() == 0
    assert isinstance(askwell.load_policy(tmp_path / "trained"), shown["LinearGain"])


def test_a_trainer_says_what_it_cannot_train(shown, monkeypatch):
    monkeypatch.setitem(policies.HEADS._classes, "linear-gain", shown["LinearGain"])
    with pytest.raises(
        askwell.AskwellError, match="'siblings' cannot train the head 'linear-gain': it needs a head whose"
    ):
        askwell.TrainingSpec.make(head="linear-gain")
    with pytest.raises(
        askwell.AskwellError,
        match="plays games whose actions are rows, classes, and those of 'label-or-skip'",
    ):
        askwell.TrainingSpec.make(head="skip", sources=[{"game": "label-or-skip"}])
    with pytest.raises(
        askwell.AskwellError, match=r"'pointwise' decides about rows, and an action of .* is skip"
    ):
        askwell.TrainingSpec.make(trainer="reinforce", sources=[{"game": "label-or-skip"}])
