"""Many batch games at once: one compiled step under ``vmap``."""

from collections.abc import Sequence
from typing import Any, ClassVar

import jax
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from askwell.core import AskwellError
from askwell.games import BatchState
from askwell.gym.single import check
from askwell.gym.world import Episode, World


class BatchPoolVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """`num_envs` of `BatchPoolEnv`, stepped by one compiled program.

    After ``reset(seed=s)`` environment ``i`` plays what the single one plays after ``reset(seed=s + i)``. All
    have the same horizon and so end together; the step after that begins new episodes, whatever the action,
    with reward 0 (Gymnasium's mode "next step"). ``options={"split": [0, 3, …]}`` fixes each one's split, a
    number that of all.
    """

    metadata: ClassVar[dict[str, Any]] = {  # pyright: ignore[reportIncompatibleVariableOverride]
        "render_modes": [],
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(self, num_envs: int = 1, render_mode: None = None, **settings: Any):
        if num_envs < 1:
            raise AskwellError(f"num_envs is {num_envs}; give at least 1.")
        self.num_envs = num_envs
        self.render_mode = render_mode
        self.world = World(**settings)
        self.single_observation_space = self.world.observation_space
        self.single_action_space = self.world.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._generators = [seeding.np_random()[0] for _ in range(num_envs)]
        self._reset = jax.jit(jax.vmap(self.world.reset, in_axes=(None, 0)))
        self._step = jax.jit(jax.vmap(self.world.step), donate_argnums=0)
        self._state: BatchState | None = None
        self._episode: Episode | None = None
        self._left = 0

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode in every environment.

        Raises:
            AskwellError: for as many seeds or splits as there are not environments, or unknown options.
        """
        if isinstance(seed, int | np.integer):
            super().reset(seed=int(seed))  # for users of this object's own np_random
            seed = range(int(seed), int(seed) + self.num_envs)
        if seed is not None:
            for i, own in enumerate(self._each("seeds", list(seed))):
                if own is not None:
                    self._generators[i] = seeding.np_random(own)[0]
        return self._begin(options)

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Ask a batch in every environment, or begin new episodes if the last step ended them.

        Raises:
            gymnasium.error.ResetNeeded: before the first reset.
            gymnasium.error.InvalidAction: for actions that are not in the action space.
        """
        if self._episode is None or self._state is None:
            raise ResetNeeded("No episode has begun; call reset first.")
        never = np.zeros(self.num_envs, bool)
        if not self._left:
            observation, info = self._begin(None)
            return observation, np.zeros(self.num_envs), never, never.copy(), info
        step = self._step(self._state, self._episode.seed, check(self.action_space, actions))
        self._state, self._left = step.state, self._left - 1
        info = self._info({name: np.array(value) for name, value in step.info.items()})
        ended = np.full(self.num_envs, self._left == 0)
        return np.array(step.observation), np.array(step.reward, np.float64), ended, never, info

    def _begin(self, options: dict[str, Any] | None) -> tuple[np.ndarray, dict[str, Any]]:
        each: list[dict[str, Any]] = [dict(options or {}) for _ in range(self.num_envs)]
        fixed = (options or {}).get("split")
        if isinstance(fixed, Sequence | np.ndarray):
            for own, number in zip(each, self._each("splits", list(fixed)), strict=True):
                own["split"] = number
        drawn = [self.world.draw(*pair) for pair in zip(self._generators, each, strict=True)]
        self._episode = Episode(*(np.stack(values) for values in zip(*drawn, strict=True)))
        self._state, observation = self._reset(self.world.pools, self._episode)
        self._left = self.world.game.rounds
        return np.array(observation), self._info({"split": self._episode.split.copy()})

    def _each(self, what: str, values: list) -> list:
        if len(values) != self.num_envs:
            raise AskwellError(
                f"{len(values)} {what} were given for {self.num_envs} environments; give one each."
            )
        return values

    def _info(self, values: dict[str, np.ndarray]) -> dict[str, Any]:
        """Gymnasium's form: beside each name a mask of the environments that have it."""
        return values | {f"_{name}": np.ones(self.num_envs, bool) for name in values}
