"""Who may import whom (DESIGN.md's table), and that no file outgrows one idea."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

HOME = Path(__file__).parents[1] / "src" / "askwell"
ABOVE = {"core", "data", "learners", "games", "strategies", "policies", "execution", "encoders"}
MAY_IMPORT = {
    "core": set(),
    "data": {"core"},
    "encoders": {"core", "data"},
    "learners": {"core"},
    "games": {"core", "learners"},
    "strategies": {"core", "learners"},
    "policies": {"core", "strategies"},
    "execution": {"core"},
    "training": ABOVE | {"stats"},  # intervals over fresh tasks
    "comparison": ABOVE | {"stats"},  # a result's table and verdicts
    "search": ABOVE | {"stats", "training", "comparison"},  # trials train, and the winner is compared
    "stats": {"core"},
    "plots": {"core", "stats"},
    # it plays recorded picks again, and reads what people labelled
    "report": ABOVE | {"comparison", "labelling", "training", "stats", "plots"},
    "asking": {"core", "data", "encoders", "learners", "strategies", "policies", "execution"},
    "labelling": {"core", "data", "encoders", "learners", "strategies", "policies", "execution", "asking"},
    "gym": ABOVE | {"comparison"},
    "testing": ABOVE | {"training"},
    "cli": ABOVE | {"asking", "labelling", "comparison", "training", "search", "report", "plots"},
}
FILES = sorted(HOME.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(HOME).parts[0]


def imported(tree: ast.AST) -> set[str]:
    """Rooms that a module imports, at any depth of its code; relative imports are refused."""
    rooms = set()
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("askwell.")}
    return rooms


def test_imports_are_found_in_every_form():
    code = "import askwell.games\nfrom askwell import stats\ndef f():\n    from askwell.core.view import View"
    assert imported(ast.parse(code)) == {"games", "stats", "core"}
    assert len(FILES) > 50


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.parent != HOME], ids=lambda p: str(p.relative_to(HOME))
)
def test_rooms_import_only_what_they_may(path):
    extra = imported(ast.parse(path.read_text())) - MAY_IMPORT[room(path)] - {room(path)}
    assert not extra, f"{path.relative_to(HOME)} may not import {extra}"


def test_no_file_outgrows_one_idea():
    long = {str(p.relative_to(HOME)): n for p in FILES if (n := len(p.read_text().splitlines())) >= 300}
    assert not long


def module(path: Path) -> str:
    parts = path.relative_to(HOME.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_two_files_import_each_other():
    """Nor more of them in a circle, be it inside a function or for types alone."""
    known = {module(path): path for path in FILES}
    needs: dict[str, set[str]] = {}
    for name, path in known.items():
        needs[name] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module:
                one_by_one = [f"{node.module}.{alias.name}" for alias in node.names]
                needs[name] |= {sub if sub in known else node.module for sub in one_by_one} & set(known)
            elif isinstance(node, ast.Import):
                needs[name] |= {alias.name for alias in node.names} & set(known)
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        raise AssertionError(f"These files import each other: {' -> '.join(error.args[1])}") from None
