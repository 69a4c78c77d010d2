"""Mutants with something wrong about id, name and schema."""

from __future__ import annotations

import assemblyscript
from honest import Honest, string_out, write_out
from wat import TRAP, call, text

from mutants.mutant import DEAD, Mutant


def _out(export: str, body: str) -> dict[str, str]:
    return {export: string_out(export, body)}


def _schema(properties: str, **others: str) -> str:
    more = "".join(f',"{key}":{value}' for key, value in others.items())
    return f'{{"type":"object","properties":{properties}{more}}}'


# Ten bytes, whatever the size of the buffer.
_UNCHECKED = f"(memory.copy (local.get $out) {text('WAT plugin')}) (i32.const 10)"
# Another name once the file is there that its first start leaves behind.
_NAME_BY_FILE = (
    f"(if (result i32) (call $read_file {text('data/note.txt')})"
    f" (then {write_out('WAT plugin')}) (else {write_out('WAT plugin, started')}))"
)
_ODD = "(i32.store (i32.const 4096) (i32.const 7)) (i32.const 4100)"

MUTANTS = {
    "META-001": Mutant(match="plugin_schema trapped", plugin=Honest(exports=_out("plugin_schema", TRAP)), fatal=DEAD),
    "META-001 id": Mutant(match="plugin_id trapped", plugin=Honest(exports=_out("plugin_id", TRAP))),
    "META-001 abort": Mutant(
        match="plugin_name aborted",
        plugin=Honest(
            exports=_out("plugin_name", call("abort", *["(i32.const 0)"] * 4) + write_out("WAT")),
        ),
        fatal=DEAD,
    ),
    "META-002": Mutant(
        match="returned the length 9000",
        plugin=Honest(exports=_out("plugin_name", "(i32.const 9000)")),
        fatal=DEAD,
    ),
    "META-002 negative": Mutant(
        match="returned the length -1",
        plugin=Honest(exports=_out("plugin_name", "(i32.const -1)")),
        fatal=DEAD,
    ),
    "META-002 encoding": Mutant(match="not UTF-8", plugin=Honest(name=b"\xff\xfe"), fatal=DEAD),
    "META-002 id": Mutant(match="plugin_id wrote what is not UTF-8", plugin=Honest(id=b"\xc3")),
    "META-002 null": Mutant(
        match="returned null",
        plugin=assemblyscript.binary(
            exports={"plugin_name": '(func (export "plugin_name") (result i32) (i32.const 0))'}
        ),
        fatal=DEAD,
    ),
    "META-002 odd": Mutant(
        match="cannot have 7 bytes",
        plugin=assemblyscript.binary(exports={"plugin_name": f'(func (export "plugin_name") (result i32) {_ODD})'}),
        fatal=DEAD,
    ),
    "META-002 half a pair": Mutant(match="not UTF-16", plugin=assemblyscript.binary(name=b"\x00\xd8"), fatal=DEAD),
    "META-003": Mutant(
        match="plugin_name(out, 4) wrote 6 bytes", plugin=Honest(exports=_out("plugin_name", _UNCHECKED))
    ),
    "META-004": Mutant(match="the name is ''", plugin=Honest(name="")),
    "META-004 blank": Mutant(match="the name is ' '", plugin=Honest(name=" ")),
    "META-004 escapes": Mutant(match="control characters", plugin=Honest(name="\x1b[31mWAT")),
    "META-005": Mutant(match="calls itself 'another-plugin'", plugin=Honest(id="another-plugin")),
    "META-006": Mutant(match="the schema is not JSON", plugin=Honest(schema="{'type':'object'}")),
    "META-006 array": Mutant(match="not an object", plugin=Honest(schema="[]")),
    "META-007": Mutant(
        match="properties/speed/type: 'speed' is not valid",
        plugin=Honest(schema=_schema('{"speed":{"type":"speed"}}')),
    ),
    "META-007 address": Mutant(
        match="$schema is the address of a schema, not ['draft-07']",
        plugin=Honest(schema='{"$schema":["draft-07"],"type":"object"}'),
    ),
    "META-008": Mutant(match="its type is 'array'", plugin=Honest(schema='{"type":"array"}')),
    "META-008 properties": Mutant(
        match="properties is not an object", plugin=Honest(schema='{"type":"object","properties":[]}')
    ),
    "META-009": Mutant(
        match="20 is greater than the maximum of 10",
        plugin=Honest(schema=_schema('{"speed":{"type":"number","maximum":10,"default":20}}')),
    ),
    "META-010": Mutant(
        match="it called sk_set_status before it was started",
        plugin=Honest(exports=_out("plugin_name", call("sk_set_status", text("Named")) + write_out("WAT plugin"))),
    ),
    "META-010 file": Mutant(
        match="it tried to create /data/note.txt before it was started",
        plugin=Honest(
            exports=_out(
                "plugin_schema",
                f"(drop (call $write_file {text('data/note.txt')} {text('1')})) {write_out('{}')}",
            )
        ),
    ),
    "META-011": Mutant(
        match="the name was 'WAT plugin', and another time 'WAT plugin, started'",
        plugin=Honest(exports=_out("plugin_name", _NAME_BY_FILE)),
    ),
}
