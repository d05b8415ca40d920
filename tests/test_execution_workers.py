"""Programs that run side by side leave each other their cores."""

import os
import subprocess
import sys
from typing import ClassVar

import jax.numpy as jnp
import pytest
import scipy.linalg  # noqa: F401  (its BLAS must be there to be limited)
import threadpoolctl

import askwell
from askwell.core import AbstractStrategy, AskwellError
from askwell.execution.workers import side_by_side, workers
from askwell.strategies.pickers import top_k


def blas() -> list[int]:
    found = [one["num_threads"] for one in threadpoolctl.threadpool_info() if one["user_api"] == "blas"]
    assert found  # else there was nothing to limit
    return found


def test_linear_algebra_stays_on_its_thread_and_only_there():
    with threadpoolctl.threadpool_limits(2, "blas"):
        with side_by_side(2) as pool:
            assert set(pool.submit(blas).result()) == {1}
        assert set(blas()) == {2}


class Inverts(AbstractStrategy):
    """Calls LAPACK."""

    name: ClassVar[str] = "inverts"

    def select(self, key, view, q):
        spread = jnp.linalg.inv(view.x.T @ view.x + jnp.eye(view.x.shape[1]))
        return top_k(key, jnp.sum((view.x @ spread) * view.x, axis=1), view.asked, q)


def test_a_strategy_that_could_hang_is_refused(monkeypatch):
    played = {"strategies": {"inverts": Inverts()}, "baseline": "inverts", "splits": 1, "rounds": 1}
    monkeypatch.setenv("NPROC", "2")
    with pytest.raises(AskwellError, match=r"^The strategy 'inverts' or its learner calls LAPACK"):
        askwell.compare("iris", **played)
    monkeypatch.setenv("NPROC", "1")
    assert len(askwell.compare("iris", **played).records) == 1


def test_what_xla_flags_say_goes_before():
    show = "from askwell.execution.workers import OPTIONS; print(sorted(OPTIONS))"
    flags = "--xla_backend_optimization_level=2"
    told = [
        subprocess.run(
            [sys.executable, "-c", show], env=os.environ | {"XLA_FLAGS": f}, capture_output=True, check=True
        ).stdout.decode()
        for f in ("", flags)
    ]
    assert ["level" in one for one in told] == [True, False]
    assert all("fusion" in one and "eigen" in one for one in told)


def test_as_many_programs_as_cores_and_as_nproc_says(monkeypatch):
    monkeypatch.delenv("NPROC", raising=False)
    assert workers() == os.cpu_count()
    monkeypatch.setenv("NPROC", "3")
    assert workers() == 3


SUMS = """
import jax, zlib
from askwell.core.inverse import over_rows
from askwell.execution.workers import OPTIONS
for shape in ((1000, 61), (4096, 65), (4, 1000, 41)):
    x = jax.random.normal(jax.random.key(0), shape)
    one = over_rows if len(shape) == 2 else jax.vmap(over_rows)
    print(zlib.crc32(jax.device_get(jax.jit(one, compiler_options=OPTIONS)(x, x)).tobytes()))
"""


def test_records_do_not_depend_on_the_number_of_threads():
    """Long sums do not, and chess shows it in the rows asked: its columns are yes and no, so distances tie."""
    play = (
        SUMS
        + "import askwell; print(askwell.compare('chess', strategies=['cluster-margin', 'kmeans-boundary'], "
        "baseline='cluster-margin', splits=1).records.drop('seconds').write_ndjson())"
    )
    one, eight = (
        subprocess.run(
            [sys.executable, "-c", play], env=os.environ | {"NPROC": threads}, capture_output=True, check=True
        ).stdout.decode()
        for threads in ("1", "8")
    )
    assert len(one.splitlines()) > 20
    assert one == eight, "products over many rows come first, then the records"
