"""What a domain's history taught, as an encoder of further pools, and its file."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from askwell.core import AskwellError, write_whole
from askwell.data import Matrix, Table
from askwell.data.encoder import Encoder

FILE, CARD = "encoder.skops", "encoder.json"
BLOCK = 65_536
"""Rows that are encoded at once."""


class DomainEncoder(TransformerMixin, BaseEstimator):
    """Raw rows in the metric of a domain: `base`, fitted to its history, then a projection.

    Attributes:
        base: makes numbers ``[N, d]`` of rows with the history's columns.
        projection: ``float64 [d, k]``.
        name: what errors call it.
    """

    def __init__(self, base: Encoder, projection: np.ndarray, name: str = "the encoder"):
        self.base, self.projection, self.name = base, projection, name

    def fit(self, X: Any, y: Any = None) -> "DomainEncoder":
        """Not possible: it comes fitted to a history."""
        raise AskwellError("A domain's encoder comes fitted; `askwell train --history` makes one.")

    def transform(self, X: Any) -> np.ndarray:
        """``float32 [N, k]`` of a frame with the history's columns, in any order; others are not read."""
        if not len(X):
            return np.zeros((0, self.projection.shape[1]), np.float32)
        parts = [X.iloc[at : at + BLOCK] for at in range(0, len(X), BLOCK)]
        projection = self.projection.astype(np.float32)
        return np.concatenate([self.base.transform(part) @ projection for part in parts])

    def encode(self, rows: Table | Matrix) -> np.ndarray:
        """``float32 [N, k]`` of a pool.

        Raises:
            AskwellError: if the pool lacks columns that the history had, or holds words where that had numbers.
        """
        import pandas as pd

        wanted = [*self.base.numeric_, *self.base.others_]
        if isinstance(rows, Matrix):
            order = self._order(rows, wanted)
            out = np.empty((len(rows.x), self.projection.shape[1]), np.float32)
            for at in range(0, len(rows.x), BLOCK):
                block = np.asarray(rows.x[at : at + BLOCK], np.float64)[:, order]
                if not np.isfinite(block).all():
                    raise AskwellError(
                        f"{rows.name}: some values are NaN or infinite; remove or mend their rows."
                    )
                out[at : at + BLOCK] = self.transform(pd.DataFrame(block, columns=pd.Index(wanted)))
            return out
        frame = rows.features
        if missing := [name for name in wanted if name not in frame.columns]:
            raise AskwellError(
                f"{rows.name} lacks {_few(missing)}, which the history of {self.name} had; add them, or learn again "
                "from a history without them."
            )
        kinds = {name: frame[name].dtype == object for name in wanted}
        for name in self.base.numeric_:
            if kinds[name]:
                raise AskwellError(
                    f"{rows.name}: column '{name}' holds words, and was numbers in {self.name}."
                )
        frame = frame.assign(
            **{name: frame[name].astype(str).where(frame[name].notna(), None)
               for name in self.base.others_ if not kinds[name]}
        )  # fmt: skip
        return self.transform(frame)

    def _order(self, rows: Matrix, wanted: list[str]) -> list[int]:
        """The matrix's column for each of the history's; those without names count from the first."""
        width, names = rows.x.shape[1], rows.columns
        if names is not None and not set(wanted) - set(names):
            return [names.index(name) for name in wanted]
        stem = wanted[0].rpartition("[")[0]  # columns of embeddings are called x[0], x[1], …
        nameless = wanted == [f"{stem}[{at}]" for at in range(width)]
        if names is None and nameless and not hasattr(rows.x, "tocsr"):
            return list(range(width))
        raise AskwellError(
            f"{rows.name} is a matrix of {width} columns{'' if names else ' without names'}, and the history of "
            f"{self.name} had {len(wanted)}: {_few(wanted)}; give a pool with those columns."
        )


def _few(names: list[str], most: int = 8) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def save_encoder(encoder: DomainEncoder | None, card: dict[str, Any], root: Path) -> None:
    """Write what was learned: the card, and the encoder where there is one; the card last."""
    import skops.io  # slow to import

    if encoder is not None:
        write_whole(root / FILE, skops.io.dumps(encoder))
    write_whole(root / CARD, json.dumps(card, indent=1, ensure_ascii=False).encode())


def unused(root: str | Path | None) -> tuple[str, ...]:
    """A sentence where the history of an encoder taught nothing, so that naming it changes nothing.

    Raises:
        AskwellError: as `load_encoder`.
    """
    if root is None or load_encoder(root) is not None:
        return ()
    return (f"The history of {root} taught no metric, so the pool is encoded without one.",)


def load_encoder(root: str | Path) -> DomainEncoder | None:
    """The encoder that `askwell train --history` learned; None where its history taught none.

    Raises:
        AskwellError: if there is none, or its file is damaged.
    """
    import skops.io

    home = Path(root).expanduser()
    try:
        card = json.loads((home / CARD).read_text(encoding="utf-8"))
        if card["encoder"] is None:
            return None
        data = (home / FILE).read_bytes()
        types = skops.io.get_untrusted_types(data=data)
        if strange := [name for name in types if not name.startswith(("askwell.", "numpy.", "pandas."))]:
            raise AskwellError(
                f"{home / FILE} holds {strange[0]}, which Askwell does not write; it is not loaded."
            )
        encoder = skops.io.loads(data, trusted=types)
    except AskwellError:
        raise
    except FileNotFoundError as error:
        raise AskwellError(
            f"--encoder '{root}' is no directory with {CARD}; give one that `askwell train --history` wrote."
        ) from error
    except Exception as error:  # a damaged file raises anything
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise AskwellError(f"The encoder in {home} is damaged ({reason}); learn it again.") from error
    encoder.name = str(root)
    return encoder
