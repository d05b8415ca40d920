"""Compiled programs are kept from run to run."""

from pathlib import Path

import jax
import platformdirs

from askwell.core.files import write_whole


def compilation_cache() -> None:
    """Keep compiled programs in the user's cache directory, unless JAX was told of another place."""
    write_programs_whole()
    if jax.config.values["jax_compilation_cache_dir"] is None:
        path = Path(platformdirs.user_cache_dir("askwell")) / "jax"
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError:  # a home that cannot be written to; JAX would warn at every program
            return
        jax.config.update("jax_compilation_cache_dir", str(path))
    # What compiles sooner than this is not read from a file any sooner.
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.01)


def write_programs_whole() -> None:
    """Let JAX's cache write a program under a temporary name, then rename it.

    JAX (0.10.2) writes in place and never again: a process beside this one may read half a program, and one killed
    while it writes leaves half a program for good, of which JAX warns at every later run.
    """
    try:
        from jax._src.lru_cache import LRUCache
    except ImportError:  # another JAX, with a cache of its own
        return
    theirs = LRUCache.put

    def put(self: LRUCache, key: str, value: bytes) -> None:
        if self.eviction_enabled or not isinstance(self.path, Path):  # locked, or no local files
            return theirs(self, key, value)
        write_whole(self.path / f"{key}-cache", value, "free space, or set JAX_COMPILATION_CACHE_DIR")

    if theirs.__module__ != __name__:  # else it has been done
        LRUCache.put = put
