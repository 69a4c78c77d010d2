"""`python -m conformance.drivers.serve`: the reference host behind the driver protocol, on standard input and output.

So that it is judged like every other host, and as an example that has every method.
"""

from __future__ import annotations

import json
import sys
import traceback
from typing import IO, TYPE_CHECKING, Any

import click

from conformance.drivers.protocol import METHODS
from conformance.drivers.reference import RefhostDriver
from conformance.drivers.schemas import problem
from conformance.drivers.serving import BadRequest, Served, failure
from refhost.arguments import sentence
from refhost.errors import HostError
from refhost.printing import printable
from refhost.profiles import DOCUMENTED, profile_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.drivers.interface import Driver


def serve(driver: Callable[[int], Driver], requests: Iterable[bytes], out: IO[bytes]) -> None:
    """Answer requests until `shutdown`, or until there are no more.

    Args:
        driver: makes the driver whose host is served, with a seed.
        requests: lines.
        out: where replies and events go.
    """

    def write(message: dict[str, Any]) -> None:
        out.write(json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n")

    served = Served(driver)
    for line in requests:
        request: dict[str, Any] = {"id": None, "method": ""}
        try:
            request = _request(line)
            reply: dict[str, Any] = {"result": served.answer(request["method"], request["params"])}
        except BadRequest as bad:
            reply = {"error": {"code": bad.code, "message": str(bad)}}
        except HostError as error:
            reply = {"error": failure(error)}
        except Exception as error:  # noqa: BLE001 - what breaks in the host is told, and is not the end of the run
            traceback.print_exc()
            reply = {"error": {"code": "host", "message": f"{type(error).__name__}: {error}"}}
        for event in served.news():
            write(event)
        write({"id": request["id"], **reply})
        out.flush()
        if request["method"] == "shutdown":
            return
    served.answer("shutdown", {})


def _request(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        raise BadRequest("bad_json", "The request is not JSON.") from None
    method = request.get("method") if isinstance(request, dict) else None
    if not isinstance(method, str) or method not in METHODS:
        raise BadRequest("bad_json", "The request has no method of the protocol.")
    wrong = problem("requests", method, request)
    if wrong:
        raise BadRequest("bad_json", f"The request is not as the protocol has it: {printable(wrong, limit=200)}.")
    found: dict[str, Any] = request
    return found


@click.command()
@click.option("--profile", default=DOCUMENTED.name, help="How it behaves: see refhost run --profile.")
def main(profile: str) -> None:
    """Serve the reference host to a suite: requests on standard input, replies and events on standard output."""
    try:
        behaviour = profile_of(profile)
    except HostError as error:
        raise click.UsageError(sentence("", error)) from None
    serve(lambda seed: RefhostDriver(seed=seed, profile=behaviour), sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main(prog_name="python -m conformance.drivers.serve")
