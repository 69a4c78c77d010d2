"""Hosts by name: what `--wasm-host=SPEC` may say, and the driver of each, imported when it is asked for."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from refhost.capabilities import nearest
from refhost.errors import ConfigurationError
from refhost.profiles import DOCUMENTED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.drivers.interface import Driver
    from refhost.profiles import Profile
    from refhost.services.fetch import Rule

REFHOST = "refhost"
SIGNALK_SERVER = "signalk-server"
EXEC = "exec:"
# Known failures that come with the driver of their host: file names below `conformance/drivers`.
_BASELINES = {"signalk-server-2.32": "signalk_server/baseline.toml"}


class UnknownHost(ConfigurationError):  # noqa: N818 - what is the matter
    """No host is called so."""


def driver(
    spec: str,
    *,
    seed: int = 0,
    profile: Profile = DOCUMENTED,
    answers: Sequence[Rule] = (),
    seconds: float | None = None,
) -> Driver:
    """The driver of a host; nothing is started yet.

    Args:
        spec: `refhost`, `signalk-server`, or `exec:` and the command line of a driver.
        seed: of all randomness that plugins see, for a host that takes one.
        profile: how the reference host behaves; every other one behaves as it does.
        answers: to plugins' HTTP requests, of the reference host.
        seconds: real time that one request to an `exec:` host may take.

    Raises:
        UnknownHost: no host is called so.
        HostError: it is known, and cannot be had here: its program is not installed, or the command makes no sense.
    """
    if spec == REFHOST:
        from conformance.drivers.reference import RefhostDriver  # noqa: PLC0415 - only the driver that is asked for

        return RefhostDriver(seed=seed, profile=profile, answers=answers)
    if spec == SIGNALK_SERVER:
        from conformance.drivers.signalk_server import SignalkServerDriver  # noqa: PLC0415 - as above

        return SignalkServerDriver(seed=seed)
    if spec.startswith(EXEC):
        from conformance.drivers.exec_driver import ExecDriver  # noqa: PLC0415 - as above
        from conformance.drivers.process import Bounds  # noqa: PLC0415 - as above

        bounds = Bounds() if seconds is None else Bounds(seconds=seconds, hello_seconds=seconds)
        return ExecDriver(spec, seed=seed, bounds=bounds)
    meant = nearest(spec, [REFHOST, SIGNALK_SERVER])
    raise UnknownHost(
        f"There is no host {spec!r}{f' (did you mean {meant}?)' if meant else ''}.",
        hint=f"Hosts are {REFHOST}, {SIGNALK_SERVER}, and {EXEC}COMMAND for one with a driver, such as "
        f"'{EXEC}node my-driver.mjs'.",
    )


def has_profiles(spec: str) -> bool:
    """Whether a host behaves as it is told, and not always in one way."""
    return spec == REFHOST


def baseline(name: str) -> Path | None:
    """The known failures that come with a driver, such as `signalk-server-2.32`; None where none are called so."""
    if name not in _BASELINES:
        return None
    return Path(str(resources.files("conformance.drivers"))) / _BASELINES[name]
