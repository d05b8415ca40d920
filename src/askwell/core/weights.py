"""Arrays of a pytree by their paths, as safetensors files hold them."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
from safetensors import SafetensorError, safe_open

DAMAGED = (OSError, SafetensorError, KeyError, ValueError)
"""What reading and taking up a file that is none of ours may raise."""


def named_arrays(tree: Any) -> dict[str, np.ndarray]:
    """Every array of a pytree by its path."""
    leaves = jax.tree_util.tree_leaves_with_path(eqx.filter(tree, eqx.is_array))
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}


def with_arrays(tree: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The pytree with its arrays, or the shapes that stand for them, replaced by arrays of the same path.

    Raises:
        KeyError: for an array that is missing; ValueError for one of another shape or type.
    """

    def take(path: Any, leaf: Any) -> Any:
        if not (eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)):
            return leaf
        array = arrays[jax.tree_util.keystr(path)]
        if array.shape != leaf.shape or array.dtype != leaf.dtype:
            raise ValueError(f"{jax.tree_util.keystr(path)} is {array.dtype}{list(array.shape)}")
        return jax.device_put(array)

    return jax.tree_util.tree_map_with_path(take, tree)


def read_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of a safetensors file and its metadata; raises one of `DAMAGED` if it is none."""
    with safe_open(path, "numpy") as file:
        names = list(file.keys())
        return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
