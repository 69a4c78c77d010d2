"""Reference hosts with one fault each, to see that the checks of hosts fail.

Most are the reference host with one method replaced while a host is there; the others are those departures of
signalk-server that the contract calls wrong.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import replace
from unittest.mock import patch

from conformance.drivers.reference import RefhostDriver
from conformance.host_trial import binary as trial_binary
from refhost import binary, bus, host, lifecycle, model, plugin, registry, runtime, subscriptions
from refhost.capabilities import Grants
from refhost.delta import Admission
from refhost.dialects import assemblyscript, buffer, core, guard, memory
from refhost.engine import COMPILER
from refhost.errors import BadReturn, BinaryError, HostError, LinkError
from refhost.functions import ENV, Kind, Result
from refhost.jsontext import NotJson
from refhost.lifecycle import State
from refhost.network import queued
from refhost.profiles import DOCUMENTED, Profile
from refhost.services import config, deltas, gate, http, providers, put, registrations, sockets, status, streams
from refhost.services.gate import Refused
from refhost.storage import config_file
from refhost.wasi.preview1 import host as preview1
from refhost.wasi.vfs import resolution, vfs
from refhost.web import plugins as pages


class FaultyDriver(RefhostDriver):
    """The reference host with a fault: a name of `FAULTS`, or the number of a departure."""

    def __init__(self, fault):
        departures = frozenset() if fault in FAULTS else frozenset({fault})
        super().__init__(profile=Profile("faulty", departures) if departures else DOCUMENTED)
        self._fault = fault

    @contextlib.contextmanager
    def host(self, *, call_seconds=None):
        with contextlib.ExitStack() as patches:
            for target, name, replacement in FAULTS.get(self._fault, ()):
                patches.enter_context(patch.object(target, name, replacement))
            patches.callback(COMPILER._found.clear)  # what was found out about binaries, by a host with this fault
            COMPILER._found.clear()
            yield patches.enter_context(super().host(call_seconds=call_seconds))


def around(function, change):
    """A method that calls the original, and changes what it does: `change(original, self, *arguments)`."""

    @functools.wraps(function)
    def changed(*arguments, **named):
        return change(function, *arguments, **named)

    return changed


def method(target, name, change):
    return (target, name, around(getattr(target, name), change))


def nothing(target, name, result=None):
    return (target, name, lambda *_, **__: result)


# ---- host functions ---------------------------------------------------------------------------------------------


def answering(env, result):
    """A function that does nothing, and answers this."""

    def change(original, self, function):
        return (lambda *_: result) if function.env == env else original(self, function)

    return [method(core.CoreInstance, "_host_function", change)]


def done_as_failure(env):
    """A function that is carried out, and answers as if it had failed."""

    def change(original, self, function):
        carried_out = original(self, function)
        return (lambda *raw: (carried_out(*raw), function.failure)[1]) if function.env == env else carried_out

    return [method(core.CoreInstance, "_host_function", change)]


def unguarded(env):
    """A function whose capability nobody asks for."""

    def change(original, self, function, arguments, operation=""):
        if function.env != env:
            return original(self, function, arguments, operation)
        return self.attempt(function, lambda: self._operations[operation or function.operation](*arguments()))

    held = method(streams.StreamService, "_check", lambda _, __, stream: None)
    return [method(gate.Gate, "call", change), *([held] if env == "sk_emit_binary_stream" else [])]


def decoding(how):
    def change(_, self, function, raw):
        decoded, at = [], 0
        for parameter in function.parameters:
            if at >= len(raw):
                break
            if parameter.kind is Kind.TEXT:
                decoded.append(how(self._bytes(raw[at], raw[at + 1], parameter.name)))
            elif parameter.kind is Kind.BYTES:
                decoded.append(self._bytes(raw[at], raw[at + 1], parameter.name))
            elif parameter.kind is Kind.NUMBER:
                decoded.append(raw[at])
            elif parameter.kind is Kind.ROOM:
                decoded.append(raw[at + 1])
            at += len(parameter.kind.wire)
        return tuple(decoded)

    return [method(core.CoreInstance, "_decode", change)]


def clipped_read(original, self, pointer, length):
    pointer, length = pointer & memory.U32, length & memory.U32
    start = min(pointer, self.size)
    return original(self, start, min(length, self.size - start))


def write_answer(change):
    def write(original, self, pointer, size, answer):
        return change(original, self, pointer, size, answer)

    return [method(core.CoreInstance, "_write_answer", write)]


def cut_answer(_, self, pointer, size, answer):
    data = (answer or "").encode()[: max(size, 0)]
    self.memory.write(pointer, data)
    return len(data)


def answer_with_nul(_, self, pointer, size, answer):
    data = (answer or "").encode()
    if len(data) >= size:
        raise Refused("it does not fit")
    self.memory.write(pointer, data + b"\0")
    return len(data)


def believing(_, self, export, size, *arguments):
    pointer = self.call("allocate", size) or 0
    length = self.number(export, *arguments, pointer, size)
    return self.memory.read(pointer, min(length & 0xFFFF, 8192)).decode("utf-8", "replace")


def clipped_write(original, self, pointer, data):
    if (pointer & memory.U32) + len(data) <= self.size:
        original(self, pointer, data)


# ---- the rest ----------------------------------------------------------------------------------------------------


def admitted(change):
    """A delta that is on the bus otherwise than it was admitted."""

    def admit(original, claimed, *arguments, **named):
        admission = original(claimed, *arguments, **named)
        if admission.delta is not None:
            change(admission.delta, claimed)
        return admission

    return [method(bus, "admit_there", admit)]


def each_update(key, value):
    def change(delta, _):
        for update in delta["updates"]:
            if value is None:
                update.pop(key, None)
            else:
                update[key] = value

    return admitted(change)


def all_or_nothing(original, claimed, *arguments, **named):
    admission = original(claimed, *arguments, **named)
    return Admission(None, admission.problems) if any(p.shape for p in admission.problems) else admission


def unchecked(_, claimed, *__, source, self_context, timestamp):
    updates = claimed.get("updates") if isinstance(claimed, dict) else None
    if not isinstance(updates, list):
        return Admission({"context": self_context, "updates": []}, ())
    good = [{**update, "$source": source, "timestamp": timestamp} for update in updates if isinstance(update, dict)]
    return Admission({"context": self_context, "updates": good}, ())


def lenient_json(text):
    import json  # noqa: PLC0415 - only this fault reads as leniently

    try:
        return json.loads(text)
    except RecursionError:
        return {"updates": [{"values": [{"path": "deep", "value": 1}]}]}
    except ValueError as error:
        try:
            return json.JSONDecoder().raw_decode(text)[0]
        except (ValueError, RecursionError):
            raise NotJson(str(error)) from None


def start_anyway(original, self):
    if self.state is State.RUNNING:
        self._leave_running()
        self._start()
    else:
        original(self)


def running_anyway(original, self, text):
    original(self, text)
    if self.state is State.ERROR and self.instance is not None:
        self._run(self.instance)


def crash_anew(_, self, error):
    self._note(error)
    self._leave_running()
    self._enter(State.CRASHED)
    self._timers.append(self._runtime.clock.call_later(1.0, self._restart))


def keeps_instance(original, self, error):
    instance, closed = self.instance, instance_close(self.instance)
    with closed:
        original(self, error)
    self.instance = instance


def instance_close(instance):
    return patch.object(type(instance), "close", lambda _: None)


def always_start(original, self, instance, *, start):
    original(self, instance, start=True)


def kept_otherwise(change):
    def stop(original, self, name):
        kept, dropped = original(self, name)
        return change(kept), dropped

    return [method(subscriptions.Subscriptions, "stop_buffering", stop)]


def route_twice(original, self, delta, text):
    original(self, delta, text)
    original(self, delta, text)


def only_first(original, self, delta, text):
    every = self._subscribers
    self._subscribers = dict(list(every.items())[:1])
    original(self, delta, text)
    self._subscribers = {**every, **self._subscribers}


def forgets_counts(original, self, *_):
    original(self)
    self.starts = 0


def shared_config(original, self, folder, name):
    original(self, folder, "all.json")


def put_answer(_, plugins, context, path, value):
    for one in plugins:
        if (context, path) in one.puts:
            return put.PutAnswer("COMPLETED", 200)
    return put.PutAnswer("COMPLETED", 405)


def http_asked(change):
    """The request as the handler gets it, changed."""

    def dumps(original, value):
        if isinstance(value, dict) and "params" in value:
            change(value)
        return original(value)

    return [method(http, "dumps", dumps)]


def http_answered(change):
    def answer(original, given):
        return change(original(given))

    return [method(http, "_answer", answer)]


def bytes_of_a_string(change):
    def text(original, memory_, pointer):
        return change(original(memory_, pointer))

    return [method(assemblyscript, "read_string", text)]


def no_deadline(original, seconds):
    return original(seconds * 4)


def take_otherwise(target, name, change):
    return [method(target, name, lambda original, *arguments: change(original(*arguments)))]


FAULTS = {
    # Linking.
    "says only that it cannot be linked": [method(runtime, "linkable", lambda o, *a: _saying(o, LinkError, *a))],
    "says only that it is no binary": [method(runtime, "linkable", lambda o, *a: _saying(o, BinaryError, *a))],
    "loads something else instead": [
        method(host.Host, "load", lambda o, self, p, **k: _or_else(o, self, p, **k)),
    ],
    "a refused plugin stops the others": [method(host.Host, "load", lambda o, self, p, **k: _or_stop(o, self, p, **k))],
    "names no near function": [nothing(binary, "nearest", ""), (binary, "COMMON_SLIPS", {})],
    "tells no signature": [nothing(binary, "describe", "another one")],
    "lacks sk_tcp_pending": [(binary, "ENV", {name: row for name, row in ENV.items() if name != "sk_tcp_pending"})],
    "polls whatever is there": [
        method(lifecycle.Lifecycle, "_run", lambda o, s, i: (setattr(i, "has_poll", True), o(s, i))[1])
    ],
    "goes by the file's name": [method(host.Host, "load", lambda o, self, p, **k: o(self, _named_wasm(p), **k))],
    "initializes nothing": [
        method(core.CoreInstance, "call", lambda o, s, e, *a: None if e == "_initialize" else o(s, e, *a))
    ],
    "every delta is v1": [
        method(deltas.DeltaService, "handle_message", lambda original, self, text, version=1: original(self, text, 1))
    ],
    "every delta is v2": [
        method(deltas.DeltaService, "handle_message", lambda original, self, text, version=1: original(self, text, 2))
    ],
    "requires deallocate": [
        method(buffer.BufferInstance, "_free", lambda _, self, pointer, length: self.call("deallocate", pointer, length))
    ],
    # Texts and bounds.
    "reads what is there": [method(memory.GuestMemory, "read", clipped_read)],
    "replaces what is no UTF-8": decoding(lambda data: data.decode("utf-8", "replace")),
    "lets surrogates pass": decoding(lambda data: data.decode("utf-8", "surrogatepass")),
    "ends texts at a NUL": decoding(lambda data: data.decode().partition("\0")[0]),
    "reads Latin-1": decoding(lambda data: data.decode("latin-1")),
    "reads one byte less": decoding(lambda data: data[:-1].decode()),
    "cuts answers": write_answer(cut_answer),
    "ends answers with a NUL": write_answer(answer_with_nul),
    "writes what fits": [nothing(memory.GuestMemory, "check"), method(memory.GuestMemory, "write", clipped_write)],
    "believes lengths": [method(buffer.BufferInstance, "text", believing)],
    "gives half of a text": [
        method(
            buffer.BufferInstance, "_argument", lambda original, self, text: original(self, text[: len(text) // 2])
        )
    ],
    "delivers Latin-1": [
        method(
            buffer.BufferInstance,
            "deliver",
            lambda o, self, delta: o(self, delta.encode("ascii", "replace").decode()),
        )
    ],
    "cuts long deltas": [method(buffer.BufferInstance, "deliver", lambda o, self, delta: o(self, delta[:10_000]))],
    # Capabilities.
    "grants everything": [nothing(Grants, "has", True)],
    "grants nothing": [nothing(Grants, "has", False)],
    "denies without a word": [
        method(gate.Gate, "_denied", lambda _, self, function, capability: gate.Denied(capability))
    ],
    "fails without a word": [method(gate.Gate, "_refused", lambda _, self, function, reason: Refused(reason))],
    "forgets new grants": [method(host.Host, "load", lambda o, self, p, **k: o(self, p.with_grants(_first(self, p)), **k))],
    # Files.
    "files are forgotten": [method(lifecycle.Lifecycle, "start_with", lambda o, s, t: (_wipe(s), o(s, t))[1])],
    "tmp is never emptied": [nothing(vfs.Vfs, "clear_tmp", 0)],
    "tmp is all": [method(vfs.Vfs, "clear_tmp", lambda _, self: [self.remove(path) for path in self.files()] and 0)],
    "a NUL ends a name": [
        method(resolution, "resolve", lambda o, base, path, **k: o(base, path.partition("\0")[0], **k)),
        nothing(resolution, "check_text"),
    ],
    "the environment is the machine's": [
        method(
            runtime.PluginRuntime,
            "_surroundings",
            lambda original, self: {**original(self), "env": {"PLUGIN_ID": self.plugin_id, "HOME": "/home/boat"}},
        )
    ],
    "nothing is printed": [nothing(runtime._Lines, "write")],
    "randomness is random": [
        method(
            runtime.PluginRuntime,
            "_surroundings",
            lambda original, self: {**original(self), "random": __import__("random").SystemRandom()},
        )
    ],
    # Configuration.
    "adds no enableDebug": [
        method(
            lifecycle.Lifecycle, "start_with", lambda o, s, text: o(s, text.replace(',"enableDebug":false', "", 1))
        )
    ],
    "saves nothing": [nothing(config_file.ConfigFile, "write")],
    "saves anything": [method(config.ConfigService, "save_config", lambda o, s, text: s._write({"text": text}))],
    "saving switches off": [
        method(
            config_file.ConfigFile,
            "save_configuration",
            lambda _, self, configuration: self.write(config_file.SavedConfig(configuration=configuration)),
        )
    ],
    "one configuration for all": [method(config_file.ConfigFile, "__init__", shared_config)],
    "takes any change": [nothing(pages, "_check_config")],
    "never restarts": [
        method(plugin.Plugin, "update_config", lambda o, self, c=None, **k: (self._save(configuration=c, **k), self.state)[1])
    ],
    # Lifecycle.
    "starts at load": [method(host.Host, "load", lambda o, self, p, **k: _started(o(self, p, **k)))],
    "starts a second time": [
        method(lifecycle.Lifecycle, "start", start_anyway),
        method(plugin.Plugin, "start", lambda o, s, c=None, **k: (s._life.start(), s.state)[1] if s.is_running else o(s, c, **k)),
    ],
    "runs whatever start says": [method(lifecycle.Lifecycle, "start_with", running_anyway)],
    "never calls stop": [nothing(buffer.BufferInstance, "stop", 0)],
    "calls stop twice": [method(buffer.BufferInstance, "stop", lambda o, self: (o(self), o(self))[1])],
    "polls every other second": [(lifecycle, "POLL_SECONDS", 2.0)],
    "never polls": [nothing(lifecycle.Lifecycle, "_poll")],
    "logs no faults": [
        method(runtime.PluginRuntime, "note", lambda o, s, kind, *a: None if kind == "fault" else o(s, kind, *a))
    ],
    "delivers to all who are there": [
        method(lifecycle.Lifecycle, "_leave_running", lambda o, self: _keeping_timers(o, self)),
        method(lifecycle.Lifecycle, "deliver", lambda _, self, text: self.instance and self.instance.deliver(text)),
    ],
    "drops what a start emitted": [method(bus.Bus, "emit", lambda o, s, p, d, v: None if s._held else o(s, p, d, v))],
    "takes the package's name": [method(buffer.BufferInstance, "name", lambda _, self: "")],
    "keeps the @": [method(host.Host, "load", lambda o, s, p, **k: o(s, _renamed(p), **k))],
    "asks nobody for its id": [method(host.Host, "_own_id", lambda _, self, package: "unknown")],
    "acts while it is described": [
        method(runtime.PluginRuntime, "enter", lambda o, self, phase: o(self, gate.Phase.LIFE))
    ],
    "starts in any order": [
        method(host, "start_order", lambda o, p, d: registry.StartOrder(tuple(sorted(set(p) - d)), {}, {}))
    ],
    "enables everything": [(plugin.Plugin, "is_enabled", True)],
    "keeps registrations": [nothing(registrations.RegistrationService, "clear")],
    "unloads nothing": [nothing(host.Host, "unload")],
    # Reload.
    "keeps nothing": [nothing(subscriptions.Subscriptions, "start_buffering")],
    "replays backwards": kept_otherwise(lambda kept: kept[::-1]),
    "replays twice": kept_otherwise(lambda kept: kept * 2),
    "replays the oldest 999": kept_otherwise(lambda kept: kept[:999]),
    "keeps as much as comes": [(subscriptions, "BUFFER_SIZE", 100_000)],
    "starts what was stopped": [method(lifecycle.Lifecycle, "finish_reload", always_start)],
    "reload does nothing": [method(plugin.Plugin, "reload", lambda _, self: self.state)],
    # Crashes.
    "restarts at once": [(lifecycle, "BACK_OFF_SECONDS", (0.1, 0.1, 0.1))],
    "restarts always after 1 s": [(lifecycle, "BACK_OFF_SECONDS", (1.0, 1.0, 1.0))],
    "never gives up": [method(lifecycle.Lifecycle, "_crash", crash_anew)],
    "never forgets a crash": [nothing(lifecycle.Lifecycle, "_recovered")],
    "restarts what was stopped": [
        method(lifecycle.Lifecycle, "_restart", lambda o, self: self._start()),
        method(lifecycle.Lifecycle, "_leave_running", lambda o, self: _keeping_timers(o, self)),
    ],
    "restarts without a configuration": [method(lifecycle.Lifecycle, "_restart", lambda _, self: self.start_with("{}"))],
    "keeps the broken instance": [method(lifecycle.Lifecycle, "_crash", keeps_instance)],
    # Deltas.
    "gives no source": each_update("$source", ""),
    "gives one source to all": each_update("$source", "plugin"),
    "gives no time": each_update("timestamp", None),
    "gives seconds": each_update("timestamp", "2026-01-01T00:00:00Z"),
    "overwrites timestamps": each_update("timestamp", "2026-01-01T00:00:00.000Z"),
    "keeps vessels.self": admitted(lambda delta, claimed: delta.update(context="vessels.self")),
    "queues the latest first": [
        method(bus.Bus, "_put", lambda _, self, delta, version: self._queue.appendleft((delta, version)))
    ],
    "takes all or nothing": [method(bus, "admit_there", all_or_nothing)],
    "takes everything": [method(bus, "admit_there", unchecked)],
    "reads any JSON": [(deltas, "loads", lenient_json)],
    "carries no values": each_update("values", []),
    "carries no metadata": each_update("meta", None),
    "carries whole numbers": admitted(lambda delta, _: [_rounded(update) for update in delta["updates"]]),
    "drops null": admitted(lambda delta, _: [_without_null(update) for update in delta["updates"]]),
    "delivers while it runs": [
        method(bus.Bus, "_put", lambda _, self, delta, version: self._deliver(delta, version)),
    ],
    "delivers twice": [method(subscriptions.Subscriptions, "route", route_twice)],
    "delivers to the first": [method(subscriptions.Subscriptions, "route", only_first)],
    "delivers nothing": [nothing(subscriptions.Subscriptions, "route")],
    "counts all plugins together": [
        method(bus.Bus, "_may_queue", lambda o, self, plugin_id, function: o(self, "all", function))
    ],
    "logs no flood": [
        method(bus.Bus, "_may_queue", lambda o, s, p, f: (s._emitted_in_tick.update([p]), s._emitted_in_tick[p] < 5000)[1])
    ],
    "v2 enters the model": [
        method(bus.Bus, "_deliver", lambda o, self, delta, version: (self._model.apply(delta), o(self, delta, version))[1])
    ],
    "notifies anything": [nothing(deltas, "_notification_problem", ""), nothing(deltas, "_path_problem", "")],
    # Model.
    "the model forgets": [nothing(model.Model, "apply")],
    "the model keeps the first": [
        (model.Model, "_write", staticmethod(lambda c, p, v, u: _first_counts(c, p, v, u)))
    ],
    "the model has bare values": [
        method(model.Model, "self_path", lambda o, self, path: _bare(o(self, path)))
    ],
    "the model is the own vessel's": [method(model.Model, "_context", lambda o, self, name: o(self, ".".join(self._self)))],
    # PUT.
    "PUT calls nobody": [(host, "put", functools.partial(put_answer, None))],
    "PUT announces nothing": [nothing(runtime.PluginRuntime, "_announce_put")],
    "PUT takes any answer": [method(put, "_malformed", lambda *_: put.PutAnswer("COMPLETED", 200))],
    "PUT values are texts": [method(put, "_ask", lambda o, p, e, value: o(p, e, f'"{value.strip(chr(34))}"'))],
    "PUT names are small": [method(put, "handler_name", lambda o, c, p: o(c, p).lower())],
    "PUT looks at no context": [
        method(put, "put", lambda o, p, c, path, v: o(p, "vessels.self", path, v)),
        method(host, "put", lambda o, p, c, path, v: o(p, "vessels.self", path, v)),
    ],
    "PUT has no 501": [nothing(put, "handler_name", "handle_put_vessels_self_probe_script")],
    # HTTP.
    "HTTP has no params": http_asked(lambda asked: asked.update(params={})),
    "HTTP has no query": http_asked(lambda asked: asked.update(query={})),
    "HTTP has no headers": http_asked(lambda asked: asked.update(headers={})),
    "HTTP has no body": http_asked(lambda asked: asked.update(body=None)),
    "HTTP has no method": http_asked(lambda asked: asked.update(method="GET", path="/")),
    "HTTP is always 200": http_answered(lambda given: http.HttpAnswer(200, given.headers, given.body)),
    "HTTP is always 201": http_answered(lambda given: http.HttpAnswer(201, given.headers, given.body)),
    "HTTP drops headers": http_answered(lambda given: http.HttpAnswer(given.status, {}, given.body)),
    "HTTP quotes bodies": http_answered(lambda given: http.HttpAnswer(given.status, given.headers, f'"{given.body}"')),
    "HTTP errors are 200": [
        method(http, "_error", lambda o, p, e, code, message: http.HttpAnswer(200, {}, message))
    ],
    "HTTP takes too long quietly": [
        method(http, "_error", lambda o, p, e, code, message: o(p, e, 500, message))
    ],
    "HTTP takes any path": [method(http.Endpoint, "parameters", lambda o, s, path: o(s, path) if o(s, path) else {"id": path})],
    "HTTP takes any method": [
        method(pages, "HttpRequest", lambda o, m, *a: o("GET", *a)),
    ],
    "HTTP tells no name": [method(pages, "_about", lambda o, p: {"id": o(p)["id"]})],
    "HTTP serves everything": [method(pages.PluginPages, "_file", lambda o, s, p, path: pages._served("package.json", b'{"wasmManifest":1}'))],
    "HTTP takes any JSON": [method(pages, "_body", lambda o, text, request: text)],
    # Providers.
    "providers are asked nothing": [method(providers, "dumps", lambda o, value: "{}")],
    "providers are all": [
        method(providers, "provider_of", lambda o, plugins, kind, name: next((p for p in plugins if p.answers), None))
    ],
    "providers are nobody": [nothing(providers, "provider_of", None)],
    "providers never fail": [nothing(providers.Resources, "_change", "")],
    "providers always fail": [nothing(providers.Resources, "_change", "no")],
    "providers are believed": [
        method(providers, "loads", lambda o, text: text if text in {"words", '{"one":'} else o(text)),
    ],
    "new ids are short": [(__import__("refhost.web.signalk", fromlist=["uuid"]), "uuid4", lambda: "new")],
    # Streams.
    "streams are everybody's": [nothing(streams.StreamService, "_check_own"), nothing(streams, "_check_radar")],
    "spokes need no registration": [
        method(streams.StreamService, "emit_spokes", lambda _, s, radar, data: s._streams.emit("x", f"radars/{radar}", data))
    ],
    "streams turn back": [
        method(streams.Streams, "emit", lambda o, s, p, n, data: o(s, p, n, data[::-1]))
    ],
    "streams lose their order": [
        (streams.Streams, "messages", property(lambda self: list(self._messages)[::-1]))
    ],
    # Sockets.
    "datagrams come backwards": [method(queued.QueuedUdp, "_arrive", lambda o, s, d: (o(s, d), _reversed(s._waiting))[0])],
    "datagrams are dropped late": [(queued, "MOST_WAITING", 5000)],
    "datagrams come from nowhere": take_otherwise(
        sockets.SocketService, "udp_recv", lambda taken: taken and (taken[0], "", 0)
    ),
    "datagrams are not cut": [
        method(sockets.SocketService, "udp_recv", lambda o, s, number, size: o(s, number, size + 100))
    ],
    "pending counts nothing": [nothing(queued.QueuedUdp, "pending", 0), nothing(queued.QueuedTcp, "pending", 0)],
    "binds again": [method(queued.QueuedUdp, "bind", lambda o, self, port: (setattr(self, "_bound", False), o(self, port))[1])],
    "defers nothing": [
        method(queued.QueuedUdp, "set", lambda o, s, f, option: o(s, f, option) if s._bound else _refuse())
    ],
    "takes any address": [nothing(sockets, "parse_group"), nothing(queued, "parse_address"), nothing(queued.QueuedUdp, "send", 1)],
    "closes nothing": [nothing(sockets.SocketService, "_close"), nothing(sockets.SocketService, "close")],
    "uses ids again": [method(sockets.SocketService, "_add", lambda _, s, one: _lowest(s, one))],
    "sockets are without end": [nothing(sockets.SocketService, "_check_room")],
    "any family": [method(sockets.SocketService, "udp_create", lambda o, s, family: o(s, family & 1))],
    "no IPv6": [method(sockets.SocketService, "udp_create", lambda o, s, family: o(s, family) if family == 0 else _refuse())],
    "never connected": [nothing(queued.QueuedTcp, "is_connected", False)],
    "always connected": [nothing(queued.QueuedTcp, "is_connected", True), nothing(queued.QueuedTcp, "send", 1)],
    "lines keep their ends": take_otherwise(queued.QueuedTcp, "take_line", lambda got: got and got + b"\r"),
    "lines are pieces": [method(queued.QueuedTcp, "_split", lambda o, s, complete: _all_of_it(s))],
    "raw is nothing": [nothing(queued.QueuedTcp, "take_raw", None)],
    "sends after the end": [nothing(queued.QueuedTcp, "send", 1)],
    "sends nothing": [method(queued.QueuedUdp, "send", lambda o, s, data, a, p: len(data))],
    "the network never fails": [nothing(sockets, "_check_size")],
    # AssemblyScript.
    "AssemblyScript counts characters": [
        method(assemblyscript.AssemblyScriptInstance, "start", lambda o, s, c: _by_characters(s, "plugin_start", c))
    ],
    "AssemblyScript is Latin-1": bytes_of_a_string(lambda text: text.encode("ascii", "replace").decode()),
    "AssemblyScript strings are blocks": [(assemblyscript, "_STRING", 0)],
    "AssemblyScript goes on after abort": answering("abort", None),
    "AssemblyScript reads anything": [
        method(assemblyscript.AssemblyScriptInstance, "text", lambda o, s, e, size, *a: _anything(o, s, e, size, *a))
    ],
    "AssemblyScript needs an id": [
        method(assemblyscript.AssemblyScriptInstance, "id", lambda o, s: s.text("plugin_id", 100)),
    ],
    # Limits, and others.
    "stops at the first trap": [
        method(subscriptions.Subscriptions, "route", lambda o, s, d, t: _until_a_trap(o, s, d, t))
    ],
    "one status for all": [method(status.StatusService, "set_status", lambda o, s, text: _shared(s, text))],
}


def _saying(original, kind, *arguments):
    try:
        return original(*arguments)
    except kind:
        raise kind("it cannot be used") from None


def _or_else(original, self, package, **named):
    try:
        return original(self, package, **named)
    except HostError:
        return original(self, replace(package, binary=trial_binary("probe")), **named)


def _or_stop(original, self, package, **named):
    try:
        return original(self, package, **named)
    except HostError:
        for one in self.plugins.values():
            one.stop()
        raise


def _named_wasm(package):
    if not str(package.manifest.get("wasmManifest", ".wasm")).endswith(".wasm"):
        raise BinaryError("its name does not end in .wasm")
    return package


def _first(self, package):
    """The capabilities that a package of this id held when it was loaded first."""
    seen = self.__dict__.setdefault("_seen_grants", {})
    return seen.setdefault(package.id, package.grants)


def _wipe(life):
    tree = life._runtime.vfs
    for path in list(tree.files()):
        tree.remove(path)


def _started(loaded):
    loaded.start({})
    return loaded


def _keeping_timers(original, life):
    timers, life._timers = life._timers, []
    original(life)
    life._timers = timers


def _renamed(package):
    return replace(package, id=package.name.replace("/", "_")) if package.id else package


def _rounded(update):
    for pair in update.get("values", ()):
        if isinstance(pair["value"], float):
            pair["value"] = round(pair["value"])


def _without_null(update):
    update["values"] = [pair for pair in update.get("values", ()) if pair["value"] is not None]


def _first_counts(context, path, value, update):
    node = model._descend(context, path) if path else context
    node.setdefault("value", value)
    node.setdefault("$source", "")


def _bare(node):
    return node["value"] if isinstance(node, dict) and "value" in node else node


def _reversed(waiting):
    items = []
    while len(waiting):
        items.append(waiting.pop())
    for item in [items[-1], *items[:-1]]:
        waiting.push(item)


def _refuse():
    raise Refused("not today")


def _lowest(service, one):
    number = next(free for free in range(1, 10_000) if free not in service._sockets)
    service._sockets[number] = one
    service._every.add(number, service._sockets)
    return number


def _all_of_it(tcp):
    tcp._lines.push(bytes(tcp._partial))
    tcp._partial.clear()


def _by_characters(instance, export, text):
    with instance._object(text.encode("utf-8"), 0) as pointer:
        return instance.number(export, pointer, len(text))


def _anything(original, instance, export, size, *arguments):
    try:
        return original(instance, export, size, *arguments)
    except BadReturn:
        return "{}"


def _until_a_trap(original, self, delta, text):
    for name, subscriber in tuple(self._subscribers.items()):
        subscriber.deliver(text)
        if name not in self._subscribers:
            return


def _shared(service, text):
    status.StatusService.status = text


for _env, _function in ENV.items():
    if _env in {"abort", "seed", "console.log"}:
        continue
    _done = {Result.STATUS: 0, Result.FLAG: 1, Result.NONE: None}.get(_function.result, 0)
    FAULTS[f"{_env} does nothing"] = answering(_env, _done)
    if _function.failure is not None:
        FAULTS[f"{_env} always fails"] = done_as_failure(_env)
    if _function.capability or _env == "sk_emit_binary_stream":
        FAULTS[f"{_env} asks for no capability"] = unguarded(_env)
