"""How much could a better rule still gain? `python studies/headroom.py`.

Uncertainty herding on the meta-validation sets, told what no honest rule may know (which points the learner gets
wrong, all classes) or with its own settings turned. What perfect knowledge of one ingredient gains bounds what
a better guess at it can bring; where turning a setting changes nothing on the mean, the rule stands at its summit.
"""

import argparse
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray
from meta_validation import show

from askwell.core import AbstractStrategy, View
from askwell.core.geometry import rbf
from askwell.policies import make_strategy
from askwell.strategies import coverage, uncertainty


class Told(AbstractStrategy):
    """Uncertainty herding that sees hidden labels."""

    name: ClassVar[str] = "told"
    cheats: ClassVar[bool] = True
    what: str = eqx.field(static=True)

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        assert view.truth is not None
        answers, kernel = view.truth.answers, view.geometry.similarity
        weight = uncertainty.margin(view)
        wrong = (jnp.argmax(view.proba, axis=1) != answers).astype(weight.dtype)
        if self.what == "mistakes":
            weight = jnp.where(view.cold, 1.0, weight * (1 + 2 * wrong))
        elif self.what == "mistakes alone":
            weight = jnp.where(view.cold, 1.0, wrong + 1e-3 * weight)
        elif self.what == "classes":
            kernel = jnp.where(answers[:, None] == answers, kernel, 0.0)
        return coverage.herd(key, view, lambda rows: kernel[rows], q, weight=weight)


class Turned(AbstractStrategy):
    """Uncertainty herding with its settings turned: `asked` and `covered` are exponents of the uncertainty."""

    name: ClassVar[str] = "turned"
    asked: float = 0.0
    covered: float = 1.0
    width: float = 1.0
    density: float = 0.0

    def select(self, key: PRNGKeyArray, view: View, q: int) -> Int[Array, " q"]:
        """See `AbstractStrategy.select`."""
        geometry, unsure = view.geometry, uncertainty.margin(view)
        kernel = rbf(geometry.square_distance, self.width * geometry.widths[1])
        dense: Float[Array, " n"] = (geometry.density / jnp.mean(geometry.density)) ** self.density
        factor, weight = dense * unsure**self.asked, unsure[geometry.landmarks] ** self.covered
        return coverage.herd(key, view, lambda rows: kernel[rows], q, factor=factor, weight=weight)


PLAYED: dict[str, AbstractStrategy] = {
    "told which points are wrong, counted thrice": Told("mistakes"),
    "told which points are wrong, no others counted": Told("mistakes alone"),
    "told all classes: a point covers its own alone": Told("classes"),
    "uncertainty squared": Turned(covered=2.0),
    "uncertainty of the asked point, too": Turned(asked=1.0),
    "its root, too": Turned(asked=0.5),
    "kernel a third narrower": Turned(width=2 / 3),
    "kernel half as wide again": Turned(width=1.5),
    "times the root of density": Turned(density=0.5),
    "over the root of density": Turned(density=-0.5),
}


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=48)
    given = parser.parse_args()
    played = {"uherding": make_strategy("uherding"), **PLAYED, "the shipped policy": make_strategy("learned")}
    show(played, "uherding", given.splits)


if __name__ == "__main__":
    main()
