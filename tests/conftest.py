"""Shape annotations are checked while the tests run, and compiled programs are kept from run to run."""

import gc
import os
import sys

import pytest
from jaxtyping import install_import_hook

# The rooms that compute on JAX arrays. Of core not the pool: data stacks splits of it, in NumPy.
CHECKED = (
    "core.extreme",
    "core.geometry",
    "core.inverse",
    "core.kmeans",
    "core.view",
    "learners",
    "games",
    "strategies",
    "policies",
    "training",
)


def pytest_configure(config: pytest.Config) -> None:
    # Before JAX is imported, and inherited by every process that a test starts: the user's own cache is never
    # touched, and a second run compiles next to nothing.
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(config.rootpath / ".pytest_cache" / "jax")
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    # Most of a first run is compilation: less care there, the same arithmetic.
    os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=1 --xla_cpu_use_fusion_emitters=false"
    install_import_hook([f"askwell.{room}" for room in CHECKED], "beartype.beartype")
    from askwell.execution.cache import write_programs_whole  # the tests' processes share that cache

    write_programs_whole()


@pytest.fixture(autouse=True, scope="module")
def _drop_programs():
    """Compiled programs hold memory maps; those of a whole run would pass the kernel's limit and crash."""
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
        gc.collect()
