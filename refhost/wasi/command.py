"""`refhost wasi`: any WASI preview 1 program under this host's own WASI, as public test suites of WASI need it."""

from __future__ import annotations

import random
import signal
import sys
import threading
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
import wasmtime

from refhost.binary import is_component
from refhost.clock import Clock
from refhost.dialects.guard import Guard
from refhost.dialects.memory import GuestMemory
from refhost.engine import COMPILER, new_store
from refhost.errors import BinaryError, LinkError, PluginError, PluginExit
from refhost.functions import describe
from refhost.signatures import Signatures
from refhost.wasi.preview1 import FUNCTIONS, MODULE, Preview1
from refhost.wasi.vfs import Vfs
from refhost.wasi.vfs.copying import copy_tree
from refhost.wasi.vfs.disk import disk_tree
from refhost.wasi.vfs.memory import memory_tree
from refhost.wasi.vfs.quota import UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TRAPPED = 134  # as a process that called abort(), and as wasmtime's own command line has it
_BAD_EXIT = 1
_MAX_EXIT = 125  # WASI gives programs the codes up to here
_NO_LIMIT = 1e9  # seconds


def program(binary: bytes, origin: str) -> wasmtime.Module:
    """Compile a core module that is a command of WASI preview 1; nothing of it runs.

    Raises:
        BinaryError: it is something else, or does not validate.
        LinkError: it imports what WASI preview 1 has not.
    """
    if is_component(binary):
        raise BinaryError(
            f"{origin} is a component (WASI 0.2); this runs core modules with WASI preview 1.",
            hint="Build it for wasm32-wasip1.",
        )
    module = COMPILER.module(binary)
    signatures = Signatures(binary)
    exports = {export.name: export.type for export in module.exports}
    memory = exports.get("memory")
    if signatures.exports.get("_start") != "()":
        raise BinaryError(
            f"{origin} is no command: it does not export a function _start without parameters and results.",
            hint=f"It exports {', '.join(exports) or 'nothing'}.",
        )
    if not isinstance(memory, wasmtime.MemoryType):
        raise BinaryError(f"{origin} does not export its memory under the name memory, where WASI reads and writes.")
    declared = zip(module.imports, signatures.imports, strict=True)
    problems = [problem for entry, signature in declared if (problem := _problem(entry, signature))]
    if problems:
        raise LinkError("\n".join([f"{origin} cannot be linked:", *(f"  {problem}" for problem in problems)]))
    return module


def _problem(entry: wasmtime.ImportType, declared: str) -> str:
    """What is wrong with an import that is declared with this type, "" for no function; empty where nothing is."""
    name = f"{entry.module}.{entry.name}"
    function = FUNCTIONS.get(entry.name or "") if entry.module == MODULE else None
    if function is None:
        return f"{name} is not a function of WASI preview 1 ({MODULE})"
    if not declared:
        return f"{name} is imported as something else than a function"
    expected = describe(function.params, function.results)
    return f"{name} is declared as {declared}; it is {expected}" if declared != expected else ""


def run(module: wasmtime.Module, wasi: Preview1) -> int:
    """Run a program to its end.

    Returns:
        Its exit code.

    Raises:
        PluginError: it ended badly.
    """
    store = new_store()
    guard = Guard(store, _NO_LIMIT)
    try:
        imports: list[wasmtime.Func] = []
        for entry in module.imports:
            assert isinstance(entry.type, wasmtime.FuncType)
            function = guard.wrap(wasi.function(entry.name or ""))
            imports.append(wasmtime.Func(store, entry.type, function))
        instance = guard.run("instantiation", lambda: wasmtime.Instance(store, module, imports))
        exports = instance.exports(store)
        wasi.bind(GuestMemory(store, exports["memory"]))
        guard.run("_start", lambda: exports["_start"](store))
    except PluginExit as ending:
        return ending.code
    finally:
        wasi.close()
        store.close()
    return 0


# The command line.


def _directory(text: str) -> tuple[Path, str]:
    host, separator, guest = text.partition("::")
    if not host or (separator and not guest):
        raise click.UsageError(f"--dir: {text!r} is neither HOST::GUEST nor a directory.")
    if not Path(host).is_dir():
        raise click.UsageError(f"--dir: {host} is no directory.")
    return Path(host), guest or host


def _variable(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise click.UsageError(f"--env: {text!r} is not NAME=VALUE.")
    return name, value


def _tree(directory: Path, clock: Clock, *, in_memory: bool, closing: ExitStack) -> Vfs:
    try:
        root = disk_tree(directory)
        closing.callback(root.close_tree)
        if in_memory:
            copy = memory_tree()
            copy_tree(root, copy)
            return Vfs(copy, clock=clock, limits=UNLIMITED, layout=())
        return Vfs(root, clock=clock, limits=UNLIMITED, layout=())
    except OSError as error:
        raise click.UsageError(f"--dir: {directory} cannot be read: {error}.") from None


def _source() -> Callable[[int], bytes] | bytes:
    """Standard input, read when the program asks for it."""
    return sys.stdin.buffer.read1 if sys.stdin is not None else b""  # type: ignore[union-attr] # as every buffer has


def _sink(stream: BinaryIO) -> Callable[[bytes], None]:
    """A stream that gets every byte at once: nothing is left to be written when the program is gone."""
    unbuffered = getattr(stream, "raw", stream)

    def write(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[unbuffered.write(rest) or 0 :]

    return write


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end the process: Python's own handler would wait for the program to come back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@click.command("wasi")
@click.argument("module", type=click.Path(path_type=Path))
@click.argument("arguments", nargs=-1, metavar="[-- ARGS]...")
@click.option("--dir", "directories", multiple=True, metavar="HOST[::GUEST]", help="A directory for it; repeatable.")
@click.option("--env", "variables", multiple=True, metavar="NAME=VALUE", help="A variable for it; repeatable.")
@click.option("--memory", "in_memory", is_flag=True, help="Give it copies of the directories, in memory.")
@click.option("--seed", default=0, help="Of all randomness that it sees.", show_default=True)
def wasi_command(
    module: Path,
    *,
    arguments: tuple[str, ...],
    directories: tuple[str, ...],
    variables: tuple[str, ...],
    in_memory: bool,
    seed: int,
) -> None:
    """Run a WASI preview 1 program: a core module with _start.

    It gets this command's standard input, output and error, and its exit code becomes the command's; a trap is 134.
    Time is virtual and randomness seeded, as for plugins.
    """
    try:
        binary = module.read_bytes()
    except OSError as error:
        raise click.UsageError(f"{module} cannot be read: {error.strerror}.") from None
    compiled = program(binary, str(module))
    clock = Clock()
    with ExitStack() as closing:
        preopens = [
            (_tree(host, clock, in_memory=in_memory, closing=closing), guest)
            for host, guest in map(_directory, directories)
        ]
        wasi = Preview1(
            preopens=preopens,
            clock=clock,
            random=random.Random(seed),
            env=dict(map(_variable, variables)),
            args=[module.name, *arguments],
            stdin=_source(),
            stdout=_sink(sys.stdout.buffer),
            stderr=_sink(sys.stderr.buffer),
        )
        try:
            with _interruptible():
                code = run(compiled, wasi)
        except PluginError as error:
            click.echo(f"refhost: {module}: {error}", err=True)
            raise SystemExit(_TRAPPED) from None
    if code > _MAX_EXIT:
        click.echo(f"refhost: {module}: it ended with {code}; exit codes go from 0 to {_MAX_EXIT}.", err=True)
        code = _BAD_EXIT
    raise SystemExit(code)
