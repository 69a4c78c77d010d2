"""WebAssembly text, put together from pieces: host calls, texts in memory, imports by name.

A piece of code names its texts where it uses them; `assemble` gives each its place:

    binary = assemble('(func (export "f") ' + call("sk_debug", text("hello")) + ")")
"""

from __future__ import annotations

import re

import wasmtime

# The host functions that a piece may call, each with its parameters and result.
ENV = {
    "abort": "i32 i32 i32 i32",
    "seed": "-> f64",
    "sk_debug": "i32 i32",
    "sk_set_status": "i32 i32",
    "sk_set_error": "i32 i32",
    "sk_get_self_path": "i32 i32 i32 i32 -> i32",
    "sk_get_path": "i32 i32 i32 i32 -> i32",
    "sk_handle_message": "i32 i32 i32",
    "sk_publish_notification": "i32 i32 i32 i32 -> i32",
    "sk_read_config": "i32 i32 -> i32",
    "sk_save_config": "i32 i32 -> i32",
    "sk_has_capability": "i32 i32 -> i32",
    "sk_register_put_handler": "i32 i32 i32 i32 -> i32",
    "sk_register_resource_provider": "i32 i32 -> i32",
    "sk_register_weather_provider": "i32 i32 -> i32",
    "sk_register_radar_provider": "i32 i32 -> i32",
    "sk_radar_emit_spokes": "i32 i32 i32 i32 -> i32",
    "sk_emit_binary_stream": "i32 i32 i32 i32 -> i32",
    "sk_udp_create": "i32 -> i32",
    "sk_udp_bind": "i32 i32 -> i32",
    "sk_udp_join_multicast": "i32 i32 i32 i32 i32 -> i32",
    "sk_udp_leave_multicast": "i32 i32 i32 i32 i32 -> i32",
    "sk_udp_set_multicast_ttl": "i32 i32 -> i32",
    "sk_udp_set_multicast_loopback": "i32 i32 -> i32",
    "sk_udp_set_broadcast": "i32 i32 -> i32",
    "sk_udp_send": "i32 i32 i32 i32 i32 i32 -> i32",
    "sk_udp_recv": "i32 i32 i32 i32 i32 -> i32",
    "sk_udp_pending": "i32 -> i32",
    "sk_udp_close": "i32",
    "sk_tcp_create": "-> i32",
    "sk_tcp_connect": "i32 i32 i32 i32 -> i32",
    "sk_tcp_connected": "i32 -> i32",
    "sk_tcp_set_line_buffering": "i32 i32 -> i32",
    "sk_tcp_send": "i32 i32 i32 -> i32",
    "sk_tcp_recv_line": "i32 i32 i32 -> i32",
    "sk_tcp_recv_raw": "i32 i32 i32 -> i32",
    "sk_tcp_pending": "i32 -> i32",
    "sk_tcp_close": "i32",
}
WASI = {
    "path_open": "i32 i32 i32 i32 i32 i64 i64 i32 i32 -> i32",
    "path_symlink": "i32 i32 i32 i32 i32 -> i32",
    "args_sizes_get": "i32 i32 -> i32",
    "fd_write": "i32 i32 i32 i32 -> i32",
    "fd_read": "i32 i32 i32 i32 -> i32",
    "fd_close": "i32 -> i32",
    "random_get": "i32 i32 -> i32",
    "proc_exit": "i32",
}

TRAP = "(unreachable)"
LOOP = "(loop $forever (br $forever))"

# Where texts lie: below is room for scratch, and from HEAP on the plugin allocates.
TEXTS, HEAP = 8192, 131_072

_PLACE = re.compile(r"⟦(8|16):([0-9a-f]*):([pl])⟧")


def text(value: str | bytes) -> str:
    """Pointer and length of a text, as two arguments of a call."""
    data = (value.encode() if isinstance(value, str) else value).hex()
    return f"(i32.const ⟦8:{data}:p⟧) (i32.const ⟦8:{data}:l⟧)"


def string(value: str | bytes) -> str:
    """Pointer to an AssemblyScript string: UTF-16LE, its byte length in the four bytes before it."""
    data = (value.encode("utf-16-le") if isinstance(value, str) else value).hex()
    return f"(i32.const ⟦16:{data}:p⟧)"


def call(name: str, *arguments: str) -> str:
    """A call of a host function whose result, if any, is dropped."""
    invoked = f"(call ${name} {' '.join(arguments)})"
    return f"(drop {invoked})" if "->" in {**ENV, **WASI}[name] else invoked


def emit(delta: str | bytes, version: int = 1) -> str:
    """Emit a text as a delta."""
    return call("sk_handle_message", text(delta), f"(i32.const {version})")


def when(condition: str, *code: str) -> str:
    """Do something if a condition holds."""
    return f"(if {condition} (then {' '.join(code)}))"


def imported(module: str, name: str, types: str) -> str:
    """One line that imports a function."""
    parameters, _, result = types.partition("->")
    wasm = f"(param {parameters.strip()})" if parameters.strip() else ""
    wasm += f" (result {result.strip()})" if result.strip() else ""
    return f'(import "{module}" "{name}" (func ${name} {wasm}))'


def assemble(body: str, *, imports: str = "", memory: str = '(memory (export "memory") 4)') -> bytes:
    """The binary of a module: what `body` calls is imported, what it names of texts is placed.

    Args:
        body: the fields of the module.
        imports: more lines of imports, for functions that no table above has.
    """
    called = set(re.findall(r"\(call \$(\w+)", body))
    lines = [
        imported(module, name, types)
        for module, functions in (("env", ENV), ("wasi_snapshot_preview1", WASI))
        for name, types in functions.items()
        if name in called
    ]
    body, segments = placed(body)
    return compiled("\n".join(["(module", imports, *lines, memory, *segments, body, ")"]))


def placed(body: str) -> tuple[str, list[str]]:
    """The body with addresses in it, and the data segments that hold its texts."""
    places: dict[tuple[str, str], int] = {}
    segments = []
    end = TEXTS
    for width, data, _ in _PLACE.findall(body):
        if (width, data) in places:
            continue
        header = len(data) // 2 if width == "16" else 0
        raw = header.to_bytes(4, "little") + bytes.fromhex(data)
        escaped = "".join(f"\\{byte:02x}" for byte in raw)
        segments.append(f'(data (i32.const {end}) "{escaped}")')
        places[width, data] = end + 4
        end += len(raw) + -len(raw) % 8
    if end > HEAP:
        raise ValueError("the texts do not fit below the heap")

    def address(match: re.Match[str]) -> str:
        width, data, what = match.groups()
        return str(places[width, data] if what == "p" else len(data) // 2)

    return _PLACE.sub(address, body), segments


def compiled(wat: str) -> bytes:
    """The binary of WebAssembly text, of a module or a component."""
    return bytes(wasmtime.wat2wasm(wat))
