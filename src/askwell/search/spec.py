"""The spec of a search, frozen, as a TOML file."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from askwell.comparison import Spec
from askwell.core import AskwellError
from askwell.core.spec import AbstractSpec, Listed, Size
from askwell.search.space import applied, chosen, default, space
from askwell.training import TrainingSpec

FRESH = 1_000_003
"""Between the seed of a search and that of its last splits."""


class SearchSpec(AbstractSpec):
    """Which settings are searched, and how a policy is judged.

    Attributes:
        train: the training spec (a TOML file) that all trials change, and that they are compared to. Each trial trains
            for its `updates`; it is judged at its validations, on the validation's tasks, by the metric of the spec.
        settings: what is searched, see `askwell.search.space`.
        go_on: share of the trials that go on after a validation; those that are not reliably worse go on, too.
        first: trials at random before Optuna's sampler learns from them.
        datasets: what the winner is judged on in the end, on splits that no trial has seen, in the game of the training
            spec's first validation source (or source of tasks, where it has none).
        splits, pool: how many of them, and their size.
        seed: decides the sampler's draws and the last splits.
    """

    KIND: ClassVar[str] = "search spec field"
    PATHS: ClassVar[tuple[str, ...]] = ("train", "datasets")

    train: str
    settings: Annotated[dict[str, Any], Field(min_length=1)]
    go_on: Annotated[float, Field(gt=0, lt=1)] = 0.5
    first: Size = 8
    datasets: Annotated[Listed, Field(min_length=1)]
    splits: Annotated[int, Field(ge=2)] = 24
    pool: Size | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def last(self, base: TrainingSpec) -> Spec:
        """The comparison that the winner is judged by.

        Raises:
            AskwellError: if it cannot be played.
        """
        source = (base.validation or base.sources)[0]
        same = {name: getattr(source, name) for name in ("game", "game_settings", "rounds", "start", "noise")}
        return Spec.make(
            datasets=self.datasets,
            learners=source.learner,
            batches=source.batch,
            splits=self.splits,
            pool=self.pool,
            seed=self.seed + FRESH,
            metric=base.metric,
            **same,
        )

    def base(self) -> TrainingSpec:
        """The training spec that trials change.

        Raises:
            AskwellError: if it cannot be read, or a setting does not fit it.
        """
        base, kinds = TrainingSpec.read(self.train), space(self.settings)
        fields = base.model_dump()
        own = default(self.settings, fields)
        for name, kind in kinds.items():
            for value in getattr(kind, "choices", None) or (kind.low, kind.high):  # type: ignore[attr-defined]
                choice = {**own, name: value}
                try:
                    TrainingSpec.make(**applied(fields, chosen(self.settings, choice)))
                except AskwellError as error:
                    raise AskwellError(f"The setting {name} cannot be {value!r}: {error}") from error
        return base
