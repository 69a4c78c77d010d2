"""A failure in words: what was required and seen, the case, why it matters, how to mend it and to see it again."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.verdict import Verdict

_WIDTH = 110
_LABEL = 10


def failure_text(verdict: Verdict, command: str) -> str:
    """The text of one failure. A plugin's own words in it are escaped already."""
    requirement = verdict.requirement
    head = f"{requirement.id} ({requirement.level}, contract {requirement.section}): "
    if verdict.cascade:
        return f"{head}{verdict.reason}"
    parts = [
        f"{head}{requirement.text}",
        *_part("seen", verdict.reason.splitlines()),
        *_part("case", [f"{number}. {step}" for number, step in enumerate(verdict.case, 1)]),
        *_part("why", [requirement.why]),
        *_part("mend", verdict.mend.splitlines()),
        *_part("log", verdict.log),
        f"{'again':<{_LABEL}}{command}",
    ]
    return "\n".join(parts)


def _part(label: str, lines: Iterable[str]) -> list[str]:
    wrapped = [
        piece
        for line in lines
        for piece in (textwrap.wrap(line, _WIDTH - _LABEL, break_on_hyphens=False, subsequent_indent="  ") or [""])
    ]
    return [f"{label if number == 0 else '':<{_LABEL}}{line}" for number, line in enumerate(wrapped)]
