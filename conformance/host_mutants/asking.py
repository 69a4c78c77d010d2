"""Mutants: faults in what clients ask plugins: PUT, HTTP, providers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from conformance.host_mutants.mutant import add, mutant, nothing
from refhost import host
from refhost.jsontext import NotJson, dumps, loads
from refhost.runtime import PluginRuntime
from refhost.services import deltas, http, providers, put
from refhost.services.http import Endpoint, HttpAnswer
from refhost.services.put import PutAnswer
from refhost.web import plugins as pages
from refhost.web import signalk
from refhost.web.bodies import refuse

if TYPE_CHECKING:
    from conformance.host_mutants.mutant import Original

# ---- PUT --------------------------------------------------------------------------------------------------------


@mutant("PUT calls nobody", host, "put")
def _nobody(_: Any, plugins: Any, context: Any, path: Any, value: Any) -> Any:
    known = any((context, path) in plugin.puts for plugin in plugins)
    return PutAnswer("COMPLETED", 200 if known else 405)


@mutant("PUT takes any path", host, "put")
def _any_path(original: Original, plugins: Any, context: Any, path: Any, value: Any) -> Any:
    answer = original(plugins, context, path, value)
    return PutAnswer("COMPLETED", 200) if answer.status_code == 405 else answer


@mutant("PUT looks at no context", host, "put")
def _no_context(original: Original, plugins: Any, context: Any, path: Any, value: Any) -> Any:
    return original(plugins, "vessels.self", path, value)


@mutant("PUT takes any answer", put, "_malformed")
def _any_answer(*_: Any) -> Any:
    return PutAnswer("COMPLETED", 200)


@mutant("PUT values are texts", put, "_ask")
def _texts(original: Original, plugin: Any, export: Any, value: Any) -> Any:
    return original(plugin, export, dumps(value))


@mutant("PUT cuts long values", put, "_ask")
def _cuts(original: Original, plugin: Any, export: Any, value: Any) -> Any:
    return original(plugin, export, value[:5000])


@mutant("PUT takes a trap for a success", put, "_ask")
def _no_trap(original: Original, plugin: Any, export: Any, value: Any) -> Any:
    answer = original(plugin, export, value)
    return PutAnswer("COMPLETED", 200) if answer.status_code == 500 else answer


@mutant("PUT answers are all alike", put, "_ask")
def _alike(original: Original, plugin: Any, export: Any, value: Any) -> Any:
    answer = original(plugin, export, value)
    return PutAnswer("COMPLETED", 200) if answer.status_code < 500 else answer


@mutant("PUT handlers emit nothing", put, "_ask")
def _silenced(original: Original, plugin: Any, export: Any, value: Any) -> Any:
    with patch.object(deltas.DeltaService, "_emit", lambda *_: None):
        return original(plugin, export, value)


@mutant("PUT names are small", put, "handler_name")
def _small(original: Original, context: Any, path: Any) -> Any:
    return original(context, path).lower()


nothing("PUT announces nothing", PluginRuntime, "_announce_put")
nothing("PUT has no 501", put, "handler_name", "handle_put_vessels_self_probe_script")

# ---- HTTP -------------------------------------------------------------------------------------------------------


def _asked(name: str, **changes: Any) -> None:
    """The request as the handler gets it, changed."""

    @mutant(name, http, "dumps")
    def dumps(original: Original, value: Any) -> Any:
        return original({**value, **changes} if isinstance(value, dict) and "params" in value else value)


def _answered(name: str, change: Any) -> None:
    """The answer as the client gets it, changed."""

    @mutant(name, http, "_answer")
    def answer(original: Original, given: Any) -> Any:
        return change(original(given))


_asked("HTTP has no params", params={})
_asked("HTTP has no query", query={})
_asked("HTTP has no headers", headers={})
_asked("HTTP has no body", body=None)
_asked("HTTP has no method", method="GET", path="/")
_answered("HTTP is always 200", lambda given: HttpAnswer(200, given.headers, given.body))
_answered("HTTP is always 201", lambda given: HttpAnswer(201, given.headers, given.body))
_answered("HTTP drops headers", lambda given: HttpAnswer(given.status, {}, given.body))
_answered("HTTP quotes bodies", lambda given: HttpAnswer(given.status, given.headers, f'"{given.body}"'))


@mutant("HTTP errors are 200", http, "_error")
def _fine(_: Any, plugin: Any, endpoint: Any, status: Any, message: Any) -> Any:
    return HttpAnswer(200, {}, message)


@mutant("HTTP has no 504", http, "_error")
def _late(original: Original, plugin: Any, endpoint: Any, status: Any, message: Any) -> Any:
    return original(plugin, endpoint, 500, message)


@mutant("HTTP takes any path", Endpoint, "parameters")
def _any_rest(original: Original, self: Any, path: Any) -> Any:
    return original(self, path) or {"id": path}


@mutant("HTTP takes any method", pages, "HttpRequest")
def _any_method(original: Original, method: Any, *more: Any) -> Any:
    return original("GET", *more)


@mutant("HTTP tells no name", pages, "_about")
def _no_name(original: Original, plugin: Any) -> Any:
    return {"id": original(plugin)["id"]}


@mutant("HTTP serves everything", pages.PluginPages, "_file")
def _everything(_: Any, self: Any, plugin: Any, path: Any) -> Any:
    return pages._served("package.json", b'{"wasmManifest":1}')


@mutant("HTTP takes any JSON", pages, "_body")
def _any_body(_: Any, text: Any, request: Any) -> Any:
    return text


@mutant("HTTP has one prefix", pages.PluginPages, "_plugin")
def _one_prefix(original: Original, self: Any, request: Any) -> Any:
    if request.url.path.startswith("/skServer/"):
        raise refuse(404, "There is nothing.")
    return original(self, request)


@mutant("HTTP takes any plugin for another", pages.PluginPages, "_plugin")
def _another_plugin(_: Any, self: Any, request: Any) -> Any:
    known = self._host.plugins
    return known.get(request.path_params["id"]) or next(iter(known.values()))


# ---- providers --------------------------------------------------------------------------------------------------

nothing("providers are asked nothing", providers, "dumps", "{}")
nothing("providers are nobody", providers, "provider_of")
nothing("providers never fail", providers.Resources, "_change", "")
nothing("providers always fail", providers.Resources, "_change", "no")
add("new ids are short", signalk, "uuid", SimpleNamespace(UUID=lambda **_: "new"))


@mutant("providers are all", providers, "provider_of")
def _first_that_runs(_: Any, plugins: Any, kind: Any, name: Any) -> Any:
    return next((plugin for plugin in plugins if plugin.answers), None)


@mutant("providers are believed", providers, "_ask")
def _believed(_: Any, plugin: Any, export: Any, request: Any, empty: Any, **__: Any) -> Any:
    text = providers._text(plugin, export, request)
    try:
        return empty if text is None else loads(text)
    except NotJson:
        return {"text": text}
