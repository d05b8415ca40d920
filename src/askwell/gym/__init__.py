"""The games as Gymnasium environments, for agents that are not written in JAX.

    import gymnasium, askwell.gym
    env = gymnasium.make("askwell/BatchPool-v0", dataset="digits", rounds=10, batch=10)
    envs = gymnasium.make_vec("askwell/BatchPool-v0", num_envs=16, dataset="digits")  # compiled, under vmap
    stream = gymnasium.make("askwell/LabelOrSkip-v0", dataset="digits")

Importing this module registers one for each game, and ``gymnasium.make("askwell.gym:askwell/BatchPool-v0")`` imports
it by itself (Gymnasium 1 looks for no plugins). Needs the extra ``askwell[gym]``.
"""

from gymnasium.envs.registration import register

from askwell.games import GAMES
from askwell.gym.actions import legal
from askwell.gym.features import FEATURES, observe
from askwell.gym.setup import Setup
from askwell.gym.single import GameEnv
from askwell.gym.vector import GameVectorEnv

IDS = {name: f"askwell/{game.environment}-v0" for name, game in GAMES.items()}
"""Gymnasium's name of each game."""

for name, known_as in IDS.items():
    register(
        known_as,
        entry_point="askwell.gym.single:GameEnv",
        vector_entry_point="askwell.gym.vector:GameVectorEnv",
        kwargs={"game": name},
    )

__all__ = ["FEATURES", "IDS", "GameEnv", "GameVectorEnv", "Setup", "legal", "observe"]
