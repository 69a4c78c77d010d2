"""The driver protocol, version 1: THE table of its methods, events and error codes.

A host implementer writes a program, the driver, that reads requests from its standard input and writes replies and
events to its standard output: JSON in UTF-8, one object a line. Standard error is free.

    request  {"id": 3, "method": "start", "params": {"plugin": "x", "config_text": "{}"}}
    event    {"event": "status", "plugin": "x", "text": "Running"}
    reply    {"id": 3, "result": {"plugin": "x", "state": "running"}}
    or       {"id": 3, "error": {"code": "not_found", "message": "no plugin x is loaded"}}

One request is under way at a time. What a request causes is told before its reply; events without a cause may come at
any time. Deltas and other JSON cross as text, in members that end in `_text`, so that order, doubles and forms of
numbers stay as they are; bytes cross as base64, in members that end in `_b64`. The schemas in `schemas/` are made from
this table by `conformance.drivers.schemas`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.drivers.features import FEATURES
from conformance.drivers.shapes import BASE64, data, list_of, map_of, members, number, one_of, or_null, text, truth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.drivers.shapes import Shape

VERSION = 1

STATES = ("stopped", "starting", "running", "error", "crashed")
FAULTS = ("", "trap", "abort", "exit", "timeout", "return", "denied")

CODES: Mapping[str, str] = {
    "unsupported": "the host lacks the feature that the request needs",
    "not_found": "no plugin of that id, nothing of that name",
    "validate": "the binary, the package or the delta is not in order",
    "link": "an import or export does not fit",
    "trap": "a call into the plugin trapped, aborted, exited or returned what cannot be read",
    "status": "the plugin refused, or is in a state in which it cannot be asked",
    "denied": "the plugin lacks the capability",
    "bad_json": "the request, or the JSON that it carries, cannot be read",
    "timeout": "a call into the plugin did not return in time",
    "host": "the host failed",
}


@dataclass(frozen=True)
class Method:
    """One request of the protocol.

    Attributes:
        meaning: what the host does.
        params: its members.
        result: those of the reply.
        feature: of `FEATURES` that the host must have for it; "" for what every host has.
        carries: the member of the driver interface that it carries, such as `Session.start`; "" for those of the
            protocol itself.
    """

    meaning: str
    params: Mapping[str, Shape]
    result: Mapping[str, Shape]
    feature: str = ""
    carries: str = ""


@dataclass(frozen=True)
class Event:
    """One thing that a host tells of itself; attributes as in `Method`."""

    meaning: str
    members: Mapping[str, Shape]
    feature: str = ""
    carries: str = ""


_PLUGIN = {"plugin": text("the plugin's id")}
_STANDING: Mapping[str, Shape] = {
    **_PLUGIN,
    "state": one_of("one of contract §9", *STATES),
    "fault?": one_of("how the first bad call since its last start ended, kept when the host restarts it", *FAULTS),
    "why?": text("why it is not running, or was not"),
    "status_code?": {"type": ["integer", "string"], "description": "what its last start or stop returned"},
}
_LOADED: Mapping[str, Shape] = {
    **_STANDING,
    "name": text("what it calls itself"),
    "schema_text": text("its schema, as it gave it"),
}
_PACKAGE: Mapping[str, Shape] = {
    "folder": text("a folder with the package as it would be installed: package.json, the binary, public/"),
    "wasm": text("the path of the binary in it"),
    "manifest_text": text("package.json; {} for a bare binary"),
    "id": text('the id that follows from the package\'s name; "" for a bare binary, which gives its own'),
    "origin": text("what the user calls it, for messages"),
    "capabilities": map_of("what it holds, defaults filled in", {"type": ["boolean", "string"]}),
}
_HEADERS = map_of("of HTTP", {"type": "string"})
_PROVIDER: Mapping[str, Shape] = {
    "name": text("the type of resources; or the name of the provider"),
    "op": text("what is asked for: see HostSession.provide"),
    "arguments_text": text("a JSON object"),
}
_PROVIDED: Mapping[str, Shape] = {
    "value_text": text('the answer, as JSON; "" where it is not about a value'),
    "error?": text("why the request failed"),
}
_PAIR = {**list_of("", number("")), "minItems": 2, "maxItems": 2}
_SOCKET = members({"number": number("its id"), "kind": one_of("", "udp", "tcp"), "port": number("0 for none")})

METHODS: Mapping[str, Method] = {
    # The protocol itself.
    "hello": Method(
        "Say who you are. The first request, and answered before anything slow begins.",
        {
            "protocol": number("the version that the suite speaks"),
            "seed": number("of all that plugins see as random"),
        },
        {
            "protocol": number("the version that the driver speaks"),
            "host": text("a short name, such as signalk-server"),
            "version": text("of the host"),
            "features": list_of("what the host can do", {"enum": list(FEATURES)}),
        },
        carries="Driver.features",
    ),
    "reset": Method(
        "Go on with a fresh host: no plugins, no files, an empty model. Without it each host is a process.",
        {},
        {},
        feature="reset",
        carries="Driver.host",
    ),
    "limits": Method(
        "Bound every call into a plugin. It comes before everything else that is asked of a host, but for directory.",
        {"call_seconds": {"type": "number", "exclusiveMinimum": 0, "description": "real time that it may take"}},
        {},
        feature="limits",
        carries="Driver.host",
    ),
    "directory": Method(
        "Keep plugins' files and configurations in this directory. It comes before everything else, but for limits.",
        {"path": text("the server's configuration directory, which is there")},
        {},
        feature="directory",
        carries="KeepsFiles.on_disk",
    ),
    "barrier": Method("Reply once everything has been told that happened before.", {}, {}),
    "shutdown": Method("Stop all plugins, reply, and end. So does the end of standard input, without a reply.", {}, {}),
    # A plugin's life (contract §9).
    "load": Method(
        "Load a plugin, without starting it.",
        _PACKAGE,
        _LOADED,
        carries="HostSession.load",
    ),
    "boot": Method(
        "Boot with these plugins: those that are enabled start, in the order of contract §6.",
        {
            "plugins": list_of(
                "what is installed",
                members(
                    {**_PACKAGE, "config_text": text("what is saved as its configuration"), "enabled": truth("saved")}
                ),
            ),
        },
        {"plugins": list_of("in the order of the request", members(_LOADED))},
        feature="boot",
        carries="HostSession.boot",
    ),
    "unload": Method("Stop it if it runs, and free it; its files stay.", _PLUGIN, {}, carries="Session.unload"),
    "start": Method(
        "Save this configuration, and start it; a plugin that runs stays as it is. Reply when the start has ended.",
        {**_PLUGIN, "config_text": text("a JSON object; the plugin gets it with enableDebug added")},
        _STANDING,
        carries="Session.start",
    ),
    "start_with": Method(
        "Start it with any text in the place of its configuration, saved nowhere.",
        {**_PLUGIN, "text": text("what the plugin gets")},
        _STANDING,
        feature="any-start",
        carries="Session.start_with",
    ),
    "stop": Method("Stop it. Reply when it has ended.", _PLUGIN, _STANDING, carries="Session.stop"),
    "state": Method("How does it stand?", _PLUGIN, _STANDING, carries="Session.state"),
    "hot_reload": Method(
        "Reload it while it runs.", _PLUGIN, _LOADED, feature="hot-reload", carries="Session.hot_reload"
    ),
    # Deltas, time, the model.
    "inject": Method(
        "Put a delta in by the host's own door. Reply when it has been delivered; an error validate or bad_json "
        "when it was refused.",
        {"delta_text": text("the delta, as it is: it need not be one")},
        {},
        carries="HostSession.inject",
    ),
    "advance": Method(
        "Let virtual time pass: polls and restarts come at their moments.",
        {"seconds": {"type": "number", "minimum": 0}},
        {},
        feature="virtual-clock",
        carries="HostSession.advance",
    ),
    "read": Method(
        "Read the full model as a client does.",
        {"path": text("such as vessels.self.navigation.speedOverGround")},
        {"value_text": or_null(text("JSON; null where nothing is"))},
        feature="model",
        carries="HostSession.read",
    ),
    # What clients ask.
    "put": Method(
        "A client's PUT request (contract §13).",
        {"context": text("such as vessels.self"), "path": text("of the value"), "value_text": text("JSON")},
        {"state": text("COMPLETED or PENDING"), "status_code": number("as in HTTP"), "message": text("or nothing")},
        feature="put",
        carries="Session.put",
    ),
    "http": Method(
        "A client's request to the host's HTTP API (contract §14).",
        {"method": text("such as GET"), "path": text("with its query"), "headers": _HEADERS, "body_b64": data("")},
        {"status": number("of HTTP"), "headers": _HEADERS, "body_b64": data("")},
        feature="http",
        carries="HostSession.request",
    ),
    "resource": Method("Ask for resources (contract §15).", _PROVIDER, _PROVIDED, "resources", "HostSession.provide"),
    "weather": Method("Ask for weather (contract §15).", _PROVIDER, _PROVIDED, "weather", "HostSession.provide"),
    "radar": Method("Ask for radars (contract §15).", _PROVIDER, _PROVIDED, "radar", "HostSession.provide"),
    # Its handlers, directly.
    "endpoints": Method(
        "What does http_endpoints return?",
        _PLUGIN,
        {"text": or_null(text("as it is; null where it exports none"))},
        feature="handlers",
        carries="Session.endpoints_text",
    ),
    "exports": Method(
        "Does it export a handler of this name?",
        {**_PLUGIN, "export": text("the handler")},
        {"found": truth("whether it does")},
        feature="handlers",
        carries="Session.exports",
    ),
    "ask": Method(
        "Call a handler. A call that ends badly is a crash, and its answer is empty.",
        {**_PLUGIN, "export": text("the handler"), "request": text("what it gets"), "room": number("bytes", 0)},
        {"answer": text("as it is")},
        feature="handlers",
        carries="Session.ask",
    ),
    # What the host has of it.
    "configuration": Method(
        "What is saved as its configuration?",
        _PLUGIN,
        {"config_text": text("a JSON object")},
        feature="configuration",
        carries="Session.configuration",
    ),
    "registered": Method(
        "What has it registered?",
        _PLUGIN,
        {"registered": list_of("such as `PUT vessels.self a.b`, `resource routes`", {"type": "string"})},
        feature="registrations",
        carries="Session.registered",
    ),
    "files": Method(
        "Its files.",
        _PLUGIN,
        {"files_b64": map_of("by path below its root", BASE64)},
        feature="files",
        carries="Session.files",
    ),
    "write_file": Method(
        "Put a file into its tree, from the host's side.",
        {**_PLUGIN, "path": text("below its root"), "data_b64": data("what it holds")},
        {},
        feature="files",
        carries="Session.write_file",
    ),
    "empty_tmp": Method("Empty its tmp/.", _PLUGIN, {}, feature="files", carries="Session.empty_tmp"),
    "fail_writes": Method(
        "From here on every change of its files fails.",
        {**_PLUGIN, "error": text("such as ENOSPC")},
        {},
        feature="file-faults",
        carries="Session.fail_writes",
    ),
    "memory": Method(
        "How much linear memory has it?",
        _PLUGIN,
        {"bytes": number("0 where that cannot be seen", 0)},
        feature="memory",
        carries="Session.memory_bytes",
    ),
    "strings_out": Method(
        "Ask for each text of it with a small buffer.",
        {**_PLUGIN, "size": number("of the buffer", 0)},
        {"found": map_of("by export: what it returned, and how many bytes beyond it wrote", _PAIR)},
        feature="memory",
        carries="Session.strings_out",
    ),
    "allocations": Method(
        "Allocate blocks of these sizes, all in use at once.",
        {**_PLUGIN, "sizes": list_of("in bytes", number("", 0))},
        {"wrong": list_of("what is wrong with them, in words", {"type": "string"})},
        feature="memory",
        carries="Session.allocations",
    ),
    # The world around it (contract §17, §18).
    "respond": Method(
        "Answer plugins' HTTP requests to this URL from here on; the latest answer that fits counts.",
        {"url": text("in which * stands for anything"), "status": number("0: it fails", 0), "body_b64": data("")},
        {},
        feature="fetch",
        carries="Session.respond",
    ),
    "sockets": Method(
        "Which sockets has it open?",
        _PLUGIN,
        {"sockets": list_of("", _SOCKET)},
        feature="sockets",
        carries="Session.open_sockets",
    ),
    "send_datagram": Method(
        "Send a datagram to a UDP port of the host, from elsewhere.",
        {"port": number("", 1), "data_b64": data("")},
        {},
        feature="sockets",
        carries="Session.send_datagram",
    ),
    "answer_connections": Method(
        "From here on somebody takes every TCP connection of plugins, wherever it goes.",
        {},
        {},
        feature="sockets",
        carries="Session.answer_connections",
    ),
    "connections": Method(
        "How many TCP connections were taken?",
        {},
        {"count": number("", 0)},
        feature="sockets",
        carries="Session.connections",
    ),
    "send_to_connections": Method(
        "Send to every open TCP connection.",
        {"chunks_b64": list_of("each arrives as it is", BASE64)},
        {},
        feature="sockets",
        carries="Session.send_to_connections",
    ),
    "close_connections": Method(
        "Close every TCP connection, from the other end.",
        {},
        {},
        feature="sockets",
        carries="Session.close_connections",
    ),
    "fail_sockets": Method(
        "From here on sockets fail.",
        {"at": one_of("no network; every port is taken; all is well", "create", "bind", "")},
        {},
        feature="socket-faults",
        carries="Session.fail_sockets",
    ),
}

_VERSION = number("1, or 2 for an event that does not enter the v1 model", 1)

EVENTS: Mapping[str, Event] = {
    "log": Event(
        "A line of the host's log.",
        {
            "plugin": text('whom it is about; "" for the host itself'),
            "kind": text("debug, console, stdout, stderr, denied, refused, fault, state, warning …"),
            "function": text('the host function or export concerned; "" for none'),
            "text": text("what it says; a plugin's words as they are"),
        },
        carries="Session.log",
    ),
    "status": Event("It has a new status.", {**_PLUGIN, "text": text("the status")}, carries="Session.status"),
    "error": Event("It has a new error.", {**_PLUGIN, "text": text("the error")}, carries="Session.error"),
    "claim": Event(
        "It gave something to be emitted as a delta.",
        {**_PLUGIN, "text": text("as it was"), "version": number("as it was named")},
        feature="claims",
        carries="Session.claims",
    ),
    "delta": Event(
        "A client of the host's stream sees a delta.",
        {
            "plugin": text('who emitted it; "" where it came from elsewhere'),
            "text": text("as the client gets it"),
            "version": _VERSION,
        },
        carries="HostSession.deltas",
    ),
    "stream": Event(
        "A plugin emitted on a binary stream.",
        {"stream": text("its id"), "data_b64": data("")},
        feature="streams",
        carries="Session.streams",
    ),
    "fetch": Event(
        "A plugin made an HTTP request.",
        {"method": text("such as GET"), "url": text(""), "status": number("0 for no answer", 0)},
        feature="fetch",
        carries="Session.requests",
    ),
    "file": Event(
        "It did something with a file, or tried.",
        {**_PLUGIN, "name": text("such as open"), "path": text(""), "error": text('an errno; "" for none')},
        feature="file-operations",
        carries="Session.file_operations",
    ),
}
