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
import jax
from askwell.execution import compilation_cache

hits = []
jax.monitoring.register_event_listener(lambda event, **_: hits.append(event) if event.endswith("/cache_hits") else None)
compilation_cache()
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.jit(lambda x: x * 7 - 3)(jax.numpy.float32(1.5))
print(len(hits))
"""


def hits(cache: Path) -> tuple[int, str]:
    """How many programs a new process found in the cache, and its complaints."""
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", COUNTS_HITS],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
        timeout=120,
    )
    return int(done.stdout), done.stderr


def test_programs_are_found_again_and_half_ones_mended(tmp_path):
    assert hits(tmp_path) == (0, "")
    programs = sorted(tmp_path.iterdir())
    assert programs
    found, complaints = hits(tmp_path)
    assert (found, complaints) == (len(programs), "")
    for program in programs:  # as a JAX that was killed leaves them
        program.write_bytes(program.read_bytes()[:-20])
    found, complaints = hits(tmp_path)
    assert found == 0
    assert "truncated" in complaints
    assert hits(tmp_path) == (len(programs), "")
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
