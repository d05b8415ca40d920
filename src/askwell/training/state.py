"""What a training run carries from update to update, and its file."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import safetensors.numpy
from jaxtyping import Array, Float

from askwell.core import AskwellError, Packed
from askwell.core.weights import DAMAGED, named_arrays, read_arrays, with_arrays
from askwell.policies import AbstractHead
from askwell.training.base import AbstractTrainerState


class RunState(eqx.Module):
    """Everything that the next update needs, with a leading axis of seeds.

    Attributes:
        trainer: the trainer's own state.
        best: the head that validated best, with its `score`.
    """

    trainer: AbstractTrainerState
    best: Packed[AbstractHead]
    score: Float[Array, " s"]

    def better(self, head: Packed[AbstractHead], score: Float[Array, " s"]) -> "RunState":
        """With another head for the seeds whose score it raises."""
        raised = score > self.score
        pick = lambda new, old: jnp.where(raised.reshape(-1, *[1] * (new.ndim - 1)), new, old)
        best = jax.tree.map(pick, head, self.best)
        return RunState(self.trainer, best, jnp.maximum(score, self.score))


def to_bytes(state: RunState, update: int) -> bytes:
    """A checkpoint after so many updates."""
    return safetensors.numpy.save(named_arrays(state), {"update": str(update)})


def from_file(path: Path, like: RunState) -> tuple[RunState, int]:
    """A checkpoint's state, and how many updates made it.

    Raises:
        AskwellError: if the file is damaged, or another version wrote it.
    """
    try:
        arrays, metadata = read_arrays(path)
        return with_arrays(like, arrays), int(metadata["update"])
    except DAMAGED as error:
        raise AskwellError(
            f"The checkpoint {path} is damaged, or another version of Askwell wrote it; delete it to train anew, or "
            "choose another --out."
        ) from error
