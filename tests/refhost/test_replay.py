"""Many deltas at once are as one by one: what plugins get, emit and log, how they fail, what the model holds."""

from __future__ import annotations

import ctypes
import json

import pytest
import wat
from hypothesis import given, settings
from hypothesis import strategies as st
from replayed import CONTEXT, NOW, assemblyscript, buffer, deliver, delta, outcome, same

import corpus
from refhost.dialects import pump as pump_module
from refhost.dialects.guard import Guard
from refhost.dialects.pump import Pump
from refhost.engine import WATCHDOG
from refhost.host import Host
from refhost.limits import Limits
from refhost.package import from_bytes, read_package


@pytest.fixture
def pumped(monkeypatch):
    """How many deltas the pump has delivered: a test that never meets it shows nothing."""
    counts = []
    run = Pump.run

    def counted(self, *args):
        try:
            return run(self, *args)
        finally:
            counts.append(self.delivered)

    monkeypatch.setattr(Pump, "run", counted)
    return counts


def _then(code):
    return f"(if (i32.eq (global.get $n) (i32.const 2)) (then {code}))"


_OWN = '{"updates": [{"values": [{"path": "plugins.p", "value": 1}]}]}'
HANDLERS = {
    "nothing": "",
    "trap": wat.TRAP,
    "loop": wat.LOOP,
    "deep": "(call $deep)",
    "emit": wat.emit(_OWN),
    "emit-v2": wat.emit(_OWN, 2),
    "emit-no-json": wat.emit("{"),
    "emit-no-delta": wat.emit("5"),
    "emit-twice": wat.emit(_OWN) + wat.emit(_OWN),
    "emit-and-trap": wat.emit(_OWN) + wat.TRAP,
    "debug": wat.call("sk_debug", wat.text("here")),
    "no-text": wat.call("sk_debug", "(i32.const -1) (i32.const 9)"),
    "status": wat.call("sk_set_status", wat.text("fine")),
    "error": wat.call("sk_set_error", wat.text("bad")),
    "notify": wat.call(
        "sk_publish_notification",
        wat.text("notifications.p"),
        wat.text('{"state":"warn","method":[],"message":"m"}'),
    ),
    # What it reads of the model goes into its memory, and into a record.
    "read": "(call $sk_debug (i32.const 1024) (call $sk_get_path "
    + wat.text(f"{CONTEXT}.navigation.speedOverGround")
    + " (i32.const 1024) (i32.const 4096)))",
    "clock": """
      (loop $look
        (drop (call $clock (i32.const 0) (i64.const 1) (i32.const 1024)))
        (global.set $looks (i32.add (global.get $looks) (i32.const 1)))
        (br_if $look (i32.lt_u (global.get $looks) (i32.const 3000))))""",
    "exit": "(call $proc_exit (i32.const 3))",
    "abort": "(call $abort (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 2))",
    "grow": "(drop (memory.grow (i32.const 1)))",
    "overwrite": "(memory.fill (local.get 0) (i32.const 7) (i32.const 600))",
}
ALLOCATORS = {
    "allocates-0": _then("(return (i32.const 0))"),
    "allocates-1": _then("(return (i32.const 1))"),
    "allocates-the-end": _then("(return (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 9)))"),
    "allocates-beyond": _then("(return (i32.const -8))"),
    "allocate-traps": _then(wat.TRAP),
    "allocate-loops": _then(wat.LOOP),
    "allocate-calls": _then(wat.call("sk_debug", wat.text("allocating"))),
}
FREEING = {
    "free-traps": "(if (call $three) (then (unreachable)))",
    "free-loops": f"(if (call $three) (then {wat.LOOP}))",
    "free-emits": f"(if (call $three) (then {wat.emit(_OWN)}))",
}
PLUGINS = {
    **{name: {"handler": code} for name, code in HANDLERS.items()},
    **{name: {"allocate": code} for name, code in ALLOCATORS.items()},
    **{name: {"deallocate": code} for name, code in FREEING.items()},
}

ORDINARY = [delta(number, f"a.b{number}") for number in range(8)]
STRANGE = {
    "no-source": {"context": CONTEXT, "updates": [{"timestamp": NOW, "values": [{"path": "a", "value": 1}]}]},
    "no-timestamp": {"context": CONTEXT, "updates": [{"$source": "s", "values": [{"path": "a", "value": 1}]}]},
    "no-context": {"updates": [{"values": [{"path": "a", "value": 1}]}]},
    "empty-context": delta(1, context=""),
    "self": delta(1, context="vessels.self"),
    "nearly-self": delta(1, context="vessels.selfish"),
    "text": json.dumps(delta(1)),
    "no-json": "{",
    "no-delta": {"updates": 5},
    "nothing": None,
    "empty": {"updates": []},
    "array": delta([1]),
    "tuple": delta((1,)),
    "null": delta(None),
    "null-within": delta({"a": {"b": None}}),
    "nan": delta(float("nan")),
    "infinite": delta({"a": float("inf")}),
    "null-in-text": delta('null [] {} " \\ \n end'),
    "zero": delta(-0.0),
    "small": delta(1e-300),
    "large": delta(1e300),
    "integer": delta(2**64 + 1),
    "huge-integer": delta(10**400),
    "true": delta(True),
    "empty-object": delta({}),
    "nested": delta({"a": [{"b": [[], {}, True, False, "]}", -1.5e-9]}], "": 0}),
    "deep": delta(json.loads('{"a":' * 150 + "1" + "}" * 150)),
    "deeper": delta(json.loads('{"a":' * 300 + "1" + "}" * 300)),
    "characters": delta("é ž € 漢 😀 \x00 \x7f \u2028", "påth.😀"),
    "surrogate": delta("\ud800"),
    "keys": delta({1: 2}),
    "source": delta(1, source={"label": "l", "type": "t"}),
    "unknown-key": delta(1, other=2),
    "more-in-delta": {**delta(1), "other": 1},
    "bad-source": delta(1, **{"$source": "no source!"}),
    "number-for-source": delta(1, **{"$source": 5}),
    "meta": delta(1, meta=[{"path": "a", "value": {"description": "d"}}]),
    "only-meta": {"updates": [{"meta": [{"path": "a", "value": {"description": "d", "units": "m"}}]}]},
    "no-entries": delta(1, values=[]),
    "value-first": delta(1, values=[{"value": 1, "path": "a"}]),
    "more-in-entry": delta(1, values=[{"path": "a", "value": 1, "x": 2}]),
    "no-value": delta(1, values=[{"path": "a"}]),
    "two-entries": delta(1, values=[{"path": "a", "value": 1}, {"path": "a", "value": "x"}]),
    "two-updates": {"context": CONTEXT, "updates": ORDINARY[0]["updates"] + ORDINARY[1]["updates"]},
    "bad-and-good": {"context": CONTEXT, "updates": [*ORDINARY[0]["updates"], 5]},
    "order": {"updates": ORDINARY[0]["updates"], "context": CONTEXT},
    "root": delta({"name": "x", "a": {"value": 5}}, ""),
    "special": delta(1, "a.value.x"),
    "long": delta("x" * 3000),
    "longer": delta("x" * 2_000_000),
    **{f"moment {text}": delta(1, timestamp=text) for text in (
        "2024-02-31T23:59:59.999Z", "2024-13-01T00:00:00.000Z", "2024-00-01T00:00:00.000Z", "2024-12-32T00:00:00.000Z",
        "2024-12-00T00:00:00.000Z", "2024-12-01T24:00:00.000Z", "2024-12-01T23:60:00.000Z", "2024-12-01T23:59:60.000Z",
        "2024-12-01T23:59:59Z", "2024-12-01T23:59:59.1Z", "2024-12-01T23:59:59.1234567Z", "2024-12-01t23:59:59.000Z",
        "", "\uff12024-12-01T23:59:59.00Z",
    )},
}  # fmt: skip


@pytest.mark.parametrize("dialect", [buffer, assemblyscript])
@pytest.mark.parametrize("name", PLUGINS)
def test_whatever_a_plugin_does_with_the_third(name, dialect, pumped):
    config = {"call_seconds": 0.05} if "loop" in name else {}
    seen = same(from_bytes(dialect(**PLUGINS[name]), name="p"), ORDINARY, limits=Limits(**config))
    assert sum(pumped) >= 1
    if name in ("trap", "loop", "exit", "abort", "deep", "free-traps", "allocates-0", "allocates-beyond"):
        assert seen["state"] == "crashed"


def _at(number, code):
    return f"(if (i32.eq (global.get $n) (i32.const {number})) (then {code}))"


def _odd(code, but=""):
    """At every other call: what it emits comes back between two deltas of the host's."""
    return f"(if (i32.and (global.get $n) (i32.const 1)) (then {code}) (else {but}))"


_PLAIN = (",", ":")
# The same deltas, spelled so that the host has to read them, so that the pump lets them through, and some of each.
OWN = {"updates": [{"values": [{"path": "plugins.p", "value": 1}]}]}
OTHER = {"context": CONTEXT, "updates": [{"$source": "me", "timestamp": NOW, "values": [
    {"path": "plugins.other", "value": {"a": 1.5, "b": "c", "d": None}}]}]}  # fmt: skip
_STRANGE = json.dumps({**OTHER, "updates": [{**OTHER["updates"][0], "values": [
    {"path": "plugins.other", "value": {"a": [1.50, "\u00e9", None]}}]}]})  # fmt: skip
SPELLED = {
    "spaced": (json.dumps(OWN), _STRANGE),
    "plain": (json.dumps(OWN, separators=_PLAIN), json.dumps(OTHER, separators=_PLAIN)),
    "mixed": (json.dumps(OWN, separators=_PLAIN), _STRANGE),
}


def emitting(spelled):
    """What comes of what a plugin emits, delta after delta."""
    own, other = SPELLED[spelled]
    once = wat.emit(own)
    return {
        "always": {"always": once},
        "odd": {"always": _odd(once)},
        "odd, twice": {"always": _odd(once + wat.emit(other))},
        "odd, not in the v1 model": {"always": _odd(wat.emit(other, 2))},
        "odd, of both versions": {"always": _odd(once + wat.emit(other, 2) + once)},
        "odd, refused in between": {"always": _odd(once + wat.emit("{") + wat.emit("5") + once)},
        "odd, refused behind": {"always": _at(1, once + wat.emit("{")) + _at(3, wat.emit(other))},
        "odd, half a character": {"always": _odd(wat.emit(own.replace("1", '"\\ud800"')) + once)},
        "trap at its own": {"always": _odd(once, _at(4, wat.TRAP))},
        "trap at its own, with more to come": {"always": _odd(once + wat.emit(other), _at(4, wat.TRAP))},
        "loop at its own": {"always": _odd(once, _at(4, wat.LOOP))},
        "no place for its own": {"always": _odd(once), "allocate": _at(3, "(return (i32.const 0))")},
        "debug before": {"always": _odd(wat.call("sk_debug", wat.text("here")) + once)},
        "debug behind": {"always": _odd(once + wat.call("sk_debug", wat.text("here")))},
        "debug in between": {"always": _odd(once + wat.call("sk_debug", wat.text("here")) + wat.emit(other))},
        "debug at its own": {"always": _odd(once + wat.emit(other), wat.call("sk_debug", wat.text("here")))},
        "debug at its own, and emit": {
            "always": _odd(once + wat.emit(other), _at(2, wat.call("sk_debug", wat.text("here")) + once))
        },
        "reads at its own": {"always": _odd(once + wat.emit(other), HANDLERS["read"])},
        "reads behind": {"always": _odd(once, "") + _at(5, HANDLERS["read"])},
        "registers": {
            "always": _odd(once + wat.call("sk_register_put_handler", wat.text("vessels.self"), wat.text("a.b")))
        },
        "notifies": {"always": _odd(once + HANDLERS["notify"] + once)},
        "looks at the clock": {"always": _odd(once), "handler": HANDLERS["clock"]},
        "exits": {"always": _odd(once), "handler": HANDLERS["exit"]},
        "while it allocates": {"allocate": _odd(once)},
        "while it frees": {"deallocate": _odd(once)},
        "while it allocates, and at once": {"allocate": _odd(once), "always": _odd(once)},
    }


EMITTING = list(emitting("plain"))
BOUNDS = {
    "none": {},
    "three": {"deltas_per_tick": 3},
    "bytes": {"delta_bytes_per_tick": 2 * len(_STRANGE)},
    "few bytes": {"delta_bytes_per_tick": len(SPELLED["plain"][0]) + len(SPELLED["plain"][1])},
    "kept": {"kept_deltas": 8},
}


# What is spelled otherwise is about the door, which is the same in both dialects: of those few are tried each day.
_TRIED = [
    pytest.param(
        spelled,
        bound,
        dialect,
        id=f"{spelled}-{bound}-{dialect.__name__}",
        marks=[] if dialect is buffer or spelled == "spaced" or bound == "three" else [pytest.mark.long],
    )
    for spelled in SPELLED
    for bound in BOUNDS
    for dialect in (buffer, assemblyscript)
]


@pytest.mark.parametrize(("spelled", "bound", "dialect"), _TRIED)
@pytest.mark.parametrize("name", EMITTING)
def test_what_is_emitted_comes_before_the_next(name, spelled, bound, dialect):
    limits = Limits(**{"call_seconds": 0.05 if "loop" in name else 10, "deltas_per_tick": 40, **BOUNDS[bound]})
    seen = same(from_bytes(dialect(**emitting(spelled)[name]), name="p"), ORDINARY, limits=limits)
    assert seen["emissions"]
    if "own" in name and "trap" in name:
        assert seen["state"] == "crashed"


@pytest.mark.parametrize("room", [1, 220, *(pytest.param(room, marks=pytest.mark.long) for room in (150, 400, 900))])
@pytest.mark.parametrize("spelled", SPELLED)
@pytest.mark.parametrize("name", EMITTING)
def test_what_the_pump_has_no_room_for_goes_over_the_bus(name, spelled, room, monkeypatch):
    """Neither for what is forwarded, nor for what is let through."""

    def small(method, part):
        def within(self, *args):
            with monkeypatch.context() as patch:
                patch.setattr(pump_module, "ROOM", room + part)
                return method(self, *args)

        return within

    monkeypatch.setattr(Pump, "forward", small(Pump.forward, 0))
    monkeypatch.setattr(Pump, "open", small(Pump.open, pump_module._LONGEST_CARRIED))
    limits = Limits(call_seconds=0.05 if "loop" in name else 10, deltas_per_tick=40)
    same(from_bytes(buffer(**emitting(spelled)[name]), name="p"), ORDINARY, limits=limits)


def test_emitting_does_not_end_a_batch(pumped):
    """It goes as far as without: what is emitted is forwarded."""
    seen = same(from_bytes(buffer(always=_odd(wat.emit(_OWN))), name="p"), ORDINARY * 100)
    assert len(seen["emissions"]) == len(ORDINARY) * 100
    assert max(pumped) == 400


@pytest.mark.parametrize("dialect", [buffer, assemblyscript])
@pytest.mark.parametrize("name", STRANGE)
def test_whatever_a_delta_is_like(name, dialect):
    package = from_bytes(dialect(), name="p")
    same(package, [*ORDINARY[:2], STRANGE[name], *ORDINARY[2:]])
    same(package, [STRANGE[name]])


def test_a_chunk_is_no_bound(pumped):
    same(from_bytes(buffer(HANDLERS["emit"]), name="p"), [delta(number) for number in range(600)] * 4)
    assert sum(pumped) >= 2400


def test_the_clock_moves_while_the_plugin_looks_at_it():
    """A timestamp that is missing is that of the moment in which the delta comes to the bus."""
    silent = {"updates": [{"values": [{"path": "a", "value": 1}]}]}
    seen = same(from_bytes(buffer(HANDLERS["clock"]), name="p"), [silent] * 6)
    assert '"timestamp": "2026-01-01T00:00:00.0' in seen["model"]
    assert '"timestamp": "2026-01-01T00:00:00.000Z"' not in seen["model"]


def test_the_model_is_what_it_was_when_the_delta_came():
    seen = same(from_bytes(buffer(HANDLERS["read"]), name="p"), [delta(n) for n in range(8)])
    assert any('"value":2' in line or line.endswith(": 2") for line in seen["log"]), seen["log"]


@pytest.mark.parametrize("name", ["hello-c", "hello-rust", "hello-assemblyscript", "twin-c", "twin-assemblyscript"])
def test_plugins_of_the_corpus(name):
    files = [file for file in sorted(corpus.DELTAS.glob("*.jsonl")) if file != corpus.INVALID]
    stream = [json.loads(line) for file in files for line in file.read_text("utf-8").split("\n") if line]
    seen = same(read_package(corpus.plugin(name)), stream)
    assert seen["emissions"]


@pytest.mark.parametrize(("dialect", "functions"), [(buffer, 3), (assemblyscript, 4)])
def test_at_each_tick_the_next_function_has_its_time_anew(dialect, functions, monkeypatch):
    """However long a batch takes: the limit is about each function of the plugin by itself."""
    told, renewed = [], []

    def tick(*_):
        told[0].value = 1

    def renew(_, more=0):
        renewed.append(more)
        tick()  # as if each function took as long

    monkeypatch.setattr(Guard, "renew", renew)
    monkeypatch.setattr(WATCHDOG, "tell", lambda place: (told.append(place), tick()))
    monkeypatch.setattr(WATCHDOG, "forget", lambda place: None)
    outcome(from_bytes(dialect(), name="p"), ORDINARY, at_once=True)
    assert renewed == [1] * functions * len(ORDINARY)


def test_the_watchdog_tells_of_ticks():
    place = ctypes.c_uint32(0)
    WATCHDOG.tell(place)
    looping = outcome(from_bytes(buffer(wat.LOOP), name="p"), ORDINARY, at_once=True, limits=Limits(call_seconds=0.05))
    WATCHDOG.forget(place)
    assert (looping["state"], place.value) == ("crashed", 1)


def test_two_plugins_and_somebody_who_looks_on():
    """Then it is one by one."""
    both = []
    for at_once in (False, True):
        texts = []
        with Host() as host:
            for name in ("p", "q"):
                host.load(from_bytes(buffer(HANDLERS["emit"]), name=name)).start()
            host.bus.watchers.append(lambda _, text, version, texts=texts: texts.append((text, version)))
            deliver(host, ORDINARY, at_once=at_once)
            both.append((texts, host.log, host.deltas))
    assert both[0] == both[1]


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_entries = st.fixed_dictionaries({"path": st.text(max_size=8) | st.just("a.b"), "value": _json})
_moments = (
    st.just(NOW) | st.datetimes().map(lambda when: f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond:03}Z") | st.text()
)
_updates = st.fixed_dictionaries(
    {},
    optional={
        "$source": st.text(max_size=4),
        "timestamp": _moments,
        "values": st.lists(_entries, max_size=3),
        "source": _json,
        "meta": _json,
    },
) | st.fixed_dictionaries({"$source": st.just("s"), "timestamp": _moments, "values": st.lists(_entries, min_size=1)})
_deltas = st.fixed_dictionaries(
    {"context": st.sampled_from([CONTEXT, "vessels.self", "", "v", 'q"\\'])}, optional={"updates": st.lists(_updates)}
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_deltas, max_size=6), st.sampled_from(["nothing", "emit", "read", "trap", "clock"]))
def test_any_deltas(deltas, name):
    same(from_bytes(buffer(HANDLERS[name]), name="p"), deltas)
    same(from_bytes(assemblyscript(HANDLERS[name]), name="p"), deltas)
