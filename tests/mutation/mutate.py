"""`python tests/mutation/mutate.py`: cosmic-ray changes the checks of plugins, and the tests must see it.

Draws a sample of all changes that cosmic-ray can make to conformance/plugin_checks, the same at each run, makes one
after the other in a copy of this checkout, and runs the tests that have to do with the changed module: each broken
plugin of tests/helpers/mutants must break its requirement, and each honest one keep it. A change that no test notices
has survived. docs/mutation.md says what came of it. Needs `pip install -e '.[test,mutation]'`.
"""

import argparse
import contextlib
import json
import random
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_item import MutationSpec, TestOutcome

from conformance.plugin_checks.registry import CHECKS

ROOT = Path(__file__).parents[2]
CHECKS_FOLDER = Path("conformance/plugin_checks")
# The longest of the tests below take some twenty seconds on an idle machine; a change that makes a check hang is seen.
TIMEOUT = 240
# `|` stands in types, which nothing runs; a decorator that is gone leaves a requirement without a check.
LEFT_OUT = ("core/ReplaceBinaryOperator_BitOr_", "core/RemoveDecorator")
# What has tests beside those of all requirements.
MORE_TESTS = {
    "cap": "tests/conformance/test_capability_checks.py",
    "pkg": "tests/conformance/test_package_checks.py",
}
# Whose functions other modules use.
ALSO = {"meta": ["LIFE"]}


def places():
    """Each place in the checks that an operator can change, with all the changes that there are of one kind."""
    found = {}
    for module in sorted((ROOT / CHECKS_FOLDER).glob("*.py")):
        tree = get_ast_from_path(module)
        for name in sorted(cosmic_ray.plugins.operator_names()):
            operator = cosmic_ray.plugins.get_operator(name)
            if operator.arguments() or name.startswith(LEFT_OUT):
                continue
            positions = [pos for node in ast_nodes(tree) for pos in operator().mutation_positions(node)]
            family = name.partition("_")[0]
            for occurrence, (start, end) in enumerate(positions):
                change = MutationSpec(
                    module_path=CHECKS_FOLDER / module.name,
                    operator_name=name,
                    operator_args={},
                    occurrence=occurrence,
                    start_pos=start,
                    end_pos=end,
                    definition_name=None,
                )
                found.setdefault((module.name, start, family), []).append(change)
    return found


def sample(count, seed):
    """So many places, and of each one change, drawn with a seed: a smaller sample is the beginning of a larger one."""
    found = places()
    drawn = random.Random(seed)
    keys = sorted(found)
    drawn.shuffle(keys)
    return [drawn.choice(found[key]) for key in keys[:count]], len(found)


def command(module):
    """The tests of a module of checks, the first that fails being enough."""
    ids = sorted(one for one in CHECKS if CHECKS[one].__module__.rpartition(".")[2] == module)
    words = " or ".join([*ids, *(f"{group}-" for group in ALSO.get(module, []))] or ["LOAD-001"])
    about = "test_a_mutant_breaks_its_requirement or test_the_honest_plugin_passes"
    files = ["tests/conformance/test_requirements.py", *filter(None, [MORE_TESTS.get(module)])]
    chosen = f"({about}) and ({words})"
    if module in MORE_TESTS:
        chosen = f"{Path(MORE_TESTS[module]).stem} or {chosen}"
    return shlex.join([sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files, "-k", chosen])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=120, help="how many changes")
    parser.add_argument("--seed", type=int, default=6, help="of the sample")
    parser.add_argument("--into", type=Path, help="a file for what came of each, JSON lines")
    given = parser.parse_args()
    changes, all_places = sample(given.count, given.seed)
    print(f"{len(changes)} of {all_places} places", flush=True)  # noqa: T201 - a command that people watch
    survived = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(
            ROOT, copy, ignore=shutil.ignore_patterns(".*", "build", "node_modules", "target", "__pycache__")
        )
        for number, change in enumerate(changes, 1):
            outcome, diff = tried(change, copy)
            said = {"number": number, "module": change.module_path.stem, "operator": change.operator_name}
            said |= {"line": change.start_pos[0], "outcome": outcome, "diff": diff}
            print(number, said["module"], said["line"], said["operator"], outcome, flush=True)  # noqa: T201 - as above
            if given.into:
                with given.into.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(said) + "\n")
            if said["outcome"] != TestOutcome.KILLED.value:
                survived.append(said)
    print(f"{len(changes) - len(survived)} of {len(changes)} killed")  # noqa: T201 - as above
    for one in survived:
        print(one["diff"])  # noqa: T201 - as above


def tried(change, copy):
    """What became of a change, and the change itself as people read it."""
    with contextlib.chdir(copy):
        result = mutate_and_test([change], command(change.module_path.stem), TIMEOUT)
    outcome = (result.test_outcome or result.worker_outcome).value
    return outcome, result.diff or result.output


if __name__ == "__main__":
    main()
