"""How many programs may run at once, how they are compiled, and what may not be in them.

A program that plays episodes gains little from a second thread of its own, so chunks run side by side. XLA's pool
keeps its own size, a thread a core: more of them lose time waking each other.
"""

import os
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, cast

import equinox as eqx
import jax
from threadpoolctl import threadpool_limits

from askwell.core import AskwellError

QUICK: dict[str, str | bool] = {
    name: value
    for name, value in {
        "xla_backend_optimization_level": "1",
        "xla_cpu_use_fusion_emitters": False,
        "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT",
    }.items()
    if name not in os.environ.get("XLA_FLAGS", "")  # what the user says there would not be heeded
}
"""Compiler options of every program that a person waits for. LLVM's higher levels take a fifth longer and gave nothing
faster (ten strategies on satimage). XLA's new emitters take half as long again; programs with them run 0 to 20 % sooner
(nine strategies, pool 1,000), which pays from about 500 splits of one dataset on. Of what XLA leaves to its library YNN
only matrix products stay there: YNN divides large sums by the number of threads, so records would depend on it."""

quick: Any = partial(cast(Any, eqx.filter_jit), compiler_options=QUICK)  # overloads lack options of `jax.jit`
"""`eqx.filter_jit` for such a program."""

OPTIONS = QUICK | {"xla_cpu_multi_thread_eigen": False}
"""Of programs that run side by side: one thread each."""


def workers() -> int:
    """Programs to run at once: one a core (or as many as NPROC says, which XLA heeds, too), one on an accelerator."""
    if jax.default_backend() != "cpu":
        return 1
    return int(os.environ.get("NPROC") or os.cpu_count() or 1)


def accelerator_memory() -> int:
    """Bytes that JAX may use on the accelerator that programs run on; 0 on a CPU."""
    if jax.default_backend() == "cpu":
        return 0
    stats = jax.devices()[0].memory_stats() or {}
    return int(stats.get("bytes_limit", 2**32))


def compiled(function: Any, *arguments: Any, who: str = "The policy") -> Any:
    """A jitted function, compiled for arrays of these shapes.

    In single precision, which accelerators leave where they multiply matrices unless told not to. A program that
    could wait for ever is refused: JAX 0.10 spreads a LAPACK call on a batch of matrices over the pool that XLA's
    programs run in, and waits there; once every thread of the pool does, all wait for ever.

    Raises:
        AskwellError: saying that it is `who`'s, if LAPACK is called on CPU, and there is more than one core.
    """
    with jax.default_matmul_precision("float32"):
        lowered = function.lower(*arguments)
    found = lapack(lowered) if workers() > 1 else None
    if found:
        raise AskwellError(
            f"{who} or its learner calls LAPACK ({found}, by jax.numpy.linalg or jax.scipy.linalg), and a "
            "compiled game can then wait for ever (a fault of JAX 0.10 on CPU); use askwell.core.inverse, or set "
            "NPROC=1 in the environment to play on one core."
        )
    return lowered.compile(compiler_options=OPTIONS)


class Program:
    """A function of arrays, compiled for one thread at its first call."""

    def __init__(self, function: Any, who: str = "The policy"):
        self._jitted, self._program, self._who, self._lock = jax.jit(function), None, who, threading.Lock()

    def __call__(self, *arguments: Any) -> Any:
        """Call it; arrays must have the shapes of the first call."""
        with self._lock:
            if self._program is None:
                self._program = compiled(self._jitted, *arguments, who=self._who)
        return self._program(*arguments)


def lapack(lowered: Any) -> str | None:
    """A call of LAPACK in a lowered program, if there is one."""
    found = re.search(r"lapack_\w+", lowered.as_text())
    return found and found.group()


@contextmanager
def side_by_side(at_once: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads to run programs in, each of which does its linear algebra by itself.

    Left alone, BLAS splits a matrix of some 60 columns over all cores and waits for them: with programs running there
    the fit of such a learner took 50 ms instead of 2.
    """
    import scipy.linalg  # noqa: F401  (slow; its BLAS is the one that JAX calls, and must be there to be limited)

    with threadpool_limits(1, "blas"):
        pool = ThreadPoolExecutor(at_once)
        try:
            yield pool
        except KeyboardInterrupt:  # whoever raises it has waited for what must be kept
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
        pool.shutdown()
