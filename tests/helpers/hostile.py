"""Hostile plugins out of `corpus/hostile`: their WebAssembly text, their binaries, and a whole life of each in a host.

`python tests/helpers/hostile.py` lists them; with a name it prints that one's text; with `--write FOLDER` it writes the
binaries of all of them.
"""

from __future__ import annotations

import functools
import json
import re
import sys
import time
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import wat

import corpus
from refhost.capabilities import Grants
from refhost.errors import HostError
from refhost.functions import AS_FETCH, ENV
from refhost.limits import Limits
from refhost.package import PluginPackage
from refhost.wasi.preview1 import FUNCTIONS as WASI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from refhost.host import Host
    from refhost.plugin import Plugin

LIMITS = Limits(deltas_per_tick=300, delta_bytes_per_tick=16 * 1024 * 1024)
# For what never returns, each call of which takes all of its time.
_SHORT = replace(LIMITS, call_seconds=0.25)
FOLDER = Path(corpus.__file__).parent / "hostile"
NAME = "hostile"
CAPABILITIES = {
    "dataRead": True,
    "dataWrite": True,
    "storage": "vfs-only",
    "network": True,
    "rawSockets": True,
    "putHandlers": True,
    "httpEndpoints": True,
    "resourceProvider": True,
    "weatherProvider": True,
    "radarProvider": True,
}
_TEXT = re.compile(r'\b(text|bytes|string|wide)\(("(?:[^"\\]|\\.)*")\)')
_STRING_ID = 2  # contract §2
_CALLED = re.compile(r"\(call \$([\w.]+)")
_PART = re.compile(r"<([a-z_]+)>")


@dataclass(frozen=True)
class Hostile:
    """One hostile plugin; the attributes are the keys of its table, which `corpus/hostile/README.md` describes."""

    name: str
    group: str
    tries: str
    dialect: str
    says: str
    function: str
    survives: bool
    either: bool
    slow: bool
    packaged: bool
    wat: str

    def __str__(self) -> str:
        return self.name

    @functools.cached_property
    def binary(self) -> bytes:
        """The binary."""
        return wat.compiled(self.wat)

    @property
    def limits(self) -> Limits:
        """Of a host that it lives in: short is the time of what never returns, and of nothing else.

        Whatever ends by itself ends in the same way however busy the machine is.
        """
        return _SHORT if "did not return" in self.says else LIMITS

    @property
    def polls(self) -> bool:
        """Whether `poll` does anything."""
        return '(export "poll")' in self.wat and '(export "poll") (result i32) (i32.const 0))' not in self.wat

    def package(self, name: str = NAME) -> PluginPackage:
        """In a package with every capability, under a name."""
        return packaged(self.binary, name if self.packaged else "", self.name)


def packaged(binary: bytes, name: str = NAME, origin: str = "hostile.wasm") -> PluginPackage:
    """A binary with every capability, in a package unless it has no name."""
    manifest = (
        {"name": name, "version": "1.0.0", "wasmManifest": "plugin.wasm", "wasmCapabilities": CAPABILITIES}
        if name
        else {}
    )
    return PluginPackage(name, binary, origin, Grants.declared(CAPABILITIES), manifest)


def plugins() -> list[Hostile]:
    """All of them, in the order of their tables."""
    return list(_all())


@functools.cache
def _all() -> tuple[Hostile, ...]:
    base = tomllib.loads((FOLDER / "base.toml").read_text("utf-8"))
    found: list[Hostile] = []
    for path in sorted(FOLDER.glob("*.toml")):
        if path.stem != "base":
            tables = tomllib.loads(path.read_text("utf-8"))
            parts = tables.pop("parts", None)
            for name, row in tables.items():
                found += _of_row(path.stem, name, row, tables, base, parts)
    return tuple(found)


def _of_row(
    group: str,
    name: str,
    row: Mapping[str, Any],
    tables: Mapping[str, Any],
    base: Mapping[str, Any],
    parts: Mapping[str, str] | None,
) -> Iterator[Hostile]:
    for number, value in enumerate(row.get("each") or row.get("at") or [""]):
        key = "export" if "each" in row else "at"

        def put(text: str, key: str = key, value: str = value) -> str:
            return text.replace(f"{{{key}}}", value)

        suffix = f"-{value}" if "each" in row else f"-{number}" if "at" in row else ""
        edits = {**tables[row["like"]]["edits"], **row.get("edits", {})} if "like" in row else row.get("edits", {})
        text = (
            _core(base, row, value if "each" in row else "", put)
            if parts is None
            else _component(parts, {value: edits} if isinstance(edits, str) else edits, put)
        )
        yield Hostile(
            name + suffix,
            group,
            put(row["tries"]),
            "component" if parts is not None else row.get("dialect", "buffer"),
            put(row.get("says", "")),
            put(row.get("function", "")),
            row.get("survives", False),
            row.get("either", False),
            row.get("slow", False),
            row.get("packaged", True),
            text,
        )


def _component(parts: Mapping[str, str], edits: Mapping[str, str], put: Callable[[str], str]) -> str:
    """component.wat with its parts, of which some are edited."""
    known = {**parts, **{name: put(text) for name, text in edits.items()}}
    template = (FOLDER / "component.wat").read_text("utf-8")
    return _PART.sub(lambda match: known[match[1]], template)


def _core(base: Mapping[str, Any], row: Mapping[str, Any], export: str, put: Callable[[str], str]) -> str:
    dialect = base[row.get("dialect", "buffer")]
    under = base[dialect["extends"]] if "extends" in dialect else {"fields": "", "exports": {}}
    exports = {**under["exports"], **dialect["exports"]}
    bodies = row.get("body", {})
    if isinstance(bodies, str):
        bodies = {} if row.get("leaves_out") else {export: bodies}
    elif "before" in row:
        bodies = {export: row["before"] + exports[export][1]}
    if row.get("leaves_out"):
        exports.pop(export)
    functions = [
        f'(func ${name} (export "{name}") {kind} {put(bodies.get(name, body))})'
        for name, (kind, body) in exports.items()
    ]
    fields = row.get("fields", under["fields"] + dialect["fields"])
    return module(
        "\n".join([fields, put(row.get("add", "")), *functions]), base["helpers"], put(row.get("imports", ""))
    )


def module(body: str, helpers: Mapping[str, str] | None = None, imports: str = "") -> str:
    """The text of a module: texts have their places, and what it calls of the host is imported."""
    for name, code in (helpers or {}).items():
        if f"(call ${name}" in body:
            body = f"{code}\n{body}"
    body, segments = wat.placed(_TEXT.sub(_piece, body))
    lines = [line for name in dict.fromkeys(_CALLED.findall(body)) for line in _import(name)]
    return "\n".join(["(module", imports, *lines, body, *segments, ")"])


def _piece(match: re.Match[str]) -> str:
    kind, value = match[1], json.loads(match[2])
    if kind in ("text", "bytes"):
        return wat.text(bytes.fromhex(value) if kind == "bytes" else value)
    data = bytes.fromhex(value) if kind == "wide" else value.encode("utf-16-le")
    # AssemblyScript's own header: some hosts look whether the class is that of strings.
    block = wat.text(_STRING_ID.to_bytes(4, "little") + len(data).to_bytes(4, "little") + data)
    return f"(i32.add {block.partition(') ')[0]}) (i32.const 8))"


def _import(name: str) -> Iterator[str]:
    """The line that imports a function of the host; nothing for one of the plugin's own."""
    for where, function in (("env", ENV.get(name)), ("as-fetch", AS_FETCH.get(name))):
        if function is not None:
            parameters, results = function.signatures()[0]
            yield wat.imported(where, name, f"{' '.join(parameters)} -> {' '.join(results)}")
    if name in WASI:
        types = f"{' '.join(WASI[name].params)} -> {' '.join(WASI[name].results)}"
        yield wat.imported("wasi_snapshot_preview1", name, types)


# -- its neighbour

HONEST = "honest"


@functools.cache
def honest() -> PluginPackage:
    """An honest plugin that logs what it hears, and emits once a second."""
    delta = json.dumps('{"updates":[{"values":[{"path":"plugins.honest.polled","value":1}]}]}')
    row = {
        "body": {
            "poll": f"(call $sk_handle_message text({delta}) (i32.const 1)) (i32.const 0)",
            "delta_handler": "(call $sk_debug (local.get $delta) (local.get $length))",
            "plugin_start": "(i32.const 0)",
        }
    }
    base = tomllib.loads((FOLDER / "base.toml").read_text("utf-8"))
    return packaged(wat.compiled(_core(base, row, "", str)), HONEST, "honest.wasm")


def is_well(host: Host) -> bool:
    """Whether the honest neighbour runs, hears a delta, emits, reads the model, and can be stopped and started."""
    plugin = host.plugins[HONEST]
    before = len(plugin.log), len(plugin.emitted)
    host.publish("plugins.test.beacon", 7)
    host.advance(1.0)
    heard = any("plugins.test.beacon" in record.text for record in plugin.log[before[0] :])
    emitted = len(plugin.emitted) > before[1]
    model = host.model.self_path("plugins.test.beacon.value") == 7
    again = plugin.is_running and plugin.stop() == "stopped" and plugin.start() == "running" and plugin.starts == 2
    return heard and emitted and model and again


# -- a life


@dataclass
class Life:
    """What came of one hostile plugin in a host.

    Attributes:
        told: function and text of each record about it that says that something is wrong, and of what refused it.
        said: its own words: statuses and log.
        seconds: how long each step took, by its name.
    """

    told: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def names(self, function: str, says: str) -> bool:
        """Whether somebody was told this about this function."""
        return any((not function or where == function) and says in text for where, text in self.told)


def live(host: Host, package: PluginPackage) -> Life:
    """Load a plugin, and ask everything of it that a host asks: only errors of the host's own kind may come of it."""
    life = Life()
    plugin: Plugin | None = None

    def step(name: str, work: Callable[[], Any]) -> Any:
        begun = time.perf_counter()
        try:
            return work()
        except HostError as error:
            life.told.append((getattr(error, "function", ""), str(error)))
        finally:
            life.seconds[name] = time.perf_counter() - begun

    plugin = step("load", lambda: host.load(package))
    if plugin is not None:
        step("start", plugin.start)
        step("deliver", lambda: host.publish("navigation.speedOverGround", 1.5))
        step("poll", lambda: host.advance(1.2))
        _asked(host, plugin, step)
        step("stop", plugin.stop)
        step("start again", plugin.start)
        step("reload", plugin.reload)
        step("unload", lambda: host.unload(plugin))
    ours = plugin.id if plugin is not None else package.id or ""
    for record in host.journal.of(ours):
        if record.kind in ("fault", "refused", "denied", "warning"):
            life.told.append((record.function, record.text))
        elif record.kind not in ("state", "departure"):
            life.said.append(record.text)
    return life


def _asked(host: Host, plugin: Plugin, step: Callable[[str, Callable[[], Any]], Any]) -> None:
    """What clients ask; a plugin that has crashed in between is started again first."""
    asked: list[tuple[str, Callable[[], Any]]] = [
        ("put", lambda: host.put("plugins.hostile.switch", True)),
        ("resources", lambda: host.resources("routes").list()),
        ("weather", lambda: host.weather("hostile").ask("warnings", {"latitude": 60.0, "longitude": 25.0})),
        ("radars", lambda: host.radars("hostile").ids()),
        ("http", lambda: host.http.get(f"/plugins/{quote(plugin.id, safe='')}/api/x")),
        ("model", lambda: host.http.get("/signalk/v1/api/vessels/self")),
    ]
    for name, work in asked:
        step("restart", plugin.start)
        step(name, work)


def main(arguments: list[str]) -> None:
    """List them, show one, or write all."""
    if len(arguments) == 2 and arguments[0] == "--write":
        folder = Path(arguments[1])
        folder.mkdir(parents=True, exist_ok=True)
        for plugin in plugins():
            (folder / f"{plugin.name}.wasm").write_bytes(plugin.binary)
        sys.stdout.write(f"{len(plugins())} plugins written to {folder}" + "\n")
    elif arguments:
        shown = [plugin.wat for plugin in plugins() if plugin.name in arguments]
        sys.stdout.write("\n".join(shown) if shown else f"There is no hostile plugin {arguments[0]}." + "\n")
    else:
        for plugin in plugins():
            sys.stdout.write(f"{plugin.name:50} {plugin.tries}" + "\n")
        sys.stdout.write(f"{len(plugins())} hostile plugins" + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
