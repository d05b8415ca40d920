"""The cache of compiled programs: whole files only, whoever else reads or is killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jax._src.lru_cache import LRUCache

from askwell.execution.cache import write_programs_whole

write_programs_whole()

COUNTS_HITS = """
import sys
import jax
from askwell.execution import compilation_cache

hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event) if event.endswith("/cache_hits") else None)
compilation_cache()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
for _ in sys.stdin:
    hits.clear()
    jax.clear_caches()
    jax.jit(lambda x: x * 7 - 3)(jax.numpy.float32(1.5))
    print(len(hits), flush=True)
"""


def compiler(cache: Path) -> subprocess.Popen[str]:
    """A process that compiles a program for each line it reads, having forgotten all that it held itself."""
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(cache)}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen([sys.executable, "-c", COUNTS_HITS], env=environment, text=True, **pipes)


def hits(process: subprocess.Popen[str]) -> int:
    """How many programs it finds in the cache."""
    process.stdin.write("\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def complaints(process: subprocess.Popen[str]) -> str:
    """All that it said until its end."""
    return process.communicate(timeout=120)[1]


def test_programs_are_found_again_and_half_ones_mended(tmp_path):
    with compiler(tmp_path) as first:
        assert hits(first) == 0
        assert complaints(first) == ""
    programs = sorted(tmp_path.iterdir())
    assert programs
    with compiler(tmp_path) as second:
        assert hits(second) == len(programs)
        for program in programs:  # as a JAX that was killed leaves them
            program.write_bytes(program.read_bytes()[:-20])
        assert hits(second) == 0
        assert hits(second) == len(programs)
        assert complaints(second).count("truncated") == len(programs)
    assert sorted(tmp_path.iterdir()) == programs


def test_nobody_sees_half_a_program(tmp_path, monkeypatch):
    cache = LRUCache(str(tmp_path), max_size=-1)
    write = Path.write_bytes

    def half(path: Path, data: bytes) -> int:
        write(path, data[: len(data) // 2])
        assert cache.get("key") is None
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(KeyboardInterrupt):
        cache.put("key", b"a program")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
    cache.put("key", b"a program")
    assert cache.get("key") == b"a program"


def test_a_cache_with_a_limit_stays_jaxs(tmp_path):
    pytest.importorskip("filelock")
    cache = LRUCache(str(tmp_path), max_size=10)
    cache.put("old", b"12345678")
    cache.put("new", b"12345678")
    assert cache.get("old") is None
    assert cache.get("new") == b"12345678"
