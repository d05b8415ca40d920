"""The spec of a training run: everything that decides a policy's weights, frozen, as a TOML file."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from askwell.core import AskwellError, unknown
from askwell.experiments.spec import Size, read_toml, tuples
from askwell.experiments.worlds import World
from askwell.policies import HEADS
from askwell.training import TRAINERS

CHUNK = 4
"""Tasks in one program on a CPU: more of them only evict each other from the cache."""


class TrainingSpec(BaseModel):
    """How a policy is trained.

    Attributes:
        head: the kind of policy, with its settings `policy`, see `askwell.policies`.
        start: the policy (file, training run or shipped name) that training goes on from, of the same head and
            settings; none: the head's own first weights.
        trainer: the algorithm, with its settings `algorithm`, see `askwell.training`.
        seeds: one policy for each, trained side by side; the best on validation is kept.
        updates: steps of the optimiser, their size falling from `step` to a tenth of it along a cosine.
        optimiser: "adam", or "natural" for the natural gradient, which only the trainer "siblings" can tell; there
            `step` is how far decisions change an update: half its square is a divergence in nats an episode.
        tasks: episodes an update, each with a task of its own; a multiple of `chunk`, at least two of them.
        chunk: tasks in one program. 4 keep to a CPU's cache; an accelerator wants hundreds.
        clip: the longest gradient that is not shortened.
        average: share of the new weights in the running average that is validated and shipped.
        worlds: where tasks come from, in proportion to their shares.
        validation: where the policy is judged every `every` updates, on the same `judged` tasks of each world,
            against the strategies `against`; the weights with the highest mean accuracy are kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    head: str = "pointwise"
    policy: dict[str, Any] = {}
    start: str = ""
    trainer: str = "siblings"
    algorithm: dict[str, Any] = {}
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=2**31)], ...], BeforeValidator(tuples)] = (0,)
    updates: Size = 300
    tasks: Size = 32
    chunk: Size = CHUNK
    optimiser: Literal["adam", "natural"] = "adam"
    step: Annotated[float, Field(gt=0)] = 0.005
    clip: Annotated[float, Field(gt=0)] = 1.0
    average: Annotated[float, Field(gt=0, le=1)] = 0.05
    every: Size = 50
    judged: Annotated[int, Field(ge=CHUNK, multiple_of=CHUNK)] = 64
    against: Annotated[tuple[str, ...], BeforeValidator(tuples)] = ("random", "margin", "margin-herding")
    worlds: Annotated[tuple[World, ...], BeforeValidator(tuples), Field(min_length=1)] = (World(),)
    validation: Annotated[tuple[World, ...], BeforeValidator(tuples)] = ()

    def toml(self) -> str:
        """The spec as a TOML text; `read` gives it back."""
        return tomli_w.dumps(self.model_dump(exclude_none=True, mode="json"))

    @classmethod
    def make(cls, **fields: Any) -> "TrainingSpec":
        """A validated spec.

        Raises:
            AskwellError: one sentence on the first field that is wrong.
        """
        try:
            spec = cls(**fields)
        except ValidationError as error:
            raise AskwellError(_sentence(error)) from error
        if spec.tasks % spec.chunk or spec.tasks < 2 * spec.chunk:
            raise AskwellError(
                f"tasks is {spec.tasks} and chunk, the tasks in one program, {spec.chunk}; give tasks a multiple of "
                "chunk, at least twice as many."
            )
        if spec.head not in HEADS:
            raise AskwellError(unknown("head", spec.head, HEADS))
        if spec.optimiser == "natural" and spec.trainer != "siblings":
            raise AskwellError(
                f"The natural gradient compares sibling batches, and the trainer is '{spec.trainer}'; set "
                'trainer = "siblings" or optimiser = "adam".'
            )
        spec.make_trainer()
        for world in (*spec.worlds, *spec.validation):
            world.game()
        return spec

    def make_trainer(self):
        """The algorithm with its settings.

        Raises:
            AskwellError: for settings that it does not have.
        """
        try:
            needed: dict[str, Any] = {"fisher": True} if self.optimiser == "natural" else {}
            return TRAINERS[self.trainer](**self.algorithm, **needed)
        except TypeError as error:
            known = ", ".join(field.name for field in dataclasses.fields(TRAINERS[self.trainer]))
            raise AskwellError(
                f"The trainer '{self.trainer}' cannot have the settings {self.algorithm}; known: {known}."
            ) from error

    @classmethod
    def read(cls, path: Path | str, **changes: Any) -> "TrainingSpec":
        """A spec from a TOML file, with some fields replaced.

        Raises:
            AskwellError: if the file is missing, is no TOML, or a field is wrong.
        """
        return cls.make(**{**read_toml(Path(path)), **changes})


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    at = ".".join(map(str, first["loc"])) or "spec"
    if first["type"] == "extra_forbidden":
        *above, field = first["loc"]
        return unknown("training spec field", str(field), (World if above else TrainingSpec).model_fields)
    return f"{at} is {first['input']!r}; {first['msg'].replace('Input', 'it', 1)}."
