"""Faults in what clients ask plugins: PUT, HTTP, providers."""

from __future__ import annotations

from types import SimpleNamespace
from unittest.mock import patch

from faults.fault import add, fault, nothing
from refhost import host
from refhost.jsontext import NotJson, loads
from refhost.runtime import PluginRuntime
from refhost.services import deltas, http, providers, put
from refhost.services.http import Endpoint, HttpAnswer
from refhost.services.put import PutAnswer
from refhost.web import plugins as pages
from refhost.web import signalk

# ---- PUT --------------------------------------------------------------------------------------------------------


@fault("PUT calls nobody", host, "put")
def _nobody(_, plugins, context, path, value):
    known = any((context, path) in plugin.puts for plugin in plugins)
    return PutAnswer("COMPLETED", 200 if known else 405)


@fault("PUT takes any path", host, "put")
def _any_path(original, plugins, context, path, value):
    answer = original(plugins, context, path, value)
    return PutAnswer("COMPLETED", 200) if answer.status_code == 405 else answer


@fault("PUT looks at no context", host, "put")
def _no_context(original, plugins, context, path, value):
    return original(plugins, "vessels.self", path, value)


@fault("PUT takes any answer", put, "_malformed")
def _any_answer(*_):
    return PutAnswer("COMPLETED", 200)


@fault("PUT values are texts", put, "_ask")
def _texts(original, plugin, export, value):
    return original(plugin, export, put.dumps(value))


@fault("PUT cuts long values", put, "_ask")
def _cuts(original, plugin, export, value):
    return original(plugin, export, value[:5000])


@fault("PUT takes a trap for a success", put, "_ask")
def _no_trap(original, plugin, export, value):
    answer = original(plugin, export, value)
    return PutAnswer("COMPLETED", 200) if answer.status_code == 500 else answer


@fault("PUT answers are all alike", put, "_ask")
def _alike(original, plugin, export, value):
    answer = original(plugin, export, value)
    return PutAnswer("COMPLETED", 200) if answer.status_code < 500 else answer


@fault("PUT handlers emit nothing", put, "_ask")
def _silenced(original, plugin, export, value):
    with patch.object(deltas.DeltaService, "_emit", lambda *_: None):
        return original(plugin, export, value)


@fault("PUT names are small", put, "handler_name")
def _small(original, context, path):
    return original(context, path).lower()


nothing("PUT announces nothing", PluginRuntime, "_announce_put")
nothing("PUT has no 501", put, "handler_name", "handle_put_vessels_self_probe_script")

# ---- HTTP -------------------------------------------------------------------------------------------------------


def _asked(name, **changes):
    """The request as the handler gets it, changed."""

    @fault(name, http, "dumps")
    def dumps(original, value):
        return original({**value, **changes} if isinstance(value, dict) and "params" in value else value)


def _answered(name, change):
    """The answer as the client gets it, changed."""

    @fault(name, http, "_answer")
    def answer(original, given):
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


@fault("HTTP errors are 200", http, "_error")
def _fine(_, plugin, endpoint, status, message):
    return HttpAnswer(200, {}, message)


@fault("HTTP has no 504", http, "_error")
def _late(original, plugin, endpoint, status, message):
    return original(plugin, endpoint, 500, message)


@fault("HTTP takes any path", Endpoint, "parameters")
def _any_rest(original, self, path):
    return original(self, path) or {"id": path}


@fault("HTTP takes any method", pages, "HttpRequest")
def _any_method(original, method, *more):
    return original("GET", *more)


@fault("HTTP tells no name", pages, "_about")
def _no_name(original, plugin):
    return {"id": original(plugin)["id"]}


@fault("HTTP serves everything", pages.PluginPages, "_file")
def _everything(_, self, plugin, path):
    return pages._served("package.json", b'{"wasmManifest":1}')


@fault("HTTP takes any JSON", pages, "_body")
def _any_body(_, text, request):
    return text


@fault("HTTP has one prefix", pages.PluginPages, "_plugin")
def _one_prefix(original, self, request):
    if request.url.path.startswith("/skServer/"):
        raise pages.refuse(404, "There is nothing.")
    return original(self, request)


@fault("HTTP takes any plugin for another", pages.PluginPages, "_plugin")
def _another_plugin(_, self, request):
    known = self._host.plugins
    return known.get(request.path_params["id"]) or next(iter(known.values()))


# ---- providers --------------------------------------------------------------------------------------------------

nothing("providers are asked nothing", providers, "dumps", "{}")
nothing("providers are nobody", providers, "provider_of")
nothing("providers never fail", providers.Resources, "_change", "")
nothing("providers always fail", providers.Resources, "_change", "no")
add("new ids are short", signalk, "uuid", SimpleNamespace(UUID=lambda **_: "new"))


@fault("providers are all", providers, "provider_of")
def _first_that_runs(_, plugins, kind, name):
    return next((plugin for plugin in plugins if plugin.answers), None)


@fault("providers are believed", providers, "_ask")
def _believed(_, plugin, export, request, empty, **__):
    text = providers._text(plugin, export, request)
    try:
        return empty if text is None else loads(text)
    except NotJson:
        return {"text": text}
