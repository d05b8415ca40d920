"""How much of what was learned carries over? `python studies/shrink.py learned runs/shrunk`.

Plays a trained `pointwise` policy on the meta-validation sets with its learned part scaled down, starting from
margin-herding as it was trained, or from the mean of that and uncertainty herding (the coverage gain weighted by
uncertainty). Prints every variant's AULC less uherding's, and writes the one of highest mean. All of it is a change
of weights alone: a start is linear in the features.
"""

import argparse
import itertools
import json
from pathlib import Path

import equinox as eqx
import jax.numpy as jnp

import askwell
from askwell.core import write_whole
from askwell.data.catalogue import META_VALIDATION, ROLES
from askwell.policies import Pointwise, card, make_strategy
from askwell.policies.features import FEATURES
from askwell.policies.files import SUFFIX, located, to_bytes

KEEP = (0.25, 0.5, 0.75, 1.0)
STARTS = {"margin-herding": {}, "half uherding": {"doubt": -3.0, "coarse": -3.0, "weighted": 3.0}}
"""What is added to the linear weights of features."""


def shrunk(policy: Pointwise, keep: float, start: str) -> Pointwise:
    """The policy with its learned part scaled by `keep`, from another start."""
    shift = jnp.array([STARTS[start].get(name, 0.0) for name in FEATURES])
    last = policy.of_context.layers[-1]
    parts = lambda p: (p.base, p.last, p.of_context.layers[-1].weight, p.of_context.layers[-1].bias)
    scaled = (keep * policy.base + shift, keep * policy.last, keep * last.weight, keep * last.bias)
    return eqx.tree_at(parts, policy, scaled)


def main() -> None:
    """Choose on the meta-validation sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("policy")
    parser.add_argument("out", type=Path)
    parser.add_argument("--splits", type=int, default=48)
    given = parser.parse_args()
    policy = make_strategy(given.policy)
    assert isinstance(policy, Pointwise)
    variants = {f"{keep:g} from {start}": (keep, start) for keep, start in itertools.product(KEEP, STARTS)}
    played = {name: shrunk(policy, *variant) for name, variant in variants.items()}
    played |= {name: make_strategy(name) for name in ("uherding", "margin-herding")}
    sets = sorted(name for name, role in ROLES.items() if role == META_VALIDATION)
    result = askwell.compare(sets, strategies=played, baseline="uherding", splits=given.splits)
    rows = {v.strategy: v for v in result.verdicts()}
    print(f"{', '.join(sets)}; {given.splits} splits each\n")
    print("| learned part | AULC less uherding's | 95 % |\n| --- | --- | --- |")
    for name, v in rows.items():
        print(f"| {name} | {v.difference:+.4f} | [{v.low:+.4f}, {v.high:+.4f}] |")
    best = max(variants, key=lambda name: rows[name].difference)
    path = given.out / f"policy{SUFFIX}"
    write_whole(path, to_bytes(played[best], {}))
    about = card(located(given.policy)) | {"shrunk": best}
    write_whole(path.with_suffix(".json"), json.dumps(about, indent=1).encode())
    print(f"\nBest: {best}, written to {given.out}.")


if __name__ == "__main__":
    main()
