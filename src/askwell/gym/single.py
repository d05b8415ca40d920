"""One game at a time, as a Gymnasium environment."""

from typing import Any, ClassVar

import gymnasium
import jax
import numpy as np
from gymnasium.error import ResetNeeded

from askwell.games import AbstractState
from askwell.gym.setup import Episode, Setup


class GameEnv(gymnasium.Env[np.ndarray, Any]):
    """A game of Askwell: act, and the reward says what the learner gained when it was refitted.

    - **Where actions are batches of rows** (the batch game): the observation is ``Box(0, 1, (n, f))``, one row of
      scale-free features for each of the pool's `n` rows, see `askwell.gym.FEATURES`; rows stand in random order,
      which differs from split to split. The action is ``MultiDiscrete([n] * q)``, the rows to ask. Rows that were
      asked before or are repeated are replaced by random unasked ones, see `askwell.gym.legal`, so every action is
      allowed.
    - **Where a player may stop** (stop): each row of the observation begins with the price of a label and the share of
      predictions that the last round left as they were; ``Box(0, 10, (n, 2 + f))``. The action is
      ``MultiDiscrete([2] + [n] * q)``: first 1 to go on or 0 to stop, then the rows.
    - **Where actions are classes** (class queries): the observation is ``Box(-10, 10, (g, f))``, features of each class
      or group, see `askwell.policies.Groups`. The action is ``MultiDiscrete([g] * q)``, the classes to ask for.
    - **Where actions are points** (point queries): the observation is ``Box(-10, 10, (n, d + f))``, where each row lies
      and its features. The action is ``Box(-10, 10, (q, d))``, the points to ask for.
    - **Where points come one at a time** (label or skip): the observation is ``Box(-10, 10, (f,))``, features of the
      point that is offered, see `askwell.policies.skip.INPUTS`. The action is ``Discrete(2)``: 1 labels, 0 skips.
    - **Reward**: the game's, computed on the selection split (see ``askwell.games.REWARDS``); 0 in turns without a
      refit.
    - **End**: ``terminated`` when nothing more can be bought; the observation shows it coming, so the horizon is part
      of the task. ``truncated`` is never set.
    - **Start**: each reset draws a split; ``options={"split": 3}`` fixes it. ``info["split"]`` names it.
    - **Info** of a step: ``picks`` (pool rows whose labels were bought; the size of the pool stands for none), ``cost``
      (labels paid for), ``replaced`` (how many rows the agent did not choose), ``selection_accuracy``, and
      ``report_accuracy``, for reports alone: never train on it or select by it.

    Arguments: see `askwell.gym.Setup`.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}  # pyright: ignore[reportIncompatibleVariableOverride]

    def __init__(self, render_mode: None = None, **settings: Any):
        self.render_mode = render_mode
        self.setup = Setup(**settings)
        self.observation_space = self.setup.observation_space
        self.action_space = self.setup.action_space
        self._reset = jax.jit(self.setup.reset)
        self._step = jax.jit(self.setup.step, donate_argnums=0)  # the pool stays where it is
        self._state: AbstractState | None = None
        self._episode: Episode | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode: the first observation and ``{"split": …}``."""
        super().reset(seed=seed)
        self._episode = self.setup.draw(self.np_random, options)
        self._state, observation = self._reset(self.setup.pools, self._episode)
        return np.array(observation), {"split": int(self._episode.split)}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Take an action.

        Raises:
            gymnasium.error.ResetNeeded: before the first reset and after the last turn.
            gymnasium.error.InvalidAction: for an action that is not in the action space.
        """
        if self._episode is None or self._state is None:
            raise ResetNeeded("The episode is over or has not begun; call reset first.")
        action = check(self.action_space, action)
        step = self._step(self._state, self._episode.seed, action)
        over = bool(step.over)
        self._state = None if over else step.state
        info = {name: np.array(value) if value.ndim else value.item() for name, value in step.info.items()}
        return np.array(step.observation), float(step.reward), over, False, info


def check(space: gymnasium.Space, action: Any) -> np.ndarray:
    """The action as an array, if the space has it: XLA would take a row out of range for another one."""
    real = space.dtype is not None and np.issubdtype(space.dtype, np.floating)
    action = np.asarray(action, np.float32 if real else None)
    if not space.contains(action):
        raise gymnasium.error.InvalidAction(f"The action {action!r} is not in {space}.")
    return action if real else action.astype(np.int32)
