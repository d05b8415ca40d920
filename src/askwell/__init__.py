"""Askwell learns which labels to ask for: batch active learning, compiled end to end in JAX.

import askwell
result = askwell.compare("digits", strategies=["random", "margin", "uherding"], splits=20)
print(result.table())
for verdict in result.verdicts():
    print(verdict.said)
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from askwell.asking import Asked, Stop, ask
    from askwell.comparison import Result, Spec, compare, reopen
    from askwell.core import AskwellError
    from askwell.labelling import Session
    from askwell.policies import load_policy
    from askwell.training import TrainingSpec, train

__version__ = "0.1.0"

_HOMES = {
    "Asked": "askwell.asking",
    "ask": "askwell.asking",
    "AskwellError": "askwell.core",
    "Result": "askwell.comparison",
    "Session": "askwell.labelling",
    "Spec": "askwell.comparison",
    "Stop": "askwell.asking",
    "TrainingSpec": "askwell.training",
    "compare": "askwell.comparison",
    "load_policy": "askwell.policies",
    "reopen": "askwell.comparison",
    "train": "askwell.training",
}

__all__ = [
    "Asked",
    "AskwellError",
    "Result",
    "Session",
    "Spec",
    "Stop",
    "TrainingSpec",
    "ask",
    "compare",
    "load_policy",
    "reopen",
    "train",
]


def __getattr__(name: str) -> Any:
    # Imported on first use, so that `askwell --help` need not wait for JAX.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'askwell' has no attribute '{name}'")


def __dir__() -> list[str]:
    # What is imported on first use is there to be found, by tab completion too.
    return sorted({*globals(), *__all__} - {"Any", "TYPE_CHECKING", "importlib"})
