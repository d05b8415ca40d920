"""How many compiled programs may run at once, and XLA's settings for it.

A program that plays episodes gains nothing from a second thread of its own, so chunks run side by side.
XLA's CPU client holds one thread of its pool for each running program and needs others to do the work: with
as many programs as threads it waits for ever (seen with jax 0.10.2). LAPACK on a batch of matrices holds one
more thread for each call. So the pool must be larger, and that can be said only before JAX's backend starts.
"""

import functools
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import jax
import scipy.linalg  # noqa: F401  (its BLAS is the one that JAX calls, and must be there to be limited)
from jax._src import xla_bridge
from threadpoolctl import threadpool_limits

OPTIONS: dict[str, str | bool] = {"xla_cpu_multi_thread_eigen": False, "xla_backend_optimization_level": "1"}
"""Compiler options of every program: one thread each, and LLVM's first level of optimisation. Higher ones take a fifth
longer to compile and gave nothing faster (ten strategies on satimage)."""


@functools.cache
def workers() -> int:
    """Programs to run at once: one a core if JAX is started here, fewer if it was started already."""
    cores = os.cpu_count() or 1
    started = xla_bridge.backends_are_initialized()
    before = os.environ.get("NPROC")
    if not started:
        os.environ["NPROC"] = str(4 * cores)  # the size of XLA's pool
    try:
        accelerated = jax.default_backend() != "cpu"
    finally:
        if before is not None:
            os.environ["NPROC"] = before
        elif not started:
            del os.environ["NPROC"]
    if accelerated:
        return 1
    return max(cores // 2, 1) if started else cores


@contextmanager
def side_by_side(at_once: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads to run programs in, each of which does its linear algebra by itself.

    Left alone, BLAS splits a matrix of some 60 columns over all cores and waits for them: with programs running there
    the fit of such a learner took 50 ms instead of 2.
    """
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(at_once) as pool:
        yield pool
