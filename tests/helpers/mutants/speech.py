"""Mutants that say something wrong: in their status and log, or in the deltas that they emit."""

from __future__ import annotations

from honest import DELTAS, Honest, value
from wat import call, emit, text

from mutants.mutant import Mutant


def _emits(*deltas: str | bytes) -> Honest:
    return Honest(deltas=(*DELTAS, *deltas))


def _update(more: str) -> str:
    return f'{{"updates":[{{"values":[{{"path":"plugins.wat.a","value":1}}],{more}}}]}}'


_FAR = "(i32.const 0x7fffff00) (i32.const 16)"
_TIMES = 1100
_CHATTER = (
    f"(loop $more {call('sk_debug', text('chatter'))} (local.set $i (i32.add (local.get $i) (i32.const 1)))"
    f" (br_if $more (i32.lt_u (local.get $i) (i32.const {_TIMES}))))"
)
_NOTIFICATION = text("notifications.wat.a")

STATUS = {
    "STATUS-001": Mutant(match="neither a status nor an error is set", plugin=Honest(status="")),
    "STATUS-002": Mutant(match="sk_debug was refused: 16 bytes at", plugin=Honest(end=call("sk_debug", _FAR))),
    "STATUS-002 encoding": Mutant(
        match="sk_set_status was refused: the text is not UTF-8",
        plugin=Honest(end=call("sk_set_status", text(b"\xff\xfe"))),
    ),
    "STATUS-003": Mutant(
        match="a status of 300 characters", plugin=Honest(status=call("sk_set_status", text("s" * 300)))
    ),
    "STATUS-003 UTF-16": Mutant(
        match=r"of the status 'R\x00u\x00n\x00n\x00i\x00n\x00g': it is in UTF-16, where UTF-8 belongs",
        plugin=Honest(status=call("sk_set_status", text("\0".join("Running")))),
    ),
    "STATUS-003 lines": Mutant(
        match="control characters in the status",
        plugin=Honest(status=call("sk_set_status", text("one\ntwo"))),
    ),
    "STATUS-004": Mutant(match="records in twenty seconds", plugin=Honest(end=_CHATTER)),
    "STATUS-005": Mutant(
        match="start returned 0, and yet the error 'No fix' is set",
        plugin=Honest(status=call("sk_set_error", text("No fix"))),
    ),
}

DELTA = {
    "DELTA-001": Mutant(match="it is not JSON: Expecting", plugin=_emits('{"updates":')),
    "DELTA-001 null": Mutant(match="it is null, not a delta", plugin=_emits("null")),
    "DELTA-001 UTF-16": Mutant(
        match="it is in UTF-16, where UTF-8 belongs", plugin=_emits("\0".join('{"updates":[]}'))
    ),
    "DELTA-001 mark": Mutant(match="byte order mark", plugin=_emits("\ufeff" + DELTAS[0])),  # type: ignore[operator]
    "DELTA-001 surrogate": Mutant(match="half of a surrogate pair", plugin=_emits(value("plugins.wat.a", r'"\ud800"'))),
    "DELTA-001 deep": Mutant(
        match="nests deeper than 200", plugin=_emits(value("plugins.wat.a", '{"d":' * 250 + "0" + "}" * 250))
    ),
    "DELTA-002": Mutant(match="updates: is missing", plugin=_emits('{"values":[]}')),
    "DELTA-002 array": Mutant(match="a delta is an object, not an array", plugin=_emits("[]")),
    "DELTA-002 value": Mutant(
        match="updates[0].values[0].value: is missing",
        plugin=_emits('{"updates":[{"values":[{"path":"a.b"}]}]}'),
    ),
    "DELTA-003": Mutant(match="never an array", plugin=_emits(value("plugins.wat.a", "[1,2]"))),
    "DELTA-004": Mutant(match="NaN or infinite", plugin=_emits(value("plugins.wat.a", "NaN"))),
    "DELTA-004 infinite": Mutant(match="NaN or infinite", plugin=_emits(value("plugins.wat.a", '{"deep":-Infinity}'))),
    "DELTA-004 out of range": Mutant(match="NaN or infinite", plugin=_emits(value("plugins.wat.a", "1" + "0" * 400))),
    "DELTA-005": Mutant(match="not 'yesterday'", plugin=_emits(_update('"timestamp":"yesterday"'))),
    "DELTA-005 local": Mutant(
        match="is a UTC time", plugin=_emits(_update('"timestamp":"2026-01-01T02:00:00.000+02:00"'))
    ),
    "DELTA-006": Mutant(match="updates[0].colour: is no key of an update", plugin=_emits(_update('"colour":"red"'))),
    "DELTA-006 meta": Mutant(
        match="description: is missing",
        plugin=_emits('{"updates":[{"meta":[{"path":"plugins.wat.a","value":{"units":"m"}}]}]}'),
    ),
    "DELTA-007": Mutant(match="it claims the $source 'gps.1'", plugin=_emits(_update('"$source":"gps.1"'))),
    "DELTA-007 after": Mutant(match="it claims the $source 'zone.1'", plugin=_emits(_update('"$source":"zone.1"'))),
    "DELTA-007 object": Mutant(match="it names a source", plugin=_emits(_update('"source":{"label":"gps"}'))),
    "NOTE-001 second": Mutant(
        match='has the method "beep"',
        plugin=_emits(
            value("notifications.wat.a", "null"),
            value("notifications.wat.b", '{"state":"normal","method":["beep"],"message":"Beep"}'),
        ),
    ),
    "DELTA-008": Mutant(
        match="the context 'my boat' is none",
        plugin=_emits('{"context":"my boat","updates":[{"values":[]}]}'),
    ),
    "DELTA-009": Mutant(match="the path 'plugins..a' is not", plugin=_emits(value("plugins..a", "1"))),
    "DELTA-010": Mutant(match="the empty path has a number, not an object", plugin=_emits(value("", "1"))),
    "DELTA-011": Mutant(
        match="notifications.wat.a has the state 'loud'; there are nominal, normal, alert, ",
        plugin=_emits(value("notifications.wat.a", '{"state":"loud","method":[],"message":"!"}')),
    ),
    "DELTA-011 no state": Mutant(
        match="notifications.wat.a has no state; there are",
        plugin=_emits(value("notifications.wat.a", '{"method":[],"message":"!"}')),
    ),
    "DELTA-011 text": Mutant(
        match="notifications.wat.a is no object with state, method and message",
        plugin=_emits(value("notifications.wat.a", '"alarm"')),
    ),
    "DELTA-011 method": Mutant(
        match="needs a method (a list)",
        plugin=_emits(value("notifications.wat.a", '{"state":"alarm","method":"sound","message":"!"}')),
    ),
    "DELTA-011 published": Mutant(
        match="sk_publish_notification was refused: a notification needs a message",
        plugin=Honest(end=call("sk_publish_notification", _NOTIFICATION, text('{"state":"alarm","method":[]}'))),
    ),
    "DELTA-011 only published": Mutant(
        match="sk_publish_notification was refused: the path of a notification",
        plugin=Honest(deltas=(), delta="(return)", end=call("sk_publish_notification", text("alarms.a"), text("null"))),
    ),
    "DELTA-012": Mutant(
        match="sk_handle_message was refused: 16 bytes at",
        plugin=Honest(end=call("sk_handle_message", _FAR, "(i32.const 1)")),
    ),
    "DELTA-012 encoding": Mutant(match="the text is not UTF-8", plugin=_emits(b'{"updates":"\xff"}')),
    "DELTA-012 notification": Mutant(
        match="sk_publish_notification was refused: 16 bytes at",
        plugin=Honest(end=call("sk_publish_notification", _NOTIFICATION, _FAR)),
    ),
    "DELTA-013": Mutant(match="with the version 3", plugin=Honest(end=emit(DELTAS[0], version=3))),
}

MUTANTS = {**STATUS, **DELTA}
