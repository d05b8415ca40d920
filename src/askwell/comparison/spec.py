"""The spec of a comparison: everything that decides its numbers, frozen, as a TOML file."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from askwell.core import ACCURACY
from askwell.core.spec import Listed, MetricName, Names, Size, Sizes, once
from askwell.games import GAMES, AbstractGame, AbstractGameSpec, BatchGame
from askwell.learners import AbstractLearner


class Spec(AbstractGameSpec):
    """A grid dataset × strategy × learner × batch × split, with paired splits and seeds.

    Attributes:
        datasets: names or paths, see `askwell.data.load`; `label` and `id` name columns of files.
        game, game_settings, rounds, start, noise, reward: what is played, see `AbstractGameSpec`.
        strategies: what is compared, by default the game's opponents; `baseline`, by default their first, is added
            where it is missing.
        learners: names, see `askwell.learners.make_learner`.
        batches: labels per round; each is a game of its own with the same number of `rounds`,
            or, if `labels` is given, with as many rounds as that budget allows.
        splits: how many pool / selection / report splits of each dataset.
        pool: at most this many points to choose from (1000, or the budget if that is more).
        features: more columns than this are reduced by PCA.
        encoder: what ``askwell train --history`` wrote: every strategy plays in that metric. Or "sentences": prose is
            encoded by a small sentence encoder, too.
        seed: decides splits, wrong answers, start labels and tie-breaks.
        metric: what strategies are judged by, see `askwell.core.METRICS`. All are recorded, so it changes no record.
    """

    PATHS: ClassVar[tuple[str, ...]] = ("datasets", "strategies", "baseline", "encoder")
    MISSING: ClassVar[str] = (
        "No dataset was given; name one (askwell list datasets shows them) or give a file."
    )

    datasets: Annotated[Listed, Field(min_length=1)]
    label: str | None = None
    id: str | None = None
    strategies: Names
    baseline: str
    learners: Names = ("logistic",)
    batches: Sizes = (10,)
    labels: Size | None = None
    splits: Size = 20
    pool: Size | None = None
    features: Size = 64
    encoder: str | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    metric: MetricName = ACCURACY

    @model_validator(mode="before")
    @classmethod
    def _opponents(cls, fields: Any) -> Any:
        name = fields.get("game", "batch") if isinstance(fields, dict) else None
        if not isinstance(name, str) or name not in GAMES:
            return fields  # the field's own check says so
        names = GAMES[name].opponents
        return {"strategies": names, "baseline": names[0], **fields}

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

    def make_game(self, learner: AbstractLearner, batch: int) -> AbstractGame:
        """The game of a learner and a batch.

        Raises:
            AskwellError: for settings that the game cannot have.
        """
        return self.game_of(learner, batch, self.rounds_of(batch))

    def batch_game(self, learner: AbstractLearner, batch: int) -> BatchGame:
        """The batch game underneath."""
        return self.batch_game_of(learner, batch, self.rounds_of(batch))

    def merged(self, old: "Spec | None") -> "Spec":
        """This spec with what an earlier one of the same run had besides: nothing that was played is dropped."""
        if old is None:
            return self
        axes = {name: once((*getattr(old, name), *getattr(self, name))) for name in AXES}
        before = old.strategies if old.baseline == self.baseline else old.played
        axes["strategies"] = once((*before, *self.strategies))
        return self.model_copy(update={**axes, "splits": max(old.splits, self.splits)})


AXES = ("datasets", "learners", "batches")
GROWS: tuple[str, ...] = (*AXES, "strategies", "splits", "baseline", "metric")
"""Fields that may differ when a run is taken up: none of them changes a cell that is finished."""
