"""Mutants whose PUT handlers or HTTP endpoints are at fault."""

from __future__ import annotations

import json

from honest import ENDPOINTS, PUTS, SWITCH, SWITCHED, Honest, answer, asked_begins, asked_has, handler, write_out
from wat import LOOP, TRAP, call, text, when

from mutants.mutant import Mutant
from refhost.limits import Limits

_UNJUDGED = "no handler is left that could be judged"
_TOO_LONG = when("(i32.gt_u (local.get $length) (i32.const 8000))", "(return (local.get $length))")
# The suite's own list of values has none that begins so, and many of the values that Hypothesis makes do.
_TWO_TO_NINE = (
    "(i32.and (i32.ge_u (i32.load8_u (local.get $asked)) (i32.const 50))"
    " (i32.le_u (i32.load8_u (local.get $asked)) (i32.const 57)))"
)
_WRONG_TYPE = '(func (export "{}") (param i32 i32) (result i32) (i32.const 0))'


def _switch(*code: str) -> Honest:
    """Another PUT handler."""
    return Honest(exports=handler(SWITCH, *code))


def _answers(given: str | bytes) -> Honest:
    """Another answer to every PUT request."""
    return _switch(write_out(given))


def _registers(context: str, path: str) -> str:
    return call("sk_register_put_handler", text(context), text(path))


def lived_before(code: str) -> str:
    """Only in the first life."""
    return when("(i32.eqz (global.get $lives))", code)


PUT = {
    "PUT-001": Mutant(
        match=f"it registered a PUT handler for vessels.self plugins.wat.switch, and exports no {SWITCH}",
        plugin=Honest(exports={SWITCH: ""}),
        fatal=_UNJUDGED,
    ),
    "PUT-001 case": Mutant(
        match=f"and exports no {SWITCH}",
        plugin=Honest(exports={SWITCH: "", **handler(SWITCH.replace("switch", "Switch"), write_out(SWITCHED))}),
    ),
    "PUT-002": Mutant(
        match="has the type (i32, i32) -> i32; in the buffer dialect it is (i32, i32, i32, i32) -> i32",
        plugin=Honest(exports={SWITCH: _WRONG_TYPE.format(SWITCH)}),
    ),
    "PUT-003": Mutant(
        match=f"{SWITCH} trapped",
        plugin=_switch(when(asked_begins("["), TRAP), write_out(SWITCHED)),
    ),
    "PUT-003 searched": Mutant(
        match=f"{SWITCH} trapped", plugin=_switch(when(_TWO_TO_NINE, TRAP), write_out(SWITCHED))
    ),
    "PUT-003 hang": Mutant(
        match=f"{SWITCH} did not return",
        plugin=_switch(when(asked_begins("["), LOOP), write_out(SWITCHED)),
        limits=Limits(call_seconds=0.2),
    ),
    "PUT-004": Mutant(
        match="returned the length 10002; the buffer that it was offered has 8192 bytes",
        plugin=_switch(_TOO_LONG, write_out(SWITCHED)),
    ),
    "PUT-004 encoding": Mutant(
        match="wrote what is not UTF-8", plugin=_switch(when(asked_begins("["), answer(b"\xff")), write_out(SWITCHED))
    ),
    "PUT-005": Mutant(match="the state is 'DONE'", plugin=_answers('{"state":"DONE","statusCode":200}')),
    "PUT-005 text": Mutant(match="its answer is not JSON", plugin=_answers("OK")),
    "PUT-005 array": Mutant(match="its answer is no JSON object", plugin=_answers("[200]")),
    "PUT-006": Mutant(match="the statusCode is '200'", plugin=_answers('{"state":"COMPLETED","statusCode":"200"}')),
    "PUT-006 missing": Mutant(match="it has no statusCode", plugin=_answers('{"state":"COMPLETED"}')),
    "PUT-006 range": Mutant(match="the statusCode is 0", plugin=_answers('{"state":"COMPLETED","statusCode":0}')),
    "PUT-007": Mutant(
        match="the statusCode is 400, and there is no message",
        plugin=_answers('{"state":"COMPLETED","statusCode":400}'),
    ),
    "PUT-007 number": Mutant(
        match="the message is no text", plugin=_answers('{"state":"COMPLETED","statusCode":200,"message":5}')
    ),
    "PUT-008": Mutant(
        match=f"it exports {SWITCH}_2, and registered no path for it",
        plugin=Honest(exports=handler(f"{SWITCH}_2", write_out(SWITCHED))),
    ),
    "PUT-009": Mutant(
        match="it did not register PUT vessels.self plugins.wat.switch any more",
        plugin=Honest(puts=lived_before(PUTS)),
    ),
    "PUT-010": Mutant(
        match="sk_register_put_handler was refused: a PUT handler needs a context and a path",
        plugin=Honest(puts=PUTS + _registers("vessels.self", "")),
    ),
    "PUT-010 pattern": Mutant(
        match="it registered the path 'plugins.wat.*'",
        plugin=Honest(puts=PUTS + _registers("vessels.self", "plugins.wat.*")),
    ),
    "PUT-011": Mutant(
        match="it registered PUT vessels.self plugins.wat.later only after start had returned",
        plugin=Honest(poll=_registers("vessels.self", "plugins.wat.later")),
    ),
    "PUT-012": Mutant(match='accepted each of null, true, 0, "", [], {}', plugin=_answers(SWITCHED)),
}


def _endpoint(method: str, path: str, name: str = "get_status") -> dict[str, str]:
    return {"method": method, "path": path, "handler": name}


def _lists(*rows: object, first: bool = False) -> Honest:
    """More rows, behind or before its own."""
    own = json.loads(ENDPOINTS)
    return Honest(endpoints=json.dumps([*rows, *own] if first else [*own, *rows]))


def _item(*code: str) -> Honest:
    """Another handler of `GET /api/items/:id`."""
    return Honest(exports=handler("get_item", *code))


def _sends(given: str | bytes) -> Honest:
    return _item(write_out(given))


_OK = '{"statusCode":200,"body":"ok"}'
_TEXT_BODY = when(asked_has('"body":"'), TRAP) + write_out(_OK)
_QUOTED = asked_has('a \\"quoted\\" word')
_MARKUP = asked_has("</script><b>")
_PAGE = '{"headers":{"Content-Type":"text/html"},"body":"<p>No </script><b></p>"}'
_REPEATED = r'{"headers":{"X-Id":"two\r\n"},"body":"ok"}'
_BY_ACCIDENT = '{"statusCode":404,"body":"no item a "quoted" word"}'

HTTP = {
    "HTTP-001": Mutant(match="http_endpoints[3] has no handler", plugin=_lists({"method": "GET", "path": "/api/more"})),
    "HTTP-001 text": Mutant(match="http_endpoints returns no JSON", plugin=Honest(endpoints="GET /api/status")),
    "HTTP-001 object": Mutant(match="http_endpoints returns no array", plugin=Honest(endpoints='{"endpoints":[]}')),
    "HTTP-001 row": Mutant(match="http_endpoints[3] is no object", plugin=_lists("/api/more")),
    "HTTP-002": Mutant(match="has the method 'PATCH'", plugin=_lists(_endpoint("PATCH", "/api/more"))),
    "HTTP-002 relative": Mutant(match="has the path 'api/more'", plugin=_lists(_endpoint("GET", "api/more"))),
    "HTTP-002 out": Mutant(match="has the path '/../more'", plugin=_lists(_endpoint("GET", "/../more"))),
    "HTTP-002 query": Mutant(match="has the path '/more?all=1'", plugin=_lists(_endpoint("GET", "/more?all=1"))),
    "HTTP-003": Mutant(
        match="GET /api/more names the handler get_stat, which is not exported",
        plugin=_lists(_endpoint("GET", "/api/more", "get_stat")),
    ),
    "HTTP-004": Mutant(
        match="get_item has the type (i32, i32) -> i32; in the buffer dialect",
        plugin=Honest(exports={"get_item": _WRONG_TYPE.format("get_item")}),
    ),
    "HTTP-005": Mutant(
        match="GET /api/status is never asked: /api/:what comes first",
        plugin=_lists(_endpoint("GET", "/api/:what"), first=True),
    ),
    "HTTP-005 twice": Mutant(
        match="GET /api/status is never asked: /api/status comes first", plugin=_lists(_endpoint("GET", "/api/status"))
    ),
    "HTTP-005 own": Mutant(
        match="POST /config is answered by the host itself", plugin=_lists(_endpoint("POST", "/config"))
    ),
    "HTTP-006": Mutant(
        match="post_item trapped",
        plugin=Honest(exports=handler("post_item", when(asked_has('"body":null'), TRAP), write_out(_OK))),
    ),
    "HTTP-006 awkward": Mutant(
        match="get_item trapped", plugin=_item(when(asked_has('"id":"__proto__"'), TRAP), write_out(_OK))
    ),
    "HTTP-006 searched": Mutant(
        match=" trapped: ",
        plugin=Honest(exports={**handler("get_item", _TEXT_BODY), **handler("get_status", _TEXT_BODY)}),
    ),
    "HTTP-007": Mutant(match="its answer is not JSON", plugin=_sends("ok")),
    "HTTP-007 array": Mutant(match="its answer is no JSON object", plugin=_sends("[]")),
    "HTTP-007 length": Mutant(match="returned the length 70000", plugin=_item("(i32.const 70000)")),
    "HTTP-008": Mutant(match="the statusCode is 999", plugin=_sends('{"statusCode":999,"body":""}')),
    "HTTP-008 text": Mutant(match="the statusCode is '404'", plugin=_sends('{"statusCode":"404","body":""}')),
    "HTTP-009": Mutant(
        match="the header X-A is 'a\\r\\nSet-Cookie: b'",
        plugin=_sends(r'{"headers":{"X-A":"a\r\nSet-Cookie: b"},"body":""}'),
    ),
    "HTTP-009 asked": Mutant(
        match=r"the header X-Id is 'two\r\n', no text on one line",
        plugin=_item(when(asked_has('"id":"two\\nlines'), answer(_REPEATED)), write_out(_OK)),
    ),
    "HTTP-009 name": Mutant(match="'X A' is no name", plugin=_sends('{"headers":{"X A":"a"},"body":""}')),
    "HTTP-009 list": Mutant(match="headers is no object", plugin=_sends('{"headers":["X-A: a"],"body":""}')),
    "HTTP-010": Mutant(
        match="its Content-Type is JSON, and its body is not",
        plugin=_sends('{"headers":{"content-type":"application/json; charset=utf-8"},"body":"ok"}'),
    ),
    "HTTP-011": Mutant(match="it answered with statusCode 500", plugin=_sends('{"statusCode":500,"body":"no item"}')),
    "HTTP-012": Mutant(
        match="get_item: its answer is not JSON", plugin=_item(when(_QUOTED, answer(_BY_ACCIDENT)), write_out(_OK))
    ),
    "HTTP-012 page": Mutant(
        match="its HTML holds the markup that the request brought",
        plugin=_item(when(_MARKUP, answer(_PAGE)), write_out(_OK)),
    ),
    "HTTP-013": Mutant(match="it has no body", plugin=_sends('{"statusCode":200}')),
}

MUTANTS = {**PUT, **HTTP}
