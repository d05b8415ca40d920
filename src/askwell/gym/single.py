"""One batch game at a time, as a Gymnasium environment."""

from typing import Any, ClassVar

import gymnasium
import jax
import numpy as np
from gymnasium.error import ResetNeeded

from askwell.games import BatchState
from askwell.gym.world import Episode, World


class BatchPoolEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """Ask a batch of pool rows each round; the learner is refitted and the reward says what it gained.

    - **Observation**: ``Box(0, 1, (n, f))``, one row of scale-free features for each of the pool's `n` rows,
      see `askwell.gym.FEATURES`. Rows stand in random order, which differs from split to split.
    - **Action**: ``MultiDiscrete([n] * q)``, the rows to ask. An agent that gives priorities to rows asks the
      `q` with the highest where ``asked`` is 0. Rows that were asked before or are repeated are replaced by
      random unasked ones, see `askwell.gym.legal`, so every action is allowed.
    - **Reward**: the game's, computed on the selection split (see ``askwell.games.REWARDS``).
    - **End**: ``terminated`` after the last round; the observation's ``progress`` shows it coming, so the
      horizon is part of the task. ``truncated`` is never set.
    - **Start**: each reset draws a split; ``options={"split": 3}`` fixes it. ``info["split"]`` names it.
    - **Info** of a step: ``picks`` (what was asked), ``replaced`` (how many rows the agent did not choose),
      ``selection_accuracy``, and ``report_accuracy``, for reports alone: never train on it or select by it.

    Arguments: see `askwell.gym.World`.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, render_mode: None = None, **settings: Any):
        self.render_mode = render_mode
        self.world = World(**settings)
        self.observation_space = self.world.observation_space
        self.action_space = self.world.action_space
        self._reset = jax.jit(self.world.reset)
        self._step = jax.jit(self.world.step, donate_argnums=0)  # the pool stays where it is
        self._state: BatchState | None = None
        self._episode: Episode | None = None
        self._left = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode: the first observation and ``{"split": …}``."""
        super().reset(seed=seed)
        self._episode = self.world.draw(self.np_random, options)
        self._state, observation = self._reset(self.world.pools, self._episode)
        self._left = self.world.game.rounds
        return np.array(observation), {"split": int(self._episode.split)}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Ask a batch.

        Raises:
            gymnasium.error.ResetNeeded: before the first reset and after the last round.
            gymnasium.error.InvalidAction: for an action that is not in the action space.
        """
        if self._episode is None or self._state is None or not self._left:
            raise ResetNeeded("The episode is over or has not begun; call reset first.")
        action = check(self.action_space, action)
        step = self._step(self._state, self._episode.seed, action)
        self._state, self._left = step.state, self._left - 1
        info = {name: np.array(value) if value.ndim else value.item() for name, value in step.info.items()}
        return np.array(step.observation), float(step.reward), self._left == 0, False, info


def check(space: gymnasium.Space, action: np.ndarray) -> np.ndarray:
    """The action as an array, if the space has it: XLA would take a row out of range for another one."""
    action = np.asarray(action)
    if not space.contains(action):
        raise gymnasium.error.InvalidAction(f"The action {action!r} is not in {space}.")
    return action.astype(np.int32)
