"""The batch game as a Gymnasium environment, for agents that are not written in JAX.

    import gymnasium, askwell.gym
    env = gymnasium.make("askwell/BatchPool-v0", dataset="digits", rounds=10, batch=10)
    envs = gymnasium.make_vec("askwell/BatchPool-v0", num_envs=16, dataset="digits")  # compiled, under vmap

Importing this module registers it, and ``gymnasium.make("askwell.gym:askwell/BatchPool-v0")`` imports it by
itself (Gymnasium 1 looks for no plugins). Needs the extra ``askwell[gym]``.
"""

from gymnasium.envs.registration import register

from askwell.gym.features import FEATURES, observe
from askwell.gym.single import BatchPoolEnv
from askwell.gym.vector import BatchPoolVectorEnv
from askwell.gym.world import World, legal

ID = "askwell/BatchPool-v0"

register(
    ID,
    entry_point="askwell.gym.single:BatchPoolEnv",
    vector_entry_point="askwell.gym.vector:BatchPoolVectorEnv",
)

__all__ = ["FEATURES", "ID", "BatchPoolEnv", "BatchPoolVectorEnv", "World", "legal", "observe"]
