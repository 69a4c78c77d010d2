"""A driver's process: lines to it and from it, each within a time, and its end in every case.

Everything happens in the thread of whoever asks: while a line is written, what the process says is read, and its
standard error is emptied all the time, so neither side can wait for the other for ever.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
import weakref
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from conformance.drivers.faults import DriverFault
from refhost.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CHUNK = 1 << 16
_LAST_WORDS = 600
# How long a process that has closed its standard output may take to end.
_ENDING_SECONDS = 2.0


class Late(Exception):  # noqa: N818 - what happened
    """The time is up."""


class Ended(Exception):  # noqa: N818 - the same
    """The process has ended, or has closed its standard output; the message says how."""


class Flood(Exception):  # noqa: N818 - the same
    """It says more than anybody will read; the message says how much."""


@dataclass(frozen=True)
class Bounds:
    """What a driver gets.

    Attributes:
        seconds: real time for one request.
        hello_seconds: for the first one: it says only who it is.
        line_bytes: the longest line.
        reply_bytes: all that it says from a request to the reply.
    """

    seconds: float = 30.0
    hello_seconds: float = 15.0
    line_bytes: int = 128 * 1024 * 1024
    reply_bytes: int = 256 * 1024 * 1024


class DriverProcess:
    """A running driver.

    Args:
        command: its words; no shell reads them.
        bounds: what it gets.

    Raises:
        DriverFault: it cannot be started.
    """

    def __init__(self, command: Sequence[str], bounds: Bounds) -> None:
        if os.name != "posix":
            raise ConfigurationError("exec: runs drivers on Linux, macOS and other systems with POSIX processes only.")
        self._bounds = bounds
        try:
            self._process = subprocess.Popen(  # noqa: S603 - it is what the user asked for
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,  # so that what it starts can be ended with it
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise DriverFault(
                f"The driver cannot be started: {command[0]}: {why}.", hint="exec: is followed by a command line."
            ) from None
        self._stdin, self._stdout, self._stderr = self._pipes()
        self._incoming = bytearray()
        self._searched = 0
        self._outgoing = memoryview(b"")
        self._heard = deque[bytes]()
        self._end = weakref.finalize(self, _end, self._process)

    def _pipes(self) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        for pipe in (stdin, stdout, stderr):
            os.set_blocking(pipe.fileno(), False)
        return stdin, stdout, stderr

    @property
    def pid(self) -> int:
        """Its id, and that of its group."""
        return self._process.pid

    @property
    def last_words(self) -> str:
        """The end of what it wrote to standard error."""
        text = b"".join(self._heard).decode("utf-8", "replace").strip()
        return text[-_LAST_WORDS:]

    def exchange(self, line: bytes, take: Callable[[bytes], bool], seconds: float) -> None:
        """Send a line, and hand over every line that comes until `take` says that it was the last one.

        Raises:
            Late: it has not come in time.
            Ended: it will never come.
            Flood: too much else came.
        """
        self._outgoing = memoryview(bytes(self._outgoing) + line)
        deadline = time.monotonic() + seconds
        heard = 0
        done = False
        with selectors.DefaultSelector() as selector:
            selector.register(self._stdout, selectors.EVENT_READ)
            if not self._stderr.closed:
                selector.register(self._stderr, selectors.EVENT_READ)
            if self._outgoing:
                selector.register(self._stdin, selectors.EVENT_WRITE)
            while not (done := done or self._hand_over(take)) or self._outgoing:
                left = deadline - time.monotonic()
                ready = selector.select(left) if left > 0 else []
                if not ready:
                    raise Late
                for key, _ in ready:
                    if key.fileobj is self._stdin and not self._write():
                        selector.unregister(self._stdin)
                    elif key.fileobj is self._stderr and not self._listen():
                        selector.unregister(self._stderr)
                        self._stderr.close()
                    elif key.fileobj is self._stdout:
                        heard += self._read()
                if heard > self._bounds.reply_bytes:
                    raise Flood(f"more than {self._bounds.reply_bytes} bytes")

    def _hand_over(self, take: Callable[[bytes], bool]) -> bool:
        """Hand over whole lines; whether the last one was among them. What follows it stays for the next request."""
        while (end := self._incoming.find(b"\n", self._searched)) >= 0:
            line = bytes(self._incoming[:end])
            del self._incoming[: end + 1]
            self._searched = 0
            if take(line):
                return True
        self._searched = len(self._incoming)
        if self._searched > self._bounds.line_bytes:
            raise Flood(f"a line of more than {self._bounds.line_bytes} bytes")
        return False

    def _write(self) -> bool:
        """Send what it takes; whether there is more to send."""
        try:
            sent = os.write(self._stdin.fileno(), self._outgoing[:_CHUNK])
        except BlockingIOError:
            return True
        except OSError:  # it no longer listens: what it says, and how it ends, tells more
            sent = len(self._outgoing)
        self._outgoing = self._outgoing[sent:]
        return bool(self._outgoing)

    def _read(self) -> int:
        """Take in what it says; how much it was.

        Raises:
            Ended: it says nothing more.
        """
        data = os.read(self._stdout.fileno(), _CHUNK)
        if not data:
            raise Ended(self._how_it_ended())
        self._incoming += data
        return len(data)

    def _listen(self) -> bool:
        """Take in what it wrote to standard error; whether there can be more."""
        try:
            data = os.read(self._stderr.fileno(), _CHUNK)
        except BlockingIOError:
            return True
        self._heard.append(data)
        while len(self._heard) > 1 and sum(map(len, self._heard)) - len(self._heard[0]) > _LAST_WORDS:
            self._heard.popleft()
        return bool(data)

    def _how_it_ended(self) -> str:
        try:
            code = self._process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            return "closed its standard output"
        while not self._stderr.closed and self._more_to_listen_to():
            pass
        if code < 0:
            with suppress(ValueError):
                return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def _more_to_listen_to(self) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(self._stderr, selectors.EVENT_READ)
            return bool(selector.select(0)) and self._listen()

    def close(self, seconds: float = 0.0) -> bool:
        """End it: close its standard input, give it so long to end by itself, then kill it and all that it started.

        Returns:
            Whether it ended by itself.
        """
        if not self._end.alive:
            return True
        self._stdin.close()
        by_itself = True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            by_itself = False
        self._end()
        return by_itself


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its group, wait for it, and close what led to it; also when nobody did so in time."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
