"""A failure in words: what was required and seen, the case, why it matters, how to mend it and to see it again."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.verdict import Verdict

_WIDTH = 110
_LABEL = 10

# What begins so, spaces or not, GitHub Actions takes out of a log for a command of the workflow.
_COMMANDS = ("::", "##[")


def failure_text(verdict: Verdict, command: str) -> str:
    """The text of one failure. A plugin's own words in it are escaped already."""
    requirement = verdict.requirement
    which = f"[{requirement.id}, {requirement.level}, contract {requirement.section}]"
    if verdict.cascade:
        return f"{verdict.reason} {which}"
    parts = [
        f"{requirement.text} {which}",
        *_part("seen", verdict.reason.splitlines()),
        *_whole("case", _numbered(verdict.case)),
        *_part("why", [requirement.why]),
        *_part("mend", verdict.mend.splitlines()),
        *_whole("log", verdict.log),
        f"{'again':<{_LABEL}}{command}",
    ]
    return "\n".join(parts)


def _part(label: str, lines: Iterable[str]) -> list[str]:
    wrapped = [
        piece
        for line in lines
        for piece in (textwrap.wrap(line, _WIDTH - _LABEL, break_on_hyphens=False, subsequent_indent="  ") or [""])
    ]
    return _whole(label, wrapped)


def _numbered(steps: Iterable[str]) -> Iterator[str]:
    """Steps with numbers; what is said about steps that are left out has none."""
    number = 0
    for step in steps:
        if step.startswith("("):
            yield f"   {step}"
        else:
            number += 1
            yield f"{number}. {step}"


def _whole(label: str, lines: Iterable[str]) -> list[str]:
    """Lines as they are, so that a delta or a call can be copied out of them; but none is a command to GitHub."""
    safe = (f"· {line}" if line.lstrip().startswith(_COMMANDS) else line for line in lines)
    return [f"{label if number == 0 else '':<{_LABEL}}{line}" for number, line in enumerate(safe)]
