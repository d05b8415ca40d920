"""What a domain's history taught, and the encoder that follows from it for one pool."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.base import BaseEstimator, TransformerMixin

from askwell.core import AskwellError, write_whole
from askwell.data import Matrix, Table
from askwell.data.encoder import Encoder
from askwell.encoders.candidates import CANDIDATES
from askwell.encoders.metric import Map

ROWS, CARD = "history.parquet", "encoder.json"
HISTORY, POOL = 5000, 20_000
"""Rows of the history that are kept, and rows of the pool that are looked at with them."""

WIDER = 4
"""Times as many features as are kept in the end: some metrics choose among them, where variance alone would have."""

BLOCK = 65_536
"""Rows that are encoded at once."""

LABEL, ABOUT = "label", b"askwell"


class DomainEncoder(TransformerMixin, BaseEstimator):
    """Raw rows of one pool, or further ones like them, in the metric of a domain.

    Attributes:
        base: makes numbers ``[N, d]`` of rows with the history's columns; fitted to history and pool.
        metric: what is made of these numbers: ``[N, k]``.
        name: what errors call it.
    """

    def __init__(self, base: Encoder, metric: Map, name: str = "the encoder"):
        self.base, self.metric, self.name = base, metric, name

    def fit(self, X: Any, y: Any = None) -> "DomainEncoder":
        """Not possible: it comes fitted."""
        raise AskwellError("A domain's encoder comes fitted; `askwell train --history` makes one.")

    def transform(self, X: pd.DataFrame) -> np.ndarray:
        """``float32 [N, k]`` of a frame with the history's columns, in any order; others are not read."""
        return self._blocks(X, self.metric.astype(np.float32))

    def _blocks(self, X: pd.DataFrame, made: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        parts = [X.iloc[at : at + BLOCK] for at in range(0, len(X), BLOCK)]
        return np.concatenate([made(self.base.transform(part)) for part in parts])

    def encode(self, rows: Table | Matrix) -> np.ndarray:
        """``float32 [N, k]`` of rows.

        Raises:
            AskwellError: if they lack columns that the history had, or hold words where that had numbers.
        """
        numbers, words = self.base.numeric_, self.base.others_
        if isinstance(rows, Matrix):
            return self._affine(rows, _order(rows, numbers, words, self.name))
        out = np.empty((len(rows.ids), self.metric.projection.shape[1]), np.float32)
        for at in range(0, len(out), BLOCK):
            part = np.arange(at, min(at + BLOCK, len(out)))
            out[part] = self.transform(_frame(rows, part, numbers, words, self.name))
        return out

    def _affine(self, matrix: Matrix, order: list[int]) -> np.ndarray:
        """The same of numbers without a gap: their projection is affine, so it is probed, and then one product."""
        out = np.empty((len(matrix.x), self.metric.projection.shape[1]), np.float32)
        first = np.asarray(matrix.x[:BLOCK][:, order], np.float64)
        centre, step = first.mean(axis=0), np.maximum(first.std(axis=0), 1e-6)
        probes = np.vstack([centre, centre + np.diag(step)])
        metric = self.metric.astype(np.float32)
        frame = pd.DataFrame(probes, columns=pd.Index(self.base.numeric_))
        seen = self._blocks(frame, lambda x: x @ metric.projection).astype(np.float64)
        slope = ((seen[1:] - seen[0]) / step[:, None]).astype(np.float32)
        for at in range(0, len(out), BLOCK):
            block = _finite(matrix, np.asarray(matrix.x[at : at + BLOCK][:, order]))
            out[at : at + BLOCK] = metric.add(
                (block - centre).astype(np.float32) @ slope + seen[0].astype(np.float32)
            )
        return out


class Domain(NamedTuple):
    """What a history taught.

    Attributes:
        metric: one of `CANDIDATES`, the best on classes or tasks that were left out.
        history: some of the rows that it was learned from, with their labels.
        features: most features that are kept.
        name: what errors call it.
    """

    metric: str
    history: Table
    features: int
    name: str

    def encoder(self, pool: Table | Matrix) -> DomainEncoder:
        """The encoder of a pool: what encodes columns is fitted to history and pool together, the metric to history.

        Fitted to the history alone, columns would be measured by classes that the pool has not: a word that they never
        used, or a pixel that they hardly lit.

        Raises:
            AskwellError: as `DomainEncoder.encode`.
        """
        base, x = fit_together(self.history, pool, self.features, self.name)
        y = np.unique(self.history.labels.astype(str), return_inverse=True)[1]
        return DomainEncoder(base, CANDIDATES[self.metric](x[: len(y)], y, self.features), self.name)


def fit_together(
    history: Table, pool: Table | Matrix, features: int, name: str
) -> tuple[Encoder, np.ndarray]:
    """An encoder that is fitted to a history and at most `POOL` rows of a pool, and the numbers of both, in that order.

    It keeps `WIDER` times the `features`.

    Raises:
        AskwellError: as `DomainEncoder.encode`.
    """
    old = history.features
    numbers = list(old.select_dtypes(["number", "datetime", "datetimetz"]))
    words = [name for name in old.columns if name not in set(numbers)]
    count = len(pool.ids)
    rows = np.arange(count)
    if count > POOL:
        rows = np.sort(np.random.default_rng(0).permutation(count)[:POOL])
    new = _frame(pool, rows, numbers, words, name)
    texts = (*history.texts, *(() if isinstance(pool, Matrix) else pool.texts))
    prose = tuple(title for title in words if title in texts)
    encoder = Encoder(WIDER * features, name, prose, history.sentences, leading=features)
    both: Any = pd.concat([old[new.columns], new], ignore_index=True)
    return encoder, encoder.fit_transform(both)


def _frame(
    rows: Table | Matrix, some: np.ndarray, numbers: list[str], words: list[str], name: str
) -> pd.DataFrame:
    """Those columns of some rows."""
    wanted = [*numbers, *words]
    if isinstance(rows, Matrix):
        x = np.asarray(rows.x[some][:, _order(rows, wanted, words, name)], np.float64)
        return pd.DataFrame(_finite(rows, x), columns=pd.Index(wanted))
    frame = rows.features
    if missing := [title for title in wanted if title not in frame.columns]:
        raise AskwellError(
            f"{rows.name} lacks {_few(missing)}, which the history of {name} had; add them, or learn again from a "
            "history without them."
        )
    frame = frame[wanted].iloc[some].reset_index(drop=True)
    for title in numbers:
        if frame[title].dtype == object:
            raise AskwellError(f"{rows.name}: column '{title}' holds words, and was numbers in {name}.")
    said = {title: frame[title].astype(str).where(frame[title].notna(), None)
            for title in words if frame[title].dtype != object}  # fmt: skip
    return frame.assign(**said)


def _finite(rows: Matrix, x: np.ndarray) -> np.ndarray:
    if not np.isfinite(x).all():
        raise AskwellError(f"{rows.name}: some values are NaN or infinite; remove or mend their rows.")
    return x


def _order(rows: Matrix, wanted: list[str], words: list[str], name: str) -> list[int]:
    """The matrix's column for each of the history's; those without names count from the first."""
    width, names = rows.x.shape[1], rows.columns
    if names is not None and not words and not set(wanted) - set(names):
        return [names.index(title) for title in wanted]
    stem = wanted[0].rpartition("[")[0]  # columns of embeddings are called x[0], x[1], …
    nameless = wanted == [f"{stem}[{at}]" for at in range(width)]
    if names is None and nameless and not hasattr(rows.x, "tocsr"):
        return list(range(width))
    raise AskwellError(
        f"{rows.name} is a matrix of {width} columns{'' if names else ' without names'}, and the history of "
        f"{name} had {len(wanted)}: {_few(wanted)}; give a pool with those columns."
    )


def _few(names: list[str], most: int = 8) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def save_domain(domain: Domain | None, card: dict[str, Any], root: Path) -> None:
    """Write what was learned: some rows of the history where a metric helps, and last the card."""
    if domain is not None:
        frame = domain.history.features
        table = pa.table({f"f{at}": pa.array(frame[title]) for at, title in enumerate(frame.columns)})
        table = table.append_column(LABEL, pa.array(domain.history.labels.astype(str)))
        about = {"columns": list(frame.columns), "texts": domain.history.texts, "features": domain.features}
        about["sentences"] = domain.history.sentences
        into = pa.BufferOutputStream()
        pq.write_table(table.replace_schema_metadata({ABOUT: json.dumps(about)}), into)
        write_whole(root / ROWS, into.getvalue().to_pybytes())
    write_whole(root / CARD, json.dumps(card, indent=1, ensure_ascii=False).encode())


def load_domain(root: str | Path) -> Domain | None:
    """What `askwell train --history` wrote; None where the history taught nothing.

    Raises:
        AskwellError: if there is none, or its files are damaged.
    """
    card = read_card(root)
    if card["encoder"] is None:
        return None
    with _reading(root) as home:
        table = pq.read_table(home / ROWS)
        about = json.loads(table.schema.metadata[ABOUT])
        labels = np.array(table[LABEL].to_pylist(), object)
        frame = table.drop_columns([LABEL]).to_pandas()
        frame.columns = pd.Index(about["columns"])
        words = frame.select_dtypes(exclude=["number", "datetime", "datetimetz"]).columns
        frame[words] = frame[words].astype(object).where(frame[words].notna(), None)
        ids = np.array([str(at) for at in range(len(labels))], object)
        texts, sentences = tuple(about["texts"]), about.get("sentences", False)
        history = Table(card["history"], frame, labels, ids, texts=texts, sentences=sentences)
        return Domain(card["encoder"], history, about["features"], str(root))


def read_card(root: str | Path) -> dict[str, Any]:
    """What `askwell train --history` says of what it wrote; `encoder` is None where the history taught nothing.

    Raises:
        AskwellError: if there is none, or it is damaged or of another version.
    """
    with _reading(root) as home:
        card = json.loads((home / CARD).read_text(encoding="utf-8"))
        if card["encoder"] is not None and card["encoder"] not in CANDIDATES:
            raise AskwellError(f"{home} is of another version of Askwell; learn it again.")
        return card


@contextlib.contextmanager
def _reading(root: str | Path) -> Iterator[Path]:
    """The directory; what goes wrong with its files is one sentence."""
    home = Path(root).expanduser()
    try:
        yield home
    except AskwellError:
        raise
    except FileNotFoundError as error:
        raise AskwellError(
            f"--encoder '{root}' is no directory that `askwell train --history` wrote ({Path(error.filename).name} is "
            "not there); give one."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise AskwellError(f"The encoder in {home} is damaged ({reason}); learn it again.") from error
