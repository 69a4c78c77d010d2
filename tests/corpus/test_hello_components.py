"""The hello components of four languages do the same, to the byte that they emit."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace

import pytest

import corpus
from conformance.catalogue import catalogue
from conformance.judge import judge
from conformance.subject import Subject
from conformance.verdict import Outcome
from refhost.capabilities import Grants
from refhost.delta import pairs
from refhost.host import Host
from refhost.jsontext import loads
from refhost.limits import Limits
from refhost.package import read_package

MODEL = "hello-component"
LANGUAGES = {
    MODEL: "C",
    "hello-component-javascript": "JavaScript",
    "hello-component-python": "Python",
    "hello-component-rust": "Rust",
}
SMALL = [name for name in LANGUAGES if name in corpus.plugins()]
LARGE = [name for name in corpus.large() if name in LANGUAGES]
# Of each large component so many requirements apply at the least: one that nothing is asked of would prove nothing.
JUDGED = 77

DELTAS = [
    line for kind in ("ordinary", "edge") for line in (corpus.DELTAS / f"{kind}.jsonl").read_text().strip().split("\n")
]
COUNTER = "/data/starts.txt"


@dataclass(frozen=True)
class Life:
    """What surrounds a plugin while it starts, hears deltas and stops, twice; the operation `fails` on files does."""

    config: str = "{}"
    capabilities: dict[str, object] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    fails: str = ""

    def of(self, package):
        """Everything that it tells, emits and leaves behind."""
        grants = Grants.exactly({**package.manifest["wasmCapabilities"], **self.capabilities})
        with Host() as host:
            plugin = host.load(replace(package, grants=grants))
            schema = plugin.instance.schema()
            for path, data in self.files.items():
                plugin.vfs.write(path, data)
            plugin.vfs.faults.append(lambda operation: "EIO" if operation.name == self.fails else 0)
            for _ in range(2):
                plugin.start_with(self.config)
                for line in DELTAS:
                    host.publish_delta(line)
                host.advance(1)
                plugin.stop()
            return {
                "schema": schema,
                "claims": [claim.text for claim in plugin.claims],
                "emitted": [str(delta) for delta in plugin.emitted],
                "log": [str(record) for record in plugin.log],
                "files": plugin.vfs.files(),
            }


def in_file(*texts):
    """Lives of a plugin that finds these in its counter's file."""
    return {f"{text!r} in its file": Life(files={COUNTER: text}) for text in texts}


LIVES = {
    "ordinary": Life(),
    "told to answer": Life('{"answer": true, "enableDebug": true}'),
    "told not to answer": Life('\n{"enableDebug":false,\t"answer" : false}'),
    "told nonsense": Life('{"answer": "false", "other": [false, {"deep": null}]}'),
    "told an array": Life('[{"answer": true}]'),
    "told a string": Life('"{}"'),
    "told nothing": Life("null"),
    "started with no JSON": Life("answer"),
    "started with no text": Life(""),
    "without files": Life(capabilities={"storage": "none"}),
    "without the right to write data": Life(capabilities={"dataWrite": False}),
    "without the right to read data": Life(capabilities={"dataRead": False}),
    "with a file that cannot be read": Life(files={COUNTER: b"3"}, fails="read"),
    "with a file that cannot be written": Life(files={COUNTER: b"3"}, fails="write"),
    "with a file that cannot be made": Life(fails="create"),
    "with a file that cannot be opened": Life(files={COUNTER: b"3"}, fails="open"),
    "with a folder where its file belongs": Life(files={f"{COUNTER}/inside": b""}),
    **in_file(
        b"41", b" \t\r\n7\n", b"", b"  ", b"nine", b"4 2", b"-5", b"+5", b"1.0", b"\xff\xfe", b"1\0", b"\v1", b"0x1"
    ),
    **in_file(b"007", b"999999998", b"999999999", b"1000000000", b"0000000001", b" " * 31 + b"8", b" " * 32 + b"8"),
    **in_file("٤١".encode()),
}


def impersonal(seen, name):
    """What a component did, without its id and its language."""
    own = {name: "<id>", f"{LANGUAGES[name]} component": "<language>"}

    def erased(value):
        if isinstance(value, str):
            return functools.reduce(lambda text, word: text.replace(word, own[word]), own, value)
        return [erased(item) for item in value] if isinstance(value, list) else value

    return {what: erased(value) for what, value in seen.items()}


@functools.cache
def of_model(life):
    return LIVES[life].of(read_package(corpus.plugin(MODEL)))


def with_large(names):
    return [pytest.param(name, marks=[pytest.mark.toolchain] if name in LARGE else []) for name in names]


every_component = pytest.mark.parametrize("name", with_large(LANGUAGES))
every_other_component = pytest.mark.parametrize("name", with_large(name for name in LANGUAGES if name != MODEL))


def test_every_hello_component_is_compared():
    there = [name for name in [*corpus.plugins(), *corpus.large()] if name.startswith(MODEL)]
    assert sorted(LANGUAGES) == sorted(there)


@every_other_component
@pytest.mark.parametrize("life", LIVES)
def test_a_component_does_what_the_one_in_c_does(name, life, package):
    assert impersonal(LIVES[life].of(package(name)), name) == impersonal(of_model(life), MODEL)


@pytest.mark.parametrize(
    ("life", "starts", "answers"),
    [("ordinary", [1, 2], True), ("told not to answer", [1, 2], False), ("b'41' in its file", [42, 43], True)],
)
def test_the_lives_show_what_the_component_is_there_for(life, starts, answers):
    claims = "".join(of_model(life)["claims"])
    assert [n for n in range(100) if f'"plugins.hello.starts","value":{n}}}' in claims] == starts
    heard = [line for line in DELTAS if "navigation.speedOverGround" in dict(pairs(loads(line)))]
    assert len(heard) > 5
    assert claims.count('"plugins.hello.heard"') == (len(starts) * len(heard) if answers else 0)


@every_component
def test_a_component_is_named_after_its_language(name, package):
    with Host() as host:
        plugin = host.load(package(name))
        assert plugin.id == name
        assert plugin.name == ("Hello Component" if name == MODEL else f"Hello Component {LANGUAGES[name]}")


@pytest.mark.parametrize("name", SMALL)
def test_what_crosses_the_boundary_is_given_back(name, package):
    """The components whose ABI is made by hand: a thousand deltas of ten kilobytes and answers, in little room."""
    with Host(limits=Limits(memory_bytes=192 * 1024)) as host:
        plugin = host.load(package(name))
        plugin.start()
        for _ in range(1000):
            host.publish("navigation.speedOverGround", "x" * 10_000)
            plugin.instance.schema()
        assert plugin.state == "running"
        assert len(plugin.emitted) == 1001


@pytest.mark.toolchain
@pytest.mark.parametrize("name", LARGE)
def test_a_large_component_breaks_nothing(name, package):
    subject = Subject(package(name))
    verdicts = [judge(requirement, subject) for group in catalogue() for requirement in group.requirements]
    bad = [verdict.reason for verdict in verdicts if verdict.outcome in {Outcome.FAIL, Outcome.WARN}]
    assert bad == []
    assert sum(verdict.outcome is Outcome.PASS for verdict in verdicts) >= JUDGED


@pytest.mark.toolchain
@pytest.mark.parametrize("name", LARGE)
def test_a_large_component_does_not_ask_for_the_network(name, package):
    """It imports nothing that a plugin would need the capability for."""
    imports = {interface.name.partition("@")[0] for interface in Subject(package(name)).binary.imports}
    assert not [interface for interface in imports if interface.startswith("wasi:http/")]
