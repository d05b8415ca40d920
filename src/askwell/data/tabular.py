"""The user's own tables: CSV, TSV, Parquet, JSON lines."""

import csv
import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import compute

from askwell.core import AskwellError
from askwell.data.columns import Cells, NoRowsError, Raw, check_names
from askwell.data.table import Table, assemble


def read_table(path: Path, *, label: str | None, id: str | None) -> Table:
    """A table file as a `Table`; the suffix says which format.

    Raises:
        AskwellError: for anything that is not exactly right, with the line or the row.
    """
    return assemble(read_raw(path), name=path.stem, label=label, id=id)


def read_raw(path: Path) -> Raw:
    """A table file's cells as they are, with nothing decided about them.

    Raises:
        AskwellError: if the file is damaged; `NoRowsError` if it holds no row.
    """
    return READERS[path.suffix.lower()](path.name, path.read_bytes())


def read_csv(origin: str, data: bytes, delimiter: str = ",") -> Raw:
    """Comma-separated text, all cells as strings. Blank lines are skipped."""
    content = _decode(origin, data)
    if "\0" in content:
        raise AskwellError(f"{origin}: there is a NUL byte; save the file as plain UTF-8 text.")
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for row in reader:
            blank = not row or (len(row) == 1 and not row[0].strip())
            if not blank and not header:
                header = [name.strip() for name in row]
            elif not blank:
                if len(row) != len(header):
                    raise AskwellError(
                        f"{origin}: line {line} has {len(row)} cell{'s' * (len(row) != 1)} but the header "
                        f"has {len(header)}; give every row as many cells as the header, and quote cells "
                        "that hold the separator."
                    )
                rows.append(row)
                lines.append(line)
            line = reader.line_num + 1  # a quoted cell may span lines; rows are named by their first
    except csv.Error as error:
        raise AskwellError(
            f"{origin}: line {line} is not valid CSV ({error}); correct its quotes."
        ) from error
    if not header:
        raise AskwellError(f"{origin}: the file is empty; give a header line and rows.")
    return Raw(origin, header, [list(column) for column in zip(*rows, strict=True)], lines)


def read_tsv(origin: str, data: bytes) -> Raw:
    """Tab-separated text, otherwise as CSV."""
    return read_csv(origin, data, "\t")


def read_jsonl(origin: str, data: bytes) -> Raw:
    """One JSON object per line; the first line's keys are the columns, and an absent key is missing."""
    columns: dict[str, list[Any]] = {}
    lines: list[int] = []
    # Not splitlines(): JSON strings may hold U+2028, which it takes for a line's end.
    for line, words in enumerate(_decode(origin, data).split("\n"), start=1):
        if not words.strip():
            continue
        record = _record(origin, line, words)
        if not lines:
            columns = {key: [] for key in record}
        for key in record:
            if key not in columns:
                raise AskwellError(
                    f"{origin}: line {line} has the key '{key}', which the first line does not have; "
                    "give every line the same keys (null where a value is missing)."
                )
        for key, column in columns.items():
            column.append(record.get(key))
        lines.append(line)
    if not lines:
        raise NoRowsError(f"{origin}: the file is empty; give one JSON object per line.")
    return Raw(origin, list(columns), list(columns.values()), lines)


def read_parquet(origin: str, data: bytes) -> Raw:
    """Parquet through pyarrow; dates, lists of numbers and dictionaries included."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
            table = file.read(use_threads=len(data) > 1 << 20)
            table.validate(full=True)  # damaged offsets and text, which reading alone does not notice
            names, columns = list(table.column_names), [cells_of(column) for column in table.columns]
    except Exception as error:  # pyarrow raises many kinds, and damaged files raise any of them
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise AskwellError(f"{origin}: not a readable Parquet file ({reason}); write it again.") from error
    check_names(origin, names)
    return Raw(origin, names, columns)


READERS = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".parquet": read_parquet,
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
}


def _decode(origin: str, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise AskwellError(
            f"{origin}: line {line} is not valid UTF-8; save the file as UTF-8 text."
        ) from None


def _record(origin: str, line: int, words: str) -> dict[str, Any]:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        record = dict(items)
        if len(record) < len(items):
            keys = [key for key, _ in items]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise AskwellError(f"{origin}: line {line} has the key '{twice}' twice; keep one.")
        return record

    def constant(word: str) -> None:
        raise AskwellError(
            f"{origin}: line {line} has {word}, which is not JSON; write null if it is missing."
        )

    try:
        record = json.loads(words, object_pairs_hook=pairs, parse_constant=constant)
        if "\\u" in words:
            json.dumps(record, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except AskwellError:
        raise
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise AskwellError(
            f"{origin}: line {line} is not valid JSON ({reason}); give one JSON object per line."
        ) from None
    if not isinstance(record, dict):
        raise AskwellError(f"{origin}: line {line} is not a JSON object; give one object per line.")
    return record


pc: Any = compute  # its functions are made at import, where no type checker sees them


def cells_of(column: pa.ChunkedArray) -> Cells:
    """A column of Arrow as cells; lists of numbers of one length as an array."""
    kind = column.type
    if pa.types.is_timestamp(kind):  # finer ones would come as pandas' own kind of moment
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    if pa.types.is_decimal(kind):
        column, kind = column.cast(pa.float64()), pa.float64()
    if column.null_count == 0 and (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
        return column.to_numpy()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        lengths = pc.unique(pc.list_value_length(column)).to_pylist()
        inner = kind.value_type
        if len(lengths) == 1 and lengths[0] and (pa.types.is_integer(inner) or pa.types.is_floating(inner)):
            flat = pc.list_flatten(column)
            if flat.null_count == 0:  # an embedding: far quicker than a list of lists
                return np.asarray(flat.to_numpy(), dtype=float).reshape(len(column), lengths[0])
    return column.to_pylist()
