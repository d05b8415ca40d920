"""Which rows a strategy is shown: all of them, or a sample where its cost grows faster than the pool."""

import numpy as np

from askwell.core import NOT_ASKED, AbstractStrategy, AskwellError

SAMPLE = 50_000
"""Rows without a label that strategies are shown by default that are not `large`."""

MOST = 100_000
"""Rows, labelled ones included, that such a strategy may be shown at most."""


def choose(
    strategy: AbstractStrategy,
    y: np.ndarray,
    labelled: np.ndarray,
    *,
    batch: int,
    candidates: int | None,
    seed: int,
) -> tuple[np.ndarray | None, str | None]:
    """The pool's rows that make the view, ascending, and a note; ``None`` for all of them.

    The labelled rows are always among them. Of the others at most `candidates`, drawn uniformly by `seed`.

    Raises:
        AskwellError: if fewer rows than a batch are left, or more would be shown than the strategy can take.
    """
    n, open_rows = len(y), y == NOT_ASKED
    free = int(open_rows.sum())
    if batch < 1 or (candidates is not None and candidates < 1):
        raise AskwellError(f"--batch is {batch} and --candidates {candidates}; give at least 1.")
    if not free:
        raise AskwellError(
            f"All {n} rows of the pool have a label, in its own column (label, target, class or y, or --label) or in "
            "the file of labels, so there is nothing to ask; leave the labels empty that are not known yet."
        )
    if free < batch:
        raise AskwellError(
            f"The pool has {n} rows, {free} of them without a label, and --batch is {batch}; ask for at most {free}, "
            "or leave the labels empty that are not known yet."
        )
    if candidates is not None and candidates < batch:
        raise AskwellError(
            f"--candidates is {candidates} and --batch {batch}; give at least as many candidates."
        )
    shown = min(free, (free if strategy.large else SAMPLE) if candidates is None else candidates)
    if not strategy.large and shown + len(labelled) > MOST:
        raise AskwellError(
            f"{strategy.name} can look at {MOST:,} rows at most, and {shown:,} candidates with {len(labelled):,} "
            "labelled rows are more; use fewer --candidates, or a strategy that takes whole pools, such as margin."
        )
    if shown == free:
        return None, None
    drawn = np.random.default_rng(seed).choice(np.flatnonzero(open_rows), shown, replace=False, shuffle=False)
    among = f"{shown:,} of {free:,} rows"
    note = f"{strategy.name} chose among {among}, drawn at random by --seed; --candidates changes that."
    return np.sort(np.concatenate([drawn, labelled])), note
