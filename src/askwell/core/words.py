"""How things are said."""

from collections.abc import Sequence


def counted(count: int, noun: str) -> str:
    """A number and what it counts: ``1 label``, ``2 labels``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
