"""The twins do the same in every language: what they emit, answer, keep and say (corpus/twins/SPEC.md)."""

from __future__ import annotations

import functools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twin_lives import ALARMS, ASKED, EVERY_LIFE, LIVES, ODD, PUT, RESET, STATE, Life, asking, speeds

import corpus
from conformance.catalogue import catalogue
from conformance.judge import judge
from conformance.strategies.deltas import deltas, values
from conformance.strategies.json_values import json_values
from conformance.subject import Subject
from conformance.verdict import Outcome
from corpus import build
from refhost.host import Host
from refhost.jsontext import dumps, loads
from refhost.limits import Limits
from refhost.package import read_package

MODEL = "twin-c"
LARGE = [name for name in corpus.twins() if name in corpus.large()]
COMPONENTS = [name for name in corpus.twins() if name.startswith("twin-component-")]
CORE = [name for name in corpus.twins() if name not in COMPONENTS]
SMALL = [name for name in corpus.twins() if name not in LARGE]
LANGUAGES = {
    "assemblyscript": "AssemblyScript",
    "c": "C",
    "go": "Go",
    "javascript": "JavaScript",
    "python": "Python",
    "rust": "Rust",
    "zig": "Zig",
}
# Of each large twin so many requirements apply at the least: one that nothing is asked of would prove nothing.
JUDGED = {"twin-go": 150, "twin-component-javascript": 77, "twin-component-python": 77}


def shared(seen):
    """What of a core module's life a component has too."""
    values = [line for line in seen["emitted"] if '"meta"' not in line and "plugins.twin.report" not in line]
    said = [line for line in seen["said"] if "putHandlers" not in line and "resourceProvider" not in line]
    return {**seen, "emitted": values, "said": said, "answers": [], "faults": len(seen["faults"])}


@functools.cache
def of_model(life):
    return EVERY_LIFE[life].of(read_package(corpus.plugin(MODEL)))


def alike(seen, name, model):
    """What two twins did, as far as both of them can."""
    if name in COMPONENTS:
        return shared(seen), shared(model)
    return seen, model


def of_languages(names):
    return [pytest.param(name, marks=[pytest.mark.toolchain] if name in LARGE else []) for name in names]


every_twin = pytest.mark.parametrize("name", of_languages(corpus.twins()))
every_other_twin = pytest.mark.parametrize("name", of_languages(name for name in corpus.twins() if name != MODEL))
every_other_core_twin = pytest.mark.parametrize("name", of_languages(name for name in CORE if name != MODEL))


def test_the_twins_are_of_these_languages():
    assert {name.rpartition("-")[2] for name in CORE} == {"assemblyscript", "c", "go", "rust", "zig"}
    assert {name.rpartition("-")[2] for name in COMPONENTS} == {"c", "javascript", "python", "rust"}
    assert sorted(LARGE) == ["twin-component-javascript", "twin-component-python", "twin-go"]


@pytest.mark.parametrize("life", [*LIVES, *ASKED])
def test_one_snapshot_for_all_languages(life, snapshot):
    """The twin that all the others are compared with does what it did."""
    assert of_model(life) == snapshot


def test_one_snapshot_of_what_is_odd(snapshot):
    """The same: how it ends, what it says, answers and keeps."""
    ends = ("state", "said", "answers", "file")
    assert {life: {what: of_model(life)[what] for what in ends} for life in ODD} == snapshot


@every_other_twin
@pytest.mark.parametrize("life", LIVES)
def test_a_twin_does_what_the_one_in_c_does(name, life, package):
    seen, model = alike(LIVES[life].of(package(name)), name, of_model(life))
    assert seen == model


@every_other_twin
def test_a_twin_takes_what_is_odd_as_the_one_in_c(name, package):
    pairs = {life: alike(ODD[life].of(package(name)), name, of_model(life)) for life in ODD}
    assert {life: pair for life, pair in pairs.items() if pair[0] != pair[1]} == {}


@every_other_core_twin
@pytest.mark.parametrize("life", ASKED)
def test_a_core_module_answers_what_the_one_in_c_answers(name, life, package):
    assert ASKED[life].of(package(name)) == of_model(life)


@pytest.mark.parametrize("name", of_languages(name for name in COMPONENTS if name != "twin-component-c"))
def test_a_component_without_the_right_to_write_data_ends_as_the_one_in_c(name, package):
    life = Life(ALARMS, capabilities={"dataWrite": False})

    def end(twin):
        return json.dumps(life.of(package(twin)), default=repr).replace(twin, "<id>")

    assert end(name) == end("twin-component-c")
    assert "lacks dataWrite capability" in end(name)


NUMBERS = st.one_of(
    st.integers(-10, 10**7),
    st.floats(-1, 1.1e6, allow_nan=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-1000, 10**10).map(lambda thousandths: thousandths / 1000),
)
HEARD = st.lists(st.one_of(NUMBERS, values()), min_size=1, max_size=3)
STEPS = st.lists(
    st.one_of(
        HEARD.map(lambda heard: speeds(heard)[0]),
        deltas().map(dumps),
        st.integers(1, 12),
        st.tuples(st.just(PUT), st.one_of(NUMBERS, json_values()).map(dumps)),
        st.builds(
            lambda id_, value: asking("set_resource", id=id_, value=value), st.sampled_from("abc"), json_values()
        ),
        st.sampled_from([asking("delete_resource", id="a"), asking("list_resources"), STATE, RESET]),
    ),
    max_size=30,
)
CONFIGS = st.one_of(
    st.fixed_dictionaries(
        {}, optional={"limit": st.floats(0, 1000), "every": st.integers(1, 20), "notify": st.booleans()}
    ),
    st.dictionaries(st.sampled_from(["limit", "every", "notify", "x"]), json_values()),
).map(dumps)
# An example is two whole lives: that takes its time.
SLOW = [HealthCheck.too_slow]
GENERATED = settings(derandomize=True, database=None, deadline=None, max_examples=60, suppress_health_check=SLOW)


@every_other_core_twin
def test_core_modules_do_the_same_whatever_comes(name, package):
    @GENERATED
    @given(config=CONFIGS, steps=STEPS)
    def whatever(config, steps):
        life = Life(tuple(steps), config, lives=1)
        assert life.of(package(name)) == life.of(package(MODEL))

    whatever()


@pytest.mark.parametrize("name", of_languages(COMPONENTS))
def test_components_do_the_same_as_the_core_module_whatever_comes(name, package):
    @GENERATED
    @given(config=CONFIGS, steps=STEPS)
    def whatever(config, steps):
        life = Life(tuple(step for step in steps if not isinstance(step, tuple)), config, lives=1)
        assert shared(life.of(package(name))) == shared(life.of(package(MODEL)))

    whatever()


def test_the_lives_show_what_a_twin_is_there_for():
    """What the others are compared with is not nothing."""
    emitted = "".join(of_model("alarms")["emitted"])
    assert emitted.count('"state":"alert"') == 2 * 4
    assert emitted.count('"state":"normal"') == 2 * 3
    assert '"message":"Speed 8 m/s is above 5 m/s, at a depth of 4.25 m"' in emitted
    assert '"path":"plugins.twin.max","value":9}' in emitted
    places = of_model("places")
    assert sum("There is no room for it" in answer for answer in places["answers"]) == 6
    assert places["file"].startswith(b'{"starts":3,"places":{"')
    assert of_model("reports")["emitted"][4].endswith('"value":{"heard":2,"max":2,"mean":1.5}}]}]}')
    assert of_model("puts")["saved"] == {"limit": 5, "every": 10, "notify": True}


@every_twin
def test_a_twin_is_named_after_its_language(name, package):
    words = name.split("-")
    component = " component" if "component" in words else ""
    with Host() as host:
        plugin = host.load(package(name))
        assert plugin.name == f"Twin ({LANGUAGES[words[-1]]}{component})"
        schema = loads(plugin.instance.schema())
        assert schema == loads(read_schema())


def read_schema():
    with Host() as host:
        return host.load(read_package(corpus.plugin(MODEL))).instance.schema()


@pytest.mark.parametrize("name", SMALL)
def test_a_twin_gives_back_what_it_took(name, package):
    """A thousand deltas of ten kilobytes, in little room."""
    with Host(limits=Limits(memory_bytes=1024 * 1024)) as host:
        plugin = host.load(package(name))
        plugin.start()
        for _ in range(1000):
            host.publish("navigation.speedOverGround", "x" * 10_000)
            plugin.instance.schema()
        host.publish("navigation.speedOverGround", 3)
        assert plugin.state == "running"
        assert '"plugins.twin.heard","value":1}' in dumps(plugin.emitted[-1])


@pytest.mark.toolchain
@pytest.mark.parametrize("name", LARGE)
def test_a_large_twin_breaks_nothing(name, package):
    subject = Subject(package(name))
    verdicts = [judge(requirement, subject) for group in catalogue() for requirement in group.requirements]
    assert [verdict.reason for verdict in verdicts if verdict.outcome in {Outcome.FAIL, Outcome.WARN}] == []
    assert sum(verdict.outcome is Outcome.PASS for verdict in verdicts) >= JUDGED[name]


@pytest.mark.toolchain
@pytest.mark.parametrize("name", SMALL)
def test_the_committed_twin_comes_from_the_committed_sources(name):
    assert build.main(["--check", name]) == 0
