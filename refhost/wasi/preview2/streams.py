"""`wasi:io`: streams, their errors, and waiting."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Protocol

from wasmtime import component as wc

from refhost.wasi.preview2.registry import Failure, misuse, wasi

if TYPE_CHECKING:
    from collections.abc import Callable

    from refhost.clock import Clock
    from refhost.wasi.vfs import File

PERMIT = 1 << 16  # bytes that one read gives and one write takes
BLOCKING_PERMIT = 4096  # what `blocking-write-and-flush` takes, by the WIT
MAX_POLLABLES = 4096

_ERROR = "wasi:io/error"
_POLL = "wasi:io/poll"
_STREAMS = "wasi:io/streams"


class Resource:
    """Something with nothing to give up when its handle is dropped.

    Attributes:
        open_child: what must be dropped before it, while that is there.
    """

    resource = ""
    open_child = ""

    def close(self) -> None:
        """Nothing to do."""


class Error(Resource):
    """Why the last operation on a stream failed."""

    resource = "error"

    def __init__(self, cause: OSError) -> None:
        self.cause = cause


class Pollable(Resource):
    """Something to wait for; a timer, or what is ready at once."""

    resource = "pollable"
    is_sleep = True  # and not a wait for the network, which is bounded by itself (R47)

    def __init__(self, due_ns: int | None = None) -> None:
        self._due_ns = due_ns

    @property
    def due_ns(self) -> int | None:
        """The moment of the monotonic clock; None is now."""
        return self._due_ns


class Source(Protocol):
    """What an input stream reads from; no bytes mean the end."""

    def read(self, length: int) -> bytes:
        """Up to `length` bytes."""

    def close(self) -> None:
        """The stream is dropped."""


class Sink(Protocol):
    """What an output stream writes to."""

    def write(self, data: bytes) -> None:
        """Take all of `data`."""

    def close(self) -> None:
        """The stream is dropped."""


class FileSource:
    """A file from a place on."""

    def __init__(self, file: File, offset: int) -> None:
        self._file = file.share()
        self._offset = offset

    def read(self, length: int) -> bytes:
        """Read on."""
        data = self._file.read(self._offset, length)
        self._offset += len(data)
        return data

    def close(self) -> None:
        """Give the file up."""
        self._file.close()


class FileSink:
    """A file from a place on, or its end where the place is None."""

    def __init__(self, file: File, offset: int | None) -> None:
        self._file = file.share()
        self._offset = offset

    def write(self, data: bytes) -> None:
        """Write on."""
        end = self._file.write(self._offset, data)
        if self._offset is not None:
            self._offset = end

    def close(self) -> None:
        """Give the file up."""
        self._file.close()


class OutputSink:
    """Standard output or standard error."""

    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def write(self, data: bytes) -> None:
        """Pass it on."""
        if data:
            self._take(data)

    def close(self) -> None:
        """Nothing to do."""


class InputStream(Resource):
    """Reads until the end or an error, after which it is closed."""

    resource = "input-stream"

    def __init__(self, source: Source) -> None:
        self._source = source
        self._closed = False

    def read(self, length: int) -> bytes:
        """Up to `length` bytes.

        Raises:
            Failure: at the end, and after an error.
            OSError: what the source raises.
        """
        if self._closed:
            raise Failure(wc.Variant("closed"))
        if length == 0:
            return b""
        self._closed = True  # unless it goes well
        data = self._source.read(min(length, PERMIT))
        if not data:
            raise Failure(wc.Variant("closed"))
        self._closed = False
        return data

    def close(self) -> None:
        """Give the source up."""
        self._source.close()


class OutputStream(Resource):
    """Writes until an error, after which it is closed. Nothing is buffered, so that flushing does nothing."""

    resource = "output-stream"

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._closed = False

    def check(self) -> None:
        """Raise `Failure` after an error."""
        if self._closed:
            raise Failure(wc.Variant("closed"))

    def write(self, data: bytes) -> None:
        """Take all of `data`, or raise what the sink raises."""
        self.check()
        self._closed = True  # unless it goes well
        self._sink.write(data)
        self._closed = False

    def close(self) -> None:
        """Give the sink up."""
        self._sink.close()


def stream_error(error: OSError) -> wc.Variant:
    """The `stream-error` for an error of the file behind a stream."""
    return wc.Variant("last-operation-failed", Error(error))


class StreamFunctions:
    """`wasi:io/error`, `wasi:io/poll` and `wasi:io/streams`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @wasi(_ERROR, "[method]error.to-debug-string")
    def to_debug_string(self, error: Error) -> str:
        """The error in words."""
        return error.cause.strerror or errno.errorcode.get(error.cause.errno or 0, "EIO")

    @wasi(_POLL, "[method]pollable.ready")
    def ready(self, pollable: Pollable) -> bool:
        """Whether there is nothing to wait for."""
        return self._wait_of(pollable) == 0

    @wasi(_POLL, "[method]pollable.block")
    def block(self, pollable: Pollable) -> None:
        """Let the time go by until it is due."""
        self._pass(pollable)

    def _pass(self, pollable: Pollable) -> None:
        """Let the time go by until something is due."""
        if pollable.is_sleep:
            self._clock.wait(self._wait_of(pollable))
        else:
            self._clock.pass_time(self._wait_of(pollable))

    @wasi(_POLL, "poll")
    def poll(self, pollables: list[Pollable]) -> list[int]:
        """Wait for the first of several, and tell which are due."""
        if not 0 < len(pollables) <= MAX_POLLABLES:
            raise misuse("wasi:io/poll.poll", f"a list of {len(pollables)} pollables")
        waits = [self._wait_of(pollable) for pollable in pollables]
        first = min(waits)
        self._pass(pollables[waits.index(first)])
        return [index for index, wait in enumerate(waits) if wait <= first]

    def _wait_of(self, pollable: Pollable) -> int:
        return 0 if pollable.due_ns is None else max(0, pollable.due_ns - self._clock.elapsed_ns)

    @wasi(_STREAMS, "[method]input-stream.read")
    @wasi(_STREAMS, "[method]input-stream.blocking-read")
    def read(self, stream: InputStream, length: int) -> bytes:
        """Up to `length` bytes."""
        return stream.read(length)

    @wasi(_STREAMS, "[method]input-stream.skip")
    @wasi(_STREAMS, "[method]input-stream.blocking-skip")
    def skip(self, stream: InputStream, length: int) -> int:
        """Read and forget."""
        return len(stream.read(length))

    @wasi(_STREAMS, "[method]input-stream.subscribe")
    @wasi(_STREAMS, "[method]output-stream.subscribe")
    def subscribe(self, _stream: InputStream | OutputStream) -> Pollable:
        """A stream never keeps anyone waiting."""
        return Pollable()

    @wasi(_STREAMS, "[method]output-stream.check-write")
    def check_write(self, stream: OutputStream) -> int:
        """How many bytes the next write may have."""
        stream.check()
        return PERMIT

    @wasi(_STREAMS, "[method]output-stream.write")
    def write(self, stream: OutputStream, data: bytes) -> None:
        """Write; more than `check-write` permits is a trap."""
        if len(data) > PERMIT:
            raise misuse("output-stream.write", f"{len(data)} bytes, more than check-write permits ({PERMIT})")
        stream.write(data)

    @wasi(_STREAMS, "[method]output-stream.blocking-write-and-flush")
    def blocking_write_and_flush(self, stream: OutputStream, data: bytes) -> None:
        """Write; more than 4096 bytes are a trap."""
        if len(data) > BLOCKING_PERMIT:
            message = f"{len(data)} bytes, more than {BLOCKING_PERMIT}"
            raise misuse("output-stream.blocking-write-and-flush", message)
        stream.write(data)

    @wasi(_STREAMS, "[method]output-stream.write-zeroes")
    def write_zeroes(self, stream: OutputStream, length: int) -> None:
        """Write zeros, under the rule of `write`."""
        if length > PERMIT:
            raise misuse("output-stream.write-zeroes", f"{length} bytes, more than check-write permits ({PERMIT})")
        stream.write(bytes(length))

    @wasi(_STREAMS, "[method]output-stream.blocking-write-zeroes-and-flush")
    def blocking_write_zeroes_and_flush(self, stream: OutputStream, length: int) -> None:
        """Write zeros, under the rule of `blocking-write-and-flush`."""
        if length > BLOCKING_PERMIT:
            message = f"{length} bytes, more than {BLOCKING_PERMIT}"
            raise misuse("output-stream.blocking-write-zeroes-and-flush", message)
        stream.write(bytes(length))

    @wasi(_STREAMS, "[method]output-stream.flush")
    @wasi(_STREAMS, "[method]output-stream.blocking-flush")
    def flush(self, stream: OutputStream) -> None:
        """Nothing is waiting to be written."""
        stream.check()

    @wasi(_STREAMS, "[method]output-stream.splice")
    @wasi(_STREAMS, "[method]output-stream.blocking-splice")
    def splice(self, stream: OutputStream, source: InputStream, length: int) -> int:
        """Copy from one stream to another."""
        stream.check()
        data = source.read(length)
        stream.write(data)
        return len(data)
