"""Requests to a driver and what comes back, every message checked against its schema in both directions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from conformance.drivers.faults import LAST_WORDS, DriverFault, HostGone, refusal
from conformance.drivers.process import Bounds, DriverProcess, Ended, Flood, Late
from conformance.drivers.protocol import EVENTS, VERSION
from conformance.drivers.schemas import FAILED, problem
from refhost.errors import ConfigurationError, HostError
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

Watch = Callable[[str, bytes], None]

_SHOWN = 200
# How long a driver may take to end after it has replied to `shutdown`.
_ENDING_SECONDS = 5.0


class Conversation:
    """One process of a driver, from `hello` to its end.

    Args:
        command: its words.
        bounds: what it gets.
        seed: of all randomness that plugins see.

    Attributes:
        watch: is shown every line of the protocol, the suite's with ">" before it and the driver's with "<".
        host: the host's name.
        version: and version.
        features: what it can do.
        listener: takes every event.
        broken: why nothing can be asked any more; None while it can.

    Raises:
        DriverFault: it cannot be started, or does not say who it is.
    """

    def __init__(
        self, command: Sequence[str], bounds: Bounds, *, seed: int = 0, watch: Watch = lambda *_: None
    ) -> None:
        self._bounds = bounds
        self._number = 0
        self.watch = watch
        self.listener: Callable[[dict[str, Any]], None] = lambda _: None
        self.broken: HostError | None = None
        self.process = DriverProcess(command, bounds)
        hello = self._hello(seed)
        self.host: str = hello["host"]
        self.version: str = hello["version"]
        self.features = frozenset[str](hello["features"])

    def _hello(self, seed: int) -> dict[str, Any]:
        try:
            return self.request("hello", protocol=VERSION, seed=seed)
        except (DriverFault, ConfigurationError):
            raise
        except HostError as error:
            self._break(DriverFault(f"The driver refused hello: {_cut(error.message)}"))

    def request(self, method: str, /, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - what the method takes
        """Ask for something.

        Raises:
            DriverFault: the driver does not keep to the protocol.
            HostGone: the host died, or did not reply in time and was killed.
            HostError: the host could not do it; see `conformance.drivers.faults.refusal`.
        """
        if self.broken is not None:
            raise type(self.broken)(self.broken.message, hint=self.broken.hint)
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        wrong = problem("requests", method, message)
        if wrong:
            raise ConfigurationError(f"No driver can be asked for that: {method}: {printable(wrong, limit=_SHOWN)}.")
        reply = self._reply(method, json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n")
        if "error" in reply:
            raise refusal(reply["error"])
        result: dict[str, Any] = reply["result"]
        return result

    def _reply(self, method: str, line: bytes) -> dict[str, Any]:
        greeting = method == "hello"
        seconds = self._bounds.hello_seconds if greeting else self._bounds.seconds
        found: list[dict[str, Any]] = []
        self.watch(">", line)

        def take(line: bytes) -> bool:
            message = self._message(line, f"where its reply to {method} belongs")
            if "event" in message:
                self.listener(message)
            else:
                self._check_reply(message, method)
                found.append(message)
            return bool(found)

        try:
            self.process.exchange(line, take, seconds)
        except Late:
            who = DriverFault if greeting else HostGone
            self._break(who(f"{_who(greeting)} did not reply to {method} within {seconds:g} s, and was killed"))
        except Ended as end:
            who = DriverFault if greeting else HostGone
            self._break(who(f"{_who(greeting)} {end} in the middle of {method}"))
        except Flood as flood:
            self._break(DriverFault(f"The driver wrote {flood} before it replied to {method}, and was killed"))
        except DriverFault as fault:
            self._break(fault)
        except BaseException:  # somebody ended the run: what was asked for would come as the answer to what is next
            self.process.close()
            self.broken = HostGone(f"The host was ended in the middle of {method}.")
            raise
        return found[0]

    def wait(self, seconds: float) -> None:
        """Let real time pass, and take what the host tells meanwhile."""
        if self.broken is None:
            try:
                self.process.exchange(b"", self._between, seconds)
            except Late:
                pass
            except Ended as end:
                self._break(HostGone(f"The host {end} while time passed"))
            except Flood as flood:
                self._break(DriverFault(f"The driver wrote {flood} while time passed, and was killed"))
            except DriverFault as fault:
                self._break(fault)
        self.request("barrier")

    def _between(self, line: bytes) -> bool:
        message = self._message(line, "between two requests")
        if "event" not in message:
            raise DriverFault(f"The driver replied to nothing: {_shown(line)}")
        self.listener(message)
        return False

    def _message(self, line: bytes, where: str) -> dict[str, Any]:
        """An object that is an event as it should be, or a reply of whatever kind."""
        self.watch("<", line)
        try:
            message = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            raise DriverFault(
                f"The driver wrote a line that is no JSON object {where}: {_shown(line)}",
                hint="Standard output is for the protocol alone; what else there is to say belongs on standard error.",
            )
        if "event" in message:
            name = message["event"]
            if not isinstance(name, str) or name not in EVENTS:
                raise DriverFault(f"The driver told of an event that the protocol does not have: {_shown(line)}")
            wrong = problem("events", name, message)
            if wrong:
                raise DriverFault(f"The driver's event {name} is not as the protocol has it: {_cut(wrong)}")
        return message

    def _check_reply(self, message: dict[str, Any], method: str) -> None:
        number = message.get("id")
        if number != self._number and not (number is None and "error" in message):
            raise DriverFault(f"The driver answered request {self._number} ({method}) with the id {number!r}")
        wrong = problem("replies", FAILED if "error" in message else method, message)
        result = message.get("result")
        spoken = result.get("protocol", VERSION) if method == "hello" and isinstance(result, dict) else VERSION
        if spoken != VERSION:
            raise DriverFault(f"The driver speaks version {spoken!r} of the protocol, and this suite version {VERSION}")
        if wrong:
            raise DriverFault(f"The driver's reply to {method} is not as the protocol has it: {_cut(wrong)}")

    def _break(self, error: DriverFault | HostGone) -> NoReturn:
        """End the process, and say why with what it said last.

        Raises:
            HostError: always.
        """
        self.process.close()
        words = self.process.last_words
        said = f"{LAST_WORDS}{printable(words, limit=2000)}" if words else ""
        self.broken = type(error)(f"{error.message}.{said}", hint=error.hint)
        raise self.broken

    def close(self) -> str:
        """End the process; what was wrong with how it ended, "" for nothing. Closing twice changes nothing."""
        if self.broken is not None:
            return ""
        try:
            self.request("shutdown")
        except HostError as error:
            self.process.close()
            return str(error)
        finally:
            self.broken = HostGone("The host has been ended.")
        if self.process.close(_ENDING_SECONDS):
            return ""
        return f"The driver replied to shutdown and did not end within {_ENDING_SECONDS:g} s."


def _who(greeting: bool) -> str:  # noqa: FBT001 - who is to blame hangs on nothing else
    return "The driver" if greeting else "The host"


def _shown(line: bytes) -> str:
    return printable(line[: 2 * _SHOWN].decode("utf-8", "replace"), limit=_SHOWN, lines=False)


def _cut(text: str) -> str:
    return printable(text, limit=_SHOWN, lines=False)
