"""Of a session a person is shown what it takes to understand it."""

from conformance.deltas import edge_deltas, ordinary_deltas
from conformance.drivers.interface import LogRecord
from conformance.transcript import records_shown, steps_shown
from refhost.jsontext import dumps

BEGIN = ["load it", "start {}"]
ORDINARY = [f"deliver {dumps(delta)}" for delta in ordinary_deltas()]
UNUSUAL = [f"deliver {dumps(delta)}" for delta in edge_deltas()]


def numbered(count):
    return [f"step {number}" for number in range(count)]


def test_few_steps_are_all_there():
    assert steps_shown([*BEGIN, *numbered(6)]) == [*BEGIN, *numbered(6)]
    assert steps_shown([]) == []


def test_of_many_the_first_two_and_the_last():
    assert steps_shown([*BEGIN, *numbered(7)]) == [*BEGIN, "(1 step more)", *numbered(7)[1:]]
    assert steps_shown([*BEGIN, *numbered(20)]) == [*BEGIN, "(14 steps more)", *numbered(20)[14:]]


def test_deltas_of_the_corpus_are_counted():
    assert steps_shown([*BEGIN, *ORDINARY, "stop"]) == [*BEGIN, "deliver 8 ordinary deltas", "stop"]
    both = [*BEGIN, *UNUSUAL, *ORDINARY, "stop"]
    unusual = f"deliver {len(UNUSUAL)} unusual deltas"
    assert steps_shown(both) == [*BEGIN, unusual, "deliver 8 ordinary deltas", "stop"]


def test_two_are_shown():
    steps = [*BEGIN, *ORDINARY[:2], "stop"]
    assert steps_shown(steps) == steps


def test_the_delta_that_does_it_is_shown():
    assert steps_shown([*BEGIN, *ORDINARY]) == [*BEGIN, "deliver 7 ordinary deltas", ORDINARY[-1]]


def test_deltas_of_others_are_shown():
    steps = [*BEGIN, *['deliver {"updates":[]}'] * 4, "stop"]
    assert steps_shown(steps) == steps


def test_equal_records_in_a_row_are_one():
    log = [LogRecord("debug", "", "here")] * 3 + [LogRecord("denied", "sk_debug", "no")] * 2
    assert records_shown(log) == ["[debug] here (3 times)", "[denied] sk_debug: no (2 times)"]


def test_of_many_records_the_last():
    log = [LogRecord("debug", "", str(number)) for number in range(20)]
    assert records_shown(log) == [f"[debug] {number}" for number in range(8, 20)]
