"""The spec: validated, frozen, the same after a round trip through TOML."""

import pytest
from pydantic import ValidationError

from askwell import AskwellError, Spec

FULL = Spec.make(
    datasets=["a b.csv", "wine"],
    label="größe",
    id="no",
    strategies=["margin", "[bold]"],
    baseline="coreset",
    learners="logistic",
    batches=[5, 10],
    rounds=3,
    start=4,
    splits=7,
    pool=99,
    features=8,
    noise=0.25,
    reward="log-loss",
    seed=3,
)


@pytest.mark.parametrize("spec", [FULL, Spec.make(datasets="iris")])
def test_round_trip(spec, tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(spec.toml(tmp_path), encoding="utf-8")
    assert Spec.read(path) == spec
    assert Spec.read(path, splits=9) == Spec.make(**{**spec.model_dump(), "splits": 9})


def test_frozen():
    with pytest.raises(ValidationError):
        FULL.splits = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_one_value_is_a_list_of_one_and_nothing_is_played_twice():
    spec = Spec.make(
        datasets="iris", strategies=["margin", "margin"], batches=[5, 5, 10], learners=["mlp", "mlp"]
    )
    assert spec.datasets == ("iris",)
    assert (spec.strategies, spec.batches, spec.learners) == (("margin",), (5, 10), ("mlp",))
    assert spec.played == ("random", "margin")
    assert Spec.make(datasets="iris", strategies=["margin", "random"]).played == ("margin", "random")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("splits", "many", "splits is 'many'; it should be a valid integer."),
        ("splits", True, "splits is True; it should be a valid integer."),
        ("splits", "3", "splits is '3'; it should be a valid integer."),
        ("splits", 0, "splits is 0; it should be greater than or equal to 1."),
        ("rounds", -1, "rounds is -1; it should be greater than or equal to 1."),
        ("batches", [5, 0], "batches is 0; it should be greater than or equal to 1."),
        ("batches", [], "batches is empty; give at least one."),
        ("strategies", [], "strategies is empty; give at least one."),
        ("strategies", [1], "strategies is 1; it should be a valid string."),
        ("noise", 1.5, "noise is 1.5; it should be less than or equal to 1."),
        ("noise", float("nan"), "noise is nan; it should be less than or equal to 1."),
        ("seed", -1, "seed is -1; it should be greater than or equal to 0."),
        ("seed", 2**31, "seed is 2147483648; it should be less than 2147483648."),
        ("reward", ["accuracy"], "reward is ['accuracy']; it should be a valid string."),
        ("label", 3, "label is 3; it should be a valid string."),
    ],
)
def test_wrong_values(field, value, sentence):
    with pytest.raises(AskwellError) as caught:
        Spec.make(**{"datasets": "iris", field: value})
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("splits = ", "is not valid TOML"),
        ("splits = 3", "No dataset was given"),
        ("datasets = []", "datasets is empty"),
        ("datasets = 'iris'\nsplit = 3", "Unknown spec field 'split'. Did you mean 'splits'?"),
        ("datasets = 'iris'\n[splits]\na = 3", "splits is {'a': 3}; it should be a valid integer."),
    ],
)
def test_wrong_files(text, words, tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    with pytest.raises(AskwellError) as caught:
        Spec.read(path)
    assert words in str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "latin.toml").write_bytes(b"label = '\xe9'")
    for name, words in (
        ("none.toml", "No such file"),
        ("latin.toml", "is not valid TOML"),
        ("", "Is a directory"),
    ):
        with pytest.raises(AskwellError, match=words):
            Spec.read(tmp_path / name)


def test_a_budget_of_labels_fits_every_batch():
    spec = Spec.make(datasets=("iris",), labels=20, batches=(1, 5, 20))
    assert [spec.rounds_of(batch) for batch in spec.batches] == [20, 4, 1]
    assert {spec.budget(batch) for batch in spec.batches} == {20}
    with pytest.raises(AskwellError, match=r"labels is 20, no multiple of the batch 3"):
        Spec.make(datasets=("iris",), labels=20, batches=(1, 3))
