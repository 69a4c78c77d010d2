"""Mutants that do not bear what comes to them: deltas, the data model, missing capabilities, files."""

from __future__ import annotations

from confusing import Confusing, Leaking
from honest import (
    ANSWER,
    ANSWER_BUFFER,
    CAPABILITIES,
    CONTENTS,
    COUNT,
    SPEED,
    Honest,
    delta_has,
    string_out,
    value,
    write_out,
)
from wat import TRAP, call, emit, text, when

from mutants.mutant import SHORT_LIVED, Mutant
from refhost.limits import Limits

_EBADF, _EIO, _ENOSPC = 8, 29, 51
_IS_START = '"path":"plugins.wat.starts"'
_IS_POSITION = delta_has('"path":"navigation.position"')
_IS_TRUE = delta_has('"value":true')
_GROW = "(memory.grow (i32.const 1))"
_CANNOT_GROW = f"(i32.eq {_GROW} (i32.const -1))"
_IS_ECHO = delta_has('"path":"plugins.wat.echo"')


def _heard(number: int) -> str:
    return f"(i32.eq (global.get $heard) (i32.const {number}))"


def _has(capability: str) -> str:
    return f"(call $sk_has_capability {text(capability)})"


def _lacks(capability: str) -> str:
    return f"(i32.eqz {_has(capability)})"


def _read(path: str, condition: str) -> str:
    """Trap if what is read of the own vessel, when the plugin starts, has a part."""
    length = f"(call $sk_get_self_path {text(path)} {ANSWER_BUFFER})"
    return f"(local.set $i {length}) {when(condition, TRAP)}"


def _answer_has(part: str) -> str:
    return f"(call $contains (i32.const {ANSWER}) (local.get $i) {text(part)})"


def _failed_with(error: int) -> str:
    return f"(i32.eq (local.get $error) (i32.const {error}))"


def _writes(path: str, contents: str = text("1")) -> str:
    return f"(drop (call $write_file {text(path)} {contents}))"


def _declares(**changes: object) -> dict[str, object]:
    return {**CAPABILITIES, **changes}


# Twenty times the plugin's first megabyte, which it makes first.
_LARGE_FILES = "(drop (memory.grow (i32.const 16)))" + "".join(
    _writes(f"data/large{number}", "(i32.const 0) (i32.const 1048576)") for number in range(20)
)
_DIGIT = (
    f"(i32.and (i32.ge_u (i32.load8_u (i32.const {CONTENTS})) (i32.const 48))"
    f" (i32.le_u (i32.load8_u (i32.const {CONTENTS})) (i32.const 57)))"
)
_NEEDS_ITS_CACHE = when(
    "(i32.eqz (local.get $error))",
    f"(local.set $error (call $read_file {text('tmp/cache.txt')}))",
    when("(local.get $error)", "(return (i32.const 1))"),
)

_LINK_OUT = call("path_symlink", text("../../../canary.txt"), "(i32.const 3)", text("data/link"))
_TELLS_CANARY = (
    f"(drop (call $read_file {text('data/canary.txt')}))"
    f"{call('sk_debug', f'(i32.const {CONTENTS})', f'(i32.load (i32.const {COUNT}))')}"
)

DELTA = {
    "DELTA-014": Mutant(
        match="given an ordinary delta: delta_handler trapped",
        plugin=Honest(delta=when(delta_has("battery.1"), TRAP)),
        fatal=SHORT_LIVED,
    ),
    "DELTA-015": Mutant(
        match="given an unusual, valid delta: delta_handler trapped",
        plugin=Honest(delta=when(delta_has('"value":null'), TRAP)),
    ),
    "DELTA-016": Mutant(
        match="given a valid delta: delta_handler trapped",
        plugin=Honest(delta=when(delta_has('"displayName"'), TRAP)),
    ),
    "DELTA-016 hang": Mutant(
        match="given a valid delta: delta_handler did not return",
        plugin=Honest(delta=when(delta_has('"displayName"'), "(loop $forever (br $forever))")),
        limits=Limits(call_seconds=0.2),
    ),
    "DELTA-017": Mutant(
        match="given a delta of 1000000 bytes: delta_handler trapped",
        plugin=Honest(delta=when("(i32.gt_u (local.get $length) (i32.const 900000))", TRAP)),
    ),
    "DELTA-018": Mutant(
        match="it answers its own",
        plugin=Honest(
            delta=when(
                f"(i32.or {_IS_POSITION} {_IS_ECHO})",
                emit(value("plugins.wat.echo", "1")),
            )
        ),
        limits=Limits(deltas_per_tick=250),
        slow=True,
    ),
    "DELTA-018 from the start": Mutant(
        match="it was cut off: more than 250 deltas in one tick",
        plugin=Honest(delta=when(delta_has(_IS_START), emit(value("plugins.wat.starts", "1")))),
        limits=Limits(deltas_per_tick=250),
        slow=True,
    ),
    "DELTA-019": Mutant(
        match="of two thousand ordinary ones: delta_handler trapped", plugin=Honest(delta=when(_heard(1500), TRAP))
    ),
    "DELTA-020": Mutant(
        match="which is no delta: updates[0].values[0].value: is a string, number, boolean, object or null, never",
        plugin=Honest(delta=when(_IS_TRUE, emit(value("plugins.wat.a", "[1]")))),
    ),
    "DELTA-020 text": Mutant(
        match="it emitted NaN, which is no delta: it is not JSON", plugin=Honest(delta=when(_IS_TRUE, emit("NaN")))
    ),
    "DELTA-021": Mutant(match="ordinary deltas: delta_handler trapped", plugin=Honest(delta=when(_CANNOT_GROW, TRAP))),
    "DELTA-021 quietly": Mutant(
        match="after 10000 ordinary deltas it has 256 MiB of memory, which is all there is",
        plugin=Honest(delta=f"(drop {_GROW})"),
    ),
    "DELTA-022": Mutant(
        match="its memory grows with the deltas that it takes: ",
        plugin=Honest(delta=when("(i32.eqz (i32.rem_u (global.get $heard) (i32.const 300)))", f"(drop {_GROW})")),
    ),
}

MODEL = {
    "MODEL-001": Mutant(
        match="with an empty data model: poll trapped",
        plugin=Honest(
            poll=when(f"(i32.eqz (call $sk_get_self_path {SPEED} {ANSWER_BUFFER}))", TRAP),
        ),
        fatal=SHORT_LIVED,
    ),
    "MODEL-002": Mutant(
        match="holds ordinary values: plugin_start trapped",
        plugin=Honest(start=_read("navigation.speedOverGround", _answer_has('"$source"'))),
        fatal="every check that starts it again after deltas sees it",
    ),
    "MODEL-003": Mutant(
        match="values of other types: plugin_start trapped",
        plugin=Honest(start=_read("navigation.position", _answer_has("null"))),
    ),
    "MODEL-004": Mutant(
        match="sk_get_self_path was refused: the answer has",
        plugin=Honest(look=call("sk_get_self_path", SPEED, f"(i32.const {ANSWER}) (i32.const 4)")),
    ),
    "MODEL-004 path": Mutant(
        match="sk_get_path was refused: the text is not UTF-8",
        plugin=Honest(end=call("sk_get_path", text(b"vessels.\xff"), ANSWER_BUFFER)),
    ),
}

CAP = {
    "CAP-001": Mutant(
        match="it called sk_handle_message, and plugin wat-plugin lacks dataWrite capability",
        plugin=Honest(may="(i32.const 1)", capabilities=_declares(dataWrite=False)),
    ),
    "CAP-002": Mutant(
        match="sk_handle_message needs dataWrite", plugin=Honest(capabilities=_declares(dataWrite=False))
    ),
    "CAP-003": Mutant(
        match='"dataWrit" is not a capability (did you mean dataWrite?)',
        plugin=Honest(capabilities=_declares(dataWrit=True)),
    ),
    "CAP-003 value": Mutant(
        match="""storage is "vfs-only" or "none", not True""",
        plugin=Honest(capabilities=_declares(storage=True)),
    ),
    "CAP-004": Mutant(match="it declares rawSockets, and", plugin=Honest(capabilities=_declares(rawSockets=True))),
    "CAP-005": Mutant(
        match="without the capability httpEndpoints",
        plugin=Honest(capabilities=_declares(httpEndpoints=False)),
    ),
    "CAP-006": Mutant(
        match="started without dataWrite: plugin_start trapped", plugin=Honest(start=when(_lacks("dataWrite"), TRAP))
    ),
    "CAP-006 later": Mutant(
        match="run without dataWrite: poll trapped", plugin=Honest(poll=when(_lacks("dataWrite"), TRAP))
    ),
    "CAP-007": Mutant(
        match="started without dataRead: plugin_start trapped", plugin=Honest(start=when(_lacks("dataRead"), TRAP))
    ),
    "CAP-008": Mutant(
        match="started without storage: plugin_start trapped", plugin=Honest(read=when(_failed_with(_EBADF), TRAP))
    ),
    "CAP-009": Mutant(
        match="started without any capability: plugin_start trapped",
        plugin=Honest(start=when(f"(i32.eqz (i32.or {_has('dataRead')} {_has('dataWrite')}))", TRAP)),
    ),
    "CAP-009 name": Mutant(
        match="without any capability it has no name",
        plugin=Honest(
            exports={
                "plugin_name": string_out(
                    "plugin_name",
                    when(_lacks("dataWrite"), "(return (i32.const 0))") + write_out("WAT plugin"),
                )
            }
        ),
    ),
    "CAP-010": Mutant(
        match="its deltas went nowhere, and its status stayed 'Running'", plugin=Honest(may="(i32.const 1)")
    ),
}

VFS = {
    "VFS-001": Mutant(match="which leads out of its tree", plugin=Honest(end=_writes("../../etc/passwd"))),
    "VFS-001 absolute": Mutant(
        match="/etc/passwd', which leads out of its tree (EPERM)", plugin=Honest(end=_writes("/etc/passwd"))
    ),
    "VFS-002": Mutant(
        match="on a full disk: plugin_start trapped", plugin=Honest(written=when(_failed_with(_ENOSPC), TRAP))
    ),
    "VFS-003": Mutant(
        match="on a disk that fails: plugin_start trapped", plugin=Honest(written=when(_failed_with(_EIO), TRAP))
    ),
    "VFS-004": Mutant(
        match="with damaged contents in /data/note.txt: plugin_start trapped",
        plugin=Honest(
            read=when("(i32.eqz (local.get $error))", when(f"(i32.eqz {_DIGIT})", TRAP)),
        ),
    ),
    "VFS-005": Mutant(match="after its tmp/ was emptied it does not start", plugin=Honest(read=_NEEDS_ITS_CACHE)),
    "VFS-006": Mutant(match="it left /note.txt outside of", plugin=Honest(end=_writes("note.txt"))),
    "VFS-007": Mutant(match="of 20971522 bytes", plugin=Honest(end=_LARGE_FILES), slow=True),
    "VFS-008": Mutant(
        match="it made the symbolic link /data/link",
        plugin=Honest(end=call("path_symlink", text("note.txt"), "(i32.const 3)", text("data/link"))),
    ),
    "VFS-009": Mutant(
        match="it tried to make the link '/data/link' to a place outside of its tree", plugin=Honest(end=_LINK_OUT)
    ),
    "VFS-009 changed": Mutant(match="it changed the files or the configuration of another plugin", driver=Confusing()),
    "VFS-009 read": Mutant(
        match="its log holds what is in a file outside of its tree",
        plugin=Honest(end=_TELLS_CANARY),
        driver=Leaking(),
    ),
    "VFS-009 kept": Mutant(match="a file of its own holds what is in a file outside of its tree", driver=Leaking()),
    "VFS-010": Mutant(
        match="it tried to make the link '/data/link' to a place outside of its tree", plugin=Honest(end=_LINK_OUT)
    ),
    "VFS-010 changed": Mutant(match="server/plugin-config-data/canary/vfs/data/note.txt", driver=Confusing()),
    "VFS-010 read": Mutant(
        match="its log holds what is in a file outside of its tree",
        plugin=Honest(end=_TELLS_CANARY),
        driver=Leaking(),
    ),
}

MUTANTS = {**DELTA, **MODEL, **CAP, **VFS}
