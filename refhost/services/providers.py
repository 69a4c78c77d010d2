"""Resource, weather and radar providers, asked from the host's side (contract §15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from refhost.errors import PluginError, StateError
from refhost.jsontext import NotJson, dumps, loads
from refhost.profiles import BY_THE_BOOK, Switches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from refhost.plugin import Plugin

ANSWER_BYTES = 65536

WEATHER = ("observations", "forecasts", "warnings")
RADAR = (
    "get_radar_info",
    "set_power",
    "set_range",
    "set_gain",
    "set_sea",
    "set_rain",
    "set_controls",
    "get_capabilities",
    "get_state",
    "get_control",
    "set_control",
    "get_targets",
    "acquire_target",
    "cancel_target",
    "get_arpa_settings",
    "set_arpa_settings",
)


def provider_of(plugins: Iterable[Plugin], kind: str, name: str) -> Plugin | None:
    """The running plugin that registered as provider of this kind (`resource` …) and name; None when none did."""
    return next((plugin for plugin in plugins if name in plugin.providers[kind] and plugin.answers), None)


def _nobody(empty: Any, switches: Switches, name: str) -> Any:  # noqa: ANN401 - JSON
    """The answer where nobody provides: `empty`, by the contract.

    Raises:
        StateError: it is an error there (NOBODY).
    """
    if switches.departs("NOBODY", name):
        raise StateError(f"Nobody provides {name}.", hint="A plugin has to register as its provider first.")
    return empty


def _ask(
    plugin: Plugin,
    export: str,
    request: Mapping[str, Any],
    empty: Any,  # noqa: ANN401 - JSON
    *,
    others: tuple[type, ...] = (),
) -> Any:  # noqa: ANN401 - JSON
    """The answer to a request, of the type of `empty` or of one of `others`; else `empty`, and a log record."""
    text = _text(plugin, export, request)
    if text is None:
        return empty
    try:
        answer = loads(text)
    except NotJson as error:
        _complain(plugin, f"the answer of {export} is not JSON: {error}", export)
        return empty
    if not isinstance(answer, (type(empty), *others)):
        _complain(plugin, f"the answer of {export} is no {type(empty).__name__}", export)
        return empty
    return answer


def _complain(plugin: Plugin, message: str, export: str) -> None:
    if not plugin.switches.departs("SILENCE", export):
        plugin.note(message, export)


def _text(plugin: Plugin, export: str, request: Mapping[str, Any]) -> str | None:
    if not plugin.exports(export):
        plugin.note(f"the plugin is a provider and exports no {export}", export)
        return None
    try:
        return plugin.ask(export, dumps(dict(request)), ANSWER_BYTES)
    except PluginError:
        return None  # the plugin has noted it: a call that ends badly is a crash


class Resources:
    """The resources of one type, of whichever plugin provides it.

    Args:
        plugins: of the host; a live view, looked at anew with each call: registrations follow the instance.
        kind: such as `routes`.
    """

    def __init__(self, plugins: Iterable[Plugin], kind: str, switches: Switches = BY_THE_BOOK) -> None:
        self._plugins = plugins
        self._switches = switches
        self.kind = kind

    @property
    def provider(self) -> Plugin | None:
        """The plugin that provides them now."""
        return provider_of(self._plugins, "resource", self.kind)

    def list(self, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All that fit a query, by id."""
        request = {**(query or {}), "resourceType": self.kind}
        found: dict[str, Any] = self._ask("resources_list_resources", request)
        return found

    def get(self, resource_id: str, property_name: str | None = None) -> dict[str, Any]:
        """One of them, or a property of it."""
        request = {"id": resource_id, "property": property_name, "resourceType": self.kind}
        found: dict[str, Any] = self._ask("resources_get_resource", request)
        return found

    def set(self, resource_id: str, value: Any) -> str:  # noqa: ANN401 - JSON
        """Create or replace one; "" when it worked, else why it did not."""
        request = {"id": resource_id, "value": value, "resourceType": self.kind}
        return self._change("resources_set_resource", request)

    def delete(self, resource_id: str) -> str:
        """Delete one; "" when it worked, else why it did not."""
        return self._change("resources_delete_resource", {"id": resource_id, "resourceType": self.kind})

    def _ask(self, export: str, request: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        provider = self.provider
        return _nobody({}, self._switches, self.kind) if provider is None else _ask(provider, export, request, {})

    def _change(self, export: str, request: Mapping[str, Any]) -> str:
        provider = self.provider
        if provider is None:
            return f"nobody provides {self.kind}"
        text = _text(provider, export, request)
        if text != "" and provider.switches.departs("D9", export):
            return ""
        return f"{export} failed" if text is None else text


class Weather:
    """The weather of one provider."""

    def __init__(self, plugins: Iterable[Plugin], name: str, switches: Switches = BY_THE_BOOK) -> None:
        self._plugins = plugins
        self._switches = switches
        self.name = name

    def ask(self, what: str, position: Mapping[str, float], **more: Any) -> list[Any]:  # noqa: ANN401 - JSON
        """`observations`, `forecasts` (with `type="daily"` or `"point"`) or `warnings` at a position.

        Args:
            what: one of `WEATHER`.
            position: latitude and longitude in degrees.
            more: `options`, and for forecasts `type`.
        """
        provider = provider_of(self._plugins, "weather", self.name)
        if provider is None:
            nothing: list[Any] = _nobody([], self._switches, self.name)
            return nothing
        request = {"position": dict(position), "options": {}, **more}
        found: list[Any] = _ask(provider, f"weather_get_{what}", request, [])
        return found


class Radars:
    """The radars of one provider."""

    def __init__(self, plugins: Iterable[Plugin], name: str, switches: Switches = BY_THE_BOOK) -> None:
        self._plugins = plugins
        self._switches = switches
        self.name = name

    def ids(self) -> list[Any]:
        """The ids of its radars."""
        provider = provider_of(self._plugins, "radar", self.name)
        if provider is None:
            nothing: list[Any] = _nobody([], self._switches, self.name)
            return nothing
        if not provider.exports("radar_get_radars"):
            return []
        try:
            found = loads(provider.ask_radars(ANSWER_BYTES))
        except (PluginError, NotJson):
            return []
        return found if isinstance(found, list) else []

    def ask(self, what: str, radar_id: str, **request: Any) -> Any:  # noqa: ANN401 - JSON
        """One of `RADAR`, for one radar; `{}` where there is no answer that can be read (R66)."""
        provider = provider_of(self._plugins, "radar", self.name)
        if provider is None:
            return _nobody({}, self._switches, self.name)
        others = (type(None),) if what.startswith("get_") else (bool,)
        found = _ask(provider, f"radar_{what}", {"radarId": radar_id, **request}, {}, others=others)
        if not what.startswith("get_") and found is not True and self._switches.departs("RADARS", f"radar_{what}"):
            return {"success": False}
        return found
