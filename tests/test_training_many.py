"""Many trainings in one call: each is to the bit what it is alone, and what was stopped goes on."""

import pytest

from askwell.training import TrainingSpec, histories, train, train_each
from askwell.training.many import planned
from test_training_train import TINY, _shared_programs, same  # noqa: F401  (a fixture)


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """Two specs, of two seeds each; they differ in what needs no other program."""
    home = tmp_path_factory.mktemp("specs")
    for name, every in (("a", 3), ("b", 2)):
        (home / f"{name}.toml").write_text(TrainingSpec.make(**TINY | {"every": every}).toml())
    return planned([home / "a.toml", home / "b.toml"], (0, 1))


def test_runs_are_named_by_spec_and_seed(plan):
    assert {name: (spec.every, spec.seeds) for name, spec in plan.items()} == {
        "a-0": (3, (0,)), "a-1": (3, (1,)), "b-0": (2, (0,)), "b-1": (2, (1,)),
    }  # fmt: skip


def test_each_is_what_it_is_alone_and_goes_on_where_it_stopped(plan, tmp_path):
    def die(row):
        if row["history"] == "training" and row["update"] == 4:
            raise RuntimeError

    with pytest.raises(RuntimeError):
        train(plan["b-1"], tmp_path / "all" / "b-1", die)
    told = []
    cards = train_each(plan, tmp_path / "all", lambda *row: told.append(row))
    assert list(cards) == list(plan)
    assert told[-1] == (24, 24, "4 of 4 runs finished")
    for name in ("a-0", "b-1"):
        alone = train(plan[name], tmp_path / name)
        same(tmp_path / name, tmp_path / "all" / name)
        assert cards[name] == alone.card
    before = histories(tmp_path / "all" / "a-1")["training"]
    assert train_each(plan, tmp_path / "all") == cards
    assert histories(tmp_path / "all" / "a-1")["training"].equals(
        before
    )  # its seconds, too: not played again
