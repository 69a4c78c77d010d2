"""A log of deltas through `delta_handler`: objects in, in this host and in signalk-server's loader."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import wasmtime

from bench.rows import Row, compare
from bench.server_loader import ServerLoader
from refhost.host import Host
from refhost.package import read_package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from refhost.package import PluginPackage

_PLUGINS = Path(__file__).with_name("plugins")
DELTAS = 2000
TIMES = 10
# A configuration with which the relay emits.
_EMITS = {"emit": "every delta that comes"}


def delta(number: int) -> dict[str, Any]:
    """A delta of 307 bytes, as a gateway on a boat's network sends them."""
    values = [
        {"path": "navigation.position", "value": {"latitude": -17.68, "longitude": 177.39}},
        {"path": "navigation.speedOverGround", "value": 5 + number % 10 / 10},
    ]
    update = {"$source": "n2k-on-ve.can-socket.43", "timestamp": "2024-01-15T12:30:00.000Z", "values": values}
    return {"context": "vessels.urn:mrn:signalk:uuid:c0d79334-4e25-4245-8892-54e8ccc8021d", "updates": [update]}


LOG = [delta(number) for number in range(DELTAS)]


def relay() -> bytes:
    """The plugin of the buffer dialect."""
    return bytes(wasmtime.wat2wasm((_PLUGINS / "relay.wat").read_text("utf-8")))


def quiet() -> bytes:
    """The plugin in AssemblyScript."""
    return (_PLUGINS / "quiet.wasm").read_bytes()


@contextmanager
def both(binary: bytes, config: dict[str, Any]) -> Iterator[tuple[PluginPackage, ServerLoader]]:
    """A plugin, and the server's loader, in which it runs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        (folder / "plugin.wasm").write_bytes(binary)
        (folder / "log.json").write_text(json.dumps(LOG), "utf-8")
        loader = stack.enter_context(ServerLoader(folder / "log.json"))
        there = loader.ask("load", name="bench", binary=str(folder / "plugin.wasm"), config=config)
        if (there["state"], there["listeners"]) != ("running", 1):
            raise SystemExit(f"the plugin does not run in the server's loader: {there}")
        yield read_package(folder / "plugin.wasm"), loader


def _row(
    name: str, what: str, binary: bytes, goal: str, config: dict[str, Any] | None = None, *, read: bool = False
) -> Row:
    emitting = bool(config)
    with both(binary, config or {}) as (package, loader):

        def ours() -> float:
            with Host() as host:  # a fresh one each time: it remembers what is emitted
                plugin = host.load(package)
                plugin.start(config)
                begun = time.process_time()
                for _ in range(TIMES):
                    host.replay(LOG)
                    if read:
                        host.model.path("vessels")
                taken = time.process_time() - begun
                if not plugin.is_running or len(plugin.emissions) != emitting * DELTAS * TIMES:
                    raise SystemExit(f"{name}: {plugin.state}, {len(plugin.emissions)} deltas were emitted")
                return DELTAS * TIMES / taken

        def theirs() -> float:
            done = loader.ask("replay", times=TIMES)
            if done["emitted"] != emitting * DELTAS * TIMES:
                raise SystemExit(f"{name}: there {done['emitted']} deltas were emitted")
            taken: float = done["microseconds"] / 1e6
            return DELTAS * TIMES / taken

        return compare(name, what, "deltas a second", goal, ours, theirs)


def replay_buffer() -> Row:
    """Nothing is emitted; the buffer dialect."""
    return _row("replay-buffer", "a log of deltas, nothing emitted, buffer dialect", relay(), ">= 3")


def replay_assemblyscript() -> Row:
    """Nothing is emitted; AssemblyScript."""
    return _row("replay-assemblyscript", "a log of deltas, nothing emitted, AssemblyScript", quiet(), ">= 1.5")


def replay_emitting() -> Row:
    """One delta is emitted for each, which goes over the bus too, back to the plugin."""
    return _row("replay-emitting", "a log of deltas, one emitted for each", relay(), ">= 1.5", _EMITS)


def replay_and_read() -> Row:
    """As replay-buffer, and after every 2000 deltas the model is read, which the server's loader has not at all."""
    return _row("replay-and-read", "as replay-buffer, and the model is read", relay(), ">= 1", read=True)
