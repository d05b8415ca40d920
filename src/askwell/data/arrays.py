"""The user's own arrays: embeddings, whatever made them."""

import io
import math
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from askwell.core import AskwellError, unknown
from askwell.data.columns import Raw
from askwell.data.table import Table, finish, words

T = TypeVar("T")


def read_npz(path: Path, *, label: str | None, id: str | None) -> Table:
    """A .npz file with `x` ``[N, d]`` and `y` ``[N]``, and perhaps `ids` ``[N]``.

    `label` and `id` name other arrays than `y` and `ids`.

    Raises:
        AskwellError: for arrays that are absent, damaged, not finite or of wrong shape.
    """
    array, names = open_npz(path)
    label = label or "y"
    for name in ("x", label, *([id] if id else [])):
        if name not in names:
            raise AskwellError(f"{path.name}: " + unknown("array", name, names))
    if label == id or label == "x":
        raise AskwellError(
            f"{path.name}: '{label}' cannot be the labels too; name another array with --label."
        )
    id = id or ("ids" if "ids" in names else None)
    return _table(path, array("x"), array(label), array(id) if id else None)


def open_npz(path: Path) -> tuple[Callable[[str], np.ndarray], list[str]]:
    """A function from an array's name to the array, and the names that there are."""
    data = path.read_bytes()
    members = _guard(path.name, lambda: _members(data))

    def array(name: str) -> np.ndarray:
        return _guard(f"{path.name}, array '{name}'", lambda: _array(members[f"{name}.npy"]))

    return array, [name.removesuffix(".npy") for name in members]


def read_npy(path: Path, *, label: str | None, id: str | None) -> Table:
    """A .npy file of embeddings ``[N, d]``; `label` and `id` are paths of 1-D .npy files.

    Paths are looked up as given, then beside the embeddings.

    Raises:
        AskwellError: as `read_npz`.
    """
    if label is None:
        raise AskwellError(
            f"{path.name}: a .npy file holds no labels; give a 1-D array with --label labels.npy."
        )

    def array(file: Path) -> np.ndarray:
        return _guard(file.name, lambda: _array(file.read_bytes()))

    ids = array(beside(path, id)) if id else None
    return _table(path, array(path), array(beside(path, label)), ids)


def _table(path: Path, x: np.ndarray, y: np.ndarray, ids: np.ndarray | None) -> Table:
    origin = path.name
    if x.ndim != 2 or x.dtype.kind not in "fiub" or not x.shape[1]:
        raise AskwellError(
            f"{origin}: x is {x.dtype} of shape {x.shape}; it must be numbers of shape [rows, features], "
            "so flatten or embed images first."
        )
    x = x if x.dtype == np.float32 else x.astype(np.float64)
    if not np.isfinite(x).all():
        row = int(np.argmax(~np.isfinite(x).all(axis=1)))
        raise AskwellError(
            f"{origin}: x has a NaN or infinite value in row {row} (counted from 0); remove the row."
        )
    y, ids = (
        vector(origin, "labels", y, len(x)),
        None if ids is None else vector(origin, "ids", ids, len(x)),
    )
    raw = Raw(
        origin, ["labels", *(["ids"] if ids is not None else [])], [y, *([ids] if ids is not None else [])]
    )
    import pandas as pd  # slow to import

    numbered = np.array([str(row) for row in range(len(x))], dtype=object)
    table = Table(
        path.stem,
        pd.DataFrame(x, columns=pd.Index([f"x[{i}]" for i in range(x.shape[1])])),
        words(raw, "labels", y, "label"),
        numbered if ids is None else words(raw, "ids", ids, "id"),
    )
    return finish(raw, table)


def vector(origin: str, what: str, values: np.ndarray, rows: int) -> np.ndarray:
    """Check labels or ids: 1-D, text or numbers, one for each row."""
    if values.ndim != 1 or values.dtype.kind not in "iufbUS":
        raise AskwellError(
            f"{origin}: the {what} are {values.dtype} of shape {values.shape}; give a 1-D array of text "
            "or numbers."
        )
    if len(values) != rows:
        raise AskwellError(
            f"{origin}: x has {rows} rows but there are {len(values)} {what}; give one for each row."
        )
    if values.dtype.kind == "S":
        return _guard(origin, lambda: np.char.decode(values, "utf-8"))
    if values.dtype.kind == "U" and values.dtype.itemsize:
        # Numbers that are no characters: Python strings made of them break in odd places later.
        codes = np.ascontiguousarray(values).view(values.dtype.str[0] + "u4")
        if ((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any():
            raise AskwellError(f"{origin}: the {what} hold text that is not valid Unicode; save them again.")
    return values


def beside(path: Path, name: str) -> Path:
    """The .npy file that a name stands for: as given, or in the folder of `path`."""
    for file in (Path(name), path.parent / name):
        if file.is_file() and file.suffix.lower() == ".npy":
            return file
    raise AskwellError(
        f"{path.name}: there is no .npy file '{name}'; give the path of a 1-D array for --label or --id."
    )


def map_npy(path: Path) -> np.ndarray:
    """The array in a .npy file, memory-mapped; the file must be exactly as long as its header says.

    Raises:
        AskwellError: if it is damaged, cut short, or holds Python objects.
    """

    def map_() -> np.ndarray:
        with path.open("rb") as stream:
            shape, fortran, dtype = _header(stream)
            _check_size(shape, dtype, path.stat().st_size - stream.tell())
            offset = stream.tell()
        return np.memmap(path, dtype, "r", offset, shape, "F" if fortran else "C")

    return _guard(path.name, map_)


def _members(data: bytes) -> dict[str, bytes]:
    if not data.startswith(b"PK"):  # zipfile would skip anything before the archive
        raise ValueError("it does not begin as an archive")
    # Whole members, so that each one's checksum is verified; numpy alone stops where the shape says.
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _array(data: bytes) -> np.ndarray:
    """The array in a .npy file's bytes; its claimed size is checked before memory is asked for."""
    stream = io.BytesIO(data)
    shape, fortran, dtype = _header(stream)
    _check_size(shape, dtype, len(data) - stream.tell())
    flat = np.frombuffer(data, dtype=dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if fortran else "C")


def _header(stream: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, fortran, dtype = read[np.lib.format.read_magic(stream)](stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects, which are never unpickled: save text or numbers")
    return shape, fortran, dtype


def _check_size(shape: tuple[int, ...], dtype: np.dtype, held: int) -> None:
    if any(size < 0 for size in shape) or math.prod(shape) * dtype.itemsize != held:
        claimed = math.prod(shape) * dtype.itemsize
        short = ": it was cut short" if held < claimed else ""
        raise ValueError(f"it claims the shape {shape}, which is not what it holds{short}")


def _guard(origin: str, read: Callable[[], T]) -> T:
    """The boundary: whatever a damaged file raises becomes one sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return read()
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise AskwellError(f"{origin}: not a readable NumPy file ({reason}); save it again.") from error
