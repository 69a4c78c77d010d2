"""Whether two hosts come to the same in every requirement: a profile of refhost, and the server that it stands for.

Differences that are known are in a TOML file, `HVFS-011 = "why"`. One that is not in it is news, and so is one that is
gone.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.host_catalogue import host_catalogue
from conformance.report.model import labels
from conformance.verdict import Outcome
from refhost.capabilities import nearest
from refhost.errors import ConfigurationError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from conformance.report.model import Judgement, Report

# What an outcome says of the host, whatever a baseline knows of it.
_HOLDS, _BROKEN = "holds", "is broken"
_SAYS = {
    Outcome.PASS: _HOLDS,
    Outcome.STALE: _HOLDS,
    Outcome.FAIL: _BROKEN,
    Outcome.WARN: _BROKEN,
    Outcome.KNOWN: _BROKEN,
    Outcome.NOT_APPLICABLE: "does not apply",
    Outcome.NOT_RUN: "was not run",
}
_NOT_JUDGED = "could not be judged"
_COMPARED = frozenset({_HOLDS, _BROKEN})


@dataclass(frozen=True)
class Pair:
    """One requirement, in both reports.

    Attributes:
        says: what became of it in each, in words.
        reasons: what was seen, or why it was not judged; "" for none.
    """

    id: str
    says: tuple[str, str]
    reasons: tuple[str, str]

    @property
    def compared(self) -> bool:
        """Whether both hosts were judged by it."""
        return set(self.says) <= _COMPARED

    @property
    def agrees(self) -> bool:
        """Whether it is the same in both."""
        return self.says[0] == self.says[1]


@dataclass(frozen=True)
class Agreement:
    """All requirements that either report has.

    Attributes:
        names: what to call each of the hosts.
        known: requirements that are known to differ, each with the reason.
    """

    names: tuple[str, str]
    pairs: tuple[Pair, ...]
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def differing(self) -> list[Pair]:
        """Those that both were judged by, and that hold in one of them only."""
        return [pair for pair in self.pairs if pair.compared and not pair.agrees]

    @property
    def gone(self) -> list[Pair]:
        """Those that are known to differ, and do not."""
        return [pair for pair in self.pairs if pair.id in self.known and pair.compared and pair.agrees]

    @property
    def open(self) -> list[Pair]:
        """Those that one of them was not judged by, so that nothing can be said."""
        return [pair for pair in self.pairs if not pair.compared]

    @property
    def complete(self) -> bool:
        """Whether they agree: something was compared, and what differs is what is known to."""
        news = [pair for pair in self.differing if pair.id not in self.known]
        return not news and not self.gone and len(self.open) < len(self.pairs)

    def to_text(self) -> str:
        """For a person: the sums, a line for each that differs, and for each reason those that were not compared."""
        same = [pair for pair in self.pairs if pair.compared and pair.agrees]
        broken = sum(pair.says[0] == _BROKEN for pair in same)
        differing = self.differing
        count = sum(pair.id in self.known for pair in differing)
        known = f" ({count} of them known)" if count else ""
        sums = (
            f"{self.names[0]} and {self.names[1]}: {len(self.pairs)} requirements, {len(same)} the same "
            f"({len(same) - broken} hold, {broken} are broken), {len(differing)} different{known}, "
            f"{len(self.open)} not compared."
        )
        lines = [sums]
        lines += [f"{pair.id}: {self._said(pair)}, and is known to differ: take it off the list" for pair in self.gone]
        for pair in differing:
            lines.append(f"{pair.id}: {self._said(pair)}")
            if pair.id in self.known:
                lines.append(f"        known: {_line(self.known[pair.id])}")
            lines += [
                f"        seen on {name}: {_line(why)}"
                for name, why in zip(self.names, pair.reasons, strict=True)
                if why
            ]
        reasons: dict[str, list[str]] = {}
        for pair in self.open:
            first = next(n for n, word in enumerate(pair.says) if word not in _COMPARED)
            why = _line(pair.reasons[first])
            reasons.setdefault(f"{pair.says[first]} on {self.names[first]}: {why}", []).append(pair.id)
        lines += [f"not compared: {', '.join(ids)}: {reason}" for reason, ids in reasons.items()]
        return "\n".join(lines) + "\n"

    def _said(self, pair: Pair) -> str:
        return ", ".join(f"{word} on {name}" for word, name in zip(pair.says, self.names, strict=True))


def _line(text: str) -> str:
    return printable(" ".join(text.split()), limit=300, lines=False)


def known_differences(path: Path) -> Mapping[str, str]:
    """What is known to differ between two hosts: each requirement of a TOML file with its reason.

    Raises:
        ConfigurationError: it cannot be read, or has another shape.
    """
    try:
        rows = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not TOML: {error}.") from None
    ids = {requirement.id for group in host_catalogue() for requirement in group.requirements}
    for name, reason in rows.items():
        if name not in ids:
            meant = nearest(name, ids)
            hint = f"Did you mean {meant}?" if meant else ""
            raise ConfigurationError(f"{path} has {name!r}, which is no requirement of hosts.", hint=hint)
        if not isinstance(reason, str) or not reason.strip():
            raise ConfigurationError(f"{path} has no reason for {name}.", hint=f'Write {name} = "why they differ".')
    return rows


def agreement(reports: Sequence[Report], known: Mapping[str, str] | None = None) -> Agreement:
    """How two reports on hosts compare.

    Args:
        reports: the two.
        known: requirements that are known to differ, each with the reason.

    Raises:
        ConfigurationError: there are not two of them.
    """
    hosts = [report for report in reports if report.subject.kind == "host"]
    if len(hosts) != 2:
        raise ConfigurationError(
            f"Two reports on hosts are compared, and here are {len(hosts)}.",
            hint="Such as that of `pytest --wasm-host=refhost --wasm-report=DIR`, and that of another host.",
        )
    one, other = ({row.id: row for row in report.requirements} for report in hosts)
    pairs = [
        Pair(i, (_says(one.get(i)), _says(other.get(i))), (_reason(one.get(i)), _reason(other.get(i))))
        for i in dict.fromkeys((*one, *other))
    ]
    first, second = labels(hosts)
    return Agreement((first, second), tuple(pairs), known or {})


def _says(row: Judgement | None) -> str:
    if row is None:
        return "is not known"
    return _NOT_JUDGED if row.cascade else _SAYS[row.outcome]


def _reason(row: Judgement | None) -> str:
    return row.reason if row is not None else ""
