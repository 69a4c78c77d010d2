"""Faults of the functions of `env`, and of what guards them."""

from __future__ import annotations

from faults.fault import add, around, ends, fault, nothing
from refhost import host
from refhost.capabilities import Grants
from refhost.dialects.core import CoreInstance
from refhost.functions import ENV, Result
from refhost.services.gate import Denied, Gate, Refused
from refhost.services.status import StatusService
from refhost.services.streams import StreamService

# What a function answers that has done what it was asked for; the others answer 0.
_DONE = {Result.FLAG: 1, Result.NONE: None}


def _answering(name, env, result):
    """A function that does nothing, and always answers the same."""

    def host_function(original, self, function):
        return (lambda *_: result) if function.env == env else original(self, function)

    add(name, CoreInstance, "_host_function", around(CoreInstance._host_function, host_function))


def _done_as_failure(name, env):
    """A function that is carried out, and answers as if it had failed."""

    def host_function(original, self, function):
        carry_out = original(self, function)

        def fail(*raw):
            carry_out(*raw)
            return function.failure

        return fail if function.env == env else carry_out

    add(name, CoreInstance, "_host_function", around(CoreInstance._host_function, host_function))


def _unguarded(name, env):
    """A function whose capability nobody asks for."""

    def call(original, self, function, arguments, operation=""):
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


@fault("takes log texts for patterns", StatusService, "debug")
def _formatted(original, self, message):
    original(self, message.replace("%O", "undefined").replace("%s", "undefined"))


@fault("denies without a word", Gate, "_denied")
def _denied(_, self, function, capability):
    return Denied(capability)


@fault("fails without a word", Gate, "_refused")
def _refused(_, self, function, reason):
    return Refused(reason)


@fault("a failure ends the host", Gate, "_refused")
def _ends(_, self, function, reason):
    ends(reason)


@fault("forgets new grants", host.Host, "load")
def _first_grants(original, self, package, **named):
    """A package has the capabilities that it was loaded with first."""
    seen = self.__dict__.setdefault("seen_grants", {})
    return original(self, package.with_grants(seen.setdefault(package.id, package.grants)), **named)
