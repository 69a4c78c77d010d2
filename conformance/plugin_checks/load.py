"""LOAD: the binary, its imports and exports, and whether it comes to life (contract §2, §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.plugin_checks.registry import check
from conformance.trial import require
from conformance.verdict import NotJudged, Violation
from refhost.binary import CoreBinary
from refhost.errors import BinaryError, HostError, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.trial import Trial
    from refhost.problem import Problem


@check("LOAD-001")
def binary_is_a_plugin(trial: Trial) -> None:
    """It validates, and one dialect takes it."""
    try:
        trial.subject.binary  # noqa: B018 - reading it compiles it
    except BinaryError as error:
        raise Violation(error.message, mend=error.hint) from None


def _report(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if found:
        lines = [f"{problem.name}: {problem.message}" for problem in found]
        hints = dict.fromkeys(problem.hint for problem in found if problem.hint)
        raise Violation("; ".join(lines), mend=" ".join(hints))


def _is_missing(problem: Problem) -> bool:
    return "is missing" in problem.message


def _is_mistyped(problem: Problem) -> bool:
    return problem.message.startswith(("it is declared as", "its type is"))


def _problems(trial: Trial, kind: str) -> list[Problem]:
    try:
        return [problem for problem in trial.subject.link_problems if problem.kind == kind]
    except BinaryError as error:
        raise NotJudged(error.message) from None


@check("LOAD-002")
def imports_exist(trial: Trial) -> None:
    """Every import is a function of the contract."""
    _report(p for p in _problems(trial, "import") if not _is_mistyped(p))


@check("LOAD-003")
def imports_have_their_types(trial: Trial) -> None:
    """Every import has the contract's type."""
    _report(p for p in _problems(trial, "import") if _is_mistyped(p))


@check("LOAD-004")
def exports_exist(trial: Trial) -> None:
    """Every required export is there."""
    _report(p for p in _problems(trial, "export") if _is_missing(p))


@check("LOAD-005")
def exports_have_their_types(trial: Trial) -> None:
    """Every export of the contract has the contract's type."""
    _report(p for p in _problems(trial, "export") if not _is_missing(p))


@check("LOAD-006")
def instantiates(trial: Trial) -> None:
    """Its start function and `_initialize` come to an end."""
    if _problems(trial, "import") or _problems(trial, "export"):
        raise NotJudged("its imports or exports do not fit")
    try:
        with trial.session():
            pass
    except PluginError as error:
        if error.function in ("instantiation", "_initialize"):
            raise Violation(str(error)) from None
    except HostError as error:
        raise NotJudged(str(error)) from None


@check("LOAD-007")
def frees_memory(trial: Trial) -> None:
    """It exports `deallocate`."""
    binary = trial.subject.binary
    if isinstance(binary, CoreBinary):
        require(
            "deallocate" in binary.exports,
            "there is no export deallocate: every text that the host passes leaks",
        )


@check("LOAD-008")
def allocates(trial: Trial) -> None:
    """Blocks that are in use at the same time lie in memory and apart."""
    trial.loaded()
    with trial.session() as session:
        try:
            problems = session.allocations([1, 7, 64, 300, 4096, 65536, 8192])
        except PluginError as error:
            raise Violation(f"while memory was allocated: {error}") from None
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    require(not problems, f"{problems[0]}{more}" if problems else "")


@check("LOAD-009")
def is_no_program(trial: Trial) -> None:
    """It is no module of the legacy command dialect."""
    _problems(trial, "export")
    require(
        trial.subject.dialect != "command",
        "it exports _start: it is a program that is run once, and no plugin",
    )
