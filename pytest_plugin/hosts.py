"""`--wasm-host`: the hosts of a run, each started once to see that it is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from conformance.drivers import named
from pytest_plugin import options, profiles, recordings
from refhost.arguments import sentence
from refhost.errors import HostError
from refhost.printing import printable
from refhost.profiles import DOCUMENTED

if TYPE_CHECKING:
    from conformance.drivers.interface import Driver
    from refhost.profiles import Profile


@dataclass(frozen=True)
class Chosen:
    """One host of this run, in one profile.

    Attributes:
        spec: as it was asked for.
        name: as it calls itself, with a number behind it where another one of this run does the same.
        alone: the same without the number.
        options: what chooses it on a command line.
    """

    spec: str
    name: str
    alone: str
    driver: Driver
    profile: Profile
    options: tuple[str, ...]

    @property
    def label(self) -> str:
        """The name with the profile behind it, unless that is the contract."""
        return profiles.suffixed(self.name, self.profile)


_CHOSEN = pytest.StashKey[list[Chosen]]()


def prepare(config: pytest.Config) -> None:
    """Start every host once.

    Raises:
        pytest.UsageError: there is no such host, or it does not start; in a sentence.
    """
    found = config.stash[_CHOSEN] = []
    for spec in options.host_specs(config):
        taken = {host.name for host in found}
        behaving = profiles.chosen(config) if named.has_profiles(spec) else [DOCUMENTED]
        found += [_started(config, spec, profile, taken) for profile in behaving]


def chosen(config: pytest.Config) -> list[Chosen]:
    """The hosts of this run."""
    return config.stash.get(_CHOSEN, [])


def _started(config: pytest.Config, spec: str, profile: Profile, taken: set[str]) -> Chosen:
    given = "--wasm-host" if config.getoption("wasm_host") else "wasm_host"
    seconds = options.host_seconds(config)
    if spec != named.REFHOST and options.plugin_paths(config) and options.path_of(config, "wasm_fetch") is not None:
        raise pytest.UsageError(
            f"{options.named(config, 'wasm_fetch')}: recorded answers are given by the reference host, and {spec} is "
            "another one."
        )
    try:
        answers = recordings.answers(config) if spec == named.REFHOST else ()
        driver = named.driver(spec, profile=profile, answers=answers, seconds=seconds)
        with driver.host():
            alone = printable(driver.name, lines=False).replace("::", "_")
    except HostError as error:
        raise pytest.UsageError(sentence(f"{given}={spec}", error)) from None
    words = [f"--wasm-host={spec}"]
    if named.has_profiles(spec) and options.text_of(config, "wasm_profile")[0]:
        words.append(f"--wasm-profile={profile.name}")
    if seconds is not None:
        words.append(f"--wasm-host-seconds={seconds:g}")
    return Chosen(spec, options.free_name(alone, taken), alone, driver, profile, tuple(words))


def close(config: pytest.Config) -> None:
    """End whatever the hosts of this run have started."""
    for host in chosen(config):
        end = getattr(host.driver, "close", None)  # a host in this process has nothing to end
        if end is not None:
            end()
