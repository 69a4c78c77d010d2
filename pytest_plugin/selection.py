"""Which plugins and hosts are judged, with what, and which of their items."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from conformance.deltas import streams
from conformance.drivers import named
from conformance.drivers.reference import RefhostDriver
from conformance.subject import Subject
from pytest_plugin import hosts, misnamed, options, profiles, recordings
from pytest_plugin.selected import Selected, SelectedHost, SelectedPair, SelectedPlugin
from refhost.arguments import example, json_object, json_object_or_file, sentence
from refhost.capabilities import Grants
from refhost.errors import HostError
from refhost.package import PluginPackage, read_package
from refhost.printing import printable

if TYPE_CHECKING:
    from pathlib import Path

    from refhost.profiles import Profile


_PLUGINS = pytest.StashKey[list[SelectedPlugin]]()
_JUDGED = pytest.StashKey[list[Selected]]()
_PASTED = pytest.StashKey[list[str]]()


def prepare(config: pytest.Config) -> None:
    """Read every plugin and start every host, with everything that was said about them.

    Raises:
        pytest.UsageError: something cannot be used; in a sentence or two.
    """
    options.check_snapshots(config)
    plugins = config.stash[_PLUGINS] = _plugins(config)
    hosts.prepare(config)
    config.stash[_JUDGED] = _to_judge(config, plugins)
    names = {name for entry in judged(config) for name in (entry.plugin, entry.host)}
    profiles.check_ids(config.args, names, profiles.chosen(config))
    # Here, and not when items are collected: under xdist only the workers collect, and cannot end in a usage error.
    _check_pasted(config, _pasted(config))


def _to_judge(config: pytest.Config, plugins: list[SelectedPlugin]) -> list[Selected]:
    """Plugins, or hosts; where there are both, what plugins do in one host, or in the first and in each other one."""
    chosen = hosts.chosen(config)
    if not chosen:
        return [*plugins]
    if not plugins:
        return _hosts(config)
    if len(options.host_specs(config)) == 1:
        return [_inside(config, plugin, host) for plugin in _once(plugins) for host in chosen]
    if config.getoption("wasm_snapshot"):
        raise pytest.UsageError(
            "--wasm-snapshot compares what a plugin emits in one host. Name one --wasm-host, or none."
        )
    return [_in_both(config, plugin, chosen[0], other) for plugin in _once(plugins) for other in chosen[1:]]


def _plugins(config: pytest.Config) -> list[SelectedPlugin]:
    capabilities = read_capabilities(config)
    given = read_config(config)
    selected: list[SelectedPlugin] = []
    for path in options.plugin_paths(config):
        shown = options.shown_path(config, path)
        where = f"{_given_by(config)}={shown}"
        package = package_at(path, where, capabilities)
        alone = _name(package, path)
        name = options.free_name(alone, {entry.plugin for entry in selected})
        for profile in profiles.chosen(config):
            driver = RefhostDriver(answers=recordings.answers(config), profile=profile)
            subject = Subject(package, config=given, driver=driver)
            try:
                subject.binary  # noqa: B018 - reading it compiles it, and finds out whether it is a plugin at all
            except HostError as error:
                raise _usage(where, error) from None
            names = (profiles.suffixed(name, profile), profiles.suffixed(alone, profile))
            command = _command(config, shown, profile)
            selected.append(SelectedPlugin(*names, path, command, profile.name, name, subject=subject))
    return selected


def _once(plugins: list[SelectedPlugin]) -> list[SelectedPlugin]:
    """Each plugin once, whatever the profiles of the reference host."""
    return list({entry.plugin: entry for entry in reversed(plugins)}.values())[::-1]


def _hosts(config: pytest.Config) -> list[Selected]:
    """The hosts, to be judged themselves."""
    return [
        SelectedHost(
            host.label,
            profiles.suffixed(host.alone, host.profile),
            config.rootpath / host.name.replace("/", "_"),
            shlex.join(["pytest", *host.options]),
            host.profile.name,
            host=host.name,
            tried=host.driver,
        )
        for host in hosts.chosen(config)
    ]


def _inside(config: pytest.Config, plugin: SelectedPlugin, host: hosts.Chosen) -> SelectedPlugin:
    """A plugin that is judged in a host."""
    if host.name == named.REFHOST:  # in this process, or behind the protocol
        suffix, known_as = profiles.suffixed("", host.profile), ""
    else:
        suffix, known_as = f"@{host.name}", host.name
    return SelectedPlugin(
        f"{plugin.plugin}{suffix}",
        f"{_name(plugin.subject.package, plugin.path)}{suffix}",
        plugin.path,
        _command_in(config, plugin.path, host),
        host.profile.name,
        plugin.plugin,
        known_as,
        subject=_subject_in(config, plugin, host),
    )


def _in_both(config: pytest.Config, plugin: SelectedPlugin, one: hosts.Chosen, other: hosts.Chosen) -> SelectedPair:
    """A plugin that is compared in two hosts."""
    pair, alone = f"{one.label}={other.label}", f"{one.label}={profiles.suffixed(other.alone, other.profile)}"
    if one.alone == other.alone:
        alone = f"{one.label}={profiles.suffixed(f'{other.alone}-2', other.profile)}"
    return SelectedPair(
        f"{plugin.plugin}@{pair}",
        f"{_name(plugin.subject.package, plugin.path)}@{alone}",
        plugin.path,
        _command_in(config, plugin.path, one, other),
        plugin=plugin.plugin,
        host=pair,
        subject=_subject_in(config, plugin, one),
        other=other.driver,
    )


def _subject_in(config: pytest.Config, plugin: SelectedPlugin, host: hosts.Chosen) -> Subject:
    return Subject(plugin.subject.package, config=read_config(config), driver=host.driver)


def _command_in(config: pytest.Config, path: Path, *chosen: hosts.Chosen) -> str:
    words = dict.fromkeys(word for host in chosen for word in host.options)
    return shlex.join(["pytest", f"--wasm-plugin={options.shown_path(config, path)}", *words, *_given(config)])


def judged(config: pytest.Config) -> list[Selected]:
    """What has items in this run: plugins, or hosts, or plugins in hosts."""
    return config.stash[_JUDGED]


def subjects(config: pytest.Config) -> list[SelectedPlugin]:
    """The plugins of this run, in the reference host."""
    return config.stash[_PLUGINS]


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


def _command(config: pytest.Config, shown: str, profile: Profile) -> str:
    words = ["pytest", f"--wasm-plugin={shown}"]
    if options.text_of(config, "wasm_profile")[0]:
        words.append(f"--wasm-profile={profile.name}")
    return shlex.join([*words, *_given(config)])


def _given(config: pytest.Config) -> list[str]:
    """What was said of plugins on the command line."""
    named_so = ((name, config.getoption(name)) for name in ("wasm_capabilities", "wasm_config", "wasm_fetch"))
    return [f"--{name.replace('_', '-')}={given}" for name, given in named_so if given is not None]


# Ids on the command line.


def take_pasted_ids(config: pytest.Config) -> None:
    """Set the arguments aside that are ids of conformance items, whole or up to a group."""
    pasted = _pasted(config)
    config.stash[_PASTED] = pasted
    config.args[:] = [arg for arg in config.args if arg not in pasted]


def _pasted(config: pytest.Config) -> list[str]:
    names = {entry.name for entry in judged(config)}
    return [arg for arg in config.args if arg.split("::")[0] in names and not _is_a_file(config, arg)]


def _check_pasted(config: pytest.Config, pasted: list[str]) -> None:
    ids = {
        entry.name: [f"{group.name}::{one.id}" for group in entry.groups for one in group.requirements]
        for entry in judged(config)
    }
    if options.wants_snapshots(config):
        for found in ids.values():
            found += [f"SNAPSHOT::{name}" for name in streams()]
    every = [f"{name}::{within}" for name, found in ids.items() for within in found]
    every += dict.fromkeys(each.rpartition("::")[0] for each in every)
    for wanted in config.args:
        name, _, within = wanted.partition("::")
        if wanted in pasted:
            unknown = within and not any(_matches(known, within) for known in ids[name])
        else:
            unknown = misnamed.is_like_an_id(wanted) and not (config.invocation_params.dir / name).is_file()
        if unknown:
            option = "--wasm-plugin=…" if options.plugin_paths(config) else "--wasm-host=…"
            meant = misnamed.meant(wanted, every)
            raise pytest.UsageError(
                f"{wanted}: there is no such conformance item{f' (did you mean {meant}?)' if meant else ''}. "
                f"`pytest {option} --collect-only -q` lists them."
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
