"""Plugins that a departure of signalk-server does not touch: what it is about is put into the plugin itself."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

from wat import compiled

from corpus.tools import wasm_tools

if TYPE_CHECKING:
    from refhost.package import PluginPackage

# As `wasm-tools print --name-unnamed` writes it: an import of a function, a line each.
_IMPORT = re.compile(r'^ *\(import "(?P<module>\w+)" "(?P<name>\w+)" \(func (?P<type>\$.*)\)\)\n', re.MULTILINE)
_INITIALIZE = re.compile(r'\(export "_initialize" \(func (\S+)\)\)')
_BADF = "(i32.const 8)"


def spared(package: PluginPackage, departures: frozenset[str]) -> PluginPackage:
    """The same plugin, untouched by some of these: D17 (capabilities), D41 (_initialize) and WASI.

    With D17 it is told that it has every capability; with D41 its second _initialize does nothing; with WASI no
    function of WASI is the host's: all of them answer EBADF.
    """
    text = _printed(package.binary)
    own = []

    def kept(found: re.Match[str]) -> str:
        if "D17" in departures and found["name"] == "sk_has_capability":
            own.append(f"(func {found['type']} (i32.const 1))")
        elif "WASI" in departures and found["module"] == "wasi_snapshot_preview1":
            own.append(f"(func {found['type']} {_BADF if '(result i32)' in found['type'] else ''})")
        else:
            return found[0]
        return ""

    text = _IMPORT.sub(kept, text)
    begin = _INITIALIZE.search(text)
    if "D41" in departures and begin:
        text = text.replace(begin[0], '(export "_initialize" (func $spare))')
        own.append("(global $spared (mut i32) (i32.const 0))")
        once = f"(global.set $spared (i32.const 1)) (call {begin[1]})"
        own.append(f"(func $spare (if (i32.eqz (global.get $spared)) (then {once})))")
    end = text.rstrip().removesuffix(")")
    return replace(package, binary=compiled("\n".join([end, *own, ")"])))


def _printed(binary: bytes) -> str:
    command = [str(wasm_tools()), "print", "--name-unnamed", "-"]
    return subprocess.run(command, input=binary, capture_output=True, check=True).stdout.decode()
