"""Imports point one way: `pytest_plugin → conformance → refhost`, and `conformance → corpus` for its data."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("refhost", "conformance", "corpus", "pytest_plugin")
# What each package may import of the others; and what it may not import of what is installed.
ALLOWED = {
    "refhost": set(),
    "corpus": set(),
    "conformance": {"refhost", "corpus"},
    "pytest_plugin": {"conformance", "refhost"},
}
FORBIDDEN = {
    "refhost": {"pytest", "_pytest", "hypothesis", "syrupy"},
    "corpus": {"pytest", "_pytest"},
    "conformance": {"pytest", "_pytest", "syrupy"},
    "pytest_plugin": set(),
}
# Nothing heavy is imported before an option or a fixture asks for it.
LIGHT = tuple(f"pytest_plugin/{name}.py" for name in ("plugin", "fixtures", "options", "results", "comparing"))


def sources(package):
    found = [path for path in (ROOT / package).rglob("*.py") if "plugins" not in path.relative_to(ROOT).parts]
    assert found
    return found


def imports(path, *, at_load_only=False):
    """Each module that a file imports, with its line; with `at_load_only`, those that loading the file imports."""
    tree = ast.parse(path.read_text("utf-8"), str(path))
    pending = list(tree.body)
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative imports are not used here"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif at_load_only and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        elif at_load_only and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            pending += node.orelse
        else:
            pending += ast.iter_child_nodes(node)


@pytest.mark.parametrize("package", OURS)
def test_imports_point_one_way(package):
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources(package)
        for name, line in imports(path)
        if name.split(".")[0] in (set(OURS) - {package} - ALLOWED[package]) | FORBIDDEN[package]
    ]
    assert not wrong, "\n".join(wrong)


def test_conformance_takes_only_data_from_the_corpus():
    """It reads the files in it, by the two modules that know where they are, and runs no other."""
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources("conformance")
        for name, line in imports(path)
        if name.split(".")[0] == "corpus" and name != "corpus" and name.split(".")[:2] != ["corpus", "mutants"]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("module", LIGHT)
def test_hooks_and_fixtures_load_nothing_heavy(module):
    """Of our own modules only each other; and besides pytest the standard library."""
    own = {path.removesuffix(".py").replace("/", ".") for path in LIGHT}
    heavy = [
        name
        for name, _ in imports(ROOT / module, at_load_only=True)
        if name.split(".")[0] not in {*sys.stdlib_module_names, "pytest"}
        and not any(name == known or name.startswith(f"{known}.") for known in own)
    ]
    assert not heavy


def test_every_module_is_small():
    """About four hundred lines at most, so that a module is one noun."""
    long = {
        str(path.relative_to(ROOT)): count
        for package in OURS
        for path in sources(package)
        if (count := len(path.read_text("utf-8").splitlines())) > 450
    }
    assert not long
