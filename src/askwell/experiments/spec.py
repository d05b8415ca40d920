"""The spec: everything that decides an experiment's numbers, frozen, as a TOML file."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from askwell.core import AskwellError, unknown
from askwell.games import REWARDS

STRATEGIES = ("random", "margin", "coreset", "typiclust", "uherding", "margin-herding")
"""What `compare` plays when no strategy is named."""


def tuples(value: Any) -> Any:
    """TOML's lists are tuples here."""
    return tuple(value) if isinstance(value, list) else value


def listed(value: Any) -> Any:
    """One value stands for a list of one."""
    return (value,) if isinstance(value, str | int) else tuples(value)


def _once(values: tuple) -> tuple:
    return tuple(dict.fromkeys(values))


def _reward(value: str) -> str:
    if value not in REWARDS:
        raise ValueError(unknown("reward", value, REWARDS))
    return value


Given = Annotated[tuple[str, ...], BeforeValidator(listed), Field(min_length=1)]
Names = Annotated[Given, AfterValidator(_once)]
Size = Annotated[int, Field(ge=1)]
Sizes = Annotated[tuple[Size, ...], BeforeValidator(listed), Field(min_length=1), AfterValidator(_once)]


class Spec(BaseModel):
    """A grid dataset × strategy × learner × batch × split, with paired splits and seeds.

    Attributes:
        datasets: names or paths, see `askwell.data.load`; `label` and `id` name columns of files.
        strategies: what is compared; `baseline` is added to them where it is missing.
        learners: names, see `askwell.learners.make_learner`.
        batches: labels per round; each is a game of its own with the same number of `rounds`,
            or, if `labels` is given, with as many rounds as that budget allows.
        start: random labels before the first round (0: a cold start).
        splits: how many pool / selection / report splits of each dataset.
        pool: at most this many points to choose from (1000, or the budget if that is more).
        features: more columns than this are reduced by PCA.
        noise: probability that the annotator is wrong.
        reward: what a round counts for in the records, see `askwell.games.REWARDS`.
        seed: decides splits, wrong answers, start labels and tie-breaks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    datasets: Given
    label: str | None = None
    id: str | None = None
    strategies: Names = STRATEGIES
    baseline: str = "random"
    learners: Names = ("logistic",)
    batches: Sizes = (10,)
    rounds: Size = 10
    labels: Size | None = None
    start: Annotated[int, Field(ge=0)] = 0
    splits: Size = 20
    pool: Size | None = None
    features: Size = 64
    noise: Annotated[float, Field(ge=0, le=1)] = 0.0
    reward: Annotated[str, AfterValidator(_reward)] = "accuracy"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @model_validator(mode="after")
    def _spent(self) -> "Spec":
        odd = [batch for batch in self.batches if self.labels is not None and self.labels % batch]
        if odd:
            raise ValueError(f"labels is {self.labels}, no multiple of the batch {odd[0]}; give one that is.")
        return self

    @property
    def played(self) -> tuple[str, ...]:
        """All strategies that are played, the baseline first if it was not named."""
        return self.strategies if self.baseline in self.strategies else (self.baseline, *self.strategies)

    def budget(self, batch: int) -> int:
        """Labels that one episode with that batch pays for."""
        return self.start + self.rounds_of(batch) * batch

    def rounds_of(self, batch: int) -> int:
        """Rounds of an episode with that batch."""
        return self.rounds if self.labels is None else self.labels // batch

    def toml(self) -> str:
        """The spec as a TOML text; `read` gives it back."""
        return tomli_w.dumps(self.model_dump(exclude_none=True, mode="json"))

    @classmethod
    def make(cls, **fields: Any) -> "Spec":
        """A validated spec.

        Raises:
            AskwellError: one sentence on the first field that is wrong.
        """
        try:
            return cls(**fields)
        except ValidationError as error:
            raise AskwellError(_sentence(error)) from error

    @classmethod
    def read(cls, path: Path | str, **changes: Any) -> "Spec":
        """A spec from a TOML file, with some fields replaced.

        Raises:
            AskwellError: if the file is missing, is no TOML, or a field is wrong.
        """
        return cls.make(**{**read_toml(Path(path)), **changes})


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file's fields."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AskwellError(f"Cannot read the spec {path}: {error.strerror}; check the path.") from error
    except ValueError as error:  # broken TOML or not UTF-8
        raise AskwellError(f"The spec {path} is not valid TOML: {error}; mend that line.") from error


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    field = str(first["loc"][0]) if first["loc"] else "spec"
    if first["type"] == "extra_forbidden":
        return unknown("spec field", field, Spec.model_fields)
    if first["type"] == "missing":  # nothing else has no default
        return "No dataset was given; name one (askwell list datasets shows them) or give a file."
    if first["type"] == "value_error":
        return first["msg"].removeprefix("Value error, ")
    if first["type"] == "too_short":
        return f"{field} is empty; give at least one."
    return f"{field} is {first['input']!r}; {first['msg'].replace('Input', 'it', 1)}."
