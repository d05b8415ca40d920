"""Which columns of a table hold the labels and the ids."""

from collections.abc import Callable, Sequence

from askwell.core import AskwellError, unknown

LABEL_NAMES = ("label", "target", "class", "y")
"""What a label column is called where nobody says so."""

Complain = Callable[[str], AskwellError]


def label_name(
    error: Complain,
    names: Sequence[str],
    label: str | None,
    needed: bool = True,
    guesses: Sequence[str] = LABEL_NAMES,
) -> str | None:
    """Which column holds the labels; None if there is none and none is `needed`."""
    if label in names:
        return label
    if label is not None and needed:
        raise error(unknown("label column", label, names).removesuffix("."))
    # Even where --label names a column of another file: labels that stay among the features would give all away.
    found = [name for name in names if name.lower() in guesses]
    if len(found) == 1 or (not found and not needed):
        return found[0] if found else None
    problem = (
        "more than one column could be the label"
        if found
        else "no column is called label, target, class or y"
    )
    hint = " (is the separator right?)" if len(names) == 1 else ""
    raise error(f"{problem}; say which with --label: {_listed(names)}{hint}")


def id_name(error: Complain, names: Sequence[str], id: str | None) -> str | None:
    """Which column holds the ids; None if rows are to be numbered."""
    if id is not None:
        if id not in names:
            raise error(unknown("id column", id, names).removesuffix("."))
        return id
    found = [name for name in names if name.lower() == "id"]
    if len(found) > 1:
        raise error(f"more than one column could be the id ({', '.join(found)}); say which with --id")
    return found[0] if found else None


def _listed(names: Sequence[str], most: int = 20) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)} columns)" if len(names) > most else "")
