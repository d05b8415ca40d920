"""Many games at once: one compiled step under ``vmap``."""

from collections.abc import Sequence
from typing import Any, ClassVar

import jax
import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from askwell.core import AskwellError
from askwell.games import AbstractState
from askwell.gym.setup import Episode, Setup
from askwell.gym.single import check


class GameVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """`num_envs` of `GameEnv`, stepped by one compiled program.

    After ``reset(seed=s)`` environment ``i`` plays what the single one plays after ``reset(seed=s + i)``. The step
    after an environment's last one begins a new episode there, whatever the action, with reward 0 (Gymnasium's mode
    "next step"). ``options={"split": [0, 3, …]}`` fixes each one's split, a
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
        self.setup = Setup(**settings)
        self.single_observation_space = self.setup.observation_space
        self.single_action_space = self.setup.action_space
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._generators = [seeding.np_random()[0] for _ in range(num_envs)]
        self._reset = jax.jit(jax.vmap(self.setup.reset, in_axes=(None, 0)))
        self._step = jax.jit(jax.vmap(self.setup.step), donate_argnums=0)
        self._state: AbstractState | None = None
        self._merge = jax.jit(_merge)
        self._episode: Episode | None = None
        self._over = np.zeros(num_envs, bool)

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
        """Act in every environment, or begin a new episode where the last step ended one.

        Raises:
            gymnasium.error.ResetNeeded: before the first reset.
            gymnasium.error.InvalidAction: for actions that are not in the action space.
        """
        if self._episode is None or self._state is None:
            raise ResetNeeded("No episode has begun; call reset first.")
        never, ended = np.zeros(self.num_envs, bool), self._over
        if ended.all():
            observation, info = self._begin(None)
            return observation, np.zeros(self.num_envs), never, never.copy(), info
        step = self._step(self._state, self._episode.seed, check(self.action_space, actions))
        state, observation = step.state, step.observation
        info = self._info({name: np.array(value) for name, value in step.info.items()}, ~ended)
        if ended.any():
            fresh = [self.setup.draw(self._generators[i], None) for i in np.flatnonzero(ended)]
            self._episode = Episode(*(np.array(field) for field in self._episode))
            for field, values in zip(self._episode, zip(*fresh, strict=True), strict=True):
                field[ended] = values
            begun = self._reset(self.setup.pools, self._episode)
            state, observation = self._merge(ended, begun, (state, observation))
            info |= self._info({"split": self._episode.split.copy()}, ended)
        self._state, self._over = state, np.array(step.over) & ~ended
        reward = np.where(ended, 0.0, np.array(step.reward, np.float64))
        return np.array(observation), reward, self._over.copy(), never, info

    def _begin(self, options: dict[str, Any] | None) -> tuple[np.ndarray, dict[str, Any]]:
        each: list[dict[str, Any]] = [dict(options or {}) for _ in range(self.num_envs)]
        fixed = (options or {}).get("split")
        if isinstance(fixed, Sequence | np.ndarray):
            for own, number in zip(each, self._each("splits", list(fixed)), strict=True):
                own["split"] = number
        drawn = [self.setup.draw(*pair) for pair in zip(self._generators, each, strict=True)]
        self._episode = Episode(*(np.stack(values) for values in zip(*drawn, strict=True)))
        self._state, observation = self._reset(self.setup.pools, self._episode)
        self._over = np.zeros(self.num_envs, bool)
        everywhere = np.ones(self.num_envs, bool)
        return np.array(observation), self._info({"split": self._episode.split.copy()}, everywhere)

    def _each(self, what: str, values: list) -> list:
        if len(values) != self.num_envs:
            raise AskwellError(
                f"{len(values)} {what} were given for {self.num_envs} environments; give one each."
            )
        return values

    def _info(self, values: dict[str, np.ndarray], has: np.ndarray) -> dict[str, Any]:
        """Gymnasium's form: beside each name a mask of the environments that have it; zeros elsewhere."""
        shaped = {name: has.reshape(-1, *[1] * (value.ndim - 1)) for name, value in values.items()}
        held = {
            name: np.where(shaped[name], value, np.zeros((), value.dtype)) for name, value in values.items()
        }
        return held | {f"_{name}": has.copy() for name in values}


def _merge(which: Any, one: Any, other: Any) -> Any:
    """Leaf by leaf the one's environments where `which` is true, else the other's."""
    return jax.tree.map(
        lambda a, b: jax.numpy.where(which.reshape(-1, *[1] * (a.ndim - 1)), a, b), one, other
    )
