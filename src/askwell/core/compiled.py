"""Compiled programs are kept from run to run."""

from pathlib import Path

import jax
import platformdirs


def compilation_cache() -> None:
    """Keep compiled programs in the user's cache directory, unless JAX was told of another place."""
    if jax.config.values["jax_compilation_cache_dir"] is None:
        path = Path(platformdirs.user_cache_dir("askwell")) / "jax"
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError:  # a home that cannot be written to; JAX would warn at every program
            return
        jax.config.update("jax_compilation_cache_dir", str(path))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
