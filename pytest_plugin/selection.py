"""Which plugins are judged, with what, and which of their items."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance.catalogue import catalogue
from conformance.deltas import streams
from conformance.drivers.reference import RefhostDriver
from conformance.subject import Subject
from pytest_plugin import options, profiles, recordings
from refhost.arguments import example, json_object, json_object_or_file, sentence
from refhost.capabilities import Grants
from refhost.errors import HostError
from refhost.package import PluginPackage, read_package
from refhost.printing import printable
from refhost.profiles import DOCUMENTED

if TYPE_CHECKING:
    from pathlib import Path

    from refhost.profiles import Profile


@dataclass(frozen=True)
class Selected:
    """One plugin of this run.

    Attributes:
        name: the first part of its items' ids: the plugin's id, or the name of its file; with a number behind it where
            another plugin of this run is called the same, and the profile behind that where it is not the contract.
        alone: that name without the number, as it is when this plugin alone is judged.
        path: where it is.
        command: the command line that judges it alone; an id is put behind it.
        profile: how the host behaves.
    """

    name: str
    alone: str
    path: Path
    subject: Subject
    command: str
    profile: str = DOCUMENTED.name

    @property
    def plugin(self) -> str:
        """The name without the profile: what baselines and reports know it by."""
        return self.name.removesuffix(f"@{self.profile}")


_SELECTED = pytest.StashKey[list[Selected]]()
_PASTED = pytest.StashKey[list[str]]()


def prepare(config: pytest.Config) -> None:
    """Read every plugin, and everything that was said about it.

    Raises:
        pytest.UsageError: something cannot be used; in a sentence or two.
    """
    options.check_snapshots(config)
    capabilities = read_capabilities(config)
    given = read_config(config)
    selected: list[Selected] = []
    for path in options.plugin_paths(config):
        shown = options.shown_path(config, path)
        where = f"{_given_by(config)}={shown}"
        package = package_at(path, where, capabilities)
        alone = _name(package, path)
        name = _free_name(alone, {entry.plugin for entry in selected})
        for profile in profiles.chosen(config):
            driver = RefhostDriver(answers=recordings.answers(config), profile=profile)
            subject = Subject(package, config=given, driver=driver)
            try:
                subject.binary  # noqa: B018 - reading it compiles it, and finds out whether it is a plugin at all
            except HostError as error:
                raise _usage(where, error) from None
            names = (profiles.suffixed(name, profile), profiles.suffixed(alone, profile))
            selected.append(Selected(*names, path, subject, _command(config, shown, profile), profile.name))
    config.stash[_SELECTED] = selected
    profiles.check_ids(config.args, {entry.plugin for entry in selected}, profiles.chosen(config))
    # Here, and not when items are collected: under xdist only the workers collect, and cannot end in a usage error.
    _check_pasted(config, _pasted(config))


def subjects(config: pytest.Config) -> list[Selected]:
    """The plugins of this run."""
    return config.stash[_SELECTED]


def _given_by(config: pytest.Config) -> str:
    return "--wasm-plugin" if config.getoption("wasm_plugin") else "wasm_plugin"


def package_at(path: Path, where: str, capabilities: dict[str, Any] | None) -> PluginPackage:
    """Read a package; `where` says in a message who asked for it.

    Raises:
        pytest.UsageError: it is none.
    """
    try:
        package = read_package(path)
        if capabilities is not None:
            package = package.with_grants(Grants.exactly(capabilities))
    except HostError as error:
        raise _usage(where, error) from None
    return package


def read_capabilities(config: pytest.Config) -> dict[str, Any] | None:
    """What `--wasm-capabilities` says; None when nothing does.

    Raises:
        pytest.UsageError: it is not a JSON object of capabilities.
    """
    text, _ = options.text_of(config, "wasm_capabilities")
    if not text:
        return None
    try:
        value = json_object(text, hint=example("--wasm-capabilities", '{"dataWrite": false}'))
        Grants.exactly(value)
    except HostError as error:
        raise _usage("--wasm-capabilities", error) from None
    return value


def read_config(config: pytest.Config) -> dict[str, Any] | None:
    """What `--wasm-config` says; None when nothing does.

    Raises:
        pytest.UsageError: it is not a JSON object, or the file cannot be read.
    """
    text, folder = options.text_of(config, "wasm_config")
    if not text:
        return None
    try:
        return json_object_or_file(text, folder=folder, hint=example("--wasm-config", '{"interval": 5}'))
    except HostError as error:
        raise _usage("--wasm-config", error) from None


def _usage(where: str, error: HostError) -> pytest.UsageError:
    return pytest.UsageError(sentence(where, error))


def _name(package: PluginPackage, path: Path) -> str:
    """The name for ids: the plugin's id; of a bare file its own name, or the folder's where that says nothing."""
    stem = path.stem if path.is_file() else path.name
    if stem in ("plugin", "index", "main", "release", "debug"):
        stem = path.resolve().parent.name
    return printable(package.id or stem or "plugin", lines=False).replace("::", "_")


def _free_name(alone: str, taken: set[str]) -> str:
    name, number = alone, 2
    while name in taken:
        name, number = f"{alone}-{number}", number + 1
    return name


def _command(config: pytest.Config, shown: str, profile: Profile) -> str:
    words = ["pytest", f"--wasm-plugin={shown}"]
    if options.text_of(config, "wasm_profile")[0]:
        words.append(f"--wasm-profile={profile.name}")
    for option in ("wasm_capabilities", "wasm_config", "wasm_fetch"):
        given = config.getoption(option)
        if given is not None:
            words.append(f"--{option.replace('_', '-')}={given}")
    return shlex.join(words)


# Ids on the command line.


def take_pasted_ids(config: pytest.Config) -> None:
    """Set the arguments aside that are ids of conformance items, whole or up to a group."""
    pasted = _pasted(config)
    config.stash[_PASTED] = pasted
    config.args[:] = [arg for arg in config.args if arg not in pasted]


def _pasted(config: pytest.Config) -> list[str]:
    names = {entry.name for entry in config.stash[_SELECTED]}
    return [arg for arg in config.args if arg.split("::")[0] in names and not _is_a_file(config, arg)]


def _check_pasted(config: pytest.Config, pasted: list[str]) -> None:
    ids = [f"{group.name}::{entry.id}" for group in catalogue() for entry in group.requirements]
    if options.wants_snapshots(config):
        ids += [f"SNAPSHOT::{name}" for name in streams()]
    for wanted in pasted:
        _, _, within = wanted.partition("::")
        if within and not any(_matches(known, within) for known in ids):
            raise pytest.UsageError(
                f"{wanted}: there is no such conformance item. `pytest --wasm-plugin=… --collect-only -q` lists them."
            )


def _is_a_file(config: pytest.Config, arg: str) -> bool:
    return "::" not in arg and (config.invocation_params.dir / arg).exists()


def keep_pasted(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Drop the conformance items that were not asked for, when some were."""
    pasted = config.stash.get(_PASTED, [])
    if not pasted:
        return
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        ours = item.stash.get(CONFORMANCE, default=False)
        (kept if not ours or any(_matches(item.nodeid, wanted) for wanted in pasted) else dropped).append(item)
    items[:] = kept
    config.hook.pytest_deselected(items=dropped)


CONFORMANCE = pytest.StashKey[bool]()


def _matches(nodeid: str, wanted: str) -> bool:
    return nodeid == wanted or nodeid.startswith(f"{wanted}::")
