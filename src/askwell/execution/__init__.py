"""How work is carried out: threads, compiled programs, run directories."""

from askwell.execution.cache import compilation_cache, write_programs_whole
from askwell.execution.directory import RunDirectory, versions
from askwell.execution.interrupts import Interrupts, interrupts
from askwell.execution.workers import Program, compiled, lapack, side_by_side, workers

__all__ = [
    "Interrupts",
    "Program",
    "RunDirectory",
    "compilation_cache",
    "compiled",
    "interrupts",
    "lapack",
    "side_by_side",
    "versions",
    "workers",
    "write_programs_whole",
]
