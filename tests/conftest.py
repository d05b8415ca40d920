"""Shape annotations are checked while the tests run, and compiled programs are kept from run to run."""

import gc
import itertools
import os
import sys
from pathlib import Path

import pytest

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

LONG = (
    "test_strategies_laws",
    "test_games_laws",
    "test_training_laws",
    "test_execution_executor",
    "test_training_exact",
    "test_training_train",
    "test_training_regression",
    "test_history",
    "test_cli_learning",
    "test_report_page",
    "test_data_damage",
    "test_stop",
    "test_labelling_page",
    "test_influence",
    "test_search",
    "test_games_points",
    "test_effects",
    "test_policies_laws",
    "test_training_td3",
    "test_games_classes",
)
MAPS, EVERY = 15_000, 20
"""Of the 65,530 maps that Linux allows a process; 30,000 held 6 GB. Counted after so many tests."""
played = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    # Before JAX is imported, and inherited by every process that a test starts: the user's own cache is never
    # touched, and a second run compiles next to nothing.
    os.environ["JAX_COMPILATION_CACHE_DIR"] = str(config.rootpath / ".pytest_cache" / "jax")
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"
    # Most of a first run is compilation: no care there, the same arithmetic. Split up, a small program takes longer.
    os.environ["XLA_FLAGS"] = (
        "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false "
        "--xla_cpu_parallel_codegen_split_count=1"
    )
    # Programs that are compiled here are never looked at: no line numbers in them.
    os.environ["JAX_TRACEBACK_IN_LOCATIONS_LIMIT"] = "0"
    # Tracing makes many objects, few of them garbage: looking for it took a twentieth of the time.
    gc.set_threshold(200_000, 50, 1000)
    # Each process has a core; more threads would wait for each other. Before NumPy is imported, by jaxtyping.
    os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
    from jaxtyping import install_import_hook

    install_import_hook([f"askwell.{room}" for room in CHECKED], "beartype.beartype")
    from askwell.execution.cache import write_programs_whole  # the tests' processes share that cache

    write_programs_whole()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: processes are given whole files, and should end together."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


def maps() -> int:
    """Memory maps of this process; more than any limit where the system does not tell."""
    try:
        return len(Path("/proc/self/maps").read_bytes().splitlines())
    except OSError:
        return MAPS + 1


@pytest.fixture(autouse=True)
def _drop_programs():
    """Compiled programs hold memory maps; those of a whole run could pass the kernel's limit and crash."""
    yield
    if next(played) % EVERY == 0 and "jax" in sys.modules and maps() > MAPS:
        sys.modules["jax"].clear_caches()
        gc.collect()
