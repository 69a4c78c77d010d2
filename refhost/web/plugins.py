"""`/plugins/{id}`: what a plugin is, its configuration, its endpoints, its files (contract §14)."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from refhost.departures.requests import body_there
from refhost.jsontext import NotJson, dumps, loads
from refhost.lifecycle import State
from refhost.services.http import HttpRequest, answer
from refhost.web.bodies import json_response, read_json, read_text, refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

    from refhost.host import Host
    from refhost.journal import Record
    from refhost.plugin import Plugin

# The plugin whose question the host answers itself, from its own log, so that a large log never goes through wasm.
LOG_VIEWER = "signalk-logviewer"
_LINES, _MOST_LINES = 2000, 50_000
_CONFIG_KEYS = {"enabled": bool, "enableDebug": bool, "configuration": dict}


class PluginPages:
    """The pages of the plugins of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def listing(self, _: Request) -> Response:
        """All plugins with their states."""
        return json_response([_about(plugin) for plugin in self._host.plugins.values()])

    async def page(self, request: Request) -> Response:
        """One page of a plugin: everything below `/plugins/{id}`."""
        plugin = self._plugin(request)
        path = "/" + request.path_params.get("rest", "")
        if path == "/config":
            return await self._config(plugin, request)
        if path == "/" and request.method in ("GET", "HEAD"):
            index = None if request.url.path.startswith("/skServer/") else self._file(plugin, "/")
            return index or json_response(_about(plugin))
        if plugin.id == LOG_VIEWER and path == "/api/logs" and request.method == "GET":
            return self._logs(request)
        return await self._endpoint(plugin, path, request) or self._file(plugin, path) or _missing(request)

    def _plugin(self, request: Request) -> Plugin:
        plugin = self._host.plugins.get(request.path_params["id"])
        if plugin is None:
            raise refuse(404, f"There is no plugin {request.path_params['id']!r}.")
        return plugin

    async def _config(self, plugin: Plugin, request: Request) -> Response:
        if request.method == "POST":
            change = await read_json(request)
            loose = isinstance(change, (dict, list)) and not _is_config(change)
            if loose and plugin.switches.departs("CONFIG", "config"):
                change = _usable(change)
            _check_config(change)
            starts = plugin.starts
            plugin.update_config(
                change.get("configuration"),
                enabled=change.get("enabled"),
                enable_debug=change.get("enableDebug"),
            )
            failed = plugin.starts > starts and plugin.state is State.ERROR
            if failed and plugin.switches.departs("D50", "start"):
                raise refuse(500, plugin.why())
        elif request.method != "GET":
            raise refuse(405, "The configuration takes GET and POST.")
        saved = plugin.config
        return json_response(
            {
                "enabled": plugin.is_enabled,
                "enableDebug": saved.enable_debug,
                "configuration": saved.configuration,
                "state": str(plugin.state),
                **({"error": plugin.error} if plugin.error else {}),
            }
        )

    async def _endpoint(self, plugin: Plugin, path: str, request: Request) -> Response | None:
        text = await read_text(request)
        body = _body(text, request)
        if isinstance(body, str) and plugin.switches.departs("BODIES", "body"):
            body = body_there(text, request.headers.get("content-type", ""))
        asked = HttpRequest(request.method, path, dict(request.query_params), dict(request.headers.items()), body)
        given = answer(plugin, plugin.endpoints, asked)
        if given is None:
            return None
        return Response(given.body, given.status, headers=dict(given.headers) or None)

    def _file(self, plugin: Plugin, path: str) -> Response | None:
        """A file of `public/`, looked up by name among those that the package holds: no path is ever followed."""
        if not plugin.grants.has("staticFiles"):
            return None
        name = path.removeprefix("/") or "index.html"
        data = plugin.package.public.get(name)
        if data is None or plugin.switches.departs("D7", "public"):
            return None
        return _served(name, data)

    async def webapp(self, request: Request) -> Response:
        """A file of `public/` at `/{package}/`, where it is with the keyword signalk-webapp (D7)."""
        for plugin in self._host.plugins.values():
            base = f"/{plugin.package.name}/"
            keywords = plugin.package.manifest.get("keywords")
            if request.url.path.startswith(base) and isinstance(keywords, list) and "signalk-webapp" in keywords:
                name = request.url.path.removeprefix(base) or "index.html"
                if name in plugin.package.public:
                    return _served(name, plugin.package.public[name])
        return _missing(request)

    def _logs(self, request: Request) -> Response:
        wanted = request.query_params.get("lines", str(_LINES))
        if not wanted.isdecimal() or len(wanted) > 9:
            raise refuse(400, f"lines is a number, not {wanted!r}.")
        records = self._host.log[-min(int(wanted), _MOST_LINES) :] if int(wanted) else []
        if not self._host.log:
            raise refuse(404, "There is no log.")
        return StreamingResponse(_log_text(records), media_type="application/json")


def _log_text(records: list[Record]) -> Iterator[str]:
    yield '{"lines":['
    for number, record in enumerate(records):
        yield ("," if number else "") + dumps(str(record))
    yield f'],"count":{len(records)},"source":"refhost","format":"text"}}'


def _served(name: str, data: bytes) -> Response:
    kind, _ = mimetypes.guess_type(name)
    return Response(data, media_type=kind or "application/octet-stream")


def _about(plugin: Plugin) -> dict[str, Any]:
    said = plugin.error or plugin.status
    return {
        "id": plugin.id,
        "name": plugin.name,
        "version": plugin.package.version,
        "enabled": plugin.is_enabled,
        "state": str(plugin.state),
        "statusMessage": "" if said and plugin.switches.departs("D44", "statusMessage") else said,
    }


def _is_config(change: object) -> bool:
    try:
        _check_config(change)
    except HTTPException:
        return False
    return True


def _usable(change: object) -> dict[str, Any]:
    """What a host can save of any JSON."""
    known = change.items() if isinstance(change, dict) else ()
    return {key: value for key, value in known if key in _CONFIG_KEYS and isinstance(value, _CONFIG_KEYS[key])}


def _check_config(change: object) -> None:
    if not isinstance(change, dict):
        raise refuse(400, "The body is an object with enabled, enableDebug and configuration, each optional.")
    for key, value in change.items():
        kind = _CONFIG_KEYS.get(key)
        if kind is None:
            raise refuse(400, f"{key!r} is not one of {', '.join(_CONFIG_KEYS)}.")
        if not isinstance(value, kind):
            raise refuse(400, f"{key} is of another type than {'an object' if kind is dict else 'true or false'}.")


def _body(text: str, request: Request) -> Any:  # noqa: ANN401 - JSON
    """The body as the handler gets it: what it means where it is JSON, else its text."""
    if not text:
        return None
    if "json" in request.headers.get("content-type", ""):
        try:
            return loads(text)
        except NotJson as error:
            raise refuse(400, f"The body is not JSON: {error}.") from None
    return text


def _missing(request: Request) -> Response:
    return json_response({"error": f"{request.method} {request.url.path} leads nowhere."}, 404)
