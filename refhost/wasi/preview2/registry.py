"""Which method stands for which function of WASI 0.2, and how a function fails."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from refhost.errors import PluginTrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Method = TypeVar("Method", bound=Callable[..., Any])
Meaning = Callable[[OSError], object]

_MARK = "__wasi__"


class Failure(Exception):  # noqa: N818 - the error side of a WIT result, not an error of the host
    """The function's result is an error; `value` is the WIT value for it."""

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value


def misuse(function: str, message: str) -> PluginTrap:
    """The trap for a component that breaks a rule which WASI makes a trap of."""
    return PluginTrap(function, f"{function}: {message}", trap="wasi misuse")


def wasi(interface: str, name: str) -> Callable[[Method], Method]:
    """Mark a method as the function `name` of an interface, such as `wasi:io/poll`, without a version."""

    def mark(method: Method) -> Method:
        setattr(method, _MARK, (*getattr(method, _MARK, ()), (interface, name)))
        return method

    return mark


def collect(groups: Iterable[object], meaning: Mapping[str, Meaning]) -> dict[tuple[str, str], Callable[..., Any]]:
    """The marked methods of some objects by interface and name.

    Args:
        groups: the objects.
        meaning: per interface, the WIT error that stands for an `OSError`.
    """
    found = {}
    for group in groups:
        kind = type(group)
        for (interface, name), attribute in marked(kind).items():  # type: ignore[arg-type]  # mypy knows no hash of it
            found[interface, name] = _failing(getattr(group, attribute), meaning.get(interface))
    return found


@functools.cache
def marked(group: type) -> Mapping[tuple[str, str], str]:
    """The marked methods of a class: interface and name to the method's own name."""
    return MappingProxyType({key: name for name in dir(group) for key in getattr(getattr(group, name), _MARK, ())})


def _failing(method: Callable[..., Any], meaning: Meaning | None) -> Callable[..., Any]:
    if meaning is None:
        return method

    def function(*arguments: Any) -> Any:  # noqa: ANN401 - as the method has it
        try:
            return method(*arguments)
        except OSError as error:
            raise Failure(meaning(error)) from None

    return function
