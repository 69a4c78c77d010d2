"""`--wasm-profile`: how the host behaves, and what a plugin's requirements come to in one profile and in the other."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from pytest_plugin import options
from refhost.arguments import sentence
from refhost.errors import ConfigurationError
from refhost.profiles import DEPARTURES, DOCUMENTED, PROFILES, Profile, profile_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _pytest.terminal import TerminalReporter

    from pytest_plugin.results import VerdictData
    from refhost.profiles import Departure

    # Of one plugin: by requirement, then by profile.
    Verdicts = dict[str, dict[str, VerdictData]]

ALL = "all"
# A requirement that ended so does not hold.
_BROKEN = frozenset({"fail", "known", "stale"})
_WORDS = {
    "pass": "passed",
    "fail": "failed",
    "not-judged": "not judged",
    "known": "known to fail",
    "stale": "stale in the baseline",
    "warn": "warned",
    "not-applicable": "not applicable",
}


def chosen(config: pytest.Config) -> list[Profile]:
    """The profiles of this run.

    Raises:
        pytest.UsageError: there is no such profile.
    """
    name, _ = options.text_of(config, "wasm_profile")
    if name == ALL:
        return list(PROFILES.values())
    if not name:
        return [DOCUMENTED]
    try:
        return [profile_of(name, ALL)]
    except ConfigurationError as error:
        raise pytest.UsageError(sentence(options.named(config, "wasm_profile"), error)) from None


def suffixed(name: str, profile: Profile) -> str:
    """The name of a plugin in ids: with the profile behind it, unless that is the contract."""
    return name if profile is DOCUMENTED else f"{name}@{profile.name}"


def check_ids(arguments: Iterable[str], plugins: Iterable[str], profiles: Iterable[Profile]) -> None:
    """Refuse ids of a profile that is not in this run.

    Raises:
        pytest.UsageError: there is one; it says which option is missing.
    """
    known = set(plugins)
    there = {profile.name for profile in profiles}
    for argument in arguments:
        first, _, within = argument.partition("::")
        plugin, _, name = first.rpartition("@")
        if within and first in known:  # without a profile behind it
            plugin, name = first, DOCUMENTED.name
        if plugin in known and name in PROFILES and name not in there:
            raise pytest.UsageError(f"{argument}: this run is not about that profile. Add --wasm-profile={name}.")


def write(reporter: TerminalReporter, verdicts: Iterable[VerdictData]) -> None:
    """Say for each plugin that was judged in several profiles where it works, and what differs between them."""
    by_plugin: dict[str, Verdicts] = defaultdict(lambda: defaultdict(dict))
    for verdict in (each for each in verdicts if each["kind"] == "plugin"):
        by_plugin[verdict["plugin"]][verdict["requirement"]][verdict["profile"]] = verdict
    for plugin, requirements in by_plugin.items():
        if len({profile for each in requirements.values() for profile in each}) > 1:
            differences = _differences(requirements)
            reporter.section(f"profiles of {plugin}")
            text, markup = _headline(requirements, differ=bool(differences))
            reporter.write_line(text, **markup)
            for line in differences:
                reporter.write_line(line)


def _headline(requirements: Verdicts, *, differ: bool) -> tuple[str, dict[str, bool]]:
    """Where the plugin works."""
    broken = {
        name: sum(name in each and each[name]["outcome"] in _BROKEN for each in requirements.values())
        for name in PROFILES
    }
    works = [name for name, count in broken.items() if not count]
    from conformance.catalogue import catalogue  # a host without a plugin under judgement needs none

    every = sum(len(group.requirements) for group in catalogue())
    part = "" if len(requirements) == every else f" (only {len(requirements)} of {every} requirements were judged)"
    both = " and ".join(map(_where, PROFILES))
    if not works:
        return f"works on neither: {_counted(broken)}{part}.", {"red": True}
    if len(works) < len(PROFILES):
        return f"works {_where(works[0])} only: {_counted(broken)}{part}.", {"yellow": True}
    if differ:
        return f"breaks no requirement, but does not do the same {both}{part}.", {"yellow": True}
    return f"works on both: {both}{part}.", {"green": True}


def _counted(broken: dict[str, int]) -> str:
    return ", ".join(
        f"{count} requirement{'s do' if count > 1 else ' does'} not hold {_where(name)}"
        for name, count in broken.items()
        if count
    )


def _where(profile: str) -> str:
    return "by the book" if profile == DOCUMENTED.name else f"on {profile}"


def _differences(requirements: Verdicts) -> list[str]:
    """What came out differently, those together that did so for the same reason, and what the host did otherwise."""
    ids: dict[tuple[str, str], list[str]] = defaultdict(list)
    met: dict[tuple[str, str], set[str]] = defaultdict(set)
    for requirement, each in sorted(requirements.items()):
        judged = [each[name] for name in PROFILES if name in each]
        words = [f"{_word(verdict)} {_where(verdict['profile'])}" for verdict in judged]
        if len(judged) > 1 and len({_word(verdict) for verdict in judged}) > 1:
            reason = next((v["reason"] for v in reversed(judged) if v["outcome"] != "pass"), "")
            group = ", ".join(words), " ".join(reason.split())
            ids[group].append(requirement)
            met[group].update(text for verdict in judged for text in verdict["departures"])
    lines = []
    for group, members in ids.items():
        lines += [f"{', '.join(members)}: {group[0]}", f"        seen: {group[1]}"]
        if met[group]:
            lines.append(f"        host: {', '.join(row.id for row in _rows(met[group]))}")
    every = _rows(set().union(*met.values()))
    return [*lines, *(["In what the host departs from the contract:"] if every else []), *(f"  {row}" for row in every)]


def _rows(texts: set[str]) -> list[Departure]:
    return [row for row in DEPARTURES.values() if str(row) in texts]


def _word(verdict: VerdictData) -> str:
    return _WORDS["not-judged" if verdict["cascade"] else verdict["outcome"]]
