"""What drivers and hosts do wrong is one clear message, costs only what was under way, and leaves no process behind."""

import os
import shlex
import sys
import threading
import time

import faulty_driver
import pytest

from conformance.drivers.exec_driver import ExecDriver
from conformance.drivers.faults import DriverFault, HostGone, Refused
from conformance.drivers.features import Unsupported
from conformance.drivers.process import Bounds
from conformance.drivers.smoke import probe
from refhost.errors import ConfigurationError, HostError, StateError

HONEST = "none"
# At hello the driver is to blame, since a host is asked for nothing yet.
AT_HELLO = {
    "exits": "The driver ended with exit code 3 in the middle of hello. Its last words on standard error: "
    "there is no database",
    "version": "The driver speaks version 2 of the protocol, and this suite version 1.",
    "refuses": "The driver refused hello: not today.",
    "feature": "The driver's reply to hello is not as the protocol has it: result.features[0]: 'telepathy' is not",
}
# Later it is whoever shows it: the driver in what is said, the host in what is not.
BY_DRIVER = {
    "id": "The driver answered request 3 (start) with the id 4.",
    "shape": "The driver's reply to start is not as the protocol has it: result.state: 'runing' is not one of",
    "extra": "The driver's reply to start is not as the protocol has it: result: Additional properties are not allowed "
    "('mood' was unexpected).",
    "list": "The driver wrote a line that is no JSON object where its reply to start belongs: [{",
    "event": "The driver told of an event that the protocol does not have: {",
    "event shape": "The driver's event status is not as the protocol has it: 'text' is a required property.",
    "rubbish": "The driver wrote a line that is no JSON object where its reply to start belongs: Listening on port ",
    "bytes": "The driver wrote a line that is no JSON object where its reply to start belongs: ��\\x1b[31m.",
    "deep": "The driver wrote a line that is no JSON object where its reply to start belongs: [[[",
    "endless line": "The driver wrote a line of more than 1000000 bytes before it replied to start, and was killed.",
    "endless events": "The driver wrote more than 2000000 bytes before it replied to start, and was killed.",
    "base64": "The driver sent base64 that cannot be read: ",
}
BY_HOST = {
    "hangs": "The host did not reply to start within 2 s, and was killed. Its last words on standard error: "
    "waiting for the start to end",
    "crash": "The host was ended by SIGABRT in the middle of start. Its last words on standard error: ",
    "ends": "The host ended with exit code 0 in the middle of start.",
    "closes": "The host closed its standard output in the middle of start.",
    "half": "The host ended with exit code 0 in the middle of start.",
}


def driver(fault, *arguments, watch=lambda *_: None, **bounds):
    seconds = 2.0 if fault in {"hangs", "child", "deaf"} else 20.0
    given = {"seconds": seconds, "hello_seconds": 20.0, "line_bytes": 1_000_000, "reply_bytes": 2_000_000, **bounds}
    words = [sys.executable, "-I", "-S", faulty_driver.__file__, fault, *arguments]
    return ExecDriver(f"exec:{shlex.join(words)}", bounds=Bounds(**given), watch=watch)


def assert_gone(conversation):
    """The process is no more, and nobody has to wait for it."""
    with pytest.raises(ProcessLookupError):
        os.kill(conversation.process.pid, 0)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("conformance.drivers.process._ENDING_SECONDS", 0.2)


def test_an_honest_one_is_not_blamed():
    sham = driver(HONEST)
    with sham.host() as host:
        plugin = host.load(probe())
        assert (plugin.start({}), plugin.stop()) == ("running", "stopped")
    sham.close()


@pytest.mark.parametrize("fault", AT_HELLO)
def test_at_hello_the_driver_is_to_blame(fault):
    with pytest.raises(DriverFault) as caught, driver(fault).host():
        pass
    assert caught.value.message.startswith(AT_HELLO[fault])


def test_a_driver_that_never_says_hello():
    with pytest.raises(DriverFault) as caught, driver("silent", hello_seconds=0.3).host():
        pass
    assert caught.value.message == "The driver did not reply to hello within 0.3 s, and was killed."


@pytest.mark.long  # a process for each fault, killed when it hangs
@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        *((fault, DriverFault, message) for fault, message in BY_DRIVER.items()),
        *((fault, HostGone, message) for fault, message in BY_HOST.items()),
    ],
)
def test_what_goes_wrong_costs_only_what_was_under_way(fault, kind, message):
    broken = driver(fault)
    for _ in range(2):  # each host is a fresh process, and nothing is lost of what it does well
        with broken.host() as host:
            plugin = host.load(probe())
            assert plugin.name == "Smoke"
            with pytest.raises(HostError) as caught:
                plugin.start({})
            assert type(caught.value) is kind
            assert caught.value.message.startswith(message)
            if fault == "crash":  # the end of what it said, and that without what acts on a terminal
                assert caught.value.message.endswith("thread 'main' panicked at \\x1b[31mhost.rs")
            # Whatever is asked for after that ends in the same way, and what it told is still there.
            with pytest.raises(kind) as again:
                plugin.stop()
            assert again.value.message == caught.value.message
            assert plugin.log == []
            assert_gone(host._conversation)
    broken.close()


@pytest.mark.parametrize("fault", ["stderr", "pieces"])
def test_what_an_honest_driver_may_do(fault):
    odd = driver(fault)
    with odd.host() as host:
        plugin = host.load(probe())
        assert plugin.start({}) == "running"
        assert plugin.status == ("é" if fault == "pieces" else "")
    odd.close()


@pytest.mark.long
def test_a_driver_that_reads_no_more():
    """A request that it does not take ends like one that it does not answer."""
    deaf = driver("deaf")
    with deaf.host() as host:
        host.load(probe()).start({})
        with pytest.raises(HostGone, match="did not reply to inject within 2 s"):
            host.inject("x" * 1_000_000)
        assert_gone(host._conversation)


def test_a_second_reply_is_one_to_nothing():
    twice = driver("twice")
    with twice.host() as host:
        plugin = host.load(probe())
        assert plugin.start({}) == "running"
        with pytest.raises(DriverFault, match=r"answered request 4 \(stop\) with the id 1"):
            plugin.stop()


@pytest.mark.long
def test_what_it_started_ends_with_it(tmp_path):
    """A process of the driver's own holds a pipe open, which ends when nobody does."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    with driver("child", str(pipe)).host() as host, pytest.raises(HostGone, match="did not reply to start"):
        host.load(probe()).start({})
    reader.join(20)
    assert read == [b""]


def test_a_driver_that_is_never_there_is_not_waited_for_again():
    messages, asked = [], []
    silent = driver("silent", hello_seconds=0.3, watch=lambda _, line: asked.append(line))
    for _ in range(50):
        with pytest.raises(DriverFault) as caught, silent.host():
            pass
        messages.append(caught.value.message)
    assert set(messages) == {"The driver did not reply to hello within 0.3 s, and was killed."}
    assert len(asked) == 1
    assert (silent.name, silent.version, silent.features) == (f"exec:{silent.spec}", "", frozenset())


def test_a_driver_that_stays_after_shutdown_is_killed(monkeypatch):
    monkeypatch.setattr("conformance.drivers.conversation._ENDING_SECONDS", 0.2)
    conversation = driver("stays").begin()
    assert conversation.close() == "The driver replied to shutdown and did not end within 0.2 s."
    assert_gone(conversation)
    with pytest.raises(HostGone, match=r"The host has been ended\."):
        conversation.request("barrier")


def test_a_driver_that_nobody_closes_ends_with_whoever_held_it():
    conversation = driver(HONEST).begin()
    pid = conversation.process.pid
    del conversation
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_run_that_is_ended_leaves_nothing(monkeypatch):
    """Ctrl-C in the middle of a request: the reply to it must not be taken for one to what comes next."""
    sham = driver(HONEST)
    with sham.host() as host:
        plugin = host.load(probe())
        monkeypatch.setattr("conformance.drivers.process.DriverProcess._hand_over", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            plugin.start({})
        monkeypatch.undo()
        with pytest.raises(HostGone, match="in the middle of start"):
            plugin.stop()
        assert_gone(host._conversation)


def _interrupted(*_):
    raise KeyboardInterrupt


def test_a_host_that_was_left_is_not_asked_again():
    sham = driver(HONEST)
    with sham.host() as host:
        plugin = host.load(probe())
    with sham.host() as other:
        assert other._conversation is host._conversation  # the same process, which was reset
        with pytest.raises(StateError, match="has been left"):
            plugin.start({})
    sham.close()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("exec:", "exec: is followed by the command that starts a driver."),
        ("exec:'x", "exec:'x is no command line: No closing quotation."),
    ],
)
def test_what_is_no_command_is_a_usage_error(command, message):
    with pytest.raises(ConfigurationError) as caught:
        ExecDriver(command)
    assert caught.value.message == message


@pytest.mark.parametrize("command", ["exec:no-such-command --x", "exec:/", "exec:''"])
def test_what_cannot_be_started(command):
    with pytest.raises(DriverFault, match=r"^The driver cannot be started: "), ExecDriver(command).host():
        pass


def test_a_request_that_no_driver_could_take_is_not_sent():
    sham = driver(HONEST)
    with sham.host() as host, pytest.raises(ConfigurationError, match="No driver can be asked for that: load"):
        host.call("load", wasm=5)
    sham.close()


def test_a_driver_that_lacks_what_every_host_has():
    sham = driver("unsupported")
    with sham.host() as host:
        plugin = host.load(probe())
        with pytest.raises(Refused) as caught:
            plugin.start({})
        assert (caught.value.code, caught.value.message) == ("unsupported", "nothing is ever started here")
        with pytest.raises(
            Unsupported, match="The host sham does not have the feature files: it has the tree of files"
        ):
            dict(plugin.files)


# -- a host whose time passes by itself


def test_real_time_is_waited_for():
    ticking = driver("ticks")
    with ticking.host() as host:
        plugin = host.load(probe())
        plugin.start({})
        begin = time.monotonic()
        host.advance(0.2)
        assert 0.2 <= time.monotonic() - begin < 5
        assert int(plugin.status) > 5
        assert host.steps[-1] == "let 0.2 s pass"
    ticking.close()


def test_how_a_plugin_stands_may_change_at_any_time():
    """So it is asked for each time."""
    asked = []
    sham = driver(HONEST, watch=lambda direction, line: asked.append(line) if direction == ">" else None)
    with sham.host() as host:
        plugin = host.load(probe())
        assert [plugin.state, plugin.state, plugin.fault] == ["stopped", "stopped", ""]
        assert sum(b'"state"' in line for line in asked) == 3
    sham.close()


@pytest.mark.parametrize(
    ("fault", "kind", "message"),
    [
        ("mutters", DriverFault, "The driver wrote a line that is no JSON object between two requests: tick."),
        ("twice", DriverFault, 'The driver replied to nothing: {"id": 1'),
        ("dies", HostGone, "The host was ended by SIGABRT while time passed."),
        (
            "floods",
            DriverFault,
            "The driver wrote a line of more than 1000000 bytes while time passed, and was killed.",
        ),
    ],
)
def test_what_goes_wrong_while_time_passes(fault, kind, message):
    with driver(fault).host() as host:
        host.load(probe()).start({})
        with pytest.raises(kind) as caught:
            host.advance(10)
        assert caught.value.message.startswith(message)
        assert_gone(host._conversation)
