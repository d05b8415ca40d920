"""How things are said."""


def counted(count: int, noun: str) -> str:
    """A number and what it counts: ``1 label``, ``2 labels``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
