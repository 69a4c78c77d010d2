"""Which plugins are judged, with what, and which of their items."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from conformance.catalogue import catalogue
from conformance.subject import Subject
from pytest_plugin import options
from refhost.capabilities import Grants
from refhost.errors import HostError
from refhost.jsontext import NotJson, loads
from refhost.package import PluginPackage, read_package
from refhost.printing import printable

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Selected:
    """One plugin of this run.

    Attributes:
        name: the first part of its items' ids: the plugin's id, or the name of its file; with a number behind it where
            another plugin of this run is called the same.
        alone: that name without the number, as it is when this plugin alone is judged.
        path: where it is.
        command: the command line that judges it alone; an id is put behind it.
    """

    name: str
    alone: str
    path: Path
    subject: Subject
    command: str


_SELECTED = pytest.StashKey[list[Selected]]()
_PASTED = pytest.StashKey[list[str]]()


def prepare(config: pytest.Config) -> None:
    """Read every plugin, and everything that was said about it.

    Raises:
        pytest.UsageError: something cannot be used; in a sentence or two.
    """
    capabilities = read_capabilities(config)
    given = read_config(config)
    selected: list[Selected] = []
    for path in options.plugin_paths(config):
        shown = options.shown_path(config, path)
        where = f"{_given_by(config)}={shown}"
        package = package_at(path, where, capabilities)
        subject = Subject(package, config=given)
        try:
            subject.binary  # noqa: B018 - reading it compiles it, and finds out whether it is a plugin at all
        except HostError as error:
            raise _usage(where, error) from None
        alone = _name(package, path)
        name = _free_name(alone, {entry.name for entry in selected})
        selected.append(Selected(name, alone, path, subject, _command(config, shown)))
    config.stash[_SELECTED] = selected
    # Here, and not when items are collected: under xdist only the workers collect, and cannot end in a usage error.
    _check_pasted(_pasted(config))


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
    value = _object("--wasm-capabilities", text, '{"dataWrite": false}')
    try:
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
    if text.startswith("@"):
        file = folder / text[1:]
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise pytest.UsageError(f"--wasm-config: {file} cannot be read: {reason}.") from None
    return _object("--wasm-config", text, '{"interval": 5}')


def _object(option: str, text: str, example: str) -> dict[str, Any]:
    hint = f"Give a JSON object, such as {option}={shlex.quote(example)}."
    try:
        value = loads(text)
    except NotJson as error:
        raise pytest.UsageError(f"{option}: {text[:60]!r} is not JSON: {error}. {hint}") from None
    if not isinstance(value, dict):
        raise pytest.UsageError(f"{option}: {text[:60]!r} is JSON, but not an object. {hint}")
    return value


def _usage(where: str, error: HostError) -> pytest.UsageError:
    message = error.message if error.message.rstrip().endswith((".", "?")) else f"{error.message}."
    # It may quote names out of a package or a binary: those must neither act on the terminal nor begin a line.
    return pytest.UsageError(printable(f"{where}: {message} {error.hint}".strip(), limit=4000, lines=False))


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


def _command(config: pytest.Config, shown: str) -> str:
    words = ["pytest", f"--wasm-plugin={shown}"]
    for option in ("wasm_capabilities", "wasm_config"):
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


def _check_pasted(pasted: list[str]) -> None:
    ids = [f"{group.name}::{entry.id}" for group in catalogue() for entry in group.requirements]
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
