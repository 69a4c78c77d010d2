"""Mutants: faults of the functions of `env`, and of what guards them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.host_mutants.mutant import add, around, ends, mutant, nothing
from refhost import host
from refhost.capabilities import Grants
from refhost.dialects.core import CoreInstance
from refhost.functions import ENV, Result
from refhost.services.gate import Denied, Gate, Refused
from refhost.services.status import StatusService
from refhost.services.streams import StreamService

if TYPE_CHECKING:
    from conformance.host_mutants.mutant import Original

# What a function answers that has done what it was asked for; the others answer 0.
_DONE = {Result.FLAG: 1, Result.NONE: None}


def _answering(name: str, env: str, result: Any) -> None:
    """A function that does nothing, and always answers the same."""

    def host_function(original: Original, self: Any, function: Any) -> Any:
        return (lambda *_: result) if function.env == env else original(self, function)

    add(name, CoreInstance, "_host_function", around(CoreInstance._host_function, host_function))


def _done_as_failure(name: str, env: str) -> None:
    """A function that is carried out, and answers as if it had failed."""

    def host_function(original: Original, self: Any, function: Any) -> Any:
        carry_out = original(self, function)

        def fail(*raw: Any) -> Any:
            carry_out(*raw)
            return function.failure

        return fail if function.env == env else carry_out

    add(name, CoreInstance, "_host_function", around(CoreInstance._host_function, host_function))


def _unguarded(name: str, env: str) -> None:
    """A function whose capability nobody asks for."""

    def call(original: Original, self: Any, function: Any, arguments: Any, operation: Any = "") -> Any:
        if function.env != env:
            return original(self, function, arguments, operation)
        return self.attempt(function, lambda: self._operations[operation or function.operation](*arguments()))

    add(name, Gate, "call", around(Gate.call, call))
    if env == "sk_emit_binary_stream":  # its capability depends on the stream
        nothing(name, StreamService, "_check")


for _env, _function in ENV.items():
    if _env == "seed":
        _answering("seed is not a number", _env, float("nan"))
    elif _env != "abort":
        _answering(f"{_env} does nothing", _env, _DONE.get(_function.result, 0))
        if _function.failure is not None:
            _done_as_failure(f"{_env} always fails", _env)
        if _function.capability or _env == "sk_emit_binary_stream":
            _unguarded(f"{_env} asks for no capability", _env)

nothing("grants everything", Grants, "has", result=True)
nothing("grants nothing", Grants, "has", result=False)


@mutant("takes log texts for patterns", StatusService, "debug")
def _formatted(original: Original, self: Any, message: Any) -> None:
    original(self, message.replace("%O", "undefined").replace("%s", "undefined"))


@mutant("denies without a word", Gate, "_denied")
def _denied(_: Any, self: Any, function: Any, capability: Any) -> Any:
    return Denied(capability)


@mutant("fails without a word", Gate, "_refused")
def _refused(_: Any, self: Any, function: Any, reason: Any) -> Any:
    return Refused(reason)


@mutant("a failure ends the host", Gate, "_refused")
def _ends(_: Any, self: Any, function: Any, reason: Any) -> None:
    ends(reason)


@mutant("forgets new grants", host.Host, "load")
def _first_grants(original: Original, self: Any, package: Any, **named: Any) -> Any:
    """A package has the capabilities that it was loaded with first."""
    seen = self.__dict__.setdefault("seen_grants", {})
    return original(self, package.with_grants(seen.setdefault(package.id, package.grants)), **named)
