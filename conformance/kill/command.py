"""`python -m conformance kill`: judge all mutants, and write docs/kill-matrix.md."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.files import replace_text
from conformance.kill.jury import all_tried
from conformance.kill.matrix import few_matrix, whole_matrix
from conformance.kill.page import besides, counts, page
from conformance.kill.proven import proven_text
from conformance.kill.task import all_tasks, named_tasks
from refhost.errors import ConfigurationError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.kill.jury import Tried
    from conformance.kill.matrix import Matrix
    from conformance.kill.task import Only, Task

PAGE = Path("docs/kill-matrix.md")
PROVEN = Path("conformance/requirements/proven.toml")


def run(
    names: Sequence[str],
    *,
    only: Only | None = None,
    whole: bool = False,
    check: bool = False,
    processes: int = 0,
    root: Path = Path(),
) -> int:
    """Judge, say what came of it, and write it down when everything was judged; the exit code.

    Raises:
        ConfigurationError: what was asked for does not fit together, or there is no such mutant.
    """
    partly = bool(names or only or whole)
    if names and only:
        raise ConfigurationError("Names and --only exclude each other: name what is to be judged.")
    if check and partly:
        raise ConfigurationError(f"--check compares {PAGE} as a whole: it takes no names, no --only and no --whole.")
    if not partly and not all((root / file).parent.is_dir() for file in (PAGE, PROVEN)):
        raise ConfigurationError(f"There is no folder for {PAGE} here: run this in a checkout of the project.")
    tasks = named_tasks(names, whole=whole) if names else all_tasks(only=only, whole=whole)
    found = _judged(tasks, processes)
    matrix = few_matrix(found) if names else whole_matrix(found)
    for one in found if names else ():
        click.echo(_line(one))
    for line in counts(matrix):
        click.echo(line)
    wrong = matrix.wrong()
    if not partly:
        wrong += _kept(_texts(matrix), root, check=check)
    for sentence in wrong:
        click.echo(sentence, err=True)
    return 1 if wrong else 0


def _judged(tasks: Sequence[Task], processes: int) -> list[Tried]:
    with click.progressbar(length=len(tasks), label="judging", show_pos=True) as bar:
        return all_tried(tasks, processes=processes, done=lambda: bar.update(1))


def _line(one: Tried) -> str:
    """What came of a mutant, for a person who named it."""
    own = [requirement for requirement in one.task.breaks if requirement in one.broken]
    more = besides(own, one)
    said = f"killed by {', '.join(own)}" if own else "not killed"
    return printable(f"{one.task.name}: {said}{f'; besides: {more}' if more else ''}", lines=False)


def _texts(matrix: Matrix) -> dict[Path, str]:
    return {PAGE: page(matrix), PROVEN: proven_text(matrix.killers)}


def _kept(texts: Mapping[Path, str], root: Path, *, check: bool) -> list[str]:
    """Write the files, or say which of them are not as they must be."""
    wrong = []
    for file, text in texts.items():
        path = root / file
        if not check:
            replace_text(path, text)
        elif not path.exists() or path.read_text("utf-8") != text:
            wrong.append(
                f"{file} is not what was found: run `python -m conformance kill`, and look at what has changed."
            )
    return wrong
