"""Host functions that are defined once serve the instance whose store calls them, as functions of its own would."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
import weakref
from contextlib import ExitStack, closing, contextmanager

import pytest
import wasmtime
from passing import WHOLE, passing
from wasmtime._func import FUNCTIONS
from wat import compiled, text

from refhost.binary import read_core
from refhost.dialects.core import CoreInstance
from refhost.dialects.crossing import SERVED, export_of, exported, imported, instantiated
from refhost.dialects.linking import Hosts, Linked, linked
from refhost.engine import COMPILER, engine
from refhost.errors import PluginTrap
from refhost.profiles import Profile
from refhost.runtime import PluginRuntime, linkable

# Passes a number on to its host: `f` gives what `env.f` makes of it, and `g` what `env.g` does.
TWO = """(module
  (import "env" "f" (func $f (param i32) (result i32))) (import "env" "g" (func $g (param i32) (result i32)))
  (func (export "f") (param i32) (result i32) (call $f (local.get 0)))
  (func (export "g") (param i32) (result i32) (call $g (local.get 0))))"""
TYPE = "(i32) -> i32"
IMPORTS = [("env", "f", TYPE), ("env", "g", TYPE)]


def module(source=TWO):
    return wasmtime.Module(engine(), compiled(source))


@contextmanager
def new_store(**limits):
    with closing(wasmtime.Store(engine())) as made:
        made.set_epoch_deadline(10_000)
        made.set_limits(**limits)
        yield made


@pytest.fixture
def store():
    with new_store() as made:
        yield made


@pytest.fixture
def two():
    with closing(Linked(module(), IMPORTS)) as made:
        yield made


def served(store, *functions):
    """Hosts of a store that have these functions, and the numbers of those that were made, in order."""
    asked = []

    def make(number):
        asked.append(number)
        return functions[number]

    hosts = Hosts(make)
    hosts.serve(store)
    return hosts, asked


def caller(store, instance, name="f", signature=TYPE):
    function = exported(instance.exports(store)[name], signature)
    return lambda *numbers: function(store, *numbers)


def test_a_function_is_made_when_it_is_called_first(store, two):
    hosts, asked = served(store, lambda n: n + 1, lambda n: n * 2)
    instance = two.instantiated(store)
    assert asked == []
    f, g = caller(store, instance), caller(store, instance, "g")
    assert (g(4), g(5), f(4), f(5)) == (8, 10, 5, 6)
    assert asked == [1, 0]
    assert sorted(hosts) == [0, 1]


@pytest.mark.parametrize(("signature", "numbers"), WHOLE)
def test_it_gets_and_gives_the_same_as_one_of_the_stores_own(store, signature, numbers):
    given_back = -7 if signature.endswith("-> i32") else None
    through = module(f"(module {' '.join(passing(signature, 'a', 'ü', 'f'))})")
    seen = []

    def host(*given):
        seen.append(given)
        return given_back

    hosts, _ = served(store, host)
    with closing(Linked(through, [("a", "ü", signature)])) as ours:
        made = [instantiated(store, through, [imported(store, signature, host)]), ours.instantiated(store)]
        answers = [instance.exports(store)["f"](store, *numbers) for instance in made]
    assert answers == [given_back] * 2
    assert seen == [numbers, numbers]
    assert hosts


@pytest.mark.parametrize("error", [ValueError("bad"), KeyboardInterrupt(), SystemExit(3)])
@pytest.mark.parametrize("when", ["called", "made"])
def test_what_it_raises_comes_out_as_itself(store, two, error, when):
    def fail(_):
        raise error

    hosts = Hosts(fail if when == "made" else lambda _: fail)
    hosts.serve(store)
    call = caller(store, two.instantiated(store))
    for _ in range(2):
        with pytest.raises(type(error)) as raised:
            call(1)
        assert raised.value is error


def test_each_store_has_its_own(two):
    with ExitStack() as stores:
        kept, calls = [], []
        for number in range(3):
            store = stores.enter_context(new_store())
            kept.append(served(store, lambda n, number=number: 100 * number + n)[0])
            calls.append(caller(store, two.instantiated(store)))
        assert [calls[at](at) for at in (0, 1, 2, 1, 0, 2)] == [0, 101, 202, 101, 0, 202]


def test_a_store_in_the_place_of_another_has_its_own(two):
    """Whatever is left of those before it, wasmtime gives the same place out again."""
    kept, places = [], set()
    for number in range(20):
        with new_store() as store:
            hosts, _ = served(store, lambda n, number=number: n + number)
            kept.append(hosts)
            places.add(hosts._context)
            assert caller(store, two.instantiated(store))(1) == 1 + number
            if number % 2:
                hosts.close()
                kept.append(served(store, lambda n: -n)[0])
                assert caller(store, two.instantiated(store))(1) == -1
    assert len(places) < 20


def test_instances_call_each_other_in_turn(two):
    """The host function of one calls the other, whose host function calls the first again, and so on."""
    with new_store() as one, new_store() as other:
        order = []
        calls = {}

        def host(name, peer, number):
            order.append((name, number))
            return 10 * calls[peer](number - 1) + 1 if number else 0

        kept = [
            served(one, lambda n: host("one", "other", n))[0],
            served(other, lambda n: host("other", "one", n))[0],
        ]
        calls |= {"one": caller(one, two.instantiated(one)), "other": caller(other, two.instantiated(other))}
        assert calls["one"](4) == 1111
        assert order == [("one", 4), ("other", 3), ("one", 2), ("other", 1), ("one", 0)]
        assert all(kept)


BEGINS = TWO.replace(
    "(func (export",
    "(global $said (mut i32) (i32.const 0)) (func $s (global.set $said (call $f (i32.const 5)))) (start $s)"
    ' (func (export "said") (result i32) (global.get $said)) (func (export',
    1,
)


def test_a_start_function_may_call_it(store):
    hosts, asked = served(store, lambda n: n + 37)
    with closing(Linked(module(BEGINS), IMPORTS)) as ours:
        assert caller(store, ours.instantiated(store), "said", "() -> i32")() == 42
    assert asked == [0]
    assert hosts


def test_an_instance_may_be_made_while_another_begins():
    """Also with functions of the store's own, which are each store's alone."""
    with closing(Linked(module(BEGINS), IMPORTS)) as ours, new_store() as outer, new_store() as inner:
        kept = [served(inner, lambda n: n + 1)[0]]
        said = []

        def begin(number):
            own = {("env", "f"): imported(inner, TYPE, lambda n: n + 2)}
            said.extend(caller(inner, ours.instantiated(inner, given), "said", "() -> i32")() for given in (None, own))
            return number

        kept.append(served(outer, begin)[0])
        own = {("env", "f"): imported(outer, TYPE, begin)}
        for given in (None, own):
            assert caller(outer, ours.instantiated(outer, given), "said", "() -> i32")() == 5
        assert said == [6, 7] * 2
        assert all(kept)


# Functions in place of the host's.


def test_a_store_may_have_another_function_for_an_import(store, two):
    hosts, asked = served(store, lambda n: n + 1, lambda n: n * 2)
    own = {("env", "g"): imported(store, TYPE, lambda n: n - 1)}
    instance = two.instantiated(store, own)
    assert (caller(store, instance)(5), caller(store, instance, "g")(5)) == (6, 4)
    assert asked == [0]
    assert caller(store, two.instantiated(store), "g")(5) == 10  # only that instance has it
    assert hosts


def test_a_host_function_may_stand_behind_that_of_another_module(store, two):
    """As a door: a small module has the host's function, and the plugin that of the small module."""
    hosts, asked = served(store, lambda n: n + 1, lambda n: n + 2)
    source = """(module (import "host" "it" (func $it (param i32) (result i32)))
      (func (export "door") (param i32) (result i32) (i32.mul (call $it (local.get 0)) (i32.const 10))))"""
    with closing(Linked(module(source), [("host", "it", TYPE)], first=1)) as door:
        opened = export_of(store, door.instantiated(store), "door")
        assert caller(store, two.instantiated(store, {("env", "f"): opened}))(4) == 60
    assert asked == [1]
    assert hosts


def test_a_function_of_another_type_is_told(store, two):
    with pytest.raises(wasmtime.WasmtimeError, match="incompatible import type for `env::g`"):
        two.instantiated(store, {("env", "g"): imported(store, "(i32)", lambda _: None)})


# What goes wrong.


@pytest.mark.parametrize(
    "fields",
    [
        "(func $s unreachable) (start $s)",
        '(memory 1) (data (i32.const 65536) "x")',
        "(memory 65536)",
        "(table 1000 funcref)",
        "(memory 1) (memory 1)",
    ],
)
@pytest.mark.parametrize("own", [False, True])
def test_what_cannot_be_instantiated_is_told_as_wasmtime_tells_it(fields, own):
    bad = module(TWO[:-1] + fields + ")")
    told = []
    with closing(Linked(bad, IMPORTS)) as ours:
        for make in (
            lambda store, function: wasmtime.Instance(store, bad, [function, function]),
            lambda store, function: ours.instantiated(store, {("env", "f"): function} if own else None),
        ):
            with new_store(memory_size=1 << 20, table_elements=9, memories=1) as store:
                with pytest.raises((wasmtime.WasmtimeError, wasmtime.Trap)) as raised:
                    make(store, imported(store, TYPE, abs))
                told.append((type(raised.value), str(raised.value)))
    assert told[0] == told[1]


@pytest.mark.parametrize("end", ["closed", "forgotten"])
def test_who_is_gone_serves_no_more(store, two, end):
    hosts, asked = served(store, abs)
    place = hosts._context
    assert place in SERVED
    call = caller(store, two.instantiated(store))
    assert call(-3) == 3
    if end == "closed":
        hosts.close()
    else:
        del hosts
        gc.collect()
    with pytest.raises(ValueError, match="has been closed"):
        call(-3)
    assert asked == [0]
    assert place not in SERVED


def test_a_store_that_nobody_serves_has_no_host(store, two):
    with pytest.raises(ValueError, match="has been closed"):
        caller(store, two.instantiated(store))(1)


@pytest.mark.parametrize(
    ("imports", "usual"),
    [
        ([], True),
        (IMPORTS, True),
        ([*IMPORTS, ("env", "f", TYPE)], True),
        ([*IMPORTS, ("env", "f", "()")], False),
        ([("env", "f", "()"), ("other", "f", "(i32)")], True),
        ([("env", "seed", "() -> f64")], False),
        ([("env", "f", "(f32)")], False),
        ([("env", "memory", "memory")], False),
    ],
)
def test_only_usual_imports_are_defined_for_all(imports, usual):
    sorts = {"memory": "(memory 1)", "()": "(func)", "(i32)": "(func (param i32))", "(f32)": "(func (param f32))"}
    sorts |= {TYPE: "(func (param i32) (result i32))", "() -> f64": "(func (result f64))"}
    lines = [f'(import "{where}" "{name}" {sorts[signature]})' for where, name, signature in imports]
    found = linked(module(f"(module {' '.join(lines)})"), imports)
    assert (found is not None) is usual
    if found:
        found.close()


def test_what_is_imported_twice_is_one_function(store):
    source = TWO.replace('"g" (func', '"f" (func', 1)
    hosts, asked = served(store, None, lambda n: n + 3)
    with closing(Linked(module(source), [("env", "f", TYPE)] * 2)) as ours:
        instance = ours.instantiated(store)
    assert (caller(store, instance)(1), caller(store, instance, "g")(2)) == (4, 5)
    assert asked == [1]
    assert hosts


# How long things live.


def test_functions_are_freed_with_what_they_were_defined_for():
    before = set(FUNCTIONS.handles)
    ours = Linked(module(), IMPORTS)
    assert len(set(FUNCTIONS.handles) - before) == len(IMPORTS)
    with new_store() as store:
        ours.instantiated(store)
        ours.instantiated(store, {("env", "f"): imported(store, TYPE, abs)})
    seen = weakref.ref(ours)
    del ours
    assert seen() is None
    assert set(FUNCTIONS.handles) <= before


def test_an_instance_keeps_what_it_needs(store):
    before = set(FUNCTIONS.handles)
    ours = Linked(module(), IMPORTS)
    hosts, _ = served(store, abs)
    call = caller(store, ours.instantiated(store))
    ours.close()
    assert call(-8) == 8
    store.close()
    assert set(FUNCTIONS.handles) <= before
    assert hosts


@pytest.fixture
def runtime(make_host, core, package):
    """Instances of a small plugin: `make(start, ...)` gives the runtime."""

    def make(*given, profile=None, **more):
        host = make_host(**({"profile": profile} if profile else {}))
        return PluginRuntime("probe", package(core(*given, **more)), host, seed=0)

    return make


SAYS = f"(call $sk_debug {text('hello')}) (i32.const 0)"


def test_a_closed_instance_is_gone_at_once(runtime):
    made = runtime(SAYS, stop=SAYS)
    gc.disable()
    try:
        instance = made.instantiate()
        assert instance.stop() == 0
        seen = [weakref.ref(each) for each in (instance, instance.store, instance._hosts)]
        place = instance._hosts._context
        assert place in SERVED
        instance.close()
        del instance
        assert [each() for each in seen] == [None] * 3
    finally:
        gc.enable()
    assert place not in SERVED


def test_a_closed_instance_has_nothing_to_call(runtime):
    instance = runtime(SAYS).instantiate()
    assert "plugin_stop" in instance.exported
    instance.close()
    assert instance.exported == frozenset()
    with pytest.raises(PluginTrap, match="plugin_stop cannot be called: there is none"):
        instance.stop()


def test_an_instance_that_nobody_closed_goes_when_it_is_collected(runtime):
    made = runtime(SAYS, stop=SAYS)
    instance = made.instantiate()
    assert instance.stop() == 0
    seen = [weakref.ref(each) for each in (instance, instance.store, instance._hosts)]
    del instance
    gc.collect()
    assert [each() for each in seen] == [None] * 3


@pytest.mark.parametrize("profile", [None, Profile("two", frozenset({"TYPES", "D42"}))])
def test_an_instance_that_dies_as_it_begins_leaves_nothing(runtime, profile):
    begins = f"(func $s (call $sk_debug {text('before')}) (unreachable)) (start $s)"
    made = runtime("(i32.const 0)", more=begins, profile=profile)
    gc.collect()
    before, served_before = set(FUNCTIONS.handles), set(SERVED)
    for _ in range(3):
        with pytest.raises(PluginTrap, match="instantiation trapped: unreachable"):
            made.instantiate()
    gc.collect()
    assert not set(SERVED) - served_before  # what earlier tests left may go meanwhile
    assert len(set(FUNCTIONS.handles) - before) <= 1  # the host function of the binary itself


def test_instances_of_a_binary_share_its_functions(runtime):
    made = runtime(SAYS, stop=SAYS)
    made.instantiate().close()
    before = set(FUNCTIONS.handles)
    with closing(made.instantiate()) as one, closing(made.instantiate()) as other:
        assert (one.stop(), other.stop(), one.stop()) == (0, 0, 0)
        assert set(FUNCTIONS.handles) <= before


def test_a_binary_that_is_forgotten_frees_its_functions(core):
    binary = core(SAYS, name=f"(call $sk_set_status {text('only here')})")
    before = set(FUNCTIONS.handles)
    found = read_core(binary)
    assert found.linked
    assert set(FUNCTIONS.handles) - before
    del found
    COMPILER.clear()
    gc.collect()
    assert not set(FUNCTIONS.handles) - before


def test_unusual_imports_are_each_instances_own(runtime):
    code = f"(if (f64.lt (call $seed) (f64.const 0)) (then unreachable)) {SAYS}"
    made = runtime("(i32.const 0)", stop=code)
    assert linkable(made.package).linked is None
    with closing(made.instantiate()) as one, closing(made.instantiate()) as other:
        assert (one.stop(), other.stop(), one.stop()) == (0, 0, 0)


@pytest.mark.parametrize("seed", ["", "(if (f64.lt (call $seed) (f64.const 0)) (then unreachable))"])
def test_a_dialect_may_put_a_function_of_the_store_in_place_of_the_hosts(runtime, monkeypatch, seed):
    """Whether the host's functions are shared or the store's own; and the host's may stand behind it."""
    made = runtime("(i32.const 0)", stop=f"{seed} {SAYS}")
    lengths = []

    def replaced(instance, binary):
        number = next(at for at, entry in enumerate(binary.imports) if entry.name == "sk_debug")
        behind = instance._hosts[number]

        def heard(pointer, length):
            lengths.append(length)
            behind(pointer, length - 1)

        return {("env", "sk_debug"): imported(instance.store, "(i32, i32)", heard)}

    monkeypatch.setattr(CoreInstance, "_replaced", replaced)
    with closing(made.instantiate()) as instance:
        assert instance.stop() == 0
    assert lengths == [5]
    assert [record.text for record in made.journal.records if record.kind == "debug"] == ["hell"]


def test_threads_take_turns_with_a_store(runtime):
    made = runtime("(i32.const 0)", stop=SAYS)
    with closing(made.instantiate()) as instance:
        answers = [instance.stop()]
        for _ in range(3):
            thread = threading.Thread(target=lambda: answers.append(instance.stop()))
            thread.start()
            thread.join()
    assert answers == [0] * 4


def test_threads_make_and_call_instances_at_the_same_time(two):
    wrong, count = [], 60

    def live(number):
        for _ in range(count):
            with new_store() as store:
                hosts, _ = served(store, lambda n: n + number, lambda n: n * number)
                own = {("env", "g"): imported(store, TYPE, lambda n: n - number)}
                for given in (None, own):
                    instance = two.instantiated(store, given)
                    told = caller(store, instance)(5), caller(store, instance, "g")(5)
                    if told != (5 + number, 5 - number if given else 5 * number):
                        wrong.append((number, told))
                hosts.close()

    threads = [threading.Thread(target=live, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_process_ends_well_whatever_is_left_open():
    """Freed later, wasmtime would call back into what is gone."""
    code = """
        import atexit, sys
        held = []
        @atexit.register  # before refhost registers what it does at the end, and so run after it
        def look():
            try:
                held[0]._linker.ptr()
            except ValueError as error:
                print(error)
        import corpus
        from refhost.host import Host
        from refhost.package import read_package
        from refhost.runtime import PluginRuntime, linkable

        package = read_package(corpus.plugin("hello-c"))
        held.append(linkable(package).linked)
        runtime = PluginRuntime("probe", package, Host(), seed=0)
        left = [runtime.instantiate() for _ in range(3)]
        for instance in left:
            instance.stop()
        left[0].itself = left[0]
        sys.left = left
        del left[2]
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "already closed\n", "")
