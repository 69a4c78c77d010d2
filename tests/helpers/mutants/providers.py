"""Mutants that provide resources, weather or a radar badly; and whose streams or notifications are at fault."""

from __future__ import annotations

from honest import NAME, answer, asked_has, handler, string_out, write_out
from offering import (
    ALARM,
    CLEAR,
    LISTED,
    NEEDS_ID,
    NEEDS_OBJECT,
    RAISE,
    RAISED,
    Offering,
    deleting,
    getting,
    setting,
)
from wat import TRAP, call, text, when

from mutants.handlers import lived_before
from mutants.mutant import Mutant

_QUOTED = asked_has('a \\"quoted\\" word')
_LIST, _GET = "resources_list_resources", "resources_get_resource"


def _handles(export: str, *code: str) -> Offering:
    return Offering(exports=handler(export, *code))


def _without(export: str) -> Offering:
    return Offering(exports={export: ""})


_BREAKS_LATER = setting(needs=NEEDS_ID + NEEDS_OBJECT + when(_QUOTED, "(global.set $flag (i32.const 1))"))
_WORDS = '"description":"a \\"quoted\\" word"'
_BREAKS_LATER_BY_WORDS = setting(
    needs=when(asked_has('"id":"a'), answer("There is no such id"))
    + NEEDS_ID
    + NEEDS_OBJECT
    + when(asked_has(_WORDS), "(global.set $flag (i32.const 1))")
)
_BROKEN_LIST = when("(global.get $flag)", answer('{"a "quoted" word":{}}'))

RES = {
    "RES-001": Mutant(
        match="it registered as provider of waypoints, and exports no resources_list_resources",
        plugin=_without(_LIST),
        fatal="whatever needs the list cannot be judged",
    ),
    "RES-002": Mutant(match="and exports no resources_delete_resource", plugin=_without("resources_delete_resource")),
    "RES-003": Mutant(match="its answer is no object by id", plugin=_handles(_LIST, write_out("[]"))),
    "RES-003 values": Mutant(match="the resource 'a' is no object", plugin=_handles(_LIST, write_out('{"a":"b"}'))),
    "RES-004": Mutant(match="its answer is no JSON object", plugin=Offering(exports=getting(missing=answer("null")))),
    "RES-004 text": Mutant(
        match="its answer is not JSON", plugin=Offering(exports=getting(missing=answer("not found")))
    ),
    "RES-005": Mutant(
        match=f"{_GET} trapped", plugin=_handles(_GET, when(asked_has('"id":""'), TRAP), write_out("{}"))
    ),
    "RES-005 searched": Mutant(
        match="resources_delete_resource trapped",
        plugin=_handles("resources_delete_resource", TRAP),
    ),
    "RES-006": Mutant(
        match=f"{_GET}: its answer is not JSON",
        plugin=Offering(exports=getting(missing=when(_QUOTED, answer('{"error":"no a "quoted""}')) + answer("{}"))),
    ),
    "RES-006 part": Mutant(
        match=f"{_GET}: its answer is not JSON",
        plugin=Offering(exports=getting(missing=when(asked_has('"property":"name"'), answer("none")) + answer("{}"))),
    ),
    "RES-006 length": Mutant(
        match="returned the length 70000",
        plugin=_handles(_LIST, when(_QUOTED, "(return (i32.const 70000))"), LISTED),
    ),
    "RES-007": Mutant(
        match="waypoints: what was set is not what get answers; it differs at description",
        plugin=Offering(exports=getting(found=answer('{"name":"Suite"}'))),
    ),
    "RES-007 list": Mutant(match="what was set is not in the list", plugin=_handles(_LIST, write_out("{}"))),
    "RES-008": Mutant(
        match="waypoints: what was deleted is still there", plugin=Offering(exports=deleting(delete="(nop)"))
    ),
    "RES-009": Mutant(
        match="resources_set_resource set the resource, and answered 'OK'",
        plugin=Offering(exports=setting(result=write_out("OK"))),
    ),
    "RES-009 delete": Mutant(
        match="resources_delete_resource deleted the resource, and answered '{}'",
        plugin=Offering(exports=deleting(result=write_out("{}"))),
    ),
    "RES-010": Mutant(match="it had lost what was set: waypoints", plugin=Offering(exports=setting(keep="(nop)"))),
    "RES-011": Mutant(
        match="took null as one of the waypoints, and answered no error",
        plugin=Offering(exports=setting(needs=NEEDS_ID)),
    ),
    "RES-012": Mutant(
        match="it did not register resource waypoints any more",
        plugin=Offering(resource=lived_before(Offering.resource)),
    ),
    "RES-013": Mutant(
        match="once a resource with an awkward id or text was set, resources_list_resources: its answer is not JSON",
        plugin=Offering(exports={**_BREAKS_LATER, **handler(_LIST, _BROKEN_LIST, LISTED)}),
    ),
    "RES-013 description": Mutant(
        match="once a resource with an awkward id or text was set, resources_list_resources: its answer is not JSON",
        plugin=Offering(exports={**_BREAKS_LATER_BY_WORDS, **handler(_LIST, _BROKEN_LIST, LISTED)}),
    ),
    "RES-013 length": Mutant(
        match="resources_set_resource returned the length -1",
        plugin=Offering(exports=setting(needs=when(_QUOTED, "(return (i32.const -1))") + NEEDS_ID + NEEDS_OBJECT)),
    ),
}

_OBSERVATIONS = "weather_get_observations"
_HOURLY = when(asked_has('"type":"hourly"'), TRAP) + write_out("[]")
WX = {
    "WX-001": Mutant(
        match="it registered as weather provider, and exports no weather_get_warnings",
        plugin=_without("weather_get_warnings"),
    ),
    "WX-002": Mutant(match="its answer is no JSON array", plugin=_handles(_OBSERVATIONS, write_out('{"outside":{}}'))),
    "WX-002 pole": Mutant(
        match="its answer is not JSON",
        plugin=_handles(_OBSERVATIONS, when(asked_has('"latitude":90'), answer("no data")), write_out("[]")),
    ),
    "WX-003": Mutant(
        match=f"{_OBSERVATIONS} trapped",
        plugin=_handles(_OBSERVATIONS, when(asked_has('"position":null'), TRAP), write_out("[]")),
    ),
    "WX-003 searched": Mutant(
        match=" trapped: ",
        plugin=Offering(exports={**handler(_OBSERVATIONS, _HOURLY), **handler("weather_get_forecasts", _HOURLY)}),
    ),
    "WX-004": Mutant(
        match="entry 0 of its answer has the date 'today'",
        plugin=_handles(_OBSERVATIONS, write_out('[{"date":"today"}]')),
    ),
    "WX-004 number": Mutant(
        match="entry 0 of its answer is no object", plugin=_handles(_OBSERVATIONS, write_out("[280.15]"))
    ),
    "WX-005": Mutant(
        match="it did not register weather WAT weather any more",
        plugin=Offering(weather=lived_before(Offering.weather)),
    ),
}


def _radars(given: str) -> Offering:
    return Offering(exports={"radar_get_radars": string_out("radar_get_radars", write_out(given))})


_INFO, _POWER = "radar_get_radar_info", "radar_set_power"
RADARS = {
    "RADAR-001": Mutant(match=f"it registered as radar provider, and exports no {_INFO}", plugin=_without(_INFO)),
    "RADAR-002": Mutant(match="'wat.1' is no id of a radar", plugin=_radars('["wat-1","wat.1"]')),
    "RADAR-002 object": Mutant(match="its answer is no JSON array", plugin=_radars('{"wat-1":{}}')),
    "RADAR-002 twice": Mutant(match="an id is in it twice", plugin=_radars('["wat-1","wat-1"]')),
    "RADAR-003": Mutant(match=f"{_INFO}: its answer is not JSON", plugin=_handles(_INFO, write_out("none"))),
    "RADAR-003 null": Mutant(match=f"{_INFO}: its answer is no JSON object", plugin=_handles(_INFO, write_out("null"))),
    "RADAR-003 text": Mutant(
        match=f"{_POWER}: its answer is not true, false or an object", plugin=_handles(_POWER, write_out('"done"'))
    ),
    "RADAR-004": Mutant(
        match=f"{_INFO} trapped", plugin=_handles(_INFO, when(asked_has('"radarId":""'), TRAP), write_out("{}"))
    ),
    "RADAR-004 searched": Mutant(
        match=f"{_INFO} trapped",
        plugin=_handles(_INFO, when(asked_has('"radarId":"wat-1",'), TRAP), write_out("{}")),
    ),
    "RADAR-005": Mutant(match="it emits spokes of the radar wat-1, and lists wat-2", plugin=_radars('["wat-2"]')),
    "RADAR-006": Mutant(
        match="it did not register radar WAT radars any more", plugin=Offering(radar=lived_before(Offering.radar))
    ),
}


def _streams(name: str, data: str = text("bytes")) -> str:
    return call("sk_emit_binary_stream", text(name), data)


_OWN = f"plugins/{NAME}/raw"
_MUCH = (
    f"(loop $more {_streams(_OWN, '(i32.const 0) (i32.const 200000)')}"
    " (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $more (i32.lt_u (local.get $i) (i32.const 30))))"
)
STREAM = {
    "STREAM-001": Mutant(
        match="sk_emit_binary_stream was refused: a stream is radars/{id} or",
        plugin=Offering(stream=_streams("plugins/another/raw")),
    ),
    "STREAM-001 radar": Mutant(
        match="sk_radar_emit_spokes was refused: the plugin has not registered as a radar provider",
        plugin=Offering(radar=""),
    ),
    "STREAM-002": Mutant(
        match=f"it emitted nothing, 0 bytes, on the stream {_OWN}",
        plugin=Offering(stream=_streams(_OWN, "(i32.const 5) (i32.const 0)")),
    ),
    "STREAM-002 flood": Mutant(match="bytes a second on its streams", plugin=Offering(stream=_MUCH)),
}


def _alarm(before: str, after: str) -> Offering:
    return Offering(alarm=call("sk_publish_notification", text(ALARM), text(RAISED.replace(before, after))))


NOTE = {
    "NOTE-001": Mutant(match='has the method "beep"', plugin=_alarm('["visual"]', '["visual","beep"]')),
    "NOTE-002": Mutant(match=f"it was stopped, and left {ALARM} with the state alert", plugin=Offering(clear="")),
    "NOTE-002 other path": Mutant(
        match=f"left {ALARM} with the state alert",
        plugin=Offering(clear=CLEAR.replace(text(ALARM), text(f"{ALARM}.a"))),
    ),
    "NOTE-003": Mutant(match=f"it emitted {ALARM} 6 times in a row", plugin=Offering(poll=RAISE)),
    "NOTE-004": Mutant(match="has the state alert, and its message is empty", plugin=_alarm("The anchor drags", " ")),
}

MUTANTS = {**RES, **WX, **RADARS, **STREAM, **NOTE}
