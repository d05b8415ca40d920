"""Are several trainings better than one? `python studies/seeds.py --out runs/seeds`, an hour.

Trains by the shipped policy's spec, for half as long, with three seeds from the same first weights. On the
meta-validation sets it plays each, the policy with the mean of their weights, and the one whose scores are the mean of
their scores, and prints each one's AULC less uherding's. What is in `--out` is not trained again.
"""

import argparse
from pathlib import Path
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from meta_validation import show

from askwell.core import write_whole
from askwell.policies import Pointwise, make_strategy
from askwell.policies.files import to_bytes
from askwell.policies.pointwise import AbstractPointwise
from askwell.training import TrainingSpec, train

SPEC = Path(__file__).parent / "learned.toml"
SEEDS = (1, 2, 3)


class Together(AbstractPointwise):
    """What several policies learned, averaged at each decision."""

    name: ClassVar[str] = "together"
    policies: tuple[Pointwise, ...]
    rule: str = eqx.field(static=True)
    without: tuple[str, ...] = eqx.field(static=True, default=())

    def learned(self, features: jax.Array, context: jax.Array) -> jax.Array:
        """See `AbstractPointwise.learned`."""
        return jnp.mean(jnp.stack([one.learned(features, context) for one in self.policies]), axis=0)


def mean_of(policies: list[Pointwise]) -> Pointwise:
    """The policy with the mean of the weights."""
    arrays, rest = zip(*(eqx.partition(policy, eqx.is_inexact_array) for policy in policies), strict=True)
    return eqx.combine(jax.tree.map(lambda *leaves: jnp.mean(jnp.stack(leaves), axis=0), *arrays), rest[0])


def main() -> None:
    """Train what is not there yet, and print a row for every policy."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("runs/seeds"))
    options.add_argument("--updates", type=int, default=150)
    options.add_argument("--splits", type=int, default=48)
    options.add_argument("--seed", type=int, default=0, help="which splits")
    given = options.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    start = given.out / "start.safetensors"
    spec = TrainingSpec.read(SPEC)
    if not start.exists():
        write_whole(start, to_bytes(Pointwise(jax.random.key(0), **spec.policy), spec.policy))
    policies = []
    for seed in SEEDS:
        own = TrainingSpec.read(SPEC, start=str(start), seeds=(seed,), updates=given.updates, every=50)
        trained = train(own, given.out / f"seed-{seed}").policy
        assert isinstance(trained, Pointwise)
        policies.append(trained)
    played = {f"seed {seed}": policy for seed, policy in zip(SEEDS, policies, strict=True)}
    played |= {
        "mean weights": mean_of(policies),
        "mean scores": Together(tuple(policies), spec.policy["rule"]),
    }
    played |= {name: make_strategy(name) for name in ("learned", "uherding", "margin-herding")}
    show(played, "policy", given.splits, given.seed)


if __name__ == "__main__":
    main()
