"""Mutants that do not start, stop or live a second time; and that do not bear their configuration."""

from __future__ import annotations

from honest import PUTS, SWITCH, SWITCHED, Honest, config_has, handler, value, write_out
from wat import LOOP, TRAP, call, emit, text, when

from mutants.mutant import DEAD, SHORT_LIVED, Mutant
from refhost.limits import Limits

_IMPATIENT = Limits(call_seconds=0.2)
_STOPPED = "every check that stops a plugin sees it"
REFUSE_QUIETLY = "(return (i32.const 1))"


def _at_poll(number: int, code: str) -> str:
    return when(f"(i32.eq (global.get $polls) (i32.const {number}))", code)


def _lived(number: int) -> str:
    return f"(i32.eq (global.get $lives) (i32.const {number}))"


def _length(comparison: str, number: int) -> str:
    return f"(i32.{comparison} (local.get $length) (i32.const {number}))"


def _begins(character: str) -> str:
    return f"(i32.eq (i32.load8_u (local.get $config)) (i32.const {ord(character)}))"


LIFE = {
    "LIFE-001": Mutant(match="plugin_start trapped: unreachable", plugin=Honest(start=TRAP), fatal=DEAD),
    "LIFE-001 abort": Mutant(
        match="plugin_start aborted", plugin=Honest(start=call("abort", *["(i32.const 0)"] * 4)), fatal=DEAD
    ),
    "LIFE-001 exit": Mutant(
        match="plugin_start ended the program", plugin=Honest(start=call("proc_exit", "(i32.const 1)")), fatal=DEAD
    ),
    "LIFE-002": Mutant(match="start returned 7", plugin=Honest(end="(return (i32.const 7))"), fatal=DEAD),
    "LIFE-003": Mutant(match="plugin_stop trapped: unreachable", plugin=Honest(stop=TRAP), fatal=_STOPPED),
    "LIFE-004": Mutant(match="stop returned 1", plugin=Honest(stop="(return (i32.const 1))")),
    "LIFE-005": Mutant(
        match="poll did not return within 0.2 s",
        plugin=Honest(poll=_at_poll(18, LOOP)),
        limits=_IMPATIENT,
        fatal=SHORT_LIVED,
    ),
    "LIFE-005 start": Mutant(
        match="plugin_start did not return",
        plugin=Honest(start=LOOP),
        limits=_IMPATIENT,
        slow=True,
    ),
    "LIFE-005 stop": Mutant(match="plugin_stop did not return", plugin=Honest(stop=LOOP), limits=_IMPATIENT, slow=True),
    "LIFE-005 delta": Mutant(
        match="delta_handler did not return", plugin=Honest(delta=LOOP), limits=_IMPATIENT, slow=True
    ),
    "LIFE-006": Mutant(match="poll trapped", plugin=Honest(poll=_at_poll(30, TRAP))),
    "LIFE-007": Mutant(match="poll returned 1", plugin=Honest(poll="(return (i32.const 1))")),
    "LIFE-008": Mutant(
        match="started a second time: start returned 1",
        plugin=Honest(start=when(_lived(1), REFUSE_QUIETLY)),
        fatal="every check that starts it twice sees it",
    ),
    "LIFE-008 poll": Mutant(
        match="started a second time: poll trapped",
        plugin=Honest(poll=when(_lived(2), when("(i32.eq (global.get $polls) (i32.const 2))", TRAP))),
    ),
    "LIFE-009": Mutant(match="start number 6: start returned 1", plugin=Honest(start=when(_lived(5), REFUSE_QUIETLY))),
    "LIFE-010": Mutant(
        match="loaded again over the files and configuration of its first life: start returned 1",
        plugin=Honest(read=when("(i32.eqz (global.get $lives))", when("(i32.eqz (local.get $error))", REFUSE_QUIETLY))),
    ),
}

_REGISTER_MORE = call("sk_register_put_handler", text("vessels.self"), text("plugins.wat.more"))
_LATER = "(i32.gt_s (global.get $lives) (i32.const 1))"
_ONE_MORE_EACH_LIFE = f"""
  (local.set $i (global.get $lives))
  (loop $again
    {emit(value("plugins.wat.lives", "1"))}
    (local.set $i (i32.sub (local.get $i) (i32.const 1)))
    (br_if $again (i32.gt_s (local.get $i) (i32.const 0))))"""

LIFE |= {
    "LIFE-011": Mutant(
        match="in life number 2 it did not take up PUT vessels.self plugins.wat.switch again",
        plugin=Honest(puts=when("(i32.eqz (global.get $lives))", PUTS)),
    ),
    "LIFE-011 more": Mutant(
        match="in life number 3 it had PUT vessels.self plugins.wat.more, which it did not have in its first",
        plugin=Honest(puts=PUTS + when(_lived(2), _REGISTER_MORE)),
    ),
    "LIFE-012": Mutant(match="in 4 lives that were the same it emitted", plugin=Honest(end=_ONE_MORE_EACH_LIFE)),
    "LIFE-013": Mutant(
        match=f"in the life below: {SWITCH} trapped",
        plugin=Honest(exports=handler(SWITCH, when(_LATER, TRAP), write_out(SWITCHED))),
    ),
    "LIFE-013 state": Mutant(
        match="after the life below its state is error, not running: start returned 1",
        plugin=Honest(
            exports=handler(SWITCH, "(global.set $flag (i32.const 1))", write_out(SWITCHED)),
            start=when("(global.get $flag)", REFUSE_QUIETLY),
        ),
    ),
}

_GREETING = config_has('"greeting"')
_WITH_SPACES = config_has('"greeting": "')

_HAS_EMPTY_GREETING = config_has('"greeting":""')

CONF = {
    "CONF-001": Mutant(
        match="with {}: plugin_start trapped", plugin=Honest(start=when(f"(i32.eqz {_GREETING})", TRAP))
    ),
    "CONF-002": Mutant(
        match="with enableDebug true at the root it does not start",
        plugin=Honest(start=when(config_has('"enableDebug":true'), REFUSE_QUIETLY)),
    ),
    "CONF-003": Mutant(
        match="with a key that it does not know it does not start",
        plugin=Honest(start=when(config_has("anOptionOfALaterVersion"), REFUSE_QUIETLY)),
    ),
    "CONF-004": Mutant(
        match='with {"greeting":null}: plugin_start trapped',
        plugin=Honest(start=when(config_has('"greeting":null'), TRAP)),
    ),
    "CONF-005": Mutant(
        match="with the text '[]': plugin_start trapped", plugin=Honest(refuse=when(_begins("["), TRAP))
    ),
    "CONF-006": Mutant(
        match="with the text '': plugin_start trapped", plugin=Honest(begin=when(_length("eq", 0), TRAP))
    ),
    "CONF-006 cut short": Mutant(
        match="with the text '{': plugin_start trapped",
        plugin=Honest(begin=when(_begins("{"), when(_length("eq", 1), TRAP))),
    ),
    "CONF-007": Mutant(match=" trapped: ", plugin=Honest(begin=when(_length("gt_u", 60_000), TRAP))),
    "CONF-008": Mutant(match="海豚 🐬", plugin=Honest(start=when(config_has("🐬"), TRAP))),
    "CONF-009": Mutant(
        match="laid out with white space",
        plugin=Honest(start=when(_WITH_SPACES, call("sk_set_status", text("Spaces")), "(return (i32.const 0))")),
    ),
    "CONF-010": Mutant(
        match="after a bad one: start returned 1",
        plugin=Honest(
            refuse=Honest.refuse + "(global.set $flag (i32.const 1))",
            start=when("(global.get $flag)", REFUSE_QUIETLY),
        ),
    ),
    "CONF-011": Mutant(
        match="sk_save_config was refused: the configuration is JSON, but not an object",
        plugin=Honest(save=call("sk_save_config", text("[1]"))),
    ),
    "CONF-012": Mutant(match="it refused the text '[]' and gave no error", plugin=Honest(refuse="")),
    "CONF-012 object": Mutant(
        match="""it refused the text '{"greeting":null}' and gave no error""",
        plugin=Honest(start=when(config_has('"greeting":null'), REFUSE_QUIETLY)),
    ),
    "CONF-013": Mutant(
        match='with {"greeting":""}, which its schema accepts: plugin_start trapped',
        plugin=Honest(start=when(_HAS_EMPTY_GREETING, TRAP)),
    ),
    "CONF-013 later": Mutant(
        match='with {"greeting":""}, which its schema accepts: poll trapped',
        plugin=Honest(start=f"(global.set $flag {_HAS_EMPTY_GREETING})", poll=when("(global.get $flag)", TRAP)),
    ),
    "CONF-014": Mutant(
        match='with {"greeting":[]}: plugin_start trapped', plugin=Honest(start=when(config_has('"greeting":[]'), TRAP))
    ),
}

MUTANTS = {**LIFE, **CONF}
