"""What does not fit between a binary and the contract."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One import or export that does not fit.

    Attributes:
        kind: `import` or `export`.
        name: as the binary spells it, imports with their module: `env.sk_debug`.
        message: what was expected and what is there.
        hint: what to change.
        section: of the contract.
    """

    kind: str
    name: str
    message: str
    hint: str
    section: str
