"""A learner that is a network: it was taught on synthetic tasks how to read labelled points."""

import json
from pathlib import Path
from typing import ClassVar

import equinox as eqx
import jax
import safetensors.numpy
from jaxtyping import Array, Float, Int, PRNGKeyArray

from askwell.core import AbstractFitted, AbstractLearner, AskwellError
from askwell.core.weights import DAMAGED, named_arrays, read_arrays, with_arrays
from askwell.learners.base import complete
from askwell.learners.set_network import LabelledSet, Reading, SetNetwork

PAIRS = 2**15
"""Pairs of a point and a labelled point that are looked at at a time: as many as stay in the processor's cache."""

SHIPPED = Path(__file__).parent / "shipped" / "in-context.safetensors"


class InContextFitted(AbstractFitted):
    """The labelled points, and what the network kept of them."""

    network: SetNetwork
    told: LabelledSet
    reading: Reading

    def log_proba(self, x: Float[Array, "m d"]) -> Float[Array, "m c"]:
        """See `AbstractFitted.log_proba`; memory grows with the labels, not with the points."""
        spoken = lambda at: self.network.spoken(self.reading, self.told, at[None])[0]
        logits = jax.lax.map(spoken, x, batch_size=max(1, min(len(x), PAIRS // len(self.told.x))))
        return complete(jax.nn.log_softmax(logits), self.told.seen)


class InContext(AbstractLearner):
    """A network that was taught on synthetic tasks to classify from labelled points; nothing is fitted (ours).

    A fit is one pass over the labelled points, a prediction one look at them (Müller et al. 2022 taught a network so).
    It was taught with up to 128 labels, 40 features and 10 classes, and takes more of each
    ([boundary](boundary.md)). ``in-context:FILE`` is a network of your own, from ``studies/in_context.py``.
    """

    name: ClassVar[str] = "in-context"
    network: SetNetwork

    def __init__(self, path: str | Path | None = None):
        self.network = load_network(Path(path) if path else SHIPPED)

    def fit(
        self,
        key: PRNGKeyArray,
        x: Float[Array, "n d"],
        y: Int[Array, " n"],
        weight: Float[Array, " n"],
        classes: int,
    ) -> InContextFitted:
        """See `AbstractLearner.fit`; `key` is not used."""
        told = LabelledSet.of(x, y, weight, classes)
        return InContextFitted(self.network, told, self.network.read(told))


def load_network(path: Path) -> SetNetwork:
    """The network in a file that `to_bytes` wrote.

    Raises:
        AskwellError: if there is none, or it is damaged.
    """
    try:
        arrays, about = read_arrays(path)
        settings = json.loads(about["askwell"])
        blank = eqx.filter_eval_shape(lambda key: SetNetwork(key, **settings), jax.random.key(0))
        return with_arrays(blank, arrays)
    except FileNotFoundError:
        raise AskwellError(f"There is no network file {path}; check the path.") from None
    except (*DAMAGED, TypeError) as error:
        raise AskwellError(
            f"{path} is no network that Askwell wrote, or was cut short; train it again "
            "(python studies/in_context.py) or copy it anew."
        ) from error


def to_bytes(network: SetNetwork, settings: dict[str, int]) -> bytes:
    """A network's file; `settings` are what it was made with."""
    return safetensors.numpy.save(named_arrays(network), {"askwell": json.dumps(settings)})
