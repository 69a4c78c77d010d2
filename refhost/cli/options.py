"""What several commands have in common: options, and what to say when one of them makes no sense."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from refhost.arguments import example, json_object, sentence
from refhost.capabilities import Grants
from refhost.clock import DEFAULT_START
from refhost.errors import HostError
from refhost.host import Host
from refhost.package import read_package
from refhost.profiles import DOCUMENTED, PROFILES, profile_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from refhost.package import PluginPackage
    from refhost.plugin import Plugin

PLUGIN = click.argument("plugin", type=click.Path(path_type=Path))
SEED = click.option("--seed", default=0, help="Of all randomness that plugins see.", show_default=True)
ANSWERS = click.option(
    "--answers", type=click.Path(path_type=Path), metavar="FILE", help="Recorded HTTP answers for as-fetch."
)
CAPABILITIES = click.option(
    "--capabilities",
    metavar="JSON",
    help="Capabilities instead of the package's, such as '{\"dataWrite\": false}'.",
)
DIRECTORY = click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where plugins' files and configurations are kept, as in a server's configuration directory; else in memory.",
)


PROFILE = click.option(
    "--profile",
    metavar="NAME",
    default=DOCUMENTED.name,
    help=f"How the host behaves: {' or '.join(PROFILES)}.",
    show_default=True,
)


@contextmanager
def given(option: str) -> Iterator[None]:
    """Have what the host refuses in the block said as an error of an option."""
    try:
        yield
    except HostError as error:
        raise click.UsageError(sentence(option, error)) from None


def read_plugin(path: Path, capabilities: str | None) -> PluginPackage:
    """A package, with the capabilities that `--capabilities` gives instead of its own."""
    package = read_package(path)
    if capabilities is None:
        return package
    with given("--capabilities"):
        hint = example("--capabilities", '{"dataWrite": false}')
        return package.with_grants(Grants.exactly(json_object(capabilities, hint=hint)))


def load_as_at_start(host: Host, package: PluginPackage) -> Plugin:
    """Load a plugin as a server does that starts: where that makes a difference, it was enabled before (D23)."""
    return host.load(package, enabled=host.profile.has("D23"))


@contextmanager
def opened_host(
    *, seed: int, directory: Path | None, answers: Path | None, profile: str, start: datetime | None = None
) -> Iterator[Host]:
    """A host, closed at the end; a directory that cannot be used is an error of its option."""
    with given("--profile"):
        behaviour = profile_of(profile)
    try:
        with Host(seed=seed, directory=directory, start=start or DEFAULT_START, profile=behaviour) as host:
            if answers is not None:
                host.respond_from(answers)
            yield host
    except BrokenPipeError:
        raise
    except OSError as error:
        if directory is None:
            raise
        raise click.UsageError(f"--directory: {directory} cannot be used: {error.strerror or error}.") from None
