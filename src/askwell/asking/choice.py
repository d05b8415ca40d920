"""The choice: fit the learner to the labels so far, show the strategy what is known, and take its batch."""

import textwrap
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int

from askwell.asking.belief import fit_to, places, predict, take, traced
from askwell.asking.candidates import choose
from askwell.core import NOT_ASKED, AbstractFitted, AbstractLearner, AbstractStrategy, AskwellError, View
from askwell.data.matrix import aligned
from askwell.execution import quick

SMALL = 2**16
"""In larger pools a program that runs sooner pays for a second more of compiling."""


class Choice(NamedTuple):
    """A batch: `rows` ``int64 [q]`` of the pool, best first; `log_proba` ``[q, c]`` of them; perhaps a note."""

    rows: np.ndarray
    log_proba: np.ndarray
    note: str | None


def choose_rows(
    strategy: AbstractStrategy,
    learner: AbstractLearner,
    x: np.ndarray,
    y: np.ndarray,
    labelled: np.ndarray,
    *,
    classes: int,
    batch: int,
    seed: int,
    given: np.ndarray | None = None,
    candidates: int | None = None,
) -> Choice:
    """Choose a batch. The strategy gets ``jax.random.key(seed)`` and the view of a game of one round.

    Args:
        strategy: it decides.
        learner: is fitted to the labels; not used with `given`.
        x: ``float32 [N, d]``, encoded.
        y: ``int32 [N]``, the labels: an index, ``NOT_ASKED``, or ``NO_ANSWER`` for rows that must not be asked.
        labelled: ``int64 [b]``, the rows that have one.
        classes: how many there are, at least.
        batch: rows to choose.
        seed: decides ties, and the candidates that are drawn.
        given: probabilities ``[N, c]`` of the user's own model.
        candidates: see `askwell.ask`.

    Raises:
        AskwellError: if too few rows are left, or the strategy's batch is none.
    """
    shown, note = choose(strategy, y, labelled, batch=batch, candidates=candidates, seed=seed)
    if shown is not None:
        whole, x = x, aligned((len(shown), x.shape[1]))
        np.take(whole, shown, axis=0, out=x)
        y, labelled = y[shown], np.searchsorted(shown, labelled)
    n, room = len(x), places(len(labelled) + batch)
    rows = np.full(room, n, np.int32)  # n: a place that is not used
    rows[: len(labelled)] = labelled
    fitted = None
    if given is None:
        fitted = fit_to(seed, learner, x[labelled], y[labelled], classes, room)
        log_proba = predict(learner, fitted, x)
    else:
        log_proba = take(given, slice(None) if shown is None else shown)
    fitter = learner if given is None else None
    known = x, log_proba, y, rows
    try:
        select = _soon if n <= SMALL else _long
        picks = np.asarray(select(strategy, traced(seed), known, fitter, fitted, batch))
    except jax.errors.JaxRuntimeError as error:  # a function on the host; its own last sentence says why
        reason = textwrap.shorten(str(error).strip().split("\n")[-1], 400)
        raise AskwellError(f"The strategy '{strategy.name}' failed: {reason}") from error
    if (
        len(set(picks.tolist())) < batch
        or not np.all((picks >= 0) & (picks < n))
        or np.any(y[picks] != NOT_ASKED)
    ):
        raise AskwellError(
            f"The strategy '{strategy.name}' picked a row twice, one that has a label, or one that does not exist; a "
            "batch holds distinct rows without a label, so mend its select."
        )
    chosen = picks.astype(np.int64) if shown is None else shown[picks]
    return Choice(chosen, log_proba[picks], note)


def _select(
    strategy: AbstractStrategy,
    seed: Int[Array, ""],
    known: tuple[Float[Array, "n d"], Float[Array, "n c"], Int[Array, " n"], Int[Array, " b"]],
    learner: AbstractLearner | None,
    fitted: AbstractFitted | None,
    q: int,
) -> Int[Array, " q"]:
    # Compiled as a whole: of the geometry nothing is computed that the strategy does not read.
    view = View.of(*known, learner=learner, fitted=fitted, given=learner is None)
    return strategy.select(jax.random.key(seed), view, q)


_soon: Any = quick(_select)
_long: Any = eqx.filter_jit(_select)
