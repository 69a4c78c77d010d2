"""The gate: capability first, then the moment, then the arguments, then the service (contract §7, R19)."""

from __future__ import annotations

import pytest

from refhost.capabilities import Grants
from refhost.clock import Clock
from refhost.errors import OutOfBounds
from refhost.functions import ENV
from refhost.journal import Journal
from refhost.services.gate import Denied, Gate, Phase, Refused

ROW = ENV["sk_handle_message"]


@pytest.fixture
def journal():
    return Journal(Clock())


@pytest.fixture
def make(journal):
    def make(operation=lambda *_: "done", *, granted: bool = True, phase: Phase = Phase.LIFE) -> Gate:
        grants = Grants.declared({"dataWrite": granted})
        gate = Gate(lambda: "p", grants, journal, {ROW.operation: operation, "other.one": lambda *_: "other"})
        gate.phase = phase
        return gate

    return make


def never(*_: object) -> None:
    raise AssertionError("this must not be asked")


def test_a_call_that_may_be_is_carried_out(make, journal):
    assert make(lambda *given: given).call(ROW, lambda: (1, 2)) == (1, 2)
    assert journal.records == []


def test_another_operation_may_stand_for_it(make):
    assert make(never).call(ROW, tuple, "other.one") == "other"


def test_a_new_gate_is_in_the_phase_of_metadata(journal):
    assert Gate(lambda: "p", Grants.declared({}), journal, {}).phase is Phase.METADATA


@pytest.mark.parametrize("phase", Phase)
def test_without_the_capability_neither_arguments_nor_service_are_asked(make, journal, phase):
    with pytest.raises(Denied, match=r"^plugin p lacks dataWrite capability$"):
        make(never, granted=False, phase=phase).call(ROW, never)
    (record,) = journal.records
    assert (record.plugin, record.kind, record.function) == ("p", "denied", "sk_handle_message")
    assert record.text == "plugin p lacks dataWrite capability"


def test_while_metadata_is_read_neither_arguments_nor_service_are_asked(make, journal):
    with pytest.raises(Refused, match="R19"):
        make(never, phase=Phase.METADATA).call(ROW, never)
    assert [record.kind for record in journal.records] == ["refused"]


def test_what_has_no_effect_is_served_then(journal):
    row = ENV["sk_debug"]
    gate = Gate(lambda: "p", Grants.declared({}), journal, {row.operation: lambda text: text})
    assert gate.call(row, lambda: ("x",)) == "x"


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (Refused("why not"), "why not"),
        (OutOfBounds(0x10, 5, 0x12), "5 bytes at 0x10 are not within the memory of 0x12 bytes"),
        (UnicodeDecodeError("utf-8", b"a\xff", 1, 2, "invalid start byte"), "not UTF-8: invalid start byte at byte 1"),
    ],
)
@pytest.mark.parametrize("where", ["arguments", "service", "answer"])
def test_what_cannot_be_done_is_refused_and_logged_once(make, journal, raised, told, where):
    def fails(*_: object) -> None:
        raise raised

    gate = make(fails if where == "service" else lambda *_: None)
    arguments = fails if where == "arguments" else tuple
    with pytest.raises(Refused) as caught:
        gate.attempt(ROW, fails) if where == "answer" else gate.call(ROW, arguments)
    assert told in str(caught.value)
    (record,) = journal.records
    assert (record.plugin, record.kind, record.function) == ("p", "refused", "sk_handle_message")
    assert told in record.text


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), ValueError("a fault of the host"), RecursionError()])
def test_a_fault_of_the_host_itself_passes_through(make, journal, raised):
    def fails(*_: object) -> None:
        raise raised

    with pytest.raises(type(raised)):
        make(fails).call(ROW, tuple)
    assert journal.records == []
