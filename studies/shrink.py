"""How much of what was learned carries over? `python studies/shrink.py learned`.

Plays a trained policy on the meta-validation sets with its learned part scaled down towards the rule that it started
from, and prints each one's AULC less uherding's.
"""

import argparse

import equinox as eqx
import jax
from meta_validation import show

from askwell.policies import Pointwise, make_strategy

KEEP = (0.0, 0.25, 0.5, 0.75, 1.0)


def shrunk(policy: Pointwise, share: float) -> Pointwise:
    """The policy with what it learned scaled, which is linear in the last weights of both networks."""
    last = lambda p: (p.base, p.last, p.of_context.layers[-1])
    return eqx.tree_at(last, policy, replace_fn=lambda leaf: jax.tree.map(lambda w: share * w, leaf))


def main() -> None:
    """Print a row for every share, and the rules beside them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("policy")
    parser.add_argument("--splits", type=int, default=48)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    policy = make_strategy(given.policy)
    assert isinstance(policy, Pointwise)
    played = {f"{share:g}": shrunk(policy, share) for share in KEEP}
    played |= {name: make_strategy(name) for name in ("uherding", "margin-herding")}
    show(played, "learned part", given.splits, given.seed)


if __name__ == "__main__":
    main()
