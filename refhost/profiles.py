"""How a host behaves: as the contract has it, or as signalk-server 2.32 does, departure by departure.

Everything in which that server was seen to depart from its documents has a number, and is a row of
`departures/list.toml`. A profile is the set of those in which a host departs; what differs is asked for by number at
the one place that it is about, `switches.departs("D12", function)`, and carried out in `departures/` where it is more
than a line.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING

from refhost.capabilities import nearest
from refhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Under this kind the journal holds that the host has departed from the contract.
RECORD = "departure"


@dataclass(frozen=True)
class Departure:
    """One thing that signalk-server 2.32 does otherwise than its documents say.

    Attributes:
        id: `D1` … `D53`, for ever; a word for what is not in the list that has the numbers.
        section: of the contract.
        title: in a few words, for a line of a log.
        changes: what a plugin or its user meets there.
        reproduced: whether this host can behave so.
        reason: why not; or why it needs no switch to.
    """

    id: str
    section: str
    title: str
    changes: str
    reproduced: bool = True
    reason: str = ""

    @property
    def switched(self) -> bool:
        """Whether a profile decides about it."""
        return self.reproduced and not self.reason

    def __str__(self) -> str:
        return f"{self.id}: {self.title}"


def _read() -> dict[str, Departure]:
    text = (resources.files("refhost") / "departures" / "list.toml").read_text("utf-8")
    return {
        number: Departure(
            number,
            row["section"],
            row["title"],
            row["changes"],
            reproduced="never" not in row,
            reason=row.get("never", row.get("everywhere", "")),
        )
        for number, row in tomllib.loads(text).items()
    }


DEPARTURES: Mapping[str, Departure] = _read()


@dataclass(frozen=True)
class Profile:
    """How a host behaves.

    Attributes:
        name: as a command line spells it.
        departures: the ids in which it departs from the contract.
    """

    name: str
    departures: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        """Refuse a departure that nothing asks for: it would change nothing, and look as if it did."""
        idle = {number for number in self.departures if number not in DEPARTURES or not DEPARTURES[number].switched}
        if idle:
            raise ConfigurationError(f"No switch is called {', '.join(sorted(idle))}.")

    def has(self, number: str) -> bool:
        """Whether a host of this profile departs so."""
        return number in self.departures


DOCUMENTED = Profile("documented")
SIGNALK_SERVER_2_32 = Profile("signalk-server-2.32", frozenset(row.id for row in DEPARTURES.values() if row.switched))
PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (DOCUMENTED, SIGNALK_SERVER_2_32)}


def profile_of(name: str, *others: str) -> Profile:
    """The profile of a name.

    Args:
        name: of the profile.
        others: what else may be said in its place, such as `all`, for the message.

    Raises:
        ConfigurationError: there is none; the message has the nearest name.
    """
    if name in PROFILES:
        return PROFILES[name]
    meant = nearest(name, {*PROFILES, *others})
    raise ConfigurationError(
        f"There is no profile {name!r}{f': did you mean {meant}?' if meant else '.'}",
        hint=f"There are {', '.join([*PROFILES, *others])}.",
    )


class Switches:
    """A profile, as it meets one plugin: says whether the host departs, and writes down that it did.

    Args:
        profile: how the host behaves.
        note: writes a record of kind `departure`: text, function.
    """

    def __init__(self, profile: Profile = DOCUMENTED, note: Callable[[str, str], None] = lambda *_: None) -> None:
        self.profile = profile
        self._note = note
        self._noted: set[tuple[str, str]] = set()

    def has(self, number: str) -> bool:
        """Whether the host departs so; nothing is written down."""
        return number in self.profile.departures

    def departs(self, number: str, function: str = "") -> bool:
        """Whether the host departs here and now; the first time for each function it is written down.

        To be asked where the contract would have had another outcome, so that the log names what mattered.
        """
        if number not in self.profile.departures:
            return False
        if (number, function) not in self._noted:
            self._noted.add((number, function))
            self._note(str(DEPARTURES[number]), function)
        return True


BY_THE_BOOK = Switches()
