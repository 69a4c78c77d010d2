"""Mutants of the component dialect."""

from __future__ import annotations

from component import SET_STATUS, binary, fails
from wat import TRAP

from mutants.mutant import DEAD, Mutant

_DEBUG_OF_NUMBERS = '(export "debug" (func (param "message" u32)))'
_LOG = '(export "log" (func (param "message" string)))'

MUTANTS = {
    "LOAD-002 component": Mutant(
        match="plugin-status.log: the world has no such function",
        plugin=binary(status=SET_STATUS + _LOG),
        fatal=DEAD,
    ),
    "LOAD-003 component": Mutant(
        match="it is declared as func(message: u32)",
        plugin=binary(status=SET_STATUS + _DEBUG_OF_NUMBERS),
        fatal=DEAD,
    ),
    "LOAD-004 component": Mutant(
        match="plugin-interface.stop: it is missing", plugin=binary(without="stop"), fatal=DEAD
    ),
    "META-004 component": Mutant(match="the name is ''", plugin=binary(name="")),
    "META-006 component": Mutant(match="the schema is not JSON", plugin=binary(schema="{")),
    "LIFE-001 component": Mutant(match="start trapped: unreachable", plugin=binary(start=TRAP), fatal=DEAD),
    "LIFE-002 component": Mutant(match="start returned 'No fix'", plugin=binary(end=fails("No fix")), fatal=DEAD),
    "LIFE-003 component": Mutant(match="stop trapped: unreachable", plugin=binary(stop=TRAP)),
    "LIFE-004 component": Mutant(match="stop returned 'Busy'", plugin=binary(stop=fails("Busy"))),
    "CONF-012 component": Mutant(
        match="it refused the text '[]' and gave no error",
        plugin=binary(refusal=""),
    ),
}
# What components emit; the reference host fails at it still: see test_requirements.
EMITTING = {
    "DELTA-001 component": Mutant(match="it is not JSON", plugin=binary(value="nothing")),
    "DELTA-003 component": Mutant(match="never an array", plugin=binary(value="[1]")),
}
