"""Calls into modules and out of them go as wasmtime-py's own do, only faster."""

import gc
import weakref

import pytest
import wasmtime
from passing import WHOLE, passing
from wat import compiled

from refhost.dialects.crossing import Exports, export_of, exported, imported, instantiated
from refhost.engine import engine

TYPES = ["i32", "i64", "f32", "f64"]


@pytest.fixture
def store():
    with_deadline = wasmtime.Store(engine())
    with_deadline.set_epoch_deadline(10_000)
    yield with_deadline
    with_deadline.close()


def instance(store, *fields, hosts=()):
    module = wasmtime.Module(engine(), compiled(f"(module {' '.join(fields)})"))
    return wasmtime.Instance(store, module, list(hosts)).exports(store)


def both(store, function, signature):
    """The same export, called by wasmtime-py and by us."""
    ours = exported(function, signature)
    return lambda *numbers: function(store, *numbers), lambda *numbers: ours(store, *numbers)


@pytest.mark.parametrize("number", [0, 1, -1, 2**31 - 1, -(2**31), 2**31, 2**32 - 1, 2**32 + 5])
def test_numbers_in_and_out(store, number):
    exports = instance(store, '(func (export "f") (param i32 i32) (result i32) local.get 1)')
    theirs, ours = both(store, exports["f"], "(i32, i32) -> i32")
    assert ours(7, number) == theirs(7, number)


def test_nothing_in_and_out(store):
    exports = instance(store, '(func (export "f"))')
    theirs, ours = both(store, exports["f"], "()")
    assert ours() is theirs() is None


def test_nothing_in_and_a_number_out(store):
    exports = instance(store, '(func (export "f") (result i32) (i32.const -9))')
    theirs, ours = both(store, exports["f"], "() -> i32")
    assert ours() == theirs() == -9


def test_what_is_not_of_i32_is_called_by_wasmtime_itself(store):
    exports = instance(store, '(func (export "f") (param f64) (result i64) (i64.trunc_f64_s (local.get 0)))')
    assert exported(exports["f"], "(f64) -> i64") is exports["f"]


@pytest.mark.parametrize("numbers", [(), (1,), (1, 2, 3)])
def test_a_wrong_count_is_told_as_wasmtime_tells_it(store, numbers):
    exports = instance(store, '(func (export "f") (param i32 i32) (result i32) local.get 1)')
    theirs, ours = both(store, exports["f"], "(i32, i32) -> i32")
    with pytest.raises(wasmtime.WasmtimeError) as expected:
        theirs(*numbers)
    with pytest.raises(wasmtime.WasmtimeError) as told:
        ours(*numbers)
    assert str(told.value) == str(expected.value)


@pytest.mark.parametrize(
    "code",
    ["unreachable", "(drop (i32.div_u (i32.const 1) (i32.const 0)))", "(drop (i32.load (i32.const -8)))", "(call $f)"],
)
def test_traps_are_told_as_wasmtime_tells_them(store, code):
    exports = instance(store, '(memory 1) (func $f (export "f")', code, ")")
    theirs, ours = both(store, exports["f"], "()")
    with pytest.raises(Exception) as expected:
        theirs()
    with pytest.raises(type(expected.value)) as told:
        ours()
    assert type(told.value) is type(expected.value)
    assert str(told.value) == str(expected.value)


def test_a_function_may_be_entered_again_while_it_runs(store):
    """Its room for numbers is one; a trap of the inner call is none of the outer one."""
    called = []

    def host(number):
        called.append(number)
        try:
            return ours(number)
        except wasmtime.Trap:
            return 5

    exports = instance(
        store,
        '(import "host" "f" (func $f (param i32) (result i32)))',
        '(func (export "g") (param i32) (result i32)',
        "(if (i32.eqz (local.get 0)) (then unreachable))",
        "(i32.add (local.get 0) (call $f (i32.sub (local.get 0) (i32.const 1)))))",
        hosts=[imported(store, "(i32) -> i32", host)],
    )
    _, ours = both(store, exports["g"], "(i32) -> i32")
    assert ours(3) == 3 + 2 + 1 + 5
    assert called == [2, 1, 0]
    assert ours(1) == 1 + 5


def made(*fields):
    return wasmtime.Module(engine(), compiled(f"(module {' '.join(fields)})"))


def test_an_instance_has_its_imports_and_exports(store):
    module = made(
        '(import "host" "f" (func $f (result i32)))',
        '(import "host" "g" (func $g (result i32)))',
        '(global (export "c") i32 (i32.const 1))',
        '(memory (export "m") 3)',
        '(table (export "t") 1 funcref)',
        '(func (export "f") (result i32) (i32.add (call $f) (call $g)))',
        '(func (export "g") (result i32) (call $g))',
    )
    hosts = [imported(store, "() -> i32", lambda number=number: number) for number in (7, 30)]
    made_of_it = instantiated(store, module, hosts)
    found = {name: export_of(store, made_of_it, name) for name in ("c", "m", "t", "f", "g", "", "ü", "none")}
    assert {name for name, export in found.items() if export is not None} == {"f", "g", "m"}
    assert (found["f"](store), found["g"](store), found["m"].size(store)) == (37, 30, 3)


SEVERAL = [
    '(memory (export "memory") 1)',
    '(func (export "f") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))',
    '(func (export "g") (result i64) (i64.const 5))',
    '(func (export "in\\00side") (result i32) (i32.const 9))',
    '(func (export "ü") (result i32) (i32.const 8))',
]
TYPES_OF_IT = {"f": "(i32) -> i32", "g": "() -> i64", "in\0side": "() -> i32", "ü": "() -> i32"}


@pytest.fixture
def exports(store):
    found = Exports(store)
    found.read_from(instantiated(store, made(*SEVERAL), []), TYPES_OF_IT)
    return found


def test_exports_are_called_by_name(store, exports):
    assert [exports[name](store, *given) for name, given in [("f", [41]), ("g", []), ("in\0side", []), ("ü", [])]] == [
        42,
        5,
        9,
        8,
    ]
    assert exports["f"] is exports["f"]
    assert exports.function("f")(store, 1) == 2


def test_exports_are_known_by_name_before_they_are_read(exports, monkeypatch):
    monkeypatch.setattr("refhost.dialects.crossing.export_of", None)
    assert list(exports) == list(TYPES_OF_IT)
    assert "f" in exports
    assert "memory" not in exports
    assert len(exports) == len(TYPES_OF_IT)


def test_what_is_no_exported_function_is_none(exports):
    for find in (exports.__getitem__, exports.function):
        for name in ("memory", "none"):
            with pytest.raises(KeyError):
                find(name)


def test_without_an_instance_there_are_no_exports(store, exports):
    exports["f"](store, 1)
    exports.clear()
    for empty in (exports, Exports(store)):
        assert not list(empty)
        with pytest.raises(KeyError):
            empty["f"]


def test_exports_are_adapted_once_each(store):
    adapted = []

    def adapt(function, signature):
        adapted.append(signature)
        return lambda store, *numbers: function(store, *numbers) * 2

    found = Exports(store, adapt)
    found.read_from(instantiated(store, made(*SEVERAL), []), TYPES_OF_IT)
    assert (found["f"](store, 1), found["f"](store, 2)) == (4, 6)
    assert adapted == ["(i32) -> i32"]


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        (["(func $s unreachable) (start $s)"], 0),
        (['(memory 1) (data (i32.const 65536) "x")'], 0),
        (["(memory 65536)"], 0),
        (['(import "host" "f" (func (param i64)))'], 1),
        (['(import "host" "f" (func))'], 0),
    ],
)
def test_what_cannot_be_instantiated_is_told_as_wasmtime_tells_it(store, fields, count):
    store.set_limits(memory_size=1 << 20)
    hosts = [imported(store, "()", lambda: None)] * count
    told = []
    for make in (wasmtime.Instance, instantiated):
        with pytest.raises((wasmtime.WasmtimeError, wasmtime.Trap)) as raised:
            make(store, made(*fields), hosts)
        told.append((type(raised.value), str(raised.value)))
    assert told[0] == told[1]


def host_calls(store, signature, host, make):
    """What a module gets that passes on the numbers that it was called with."""
    exports = instance(store, *passing(signature, "host", "f", "g"), hosts=[make(store, signature, host)])
    return lambda *numbers: exports["g"](store, *numbers)


def wasmtimes_own(store, signature, host):
    parameters, _, result = signature.partition(" -> ")
    kinds = [[k for k in part.strip("()").split(", ") if k] for part in (parameters, result)]
    return wasmtime.Func(store, wasmtime.FuncType(*([getattr(wasmtime.ValType, k)() for k in p] for p in kinds)), host)


@pytest.mark.parametrize(
    ("signature", "numbers"),
    [
        *WHOLE,
        ("(f64) -> i32", (0.5,)),
        ("() -> f64", ()),
        ("(i32) -> i64", (3,)),
    ],
)
def test_a_host_function_gets_and_gives_the_same(store, signature, numbers):
    seen = []
    gives = {"i32": -7, "i64": -(2**40), "f64": 0.25, "": None}[signature.partition(" -> ")[2]]

    def host(*given):
        seen.append(given)
        return gives

    answers = [host_calls(store, signature, host, make)(*numbers) for make in (wasmtimes_own, imported)]
    assert answers == [gives, gives]
    assert seen == [numbers, numbers]


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt(), SystemExit(3)])
def test_what_a_host_function_raises_comes_out_as_itself(store, error):
    def host(_):
        raise error

    for make in (wasmtimes_own, imported):
        with pytest.raises(type(error)) as raised:
            host_calls(store, "(i32) -> i32", host, make)(1)
        assert raised.value is error


def test_it_comes_out_through_both_crossings(store):
    def host():
        raise ValueError("bad")

    exports = instance(
        store,
        '(import "host" "f" (func $f))',
        '(func (export "g") (call $f))',
        hosts=[imported(store, "()", host)],
    )
    with pytest.raises(ValueError, match="bad"):
        exported(exports["g"], "()")(store)


def test_a_result_that_is_no_number_comes_out_as_an_error(store):
    with pytest.raises(TypeError):
        host_calls(store, "(i32) -> i32", lambda _: "text", imported)(1)


def test_an_error_is_not_told_twice(store):
    def host(number):
        if number:
            raise ValueError("bad")
        return 0

    call = host_calls(store, "(i32) -> i32", host, imported)
    with pytest.raises(ValueError, match="bad"):
        call(1)
    assert call(0) == 0


def test_host_functions_are_freed_with_their_store():
    class Host:
        def __call__(self, _):
            return 0

    store = wasmtime.Store(engine())
    host = Host()
    seen = weakref.ref(host)
    imported(store, "(i32) -> i32", host)
    del host
    store.close()
    gc.collect()
    assert seen() is None
