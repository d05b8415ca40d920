"""Registration is the export."""

import abc
from typing import ClassVar

import pytest

from askwell.core import AskwellError, collect, summary, unknown


class Base(abc.ABC):
    @abc.abstractmethod
    def act(self): ...


class One(Base):
    """Acts once.

    More words.
    """

    name: ClassVar[str] = "one"

    def act(self): ...


class Nameless(Base):
    def act(self): ...


class AlsoOne(One): ...


def test_concrete_classes_are_collected():
    registry = collect("act", {"Base": Base, "One": One, "alias": One, "other": 3}, Base)
    assert dict(registry) == {"one": One}
    assert summary(registry["one"]) == "Acts once."


def test_an_unknown_name_lists_the_valid_and_the_nearest():
    registry = collect("act", {"One": One}, Base)
    assert "won" not in registry
    with pytest.raises(AskwellError, match=r"Unknown act 'onne'. Did you mean 'one'\? Known: one."):
        registry["onne"]


@pytest.mark.parametrize(
    ("extra", "sentence"), [(Nameless, "no `name`"), (AlsoOne, "Two classes are called 'one'")]
)
def test_wrong_exports_are_refused(extra, sentence):
    with pytest.raises(TypeError, match=sentence):
        collect("act", {"One": One, "Extra": extra}, Base)


def test_of_very_many_names_only_those_alike_are_listed():
    many = [f"set{i}" for i in range(100)]
    said = unknown("dataset", "set7x", many)
    assert said.startswith("Unknown dataset 'set7x'. Did you mean 'set7'? Known: set7, ")
    assert said.endswith(" and 92 more.")
    assert len(said) < 200
