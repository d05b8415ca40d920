"""Policies on disk: weights as safetensors, and beside them a JSON card that says what they are."""

import json
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import safetensors.numpy

from askwell.core import AskwellError, write_whole
from askwell.core.weights import DAMAGED, named_arrays, read_arrays, with_arrays
from askwell.policies import heads
from askwell.policies.base import AbstractHead

FORMAT = "1"
"""Changes with the meaning of weights or features: a file of another format is refused, not misread."""

RENAMED = {
    "doubt": "margin",
    "mean doubt": "mean margin",
    "evidence": "label mass",
    "twin": "similarity",
    "highest": "highest margin",
}
"""Features that had another name in earlier files, and the same meaning."""

SUFFIX = ".safetensors"

CHOICE = "strategy.json"
"""In a directory that holds no policy: the strategy that the past chose among those by name."""


def to_bytes(policy: AbstractHead, settings: dict[str, Any]) -> bytes:
    """A policy's file; `settings` are what its head was made with."""
    about = {"format": FORMAT, "head": policy.name, "inputs": json.dumps(policy.inputs)}
    return safetensors.numpy.save(
        named_arrays(policy), {"askwell": json.dumps({**about, "settings": settings})}
    )


def load_policy(path: Path | str) -> AbstractHead:
    """The policy in a file, in a training run's directory, or shipped under that name.

    Raises:
        AskwellError: if the file is missing, damaged, or made for other features or by another version.
    """
    path = SHIPPED.get(str(path)) or _file(Path(path))
    try:
        arrays, metadata = read_arrays(path)
        about = json.loads(metadata["askwell"])
    except FileNotFoundError:
        raise AskwellError(f"There is no policy file {path}; check the path.") from None
    except DAMAGED as error:
        raise AskwellError(
            f"{path} is no policy that Askwell wrote, or was cut short; train again or copy it anew."
        ) from error
    if about.get("format") != FORMAT:
        raise AskwellError(
            f"{path} has format {about.get('format')}, and this version of Askwell reads format {FORMAT}; "
            "train the policy again."
        )
    # Its shapes only: first weights would be drawn, which takes a second to compile, to be thrown away.
    make = lambda: heads.make_head(about["head"], jax.random.key(0), about["settings"])
    policy = eqx.filter_eval_shape(make)
    inputs = [RENAMED.get(name, name) for name in json.loads(about["inputs"])]
    if inputs != list(policy.inputs):
        raise AskwellError(f"{path} was trained on other features than this version has; train it again.")
    try:
        return with_arrays(policy, arrays)
    except (KeyError, ValueError) as error:
        raise AskwellError(f"{path} lacks weights of the head '{policy.name}'; copy it anew.") from error


def card(path: Path | str) -> dict[str, Any]:
    """The card beside a policy's file; empty if there is none."""
    try:
        return json.loads(Path(path).with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def save_choice(strategy: str, root: Path) -> None:
    """Make ``policy:ROOT`` mean that strategy."""
    write_whole(root / CHOICE, json.dumps({"strategy": strategy}).encode())


def choice(path: Path) -> str | None:
    """The strategy that was chosen in the directory of a policy's file; None if there is a policy, or no choice.

    Raises:
        AskwellError: if the choice is damaged.
    """
    chosen = path.parent / CHOICE
    if path.exists() or not chosen.exists():
        return None
    try:
        return str(json.loads(chosen.read_text(encoding="utf-8"))["strategy"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AskwellError(f"{chosen} is damaged; run `askwell train --history` again.") from error


def located(name: str) -> Path | None:
    """The file of the policy that a strategy's name means; None if it means none.

    Raises:
        AskwellError: if the name is ``policy:`` and no more.
    """
    kind, _, rest = name.partition(":")
    if kind == "policy" and not rest:
        raise AskwellError("The strategy 'policy:' names no file; write policy:PATH of a policy.safetensors.")
    return _file(Path(rest)) if kind == "policy" else SHIPPED.get(name)


def _file(path: Path) -> Path:
    """The file itself, or that of a training run's directory."""
    return path / f"policy{SUFFIX}" if path.is_dir() else path


SHIPPED = {path.stem: path for path in sorted((Path(__file__).parent / "shipped").glob(f"*{SUFFIX}"))}
"""Policies that come with Askwell, by name."""
