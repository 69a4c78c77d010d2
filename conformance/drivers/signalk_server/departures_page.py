"""The page on signalk-server 2.32: each departure, the requirements that find it, and how its maintainers see it.

    python -m conformance.drivers.signalk_server.departures_page > docs/hosts/signalk-server-2.32.md

It is made of the known failures in `baseline.toml`, as the last run of the host suite has left them. A reason there
begins with the departures that it is about, `D22: …` or `D1, D28: …`, of `refhost/departures/list.toml`.
"""

from __future__ import annotations

import re
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.baseline import read
from conformance.drivers.signalk_server.install import COMMAND, pinned
from conformance.host_catalogue import host_catalogue
from refhost.profiles import DEPARTURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conformance.baseline import Baseline, Entry
    from conformance.catalogue import Requirement
    from refhost.profiles import Departure

_NUMBERS = re.compile(r"((?:D\d+|[A-Z]{3,})(?:, (?:D\d+|[A-Z]{3,}))*): ")
_SHOWN = 220
_RUN = "pytest --wasm-host=signalk-server -k"

# Why no requirement finds a departure.
UNFOUND: Mapping[str, str] = {
    "D10": "the contract has it as the server has it (R20)",
    "D11": "the contract has the defaults of the server (§7)",
    "D25": "the contract has the file where the server has it (R2)",
    "D26": "the contract allows it (R17)",
    "D27": "npm refuses such a name, and the suite lays out packages as npm does",
    "D31": "the contract has no request for a reload",
    "D33": "the contract reads the binary again at a reload only (§9)",
    "D35": "it cannot be seen: no crash has a consequence (D34)",
    "D36": "it cannot be seen: no crash has a consequence (D34)",
    "D43": "the contract has an unloaded plugin gone until it is loaded (§9)",
    "D44": "the contract has no list of plugins",
    "D50": "the contract does not say how a request is answered whose plugin does not start",
    "COMPONENTS": "the server does not say that it runs components",
    "DEFAULTS": "the contract has nothing about standard types, and the suite judges with a type of its own",
    "NOTIFICATIONS": "the contract allows what a host adds to notifications (R88)",
    "WASI": "no probe of this dialect calls WASI",
}


def baseline() -> Baseline:
    """The known failures of the server."""
    return read(Path(str(resources.files("conformance.drivers.signalk_server"))) / "baseline.toml")


def numbers(reason: str) -> list[str]:
    """The departures that a reason is about."""
    found = _NUMBERS.match(reason)
    return [number for number in found[1].split(", ") if number in DEPARTURES] if found else []


def finders(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """For each departure of the list, in its order, the known failures that it explains."""
    found: dict[str, list[Entry]] = {number: [] for number in DEPARTURES}
    for entry in entries:
        for number in numbers(entry.reason):
            found[number].append(entry)
    return found


def page(known: Baseline) -> str:
    """The page, in Markdown."""
    entries = list(known.entries.values())
    requirements = {r.id: r for group in host_catalogue() for r in group.requirements}
    found = finders(entries)
    rest = [entry for entry in entries if not numbers(entry.reason)]
    parts = (_head(entries, found), _table(found), _details(found, requirements), _rest(rest, requirements))
    return "\n".join(line for part in parts for line in part)


def _head(entries: list[Entry], found: Mapping[str, list[Entry]]) -> Iterator[str]:
    held = sum(bool(known) for known in found.values())
    yield f"# signalk-server {pinned()}"
    yield ""
    yield (
        f"What the host suite finds in signalk-server {pinned()} as npm installs it: {len(entries)} requirements fail, "
        f"by which {held} of the {len(found)} known departures from its documents are found. Made by "
        "`python -m conformance.drivers.signalk_server.departures_page` out of "
        "[the host's baseline](../../conformance/drivers/signalk_server/baseline.toml), which was written with Node 20."
    )
    yield ""
    yield "To see one of them, install the server once, and run its requirement:"
    yield ""
    yield "```sh"
    yield COMMAND
    yield f"{_RUN} HVFS-011"
    yield "```"
    yield ""


def _table(found: Mapping[str, list[Entry]]) -> Iterator[str]:
    yield "| departure | | contract | found by |"
    yield "|---|---|---|---|"
    for number, known in found.items():
        row = DEPARTURES[number]
        by = ", ".join(entry.requirement for entry in known) or _why_none(row)
        yield f"| {f'[{number}](#{number.lower()})' if known else number} | {_cell(row.title)} | {row.section} | {by} |"
    yield ""


def _why_none(row: Departure) -> str:
    return f"no requirement: {UNFOUND[row.id]}" if row.id in UNFOUND else "no requirement"


def _details(found: Mapping[str, list[Entry]], requirements: Mapping[str, Requirement]) -> Iterator[str]:
    for number, known in found.items():
        if known:
            yield f"## {number}"
            yield ""
            yield f"**{_text(DEPARTURES[number].title)}.** {_text(DEPARTURES[number].changes)}"
            yield ""
            yield from _rows(known, requirements)


def _rest(rest: list[Entry], requirements: Mapping[str, Requirement]) -> Iterator[str]:
    if rest:
        yield "## Further"
        yield ""
        yield "Found by the suite, and not among the numbered departures."
        yield ""
        yield from _rows(rest, requirements, reasons=True)


def _rows(known: list[Entry], requirements: Mapping[str, Requirement], *, reasons: bool = False) -> Iterator[str]:
    for entry in known:
        requirement = requirements[entry.requirement]
        yield f"- **{entry.requirement}** ({requirement.section}): {_text(requirement.text)}"
        yield f"  - Seen: {_code(entry.seen)}"
        if reasons:
            yield f"  - {_text(entry.reason)}"
        yield f"  - `{_RUN} {entry.requirement}`"
    yield ""


def _text(words: str) -> str:
    """Words of ours in a line."""
    return " ".join(words.split())


def _cell(words: str) -> str:
    return _text(words).replace("|", "\\|")


def _code(seen: str) -> str:
    """What a plugin or the server said, as it is: nothing in it is Markdown."""
    text = " ".join(seen.split()).replace("`", "'")
    return f"`{text[:_SHOWN]}{' …' if len(text) > _SHOWN else ''}`" if text else "nothing that was written down"


if __name__ == "__main__":
    sys.stdout.write(page(baseline()))
