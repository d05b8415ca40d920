"""The spec of a training run: everything that decides a policy's weights, frozen, as a TOML file."""

import dataclasses
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from askwell.core import ACCURACY, AskwellError, unknown
from askwell.core.spec import AbstractSpec, Listed, MetricName, Size, tuples
from askwell.policies import HEADS
from askwell.training.optimiser import Optimiser
from askwell.training.tasks import TaskSource
from askwell.training.trainers import TRAINERS, AbstractTrainer

CHUNK = 4
"""Tasks in one program on a CPU: more of them only evict each other from the cache."""


class TrainingSpec(AbstractSpec):
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
        sources: where tasks come from, in proportion to their shares.
        validation: where the policy is judged every `every` updates, on the same `judged` tasks of each source,
            against the strategies `against`; the weights with the best mean AULC in `metric` are kept.
        metric: what validation judges by, see `askwell.core.METRICS`; what is learned is the `reward` of the sources.
    """

    KIND: ClassVar[str] = "training spec field"
    PATHS: ClassVar[tuple[str, ...]] = ("start", "against")

    head: str = "pointwise"
    policy: dict[str, Any] = Field(default_factory=dict)
    start: str = ""
    trainer: str = "siblings"
    algorithm: dict[str, Any] = Field(default_factory=dict)
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
    against: Listed = ("random", "margin", "margin-herding")
    sources: Annotated[tuple[TaskSource, ...], BeforeValidator(tuples), Field(min_length=1)] = (TaskSource(),)
    validation: Annotated[tuple[TaskSource, ...], BeforeValidator(tuples)] = ()
    metric: MetricName = ACCURACY

    @model_validator(mode="after")
    def _fits_together(self) -> "TrainingSpec":
        if self.tasks % self.chunk or self.tasks < 2 * self.chunk:
            raise AskwellError(
                f"tasks is {self.tasks} and chunk, the tasks in one program, {self.chunk}; give tasks a multiple of "
                "chunk, at least twice as many."
            )
        if self.head not in HEADS:
            raise AskwellError(unknown("head", self.head, HEADS))
        games = [source.make_game() for source in (*self.sources, *self.validation)]
        self.make_trainer().check(HEADS[self.head], games)
        return self

    def make_trainer(self) -> AbstractTrainer:
        """The algorithm with its settings.

        Raises:
            AskwellError: for settings that it does not have.
        """
        try:
            own = Optimiser(self.optimiser, self.step, self.clip, self.average, self.updates)
            return TRAINERS[self.trainer](**self.algorithm, optimiser=own)
        except TypeError as error:
            fields = dataclasses.fields(TRAINERS[self.trainer])
            known = ", ".join(field.name for field in fields if field.name != "optimiser")
            raise AskwellError(
                f"The trainer '{self.trainer}' cannot have the settings {self.algorithm}; known: {known}."
            ) from error
