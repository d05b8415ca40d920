"""What the single and the vector environment share: data, game, spaces and pure functions."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Box, MultiDiscrete
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from askwell.comparison import Spec
from askwell.core import AskwellError, Pool
from askwell.data import Dataset, encode, load, split
from askwell.execution import compilation_cache
from askwell.games import BatchGame, BatchState
from askwell.gym.features import FEATURES, observe
from askwell.learners import make_learner


class Episode(NamedTuple):
    """What decides an episode's chances: a split's number and a seed."""

    split: Any
    seed: Any


class Step(NamedTuple):
    """What a round brought."""

    state: BatchState
    observation: Float[Array, "n f"]
    reward: Float[Array, ""]
    info: dict[str, Array]


class World:
    """A dataset's splits and the game on them.

    Args:
        dataset: a name, the path of your own file, or an encoded `askwell.data.Dataset`.
        rounds: rounds of an episode.
        batch: labels per round.
        splits: how many splits of the dataset episodes are drawn from.
        learner: a name, see `askwell.learners.make_learner`.
        reward: a name from ``askwell.games.REWARDS``, on the selection split.
        seed: of the splits; what happens in an episode is seeded by ``reset``.
        settings: further fields of `askwell.Spec`: ``start``, ``pool``, ``features``, ``noise``,
            ``label``, ``id``.

    Raises:
        AskwellError: one sentence on what is wrong with the input.
    """

    def __init__(
        self,
        dataset: str | Dataset = "digits",
        *,
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
            rounds=rounds,
            batches=batch,
            splits=splits,
            learners=learner,
            reward=reward,
            seed=seed,
            **settings,
        )
        if isinstance(dataset, str):
            dataset = encode(load(dataset, label=spec.label, id=spec.id), features=spec.features)
        compilation_cache()
        self.splits = spec.splits
        self.game = BatchGame(
            learner=make_learner(learner),
            rounds=spec.rounds,
            batch=spec.batches[0],
            start=spec.start,
            noise=spec.noise,
            reward=spec.reward,
        )
        drawn = split(
            dataset, seed=spec.seed, splits=spec.splits, pool=spec.pool, budget=spec.budget(self.game.batch)
        )
        self.pools: Pool = jax.tree.map(jnp.asarray, drawn.pools)
        n = drawn.rows.shape[1]
        self.observation_space = Box(0.0, 1.0, (n, len(FEATURES)), np.float32)
        self.action_space = MultiDiscrete(np.full(self.game.batch, n))

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

    def reset(self, pools: Pool, episode: Episode) -> tuple[BatchState, Float[Array, "n f"]]:
        """Begin an episode; pure. `pools` has a leading axis of splits."""
        pool = jax.tree.map(lambda field: field[episode.split], pools)
        key = jax.random.fold_in(jax.random.key(episode.seed), 0)
        state = self.game.reset(key, pool)
        return state, observe(self.game.view(state))

    def step(self, state: BatchState, seed: Int[Array, ""], action: Int[Array, " q"]) -> Step:
        """Play a round; pure."""
        key = jax.random.fold_in(jax.random.key(seed), state.round + 1)
        game_key, legal_key = jax.random.split(key)
        picks, replaced = legal(legal_key, action, self.game.view(state).asked)
        state, outcome = self.game.step(game_key, state, picks)
        info = {
            "picks": picks,
            "replaced": replaced,
            "selection_accuracy": outcome.selection.accuracy,
            "report_accuracy": outcome.report.accuracy,
        }
        return Step(state, observe(self.game.view(state)), outcome.reward, info)


def legal(
    key: PRNGKeyArray, action: Int[Array, " q"], asked: Bool[Array, " n"]
) -> tuple[Int[Array, " q"], Int[Array, ""]]:
    """The batch that an action asks for, and how many of its rows had to be replaced.

    Rows keep their order; one that was asked before, or comes a second time in the action, is replaced by a
    random row that neither was asked nor is in the action. The replacements come last.
    """
    n, q = asked.shape[0], action.shape[0]
    place = jnp.full(n, q).at[action].min(jnp.arange(q))
    wanted = (place < q) & ~asked
    score = jnp.where(wanted, 1.0 + q - place, jax.random.uniform(key, (n,)))
    picks = jax.lax.top_k(jnp.where(asked, -1.0, score), q)[1]
    return picks, q - jnp.sum(wanted)
