"""What the single and the vector environment share: data, game, spaces and pure functions."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float

from askwell.comparison import Spec
from askwell.core import AskwellError, Pool
from askwell.data import Dataset, load, split
from askwell.encoders import encode_table
from askwell.execution import compilation_cache
from askwell.games import AbstractState
from askwell.gym.actions import DOORS
from askwell.learners import make_learner


class Episode(NamedTuple):
    """What decides an episode's chances: a split's number and a seed."""

    split: Any
    seed: Any


class Step(NamedTuple):
    """What a turn brought, and whether nothing more can be bought."""

    state: AbstractState
    observation: Float[Array, "..."]
    reward: Float[Array, ""]
    over: Bool[Array, ""]
    info: dict[str, Array]


class Setup:
    """A dataset's splits and the game on them.

    Args:
        dataset: a name, the path of your own file, or an encoded `askwell.data.Dataset`.
        game: a name from ``askwell.games.GAMES``.
        rounds: rounds of an episode.
        batch: labels per round; of a stream, rounds times batch is the budget.
        splits: how many splits of the dataset episodes are drawn from.
        learner: a name, see `askwell.learners.make_learner`.
        reward: a name from ``askwell.games.REWARDS``, on the selection split.
        seed: of the splits; what happens in an episode is seeded by ``reset``.
        settings: further fields of `askwell.Spec`: ``game_settings``, ``start``, ``pool``, ``features``, ``noise``,
            ``label``, ``id``.

    Raises:
        AskwellError: one sentence on what is wrong with the input.
    """

    def __init__(
        self,
        dataset: str | Dataset = "digits",
        *,
        game: str = "batch",
        rounds: int = 10,
        batch: int = 10,
        splits: int = 20,
        learner: str = "logistic",
        reward: str = "accuracy",
        seed: int = 0,
        **settings: Any,
    ):
        source = dataset if isinstance(dataset, str) else dataset.name
        spec = Spec.make(
            datasets=source,
            game=game,
            rounds=rounds,
            batches=batch,
            splits=splits,
            learners=learner,
            reward=reward,
            seed=seed,
            **settings,
        )
        if isinstance(dataset, str):
            dataset = encode_table(load(dataset, label=spec.label, id=spec.id), spec.features, spec.encoder)
        compilation_cache()
        self.splits = spec.splits
        self.game = spec.make_game(make_learner(learner), batch)
        drawn = split(dataset, seed=spec.seed, splits=spec.splits, pool=spec.pool, budget=self.game.budget)
        self.pools: Pool = jax.device_put(drawn.pools)
        self._door = DOORS[type(self.game.space)]
        first = jax.tree.map(lambda field: field[0], self.pools)
        view = eqx.filter_eval_shape(
            lambda pool: self.game.view(self.game.reset(jax.random.key(0), pool)), first
        )
        self.observation_space = self._door.observations(view)
        self.action_space = self._door.actions(self.game.space, view)

    def draw(self, random: np.random.Generator, options: Mapping[str, Any] | None) -> Episode:
        """A new episode's split and seed; ``options={"split": 3}`` fixes the split.

        Raises:
            AskwellError: for an unknown option or a split that there is not.
        """
        chosen, seed = random.integers(self.splits), random.integers(2**32, dtype=np.uint32)
        wanted = dict(options or {})
        chosen = wanted.pop("split", chosen)
        if wanted:
            raise AskwellError(f"Unknown reset options {', '.join(map(repr, wanted))}; allowed is 'split'.")
        if not isinstance(chosen, int | np.integer) or not 0 <= chosen < self.splits:
            raise AskwellError(f"The split is {chosen!r}; give a whole number from 0 to {self.splits - 1}.")
        return Episode(np.int32(chosen), seed)

    def reset(self, pools: Pool, episode: Episode) -> tuple[AbstractState, Float[Array, "..."]]:
        """Begin an episode; pure. `pools` has a leading axis of splits."""
        pool = jax.tree.map(lambda field: field[episode.split], pools)
        key = jax.random.fold_in(jax.random.key(episode.seed), 0)
        state = self.game.reset(key, pool)
        return state, self._door.observe(self.game.view(state))

    def step(self, state: AbstractState, seed: Array, action: Array) -> Step:
        """Play a turn; pure."""
        view = self.game.view(state)
        key = jax.random.fold_in(jax.random.key(seed), view.round + 1)
        game_key, legal_key = jax.random.split(key)
        allowed, replaced = self._door.allowed(legal_key, action, view)
        state, outcome = self.game.step(game_key, state, allowed)
        info = {
            "picks": outcome.bought,
            "cost": outcome.cost,
            "replaced": replaced,
            "selection_accuracy": outcome.selection.accuracy,
            "report_accuracy": outcome.report.accuracy,
        }
        observation = self._door.observe(self.game.view(state))
        return Step(state, observation, outcome.reward, self.game.over(state), info)
