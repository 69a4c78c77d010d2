"""The fixtures: a host, a plugin in it, a factory for more, and snapshots of deltas."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pytest_plugin import options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from syrupy.assertion import SnapshotAssertion

    from pytest_plugin.selected import SelectedPlugin
    from refhost.host import Host
    from refhost.package import PluginPackage
    from refhost.plugin import Plugin
    from refhost.profiles import Profile


@pytest.fixture
def signalk(request: pytest.FixtureRequest) -> Iterator[Host]:
    """A fresh Signal K host: publish values, let time pass, read what plugins emit. Nothing of the machine is in it."""
    chosen = _marked(request)
    with _host(request.config, _profile(request, chosen.get("profile"))) as host:
        yield host


@pytest.fixture
def wasm_plugin(request: pytest.FixtureRequest, signalk: Host) -> Plugin:
    """The plugin under test, loaded into `signalk` and not started.

    Which one: the marker's `@pytest.mark.wasm(plugin=…)`, else `--wasm-plugin`; with several, the test runs once for
    each, and with `--wasm-profile=all` once for each profile.
    """
    chosen = _marked(request)
    param: SelectedPlugin | None = getattr(request, "param", None)
    package = _package(request, chosen, param.path if param else None)
    return _load(request, signalk, package, chosen.get("config"))


@pytest.fixture(scope="session")
def load_wasm_plugin(
    request: pytest.FixtureRequest,
) -> Callable[..., AbstractContextManager[Plugin]]:
    """A factory of plugins, each in a host of its own, `plugin.host`.

    `with load_wasm_plugin("x.wasm") as plugin:` is made for `@given` tests (the module is compiled once, each `with`
    has a fresh store) and for several plugins in one test: `load_wasm_plugin("y.wasm", host=signalk)`. Without a path
    it loads what `--wasm-plugin` names.
    """

    @contextmanager
    def load(
        path: str | Path | None = None,
        *,
        capabilities: dict[str, Any] | None = None,
        config: dict[str, Any] | None = None,
        host: Host | None = None,
        profile: str | None = None,
    ) -> Iterator[Plugin]:
        package = _package(request, {"plugin": path, "capabilities": capabilities}, None)
        if host is not None:
            plugin = _load(request, host, package, config)
            try:
                yield plugin
            finally:
                host.unload(plugin)
        else:
            with _host(request.config, _profile(request, profile)) as own:
                yield _load(request, own, package, config)

    return load


@pytest.fixture
def delta_snapshot(request: pytest.FixtureRequest) -> SnapshotAssertion:
    """Compare deltas with what was recorded: `assert plugin.emitted == delta_snapshot`.

    Record with `pytest --snapshot-update`. The files lie beside the test: `__snapshots__/<test file>/<plugin>.deltas`.
    """
    from syrupy.location import PyTestLocation

    from pytest_plugin.snapshots import assertion_of

    name = "deltas"
    if "wasm_plugin" in request.fixturenames:
        from pytest_plugin import profiles

        plugin: Plugin = request.getfixturevalue("wasm_plugin")
        name = profiles.suffixed(plugin.id, plugin.host.profile)
    return assertion_of(request.config, PyTestLocation(request.node), name)


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What `@pytest.mark.wasm` says."""
    marker = request.node.get_closest_marker("wasm")
    if marker and marker.args:
        pytest.fail(f"@pytest.mark.wasm takes names only: plugin={marker.args[0]!r}.", pytrace=False)
    return dict(marker.kwargs) if marker else {}


def _profile(request: pytest.FixtureRequest, named: str | None) -> Profile:
    """The profile that a test asks for, else that of the plugin that it is run for, else the first of the run."""
    from pytest_plugin import profiles
    from refhost.errors import HostError
    from refhost.profiles import profile_of

    if named is not None:
        try:
            return profile_of(named)
        except HostError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
    parameters = getattr(getattr(request.node, "callspec", None), "params", {})
    if "wasm_plugin" in parameters:
        return profile_of(parameters["wasm_plugin"].profile)
    return profiles.chosen(request.config)[0]


def _host(config: pytest.Config, profile: Profile) -> Host:
    """A host that answers HTTP requests as `--wasm-fetch` says, where a test has no answer of its own."""
    from refhost.host import Host

    host = Host(profile=profile)
    if options.path_of(config, "wasm_fetch") is not None:
        from pytest_plugin import recordings

        host.responder.recorded += recordings.answers(config)
    return host


def _package(request: pytest.FixtureRequest, chosen: dict[str, Any], param: Path | None) -> PluginPackage:
    """The package that a test asks for; what is wrong with it fails the test in a sentence."""
    from pytest_plugin import selection

    unknown = set(chosen) - {"plugin", "capabilities", "config", "profile"}
    if unknown:
        pytest.fail(
            f"@pytest.mark.wasm has no {', '.join(sorted(unknown))}: plugin, capabilities, config, profile.",
            pytrace=False,
        )
    path = param or _path(request, chosen.get("plugin"))
    try:
        capabilities = chosen.get("capabilities")
        if capabilities is None:
            capabilities = selection.read_capabilities(request.config)
        return selection.package_at(path, f"plugin {options.shown_path(request.config, path)}", capabilities)
    except pytest.UsageError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


def _path(request: pytest.FixtureRequest, named: str | Path | None) -> Path:
    if named is not None:
        test_file: Path | None = getattr(request, "path", None)  # a fixture of the session has none
        beside = test_file.parent / named if test_file else None
        return beside if beside and beside.exists() else request.config.rootpath / named
    paths = options.plugin_paths(request.config)
    if not paths:
        pytest.fail(
            "This test needs a plugin: run pytest with --wasm-plugin=PATH, set wasm_plugin in the ini file, or mark "
            "the test with @pytest.mark.wasm(plugin=PATH).",
            pytrace=False,
        )
    return paths[0]


def _load(request: pytest.FixtureRequest, host: Host, package: PluginPackage, config: dict[str, Any] | None) -> Plugin:
    """Load a plugin, with the configuration saved that `start()` will take: this one, `--wasm-config`, or defaults."""
    from conformance.configuration import default_configuration
    from pytest_plugin import selection
    from refhost.errors import HostError
    from refhost.printing import printable

    try:
        plugin = host.load(package)
        if config is None:
            config = selection.read_config(request.config)
    except (HostError, pytest.UsageError) as error:
        raise pytest.fail.Exception(printable(str(error), limit=4000), pytrace=False) from None
    plugin.preset(default_configuration(plugin.schema) if config is None else config)
    return plugin
