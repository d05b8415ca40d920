"""Where jobs are carried out: in threads of this process, or by Ray on one machine or many."""

import abc
import itertools
import logging
import math
import os
import re
import socket
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import as_completed
from typing import Any, TypeVar

from askwell.core import AskwellError
from askwell.execution.directory import versions
from askwell.execution.workers import side_by_side, workers

Job = TypeVar("Job")
T = TypeVar("T")

AHEAD = 2
"""Jobs that wait for each of Ray's cores: enough that none is idle, few enough that a grid of any size fits."""

GROWS = 5.0
"""Seconds between two looks at how large the cluster is."""

RETRIES = 5
"""How often Ray begins a job again whose worker or machine was lost."""


class AbstractExecutor(abc.ABC):
    """Carries out jobs, several at a time, in any order."""

    @abc.abstractmethod
    def map(
        self, play: Callable[[Job], T], jobs: Iterable[Job], keep: Callable[[T], None] = lambda result: None
    ) -> Iterator[tuple[Job, T]]:
        """Each job with what `play` gave of it, as they finish. `keep` is called in this process with each result.

        Raises:
            Exception: what the first that fails raises; jobs that were not begun are not.
        """


class Threads(AbstractExecutor):
    """Threads of this process; after an error or Ctrl-C the running jobs are waited for, and their results kept.

    Args:
        at_once: so many; by default `workers`.
    """

    def __init__(self, at_once: int | None = None):
        self.at_once = at_once

    def map(
        self, play: Callable[[Job], T], jobs: Iterable[Job], keep: Callable[[T], None] = lambda result: None
    ) -> Iterator[tuple[Job, T]]:
        """See `AbstractExecutor.map`."""

        def played(job: Job) -> T:
            result = play(job)
            keep(result)
            return result

        with side_by_side(self.at_once or workers()) as pool:
            futures = {pool.submit(played, job): job for job in jobs}
            try:
                for future in as_completed(futures):
                    yield futures[future], future.result()
            finally:
                pool.shutdown(cancel_futures=True)


class Ray(AbstractExecutor):
    """Ray's workers, a core each.

    `play` travels once to each machine, with the data in it. A job whose worker or machine is lost is begun again.

    Args:
        address: "ray" for the cluster that this machine belongs to, or a new one on this machine alone; or
            ``ray://HOST:PORT``, a cluster elsewhere.

    Raises:
        AskwellError: without Ray, or if nobody answers there.
    """

    def __init__(self, address: str = "ray"):
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
        except ModuleNotFoundError as error:
            raise AskwellError("The executor 'ray' needs Ray: pip install 'askwell[ray]'.") from error
        self._ray = ray
        if ray.is_initialized():
            return
        given: dict[str, Any] = {"address": address} if address != "ray" else {}
        # One core a job: XLA and BLAS would take all that the machine has. And strategies of the user's own modules.
        own = [
            os.path.abspath(path) for path in sys.path if not path.startswith((sys.prefix, sys.base_prefix))
        ]
        told = {"NPROC": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(own)}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ray.init(
                    **given, runtime_env={"env_vars": told}, log_to_driver=False, logging_level=logging.ERROR
                )
        except (
            Exception
        ) as error:  # Ray raises nearly everything here: no answer, other versions, no such name
            reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise AskwellError(
                f"No Ray cluster could be used at '{address}': {reason} Start one (ray start --head), or give the "
                "executor 'ray' for this machine alone."
            ) from error

    def map(
        self, play: Callable[[Job], T], jobs: Iterable[Job], keep: Callable[[T], None] = lambda result: None
    ) -> Iterator[tuple[Job, T]]:
        """See `AbstractExecutor.map`."""
        ray, left, running = self._ray, iter(jobs), {}
        shared, name, here = ray.put(play), os.urandom(8).hex(), versions()
        asked, cores = -math.inf, 1
        remote = ray.remote(num_cpus=1, max_retries=RETRIES, scheduling_strategy="SPREAD")(_play)
        try:
            while True:
                if time.monotonic() - asked > GROWS:
                    asked, cores = time.monotonic(), max(1, int(ray.cluster_resources().get("CPU", 1)))
                for job in itertools.islice(left, max(0, AHEAD * cores - len(running))):
                    running[remote.remote(name, shared, here, job)] = job
                if not running:
                    return
                (done, *_), _ = ray.wait(list(running))
                try:
                    result = ray.get(done)
                except ray.exceptions.RayTaskError as error:
                    if missing := re.search(r"No module named '([\w.]+)'", str(error)):
                        raise AskwellError(
                            f"A machine of the Ray cluster has no module '{missing[1]}'; install Askwell, and modules "
                            "of your own, on all machines."
                        ) from None
                    raise (error.cause if isinstance(error.cause, AskwellError) else error) from None
                except ray.exceptions.RayError as error:
                    raise AskwellError(
                        f"Ray lost the job {running[done]} {RETRIES + 1} times ({type(error).__name__}); check the "
                        "memory of its machines, then run the same command again: what was finished is kept."
                    ) from error
                keep(result)
                yield running.pop(done), result
        except KeyboardInterrupt:
            ray.shutdown()  # a process that leaves at once would leave Ray's behind
            raise
        # After an error the few jobs that Ray has end by themselves: to cancel them aborts Ray 2.60 now and then.


_plays: dict[str, Any] = {}


def _play(name: str, shared: Any, there: str, job: Any) -> Any:
    """Play a job in a worker, which keeps what it has compiled for the next one."""
    if versions() != there:
        raise AskwellError(
            f"{socket.gethostname()} has {versions()}, and the machine that asks has {there}; install the same "
            "versions on all machines."
        )
    if name not in _plays:
        _plays.clear()
        _plays[name] = shared
    return _plays[name](job)


def make_executor(name: str = "threads", at_once: int | None = None) -> AbstractExecutor:
    """The executor of a name: "threads", "ray", or the address of a Ray cluster, ``ray://HOST:PORT``.

    Raises:
        AskwellError: for another name, or as `Ray`.
    """
    if name == "threads":
        return Threads(at_once)
    if name == "ray" or name.startswith("ray://"):
        return Ray(name)
    raise AskwellError(f"The executor is '{name}'; give 'threads', 'ray', or 'ray://HOST:PORT'.")
