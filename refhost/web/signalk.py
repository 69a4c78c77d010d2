"""`/signalk`: discovery, the data model with PUT, resources and weather (contract §12, §13, §15)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from refhost.departures.requests import DEFAULT_PROVIDER, STANDARD
from refhost.errors import StateError
from refhost.web.bodies import json_response, read_json, refuse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from refhost.host import Host
    from refhost.services.providers import Resources

VERSION = "1.8.2"


def _written(node: object) -> Response:
    """A node of the model as JSON."""
    try:
        return json_response(node)
    except RecursionError:  # a delta with a path of very many parts has been there
        raise refuse(500, "What is there nests too deep to be written as JSON.") from None


class SignalKPages:
    """The Signal K API of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host

    async def discovery(self, request: Request) -> Response:
        """Where everything is."""
        base = f"{request.url.hostname}:{request.url.port or 80}"
        endpoints = {
            "v1": {
                "version": VERSION,
                "signalk-http": f"http://{base}/signalk/v1/api/",
                "signalk-ws": f"ws://{base}/signalk/v1/stream",
            },
            "v2": {"version": "2.0.0", "signalk-http": f"http://{base}/signalk/v2/api/"},
        }
        return json_response({"endpoints": endpoints, "server": {"id": "refhost", "version": VERSION}})

    async def read(self, request: Request) -> Response:
        """A node of the full data model, by path."""
        parts = [part for part in request.path_params.get("path", "").split("/") if part]
        if parts == ["self"]:
            return json_response(self._host.self_context)
        if not parts:
            return _written({"version": VERSION, "self": self._host.self_context, **self._host.model.root})
        node = self._host.model.path(".".join(parts))
        if node is None:
            raise refuse(404, f"There is nothing at {'/'.join(parts)}.")
        return _written(node)

    async def put(self, request: Request) -> Response:
        """A PUT request to a path: `/signalk/v1/api/vessels/self/a/b` with `{"value": …}`."""
        parts = [part for part in request.path_params["path"].split("/") if part]
        body = await read_json(request)
        if not isinstance(body, dict) or "value" not in body:
            raise refuse(400, 'The body is an object with a "value".')
        if len(parts) < 3:
            raise refuse(400, "The path is that of a vessel and of one of its values.")
        context = ".".join(parts[:2])
        if context == self._host.self_context:
            context = "vessels.self"
        answer = self._host.put(".".join(parts[2:]), body["value"], context=context)
        return json_response(answer.to_json(), 202 if answer.state == "PENDING" else answer.status_code)

    async def resources(self, request: Request) -> Response:
        """All resources of a type, or a new one."""
        resources = self._resources(request)
        if request.method == "GET":
            return json_response(resources.list(dict(request.query_params)))
        if _wants_another(resources, request):
            raise refuse(404, f"Cannot POST {request.url.path}")
        value = await read_json(request)
        resource_id = str(uuid.UUID(int=self._host.random.getrandbits(128), version=4))
        return _changed(resources.set(resource_id, value), resource_id, 201)

    async def resource(self, request: Request) -> Response:
        """One resource."""
        resources = self._resources(request)
        resource_id = request.path_params["id"]
        provider = resources.provider
        if request.method == "POST" and provider is not None and provider.switches.departs("D8", "POST"):
            raise refuse(404, f"Cannot POST {request.url.path}")
        if request.method == "GET":
            found = resources.get(resource_id)
            if not found:
                raise refuse(404, f"There is no {resources.kind} {resource_id!r}.")
            return json_response(found)
        if request.method == "DELETE":
            return _changed(resources.delete(resource_id), resource_id)
        return _changed(resources.set(resource_id, await read_json(request)), resource_id)

    def _resources(self, request: Request) -> Resources:
        resources = self._host.resources(request.path_params["kind"])
        if resources.provider is None:
            raise refuse(404, f"Nobody provides {resources.kind}.")
        return resources

    async def weather(self, request: Request) -> Response:
        """`observations`, `forecasts/daily`, `forecasts/point` or `warnings` at `lat` and `lon`."""
        what, _, kind = request.path_params["what"].partition("/")
        if (what, kind) not in (
            ("observations", ""),
            ("warnings", ""),
            ("forecasts", "daily"),
            ("forecasts", "point"),
        ):
            raise refuse(404, "There are observations, warnings, forecasts/daily and forecasts/point.")
        provider = request.query_params.get("provider") or self._first_weather_provider()
        more: dict[str, Any] = {"type": kind} if kind else {}
        options = {k: v for k, v in request.query_params.items() if k not in ("lat", "lon", "provider")}
        try:
            found = self._host.weather(provider).ask(what, _position(request), options=options, **more)
        except StateError as error:
            raise refuse(404, error.message) from None
        return json_response(found)

    def _first_weather_provider(self) -> str:
        for plugin in self._host.plugins.values():
            if plugin.providers["weather"] and plugin.answers:
                return plugin.providers["weather"][0]
        raise refuse(404, "Nobody provides weather.")


def _wants_another(resources: Resources, request: Request) -> bool:
    """Whether a new resource goes to a provider that is not there, and to no other (DEFAULTS)."""
    provider = resources.provider
    if provider is None or resources.kind not in STANDARD or provider.id == DEFAULT_PROVIDER:
        return False
    return not request.query_params.get("provider") and provider.switches.departs("DEFAULTS", "POST")


def _position(request: Request) -> dict[str, float]:
    try:
        latitude, longitude = (float(request.query_params[key]) for key in ("lat", "lon"))
    except (KeyError, ValueError):
        raise refuse(400, "lat and lon are numbers, in degrees.") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise refuse(400, "lat lies between -90 and 90, lon between -180 and 180.")
    return {"latitude": latitude, "longitude": longitude}


def _changed(error: str, resource_id: str, status: int = 200) -> Response:
    if error:
        return json_response({"state": "FAILED", "statusCode": 400, "message": error, "id": resource_id}, 400)
    return json_response({"state": "COMPLETED", "statusCode": status, "id": resource_id}, status)
