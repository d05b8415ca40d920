"""Agents of Stable-Baselines3 on two games, judged beside Askwell's own players on the same splits.

    pip install stable-baselines3
    python studies/gym_agents.py --out runs/gym-agents

PPO learns to label or skip, TD3 where in the data space to ask; each through the Gymnasium environment of its game, and
with the library's own settings but those given here. Beside PPO the head `skip` learns from the same reward, compiled.
Training draws splits of the dataset by seed 1. The agents' networks are then read into JAX, where they are strategies
like any other, and `askwell.compare` plays all of them on the same splits, drawn by seed 0.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import stable_baselines3 as sb3
import torch
from stable_baselines3.common.env_util import make_vec_env

import askwell
from askwell.core import AbstractPointStrategy, AbstractStreamStrategy, Points, Skip, View
from askwell.gym import IDS
from askwell.gym.actions import DOORS
from askwell.policies import make_head

STREAM = {"game": "label-or-skip", "rounds": 10, "pool": 200}
PPO_STEPS, PPO_BATCH = 60_000, 4
POINTS = {"game": "point-queries", "rounds": 5, "pool": 60}
TD3_STEPS, TD3_BATCH = 5_000, 2
OPPONENTS = {
    "label-or-skip": ["label-random", "fixed-threshold", "adaptive-threshold", "variable-uncertainty"],
    "point-queries": ["row-points", "random-points", "uncertain-points", "herding-points"],
}
HEAD = {
    "head": "skip", "trainer": "reinforce", "updates": 12, "tasks": 16, "step": 0.02, "every": 12, "judged": 32,
    "algorithm": {"episodes": 8, "entropy": 0.005}, "against": ["label-random", "adaptive-threshold"],
}  # fmt: skip
"""Of the head `skip`: an update plays 16 pools, 8 streams on each."""

Layers = list[tuple[jax.Array, jax.Array]]


def layers(*modules: torch.nn.Module) -> Layers:
    """The weights of the linear layers, in order."""
    linear = [m for module in modules for m in module.modules() if isinstance(m, torch.nn.Linear)]
    return [tuple(jnp.asarray(w.detach().numpy()) for w in (m.weight, m.bias)) for m in linear]


def forward(layers: Layers, x: jax.Array, bend: Callable[[jax.Array], jax.Array]) -> jax.Array:
    """A network's output, without a bend at the end."""
    *hidden, (weight, bias) = layers
    for w, b in hidden:
        x = bend(w @ x + b)
    return weight @ x + bias


class PPO(AbstractStreamStrategy):
    """The policy of Stable-Baselines3's PPO; as in training, its decisions are drawn."""

    name: ClassVar[str] = "ppo"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    layers: Layers

    def __init__(self, agent: sb3.PPO):
        self.layers = layers(agent.policy.mlp_extractor.policy_net, agent.policy.action_net)

    def label(self, key: jax.Array, view: View) -> jax.Array:
        """See `AbstractStreamStrategy.label`."""
        return jax.random.categorical(key, forward(self.layers, DOORS[Skip].observe(view), jnp.tanh)) == 1


class TD3(AbstractPointStrategy):
    """The actor of Stable-Baselines3's TD3, without noise."""

    name: ClassVar[str] = "td3"
    needs: ClassVar[tuple[str, ...]] = ("probabilities", "geometry")
    layers: Layers

    def __init__(self, agent: sb3.TD3):
        self.layers = layers(agent.actor.mu)

    def points(self, key: jax.Array, view: View, q: int) -> jax.Array:
        """See `AbstractPointStrategy.points`."""
        door = DOORS[Points]
        there = jnp.tanh(forward(self.layers, door.observe(view).ravel(), jax.nn.relu))
        return door.low + (door.high - door.low) * (there.reshape(q, -1) + 1) / 2


def steps_a_second(game: str, settings: dict[str, Any], envs: int) -> float:
    """Steps a second with random actions, of one environment or of many compiled into one."""
    if envs == 1:
        env = gymnasium.make(IDS[game], **settings)
    else:
        mode = "vector_entry_point"
        env = gymnasium.make_vec(IDS[game], num_envs=envs, vectorization_mode=mode, **settings)
    env.action_space.seed(0)
    start, over, turns = 0.0, True, 1000 if envs == 1 else 200
    for turn in range(100 + turns):
        if turn == 100:  # compiled by now
            start = time.perf_counter()
        if turn == 0 or (envs == 1 and over):
            env.reset(seed=turn)
        over = env.step(env.action_space.sample())[2]
    return turns * envs / (time.perf_counter() - start)


def environment(dataset: str, settings: dict[str, Any], batch: int) -> dict[str, Any]:
    """The arguments of a game's environment for training."""
    own = {name: value for name, value in settings.items() if name != "game"}
    return {"dataset": dataset, "splits": 50, "seed": 1, "batch": batch, **own}


def timed(what: str, steps: int, work: Callable[[], Any]) -> Any:
    """What the work gives; prints how long it took."""
    start = time.perf_counter()
    done = work()
    seconds = time.perf_counter() - start
    print(f"{what}: {steps:,} steps in {seconds:.0f} s, {steps / seconds:,.0f} a second", flush=True)
    return done


def skip_or_label(dataset: str, out: Path) -> dict[str, Any]:
    """PPO and the head `skip`, both trained on the dataset."""
    given = environment(dataset, STREAM, PPO_BATCH)
    for envs in (1, 16):
        print(
            f"label-or-skip, {envs} at once: {steps_a_second('label-or-skip', given, envs):,.0f} steps a second"
        )
    envs = make_vec_env(lambda: gymnasium.make(IDS["label-or-skip"], **given), n_envs=4, seed=0)
    agent = sb3.PPO("MlpPolicy", envs, n_steps=500, batch_size=250, gamma=1.0, seed=0, device="cpu")
    timed("PPO", PPO_STEPS, lambda: agent.learn(PPO_STEPS))
    observation = envs.reset()[0]
    theirs = agent.policy.get_distribution(torch.as_tensor(observation)[None]).distribution.logits.detach()
    ours = jax.nn.log_softmax(forward(PPO(agent).layers, observation, jnp.tanh))
    np.testing.assert_allclose(ours, theirs[0], atol=1e-4)  # the network was read rightly
    sizes = {"features": 16, "classes": 10, "selection": 1024}
    source = {**STREAM, **sizes, "datasets": [dataset], "batch": PPO_BATCH}
    spec = askwell.TrainingSpec.make(sources=[source], **HEAD)
    steps = spec.updates * spec.tasks * spec.algorithm["episodes"] * STREAM["pool"]
    timed("head skip", steps, lambda: askwell.train(spec, out / "skip"))
    untrained = make_head("skip", jax.random.key(0), {})
    return {"ppo": PPO(agent), "skip": askwell.load_policy(out / "skip"), "skip-untrained": untrained}


def ask_points(dataset: str, out: Path) -> dict[str, Any]:
    """TD3 trained on the dataset."""
    given = environment(dataset, POINTS, TD3_BATCH)
    for envs in (1, 16):
        print(
            f"point-queries, {envs} at once: {steps_a_second('point-queries', given, envs):,.0f} steps a second"
        )
    env = gymnasium.make(IDS["point-queries"], **given)
    noise = sb3.common.noise.NormalActionNoise(
        np.zeros(env.action_space.shape), np.full(env.action_space.shape, 0.3)
    )
    agent = sb3.TD3(
        "MlpPolicy",
        env,
        learning_starts=500,
        gamma=1.0,
        action_noise=noise,
        seed=0,
        device="cpu",
        policy_kwargs={"net_arch": [64, 64]},
    )
    timed("TD3", TD3_STEPS, lambda: agent.learn(TD3_STEPS))
    return {"td3": TD3(agent)}


def main() -> None:
    """Train, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/gym-agents"))
    parser.add_argument("--splits", type=int, default=50)
    out, splits = parser.parse_args().out, parser.parse_args().splits
    torch.set_num_threads(1)
    for settings, batch, dataset, train in (
        (STREAM, PPO_BATCH, "penbased", skip_or_label),
        (POINTS, TD3_BATCH, "iris", ask_points),
    ):
        agents = train(dataset, out)
        players = {name: name for name in OPPONENTS[settings["game"]]} | agents
        result = askwell.compare(dataset, strategies=players, batches=batch, splits=splits, **settings)
        for row in result.table().sort("aulc").to_dicts():
            print(f"{row['strategy']:20} {row['aulc']:.4f} [{row['aulc_low']:.4f}, {row['aulc_high']:.4f}]")
        for verdict in [*result.verdicts(), *result.verdicts(next(iter(agents)))]:
            print(verdict.said)


if __name__ == "__main__":
    main()
