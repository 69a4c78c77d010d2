"""Fetches in the middle of a call: left, answered, entered again; and every way to get that wrong (§18)."""

from __future__ import annotations

import re

import pytest
from fetching import (
    ASYNCIFY,
    BODY,
    CLASS_ID,
    END,
    FRAME,
    PAIRS,
    ROWS,
    SAY_RESPONSE,
    URL,
    array,
    binary,
    body,
    const,
    delta_handler,
    fetches,
    get,
    get_later,
    handler,
    headers,
    init,
    poll,
    post,
    post_later,
    response_handler,
)
from wat import LOOP, TRAP, call, string, text

from refhost.binary import read_core
from refhost.errors import (
    BadReturn,
    FetchProtocolError,
    LinkError,
    PluginAbort,
    PluginTimeout,
    PluginTrap,
)
from refhost.limits import Limits
from refhost.plugin import State

PAGE = 65536


@pytest.fixture
def load(host, package, everything):
    """Load a module into `host`, with every capability."""
    return lambda module: host.load(package(module, everything))


@pytest.fixture
def start(host, load):
    """The same, with `ok` as the answer to everything, and start it."""

    def start(code: str = "", **parts):
        host.respond("*", "ok")
        plugin = load(binary(code, **parts))
        plugin.start({})
        return plugin

    return start


def words(plugin) -> list[str]:
    return [record.text for record in plugin.log if record.kind == "debug"]


def word_at(plugin, address: int) -> int:
    return plugin.instance.memory.read_u32(address)


# -- a call goes on where it was left


def test_the_answer_is_there_when_the_call_goes_on(start, host):
    plugin = start(fetches(get()))
    assert plugin.state is State.RUNNING, plugin.why()
    assert words(plugin) == ["ok"]
    assert [(r.method, r.url, r.status, r.plugin) for r in host.requests] == [("GET", URL, 200, plugin.id)]


def test_it_is_a_new_array_buffer(start):
    assert word_at(start(fetches(get())), CLASS_ID) == 1


def test_several_fetches_in_one_call(host, load):
    host.respond("*/1", "one")
    host.respond("*/2", "two", method="POST")
    plugin = load(binary(fetches(get("x/1"), post("x/2"), get("x/1"))))
    assert plugin.start({}) is State.RUNNING
    assert words(plugin) == ["one", "two", "one"]
    assert [r.method for r in host.requests] == ["GET", "POST", "GET"]


def test_the_result_of_the_resumed_call_counts(start):
    plugin = start(fetches(get(), result=const(5)))
    assert plugin.state is State.ERROR
    assert plugin.status_code == 5


def test_the_arguments_are_the_same_in_every_pass_and_pinned_as_long(start):
    compared = (
        f"(if (global.get $step) (then (if (i32.ne (local.get $config) (i32.load {const(3000)})) (then {TRAP}))"
        f"(if (i32.ne (local.get $length) (i32.load {const(3004)})) (then {TRAP}))))"
        f"(i32.store {const(3000)} (local.get $config)) (i32.store {const(3004)} (local.get $length))"
    )
    pinned = call("sk_debug", text("pinned"))
    pins = {
        "__pin": f'(func (export "__pin") (param i32) (result i32) {pinned} (local.get 0))',
        "__unpin": f'(func (export "__unpin") (param i32) {call("sk_debug", text("unpinned"))})',
    }
    plugin = start(f"{compared} {fetches(get(), get())}", exports=pins)
    assert plugin.state is State.RUNNING, plugin.why()
    assert words(plugin) == ["pinned", "ok", "ok", "unpinned"]
    assert word_at(plugin, 3004) == len('{"enableDebug":false}')


def test_asyncify_is_given_the_place_that_the_plugin_named(start):
    kept = {
        name: code.replace("(global.set", f"(i32.store {const(3000)} (local.get 0)) (global.set")
        for name, code in ASYNCIFY.items()
        if "start" in name
    }
    plugin = start(f"{init()} {fetches(get())}", exports=kept)
    assert word_at(plugin, 3000) == FRAME
    assert (word_at(plugin, FRAME), word_at(plugin, FRAME + 4)) == (FRAME + 8, END)


@pytest.mark.parametrize("frame", [(-1, 100), (32, 40), (32, 16), (4 * PAGE - 4, 4 * PAGE + 8), (64, -1)])
def test_a_place_that_is_none_is_refused(frame, start):
    plugin = start(f"{init(*frame)} {fetches(get())}")
    assert [r.function for r in plugin.log if r.kind == "refused"] == ["_initAsyncify"]
    assert words(plugin) == ["ok"]


def test_a_request_is_read_as_as_fetch_lays_it_out(start, host):
    laid_out, pairs = headers(("Accept", "text/plain"), ("X-Ä", ""))
    filled, content = body(b"\0\xff\x01")
    plugin = start(f"{laid_out} {filled} {fetches(post('http://ä.example/€', content, pairs), get(mode=3))}")
    assert plugin.state is State.RUNNING, plugin.why()
    posted, got = host.requests
    assert posted.url == "http://ä.example/€"
    assert posted.headers == (("Accept", "text/plain"), ("X-Ä", ""))
    assert (posted.body, posted.mode, got.body, got.headers, got.mode) == (
        b"\0\xff\x01",
        "cors",
        b"",
        (),
        "same-origin",
    )


def test_a_null_list_of_headers_and_a_null_body_are_none(start, host):
    start(fetches(post()))
    assert (host.requests[0].headers, host.requests[0].body) == ((), b"")


@pytest.mark.parametrize("size", [0, 1, 100_000, 5_000_000])
def test_an_answer_of_any_size(size, host, load):
    host.respond("*", b"x" * size)
    length = "(i32.load (i32.sub (global.get $answer) (i32.const 4)))"
    plugin = load(binary(fetches(get(), then=f"(i32.store {const(3000)} {length})")))
    assert plugin.start({}) is State.RUNNING
    assert word_at(plugin, 3000) == size


def test_in_poll_and_delta_handler(host, start):
    plugin = start(
        exports={
            **poll(fetches(get("x/poll"))),
            **delta_handler(fetches(get("x/delta"), result="")),
        },
        code=const(0),
    )
    host.publish("a.b", 1)
    host.advance(2)
    assert [r.url for r in host.requests] == ["x/delta", "x/poll", "x/poll"]
    assert words(plugin) == ["ok"] * 3
    assert plugin.fault is None


@pytest.mark.parametrize("value", [0, 4])
def test_poll_returns_what_the_resumed_call_returns(value, host, start):
    plugin = start(exports=poll(fetches(get(), result=const(value))), code=const(0))
    host.advance(1)
    assert [r.text for r in plugin.log if r.kind == "fault"] == ([f"poll returned {value}"] if value else [])


def test_in_put_handlers_providers_and_endpoints(host, start):
    register = f"(drop (call $sk_register_put_handler {text('vessels.self')} {text('a.b')}))"
    register += f"(drop (call $sk_register_resource_provider {text('routes')}))"
    answered = fetches(get(), result=string('{"state":"COMPLETED","statusCode":200}'))
    listed = fetches(get(), result=string('{"r1":{}}'))
    plugin = start(
        f"{register} {const(0)}",
        exports={
            **handler("handle_put_vessels_self_a_b", answered),
            **handler("resources_list_resources", listed),
            **handler("api", fetches(get(), result=string("{}")), http=True),
        },
    )
    assert plugin.state is State.RUNNING, plugin.why()
    assert host.put("a.b", 1).status_code == 200
    assert host.resources("routes").list() == {"r1": {}}
    assert plugin.ask_http("api", '{"method":"GET"}', 1000) == "{}"
    assert words(plugin) == ["ok"] * 3


def test_a_failed_request_is_an_empty_answer_and_a_record_with_the_url(load, host):
    plugin = load(binary(fetches(get())))
    assert plugin.start({}) is State.RUNNING
    assert words(plugin) == [""]
    (record,) = [r for r in plugin.log if r.kind == "warning"]
    assert record.text == f"GET {URL} failed: no answer is programmed for it, and the host has no network"
    assert host.requests[0].status == 0


@pytest.mark.parametrize(
    "asked", [f"(global.set $answer {get()})", f"(global.set $answer {post()})", get_later(1), post_later(1, const(0))]
)
def test_it_is_refused_while_metadata_is_read(host, load, asked):
    host.respond("*", "ok")
    plugin = load(binary(const(0), name=f"{init()} {asked}", exports={"responseHandler": response_handler()}))
    function = re.search(r"_fetch\w+", asked)[0]
    assert "R19" in next(r.text for r in plugin.log if r.kind == "refused" and r.function == function)
    assert host.requests == []
    assert plugin.name == "Fetcher"
    assert plugin.start({}) is State.RUNNING


def test_nothing_is_fetched_after_the_plugin_stopped(host, start):
    start(const(0), exports=poll(fetches(get()))).stop()
    host.advance(10)
    assert host.requests == []


def test_a_crash_in_the_middle_of_a_fetch_leaves_a_plugin_that_restarts(host, start):
    broken = fetches(get(), then=TRAP)
    plugin = start(const(0), exports=poll(broken))
    host.advance(1)
    assert plugin.state is State.CRASHED
    assert isinstance(plugin.fault, PluginTrap)
    host.advance(1)
    assert plugin.state is State.RUNNING


# -- answers that nobody waits for


def test_a_later_answer_comes_when_the_call_is_over(host, load):
    host.respond("*", "later", status=404)
    said = call("sk_debug", text("returned"))
    filled, content = body(b"sent")
    code = f"{filled} {get_later(7)} {post_later(8, content)} {said} {const(0)}"
    plugin = load(binary(code, exports={"responseHandler": response_handler()}))
    assert plugin.start({}) is State.RUNNING, plugin.why()
    assert words(plugin) == ["returned", "later", "later"]
    assert [word_at(plugin, CLASS_ID + at) for at in (0, 8, 12, 16)] == [1, 404, 0, 8]
    assert [(r.method, r.mode, r.body) for r in host.requests] == [("GET", "no-cors", b""), ("POST", "cors", b"sent")]


def test_a_later_answer_needs_no_asyncify(load, host):
    none = dict.fromkeys(ASYNCIFY, "")
    plugin = load(binary(f"{get_later(7)} {const(0)}", exports={**none, "responseHandler": response_handler()}))
    assert plugin.start({}) is State.RUNNING, plugin.why()
    assert (word_at(plugin, CLASS_ID + 8), words(plugin)) == (0, [""])


def test_the_handler_of_a_later_answer_may_wait_for_another(start):
    handled = SAY_RESPONSE + fetches(get(), result="")
    plugin = start(f"{get_later(7)} {const(0)}", exports={"responseHandler": response_handler(handled)})
    assert plugin.state is State.RUNNING, plugin.why()
    assert words(plugin)[-1] == "ok"


def test_answers_that_ask_again_without_end_are_bounded(start, host):
    plugin = start(f"{get_later(7)} {const(0)}", exports={"responseHandler": response_handler(get_later(7))})
    assert plugin.fault.message == "responseHandler made more than 100 requests in one call (§19)"
    assert len(host.requests) == 100


# -- rules that it breaks

ONE = fetches(get())
NEVER = f"(if (i32.eqz (global.get $count)) (then (drop {get()})))"
NEVER_BACK = f"(if (i32.eq (global.get $state) {const(2)}) (then (return {const(0)}))) {ONE}"


START_TO_LIE = f"(global.set $count {const(1)})"


def _asyncify(name: str, code: str) -> dict[str, str]:
    """One of Asyncify's exports that does something else, once the plugin has started to lie."""
    head, honest, rest = ASYNCIFY[name].rpartition("(global.")
    return {name: f"{head} (if (global.get $count) (then {code} (return))) {honest}{rest}"}


def _state(value: str) -> dict[str, str]:
    """The state that is told then."""
    return _asyncify("asyncify_get_state", value)


BROKEN = {
    "unknown state": (ONE, _state(const(7)), "asyncify_get_state answered 7"),
    "negative state": (ONE, _state(const(-1)), "asyncify_get_state answered -1"),
    "always normal": (ONE, _state(const(0)), "after asyncify_start_unwind the state is normal"),
    "always unwinding": (ONE, _state(const(1)), "while it unwound or rewound by itself"),
    "always rewinding": (ONE, _state(const(2)), "while it unwound or rewound by itself"),
    "does not unwind": (ONE, _asyncify("asyncify_start_unwind", ""), "after asyncify_start_unwind the state is normal"),
    "does not stop to unwind": (
        ONE,
        _asyncify("asyncify_stop_unwind", ""),
        "after asyncify_stop_unwind the state is unwi",
    ),
    "does not rewind": (ONE, _asyncify("asyncify_start_rewind", ""), "after asyncify_start_rewind the state is normal"),
    "does not stop to rewind": (
        ONE,
        _asyncify("asyncify_stop_rewind", ""),
        "after asyncify_stop_rewind the state is rew",
    ),
    "unwinds unasked": (
        f"{NEVER} (global.set $state {const(1)}) {const(0)}",
        {},
        "returned in the state unwinding, and it waits for no fetch",
    ),
    "rewinds unasked": (
        f"{NEVER} (global.set $state {const(2)}) {const(0)}",
        {},
        "returned in the state rewinding, and it waits for no fetch",
    ),
    "stops to unwind by itself": (
        f"(global.set $answer {get()}) (global.set $state {const(0)}) {const(0)}",
        {},
        "returned in the state normal, in the middle of a fetch",
    ),
    "never comes back": (NEVER_BACK, {}, "was rewound, and returned without coming back to _fetchGETSync"),
    "comes back elsewhere": (
        f"(if (i32.eq (global.get $state) {const(2)}) (then (drop {post()}))) {ONE}",
        {},
        "was rewound for _fetchGETSync, and came to _fetchPOSTSync",
    ),
    "comes back as another kind": (
        f"(if (i32.eq (global.get $state) {const(2)}) (then {get_later(1)})) {ONE}",
        {"responseHandler": response_handler("")},
        "called _fetchGET when it was to unwind or rewind for another fetch",
    ),
    "comes back without rewinding": (
        f"(if (i32.eq (global.get $state) {const(2)}) (then (global.set $state {const(0)}))) {ONE}",
        {},
        "came back to _fetchGETSync without being rewound",
    ),
    "goes on instead of unwinding": (
        f"(drop {get()}) (drop {get()}) {const(0)}",
        {},
        "called _fetchGETSync when it was to unwind or rewind for another fetch",
    ),
    "names another place meanwhile": (
        f"(drop {get()}) (call $_initAsyncify {const(FRAME)} {const(END)}) {const(0)}",
        {},
        "called _initAsyncify when it was to unwind or rewind for another fetch",
    ),
    "fetches to tell its state": (
        ONE,
        _state(get()),
        "asyncify_get_state called _fetchGETSync",
    ),
    "fetches to unwind": (
        ONE,
        _asyncify("asyncify_start_unwind", f"(drop {get()})"),
        "asyncify_start_unwind called _fetchGETSync",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_breaks_the_rules_is_an_error_that_says_how(case, start):
    code, exports, message = BROKEN[case]
    plugin = start(f"{START_TO_LIE} {code}", exports=exports)
    assert plugin.state is State.ERROR
    assert type(plugin.fault) is FetchProtocolError
    assert message in plugin.fault.message
    assert plugin.fault.function == "plugin_start"
    assert plugin.start({}) is State.ERROR  # and the host goes on


@pytest.mark.parametrize("case", BROKEN)
def test_while_it_runs_that_is_a_crash_like_any_other(case, host, start):
    code, exports, message = BROKEN[case]
    plugin = start(const(0), exports={**exports, **poll(f"{START_TO_LIE} {code}")})
    host.advance(1)
    assert plugin.state is State.CRASHED
    assert message in plugin.fault.message


@pytest.mark.parametrize("name", [n for n in ASYNCIFY if n != "asyncify_get_state"])
def test_asyncify_that_traps_is_a_trap_of_the_call(name, start):
    plugin = start(f"{START_TO_LIE} {ONE}", exports=_asyncify(name, TRAP))
    assert isinstance(plugin.fault, PluginTrap)
    assert plugin.fault.trap == "unreachable"
    assert plugin.fault.function == "plugin_start"


@pytest.mark.parametrize("name", ASYNCIFY)
def test_asyncify_that_does_not_end_is_ended(name, make_host, package, everything):
    host = make_host(limits=Limits(call_seconds=0.05))
    hangs = f"{LOOP} {const(0)}" if name == "asyncify_get_state" else LOOP
    module = binary(f"{START_TO_LIE} {ONE}", exports=_asyncify(name, hangs))
    plugin = host.load(package(module, everything))
    plugin.start({})
    assert isinstance(plugin.fault, PluginTimeout)


def test_asyncify_that_aborts_is_an_abort_of_the_call(start):
    aborts = call("abort", string("no"), string("f.ts"), const(1), const(2))
    plugin = start(f"{START_TO_LIE} {ONE}", exports=_asyncify("asyncify_start_unwind", aborts))
    assert isinstance(plugin.fault, PluginAbort)
    assert plugin.fault.message == "plugin_start aborted: 'no' (in 'f.ts', line 1, column 2)"


def test_a_stack_that_is_too_small_is_named(start):
    full = f"(if (i32.eq (global.get $state) {const(1)}) (then {TRAP}))"
    plugin = start(f"{init()} (global.set $answer {get()}) {full} {const(0)}")
    assert isinstance(plugin.fault, PluginTrap)
    assert "trapped while it was unwound or rewound for _fetchGETSync" in plugin.fault.message
    assert f"at {FRAME:#x}" in plugin.fault.hint


def test_one_deadline_is_for_all_passes(make_host, package, everything):
    host = make_host(limits=Limits(call_seconds=0.1))
    host.respond("*", "ok")
    plugin = host.load(package(binary(fetches(get(), then=LOOP)), everything))
    plugin.start({})
    assert isinstance(plugin.fault, PluginTimeout)
    assert plugin.fault.function == "plugin_start"


@pytest.mark.parametrize("returned", [0, -4, 4 * PAGE - 1])
def test_an_answer_for_which_there_is_no_room(returned, start):
    broken = f'(func (export "__new") (param i32 i32) (result i32) (select (i32.const {returned}) (i32.const 4096)'
    plugin = start(ONE, exports={"__new": f"{broken} (i32.eq (local.get 1) (i32.const 1))))"})
    assert isinstance(plugin.fault, BadReturn)
    assert plugin.fault.function == "__new"


# -- arguments that cannot be read


def _row(*texts: str) -> tuple[str, str]:
    return headers(texts)


BAD = {
    "null url": ("", get(pointer=const(0)), "url at 0x0: it is null"),
    "url before memory": ("", get(pointer=const(2)), "url at 0x2: "),
    "url past the end": ("", get(pointer=const(4 * PAGE + 2)), "not within the memory"),
    "url at -1": ("", get(pointer=const(-1)), "url at 0xffffffff: "),
    "url without end": (
        f"(i32.store {const(BODY - 4)} {const(-2)})",
        get(pointer=const(BODY)),
        "not within the memory",
    ),
    "odd url": (
        f"(i32.store {const(BODY - 4)} {const(3)})",
        get(pointer=const(BODY)),
        "a UTF-16 string cannot have 3 bytes",
    ),
    "half a character": ("", get(pointer=string(b"\x00\xd8")), "utf-16"),
    "long url": ("", get("x" * 1000), "URL and headers have more than the limit of 1000 bytes"),
    "headers past the end": ("", get(headers=const(4 * PAGE - 4)), "headers at 0x3fffc: "),
    "elements past the end": (
        f"(i32.store {const(ROWS + 4)} {const(-16)}) (i32.store {const(ROWS + 12)} {const(9)})",
        get(headers=const(ROWS)),
        "not within the memory",
    ),
    "a million headers": (
        f"(i32.store {const(ROWS + 12)} {const(1_000_000)})",
        get(headers=const(ROWS)),
        "an array of 1000000 elements is more than",
    ),
    "null header": (array(const(0))[0], get(headers=const(ROWS)), "it is null"),
    "header of one part": (_row("a")[0], get(headers=const(ROWS)), "this one has 1 parts"),
    "header of three parts": (_row("a", "b", "c")[0], get(headers=const(ROWS)), "this one has 3 parts"),
    "null name": (
        array(const(PAIRS))[0] + array(const(0), string("x"), at=PAIRS)[0],
        get(headers=const(ROWS)),
        "it is null",
    ),
    "long header": (_row("a", "x" * 500)[0], get(headers=const(ROWS)), "URL and headers have more than the limit"),
    "many empty headers": (
        array(*[const(PAIRS)] * 31)[0] + array(string(""), string(""), at=PAIRS)[0],
        get(headers=const(ROWS)),
        "URL and headers have more than the limit",
    ),
    "body past the end": ("", post(body=const(4 * PAGE + 8)), "body at 0x40008: "),
    "body without end": (
        f"(i32.store {const(BODY - 4)} {const(-1)})",
        post(body=const(BODY)),
        "not within the memory",
    ),
    "long body": (
        f"(i32.store {const(BODY - 4)} {const(2001)})",
        post(body=const(BODY)),
        "body have more than the limit of 2000 bytes",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_ends_the_call(case, make_host, package, everything):
    prepare, asked, message = BAD[case]
    host = make_host(limits=Limits(fetch_head_bytes=1000, message_bytes=2000))
    host.respond("*", "ok")
    plugin = host.load(package(binary(f"{prepare} {fetches(asked)}"), everything))
    assert plugin.start({}) is State.ERROR
    assert type(plugin.fault) is FetchProtocolError
    assert message in plugin.fault.message
    assert plugin.fault.message.startswith("plugin_start called _fetch")
    assert host.requests == []


def test_requests_of_one_call_are_counted(make_host, package, everything):
    host = make_host(limits=Limits(fetches_per_call=3))
    host.respond("*", "ok")
    plugin = host.load(package(binary(fetches(*[get()] * 3), exports=poll(fetches(*[get()] * 4))), everything))
    assert plugin.start({}) is State.RUNNING
    host.advance(1)
    assert plugin.state is State.CRASHED
    assert plugin.fault.message == "poll made more than 3 requests in one call (§19)"
    assert len(host.requests) == 6


def test_an_answer_over_the_limit_is_a_failed_request(make_host, package, everything):
    host = make_host(limits=Limits(message_bytes=1000))
    host.respond("*", "x" * 1001)
    plugin = host.load(package(binary(fetches(get())), everything))
    assert plugin.start({}) is State.RUNNING
    assert words(plugin) == [""]
    assert "has 1001 bytes; the limit is 1000" in next(r.text for r in plugin.log if r.kind == "warning")


# -- before it runs


def test_without_the_capability_it_is_not_linked(host, package):
    with pytest.raises(LinkError, match=r"as-fetch\._fetchGETSync: the plugin lacks network capability") as caught:
        host.load(package(binary(ONE)))
    assert 'Declare "network": true' in str(caught.value)
    assert "(§7)" in str(caught.value)


def problems(module: bytes) -> dict[str, str]:
    return {problem.name: f"{problem.message}. {problem.hint}" for problem in read_core(module).problems()}


def test_what_is_right_has_no_problems():
    assert problems(binary(ONE)) == {}


@pytest.mark.parametrize("name", [*ASYNCIFY, "__new"])
def test_a_missing_export_is_named_with_its_remedy(name):
    found = problems(binary(ONE, exports={name: ""}))
    assert list(found) == [name]
    assert ("--exportRuntime" if name == "__new" else "as-fetch/transform") in found[name]


def test_a_missing_response_handler_is_named_with_its_remedy():
    found = problems(binary(f"{get_later(1)} {const(0)}"))
    assert list(found) == ["responseHandler"]
    assert "export { responseHandler }" in found["responseHandler"]


def test_an_export_of_another_type_is_named_with_both():
    wrong = '(func (export "asyncify_start_unwind"))'
    found = problems(binary(ONE, exports={"asyncify_start_unwind": wrong}))
    assert "its type is (); as-fetch needs asyncify_start_unwind (i32)" in found["asyncify_start_unwind"]


def test_an_import_of_another_type_is_named_with_both():
    found = problems(binary(f"(call $_initAsyncify {const(1)}) {const(0)}", types={"_initAsyncify": "i32"}))
    assert "it is declared as (i32); the host's is (i32, i32)" in found["as-fetch._initAsyncify"]


@pytest.mark.parametrize(("name", "hint"), [("_fetchPUTSync", "Did you mean _fetch"), ("xyz", "It has _initAsyncify")])
def test_an_unknown_import_is_named_with_those_that_there_are(name, hint):
    found = problems(binary(f"(call ${name}) {const(0)}", types={name: ""}))
    assert f"as-fetch has no function {name} ()" in found[f"as-fetch.{name}"]
    assert hint in found[f"as-fetch.{name}"]
