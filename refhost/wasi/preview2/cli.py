"""`wasi:cli`: environment, standard streams, terminals, exit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.errors import GuestExit
from refhost.wasi.preview1.descriptors import Input
from refhost.wasi.preview2.registry import wasi
from refhost.wasi.preview2.streams import InputStream, OutputSink, OutputStream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wasmtime import component as wc


class CliFunctions:
    """What a component finds around it."""

    def __init__(
        self,
        env: Mapping[str, str],
        args: Sequence[str],
        stdin: bytes,
        stdout: Callable[[bytes], None],
        stderr: Callable[[bytes], None],
    ) -> None:
        self._env = list(env.items())
        self._args = list(args)
        self._stdin = Input(stdin)
        self._stdout = OutputSink(stdout)
        self._stderr = OutputSink(stderr)

    @wasi("wasi:cli/environment", "get-environment")
    def get_environment(self) -> list[tuple[str, str]]:
        """The environment variables."""
        return self._env

    @wasi("wasi:cli/environment", "get-arguments")
    def get_arguments(self) -> list[str]:
        """The arguments."""
        return self._args

    @wasi("wasi:cli/environment", "initial-cwd")
    def initial_cwd(self) -> None:
        """There is no current directory."""

    @wasi("wasi:cli/exit", "exit")
    def exit(self, status: wc.Variant) -> None:
        """End the instance: 0 for ok, 1 for an error."""
        raise GuestExit(0 if status.tag == "ok" else 1)

    @wasi("wasi:cli/exit", "exit-with-code")
    def exit_with_code(self, code: int) -> None:
        """End the instance."""
        raise GuestExit(code)

    @wasi("wasi:cli/stdin", "get-stdin")
    def get_stdin(self) -> InputStream:
        """Standard input; every handle reads on where the last one stopped."""
        return InputStream(self._stdin)

    @wasi("wasi:cli/stdout", "get-stdout")
    def get_stdout(self) -> OutputStream:
        """Standard output."""
        return OutputStream(self._stdout)

    @wasi("wasi:cli/stderr", "get-stderr")
    def get_stderr(self) -> OutputStream:
        """Standard error."""
        return OutputStream(self._stderr)

    @wasi("wasi:cli/terminal-stdin", "get-terminal-stdin")
    @wasi("wasi:cli/terminal-stdout", "get-terminal-stdout")
    @wasi("wasi:cli/terminal-stderr", "get-terminal-stderr")
    def get_terminal(self) -> None:
        """No stream is a terminal."""
