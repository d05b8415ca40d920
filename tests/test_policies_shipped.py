"""The policy that lies in the wheel: it is what its card says, and was trained on nothing that it is judged on."""

from pathlib import Path

import pytest

from askwell import testing
from askwell.data.catalogue import META_TRAIN, META_VALIDATION, ROLES
from askwell.policies import SHIPPED, card, make_strategy
from askwell.training import TrainingSpec

HOME = Path(__file__).parents[1]
MEGABYTE = 2**20


@pytest.mark.parametrize("law", testing.STRATEGY_LAWS, ids=lambda law: law.__name__)
def test_law(law):
    law(make_strategy("learned"))


def test_it_is_small_and_lies_where_the_wheel_takes_it_from():
    files = [*SHIPPED.values(), *(path.with_suffix(".json") for path in SHIPPED.values())]
    assert list(SHIPPED) == ["learned"]
    assert all(path.is_relative_to(HOME / "src" / "askwell") for path in files)
    assert sum(path.stat().st_size for path in files) < MEGABYTE


def test_the_spec_that_reproduces_it_is_in_the_repository():
    spec = TrainingSpec.read(HOME / "studies" / "learned.toml")
    assert TrainingSpec.make(**card(SHIPPED["learned"])["spec"]) == spec


def test_it_was_trained_and_chosen_on_sets_of_those_roles_alone():
    spec = TrainingSpec.make(**card(SHIPPED["learned"])["spec"])
    trained = {name for source in spec.sources for name in source.datasets}
    chosen = {name for source in spec.validation for name in source.datasets}
    assert {ROLES[name] for name in trained} == {META_TRAIN}
    assert {ROLES[name] for name in chosen} == {META_VALIDATION}
