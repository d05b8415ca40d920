"""How far one batch of each strategy, and of the shipped policy, gets towards the oracle's from the same state.

    python benchmarks/ceilings.py [states]

Accuracy on the selection split, where the oracle searches, after one batch of 5 from 10 labels in a pool of 64; means
over so many small synthetic tasks (default 4). The oracle promises to pass its proposals; for all other rules
this measures it: exits with 1 if one of them is as accurate. Then the shipped policy's verdict against random on iris.
"""

import dataclasses
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from askwell import compare
from askwell.core import AbstractStrategy
from askwell.data import Synthetic
from askwell.games import BatchGame
from askwell.policies import SHIPPED, make_strategy
from askwell.strategies import STRATEGIES, Oracle

GAME = BatchGame(rounds=2, batch=5, start=10)
TASK = Synthetic(n=64, selection=64, report=64, d=4, classes=3)
RIVALS = {
    name: kind()
    for name, kind in STRATEGIES.items()
    if issubclass(kind, AbstractStrategy) and not kind.cheats
}
RIVALS |= {name: make_strategy(name) for name in SHIPPED}


@eqx.filter_jit
def play(key, state, view):
    """Accuracy after the oracle's batch and after each rival's."""
    blind = dataclasses.replace(view, truth=None)
    picks = [Oracle().select(key, view, 5), *(rival.select(key, blind, 5) for rival in RIVALS.values())]
    return jax.lax.map(lambda batch: GAME.step(key, state, batch)[1].selection.accuracy, jnp.stack(picks))


def shown(seed: int):
    """A state of a small game and its view, with the truth."""
    state = GAME.reset(jax.random.key(seed + 1), TASK.sample(jax.random.key(seed)))
    return state, dataclasses.replace(GAME.view(state), truth=GAME.reveal(state))


def main(states: int = 4) -> int:
    """Print one line a strategy, the most accurate first; 1 if one is as accurate as the oracle."""
    accuracy = np.mean([play(jax.random.key(seed), *shown(seed)) for seed in range(states)], axis=0)
    found = dict(zip(["oracle", *RIVALS], map(float, accuracy), strict=True))
    for name in sorted(found, key=lambda name: -found[name]):
        print(f"{name:20} {found[name]:.4f}")
    result = compare("iris", strategies=("random", "learned"), rounds=3, splits=8)
    print(*(f"{v.strategy} is {v.sentence}" for v in result.verdicts()), sep="\n")
    return int(found.pop("oracle") <= max(found.values()))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
