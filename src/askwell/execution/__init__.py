"""How work is carried out: threads, compiled programs, run directories."""

from askwell.execution.cache import compilation_cache, write_programs_whole
from askwell.execution.directory import RunDirectory, versions
from askwell.execution.executor import AbstractExecutor, Ray, Threads, make_executor
from askwell.execution.interrupts import Interrupts, interrupts
from askwell.execution.workers import (
    Program,
    accelerator_memory,
    compiled,
    lapack,
    quick,
    side_by_side,
    workers,
)

__all__ = [
    "AbstractExecutor",
    "Interrupts",
    "Program",
    "Ray",
    "RunDirectory",
    "Threads",
    "accelerator_memory",
    "compilation_cache",
    "compiled",
    "interrupts",
    "lapack",
    "make_executor",
    "quick",
    "side_by_side",
    "versions",
    "workers",
    "write_programs_whole",
]
