"""One requirement, explained: what, where from, why, how to mend, and an example."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from conformance.catalogues import any_requirement, kind_of

if TYPE_CHECKING:
    from conformance.catalogue import Requirement

_WIDTH = 110
_LABEL = 10
_LEVELS = {"MUST": "a {} that breaks it fails", "SHOULD": "a {} that breaks it is warned"}


def explanation(requirement_id: str) -> str:
    """The text, of several lines; capital and small letters are the same in an id.

    Raises:
        ConfigurationError: there is no such requirement; the message has the nearest.
    """
    found = any_requirement(requirement_id.strip().upper())
    kind = kind_of(found.id)
    whose = "pair of hosts" if kind == "pair" else kind
    parts = [
        *textwrap.wrap(f"{found.id} {found.text}", _WIDTH),
        "",
        *_part("level", f"{found.level}: {_LEVELS[found.level].format(whose)}"),
        *_part("section", f"contract {found.section}"),
        *_part("source", found.source),
        *_part("about", _about(found)),
        *_part("why", found.why),
        *_part("mend", found.mend),
    ]
    if found.example:
        parts += ["", "example", *textwrap.indent(found.example, "    ").splitlines()]
    return "\n".join(parts) + "\n"


def _about(found: Requirement) -> str:
    if kind_of(found.id) == "host":
        features = f" with the features {', '.join(found.features)}" if found.features else ""
        return f"hosts{features}"
    holding = f" that hold the capability {found.capability}" if found.capability else ""
    return f"plugins of the dialects {', '.join(found.applies_to)}{holding}"


def _part(label: str, text: str) -> list[str]:
    wrapped = textwrap.wrap(text, _WIDTH - _LABEL, break_on_hyphens=False)
    return [f"{label if number == 0 else '':<{_LABEL}}{line}" for number, line in enumerate(wrapped)]
