"""What WASI 0.2 is: the interfaces of `refhost/wit/wasi`, with every type (contract §5).

The files hold the declarations of 0.2.12. Since 0.2.0 functions were added and nothing was changed, so what a
component imports of any 0.2 is checked against them.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import TYPE_CHECKING

from refhost.component_types import Signature, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each after those that it uses.
_FILES = ("io", "clocks", "random", "filesystem", "sockets", "cli", "http")
_TOKEN = re.compile(r"\s+|//[^\n]*|(?P<token>->|@[0-9.]+[0-9]|%?[A-Za-z][A-Za-z0-9-]*|[0-9]+|.)")
_PLAIN = frozenset({"bool", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64", "char", "string"})
_INSIDE = frozenset({"list", "option", "result", "tuple"})


@dataclass
class Interface:
    """One interface of WASI.

    Attributes:
        name: without a version: `wasi:io/streams`.
        types: by the names that it declares or uses; resources among them.
        functions: by the names that a binary has for them: `poll`, `[method]pollable.block`.
    """

    name: str
    types: dict[str, Type] = field(default_factory=dict)
    functions: dict[str, Signature] = field(default_factory=dict)

    def resource(self, name: str) -> str:
        """The resource that a name of this interface stands for, such as `fields` for `headers`; "" for none."""
        ty = self.types.get(name)
        return ty.resource if ty else ""


@functools.cache
def interfaces() -> Mapping[str, Interface]:
    """Every interface of WASI 0.2 that this host knows, by name."""
    known: dict[str, Interface] = {}
    for name in _FILES:
        text = (files("refhost") / "wit" / "wasi" / f"{name}.wit").read_text(encoding="utf-8")
        _Reader(text, known).package()
    return known


@functools.cache
def resources() -> tuple[str, ...]:
    """The names of all resources; no two interfaces have one of the same name."""
    return tuple(
        dict.fromkeys(ty.resource for one in interfaces().values() for ty in one.types.values() if ty.resource)
    )


class _Reader:
    """Reads as much of WIT as the files need: what a type is made of is declared before it, but for resources."""

    def __init__(self, text: str, known: dict[str, Interface]) -> None:
        self._tokens = [match["token"] for match in _TOKEN.finditer(text) if match["token"]]
        self._at = 0
        self._known = known
        self._package = ""
        self._interface = Interface("")

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, *tokens: str) -> bool:
        """Whether these are next; then they are read."""
        found = self._tokens[self._at : self._at + len(tokens)] == [*tokens]
        self._at += len(tokens) if found else 0
        return found

    def _expect(self, *tokens: str) -> None:
        if not self._takes(*tokens):
            found = " ".join(self._tokens[self._at : self._at + 8])
            raise ValueError(f"{self._interface.name}: {found}; not {' '.join(tokens)}")

    def _name(self) -> str:
        return self._next().removeprefix("%")

    def package(self) -> None:
        """The whole file."""
        self._expect("package")
        self._package = f"{self._next()}:"
        self._expect(":")
        self._package += self._next()
        self._next()  # the version
        self._expect(";")
        while self._at < len(self._tokens):
            self._expect("interface")
            self._interface = Interface(f"{self._package}/{self._next()}")
            self._known[self._interface.name] = self._interface
            self._expect("{")
            self._declare_resources()
            while not self._takes("}"):
                self._item()

    def _declare_resources(self) -> None:
        at = self._at
        while self._tokens[at] != "interface":
            if self._tokens[at] == "resource" and self._tokens[at + 1] != ":":
                name = self._tokens[at + 1]
                self._interface.types[name] = Type("resource", resource=name)
            at += 1
            if at == len(self._tokens):
                return

    def _item(self) -> None:
        word = self._name()
        types = self._interface.types
        if self._takes(":"):
            self._interface.functions[word] = self._function(())
        elif word == "use":
            self._use()
        elif word == "type":
            name = self._name()
            self._expect("=")
            types[name] = self._plain_or_resource()
            self._expect(";")
        elif word == "resource":
            self._resource(self._name())
        else:
            name = self._name()
            types[name] = Type(word, members=self._members(word), name=name)

    def _use(self) -> None:
        """`use poll.{pollable};` or `use wasi:io/error@0.2.12.{error as io-error};`."""
        path = self._next()
        while not self._takes(".", "{"):
            token = self._next()
            path += "" if token.startswith("@") else token
        source = self._known[path if ":" in path else f"{self._package}/{path}"]
        while not self._takes("}"):
            name = self._name()
            own = self._name() if self._takes("as") else name
            self._interface.types[own] = source.types[name]
            self._takes(",")
        self._expect(";")

    def _members(self, kind: str) -> tuple[tuple[str, Type | None], ...]:
        self._expect("{")
        members: list[tuple[str, Type | None]] = []
        while not self._takes("}"):
            name = self._name()
            payload = None
            if kind == "record":
                self._expect(":")
                payload = self._type()
            elif self._takes("("):
                payload = self._type()
                self._expect(")")
            members.append((name, payload))
            self._takes(",")
        return tuple(members)

    def _resource(self, name: str) -> None:
        if self._takes(";"):
            return
        self._expect("{")
        functions = self._interface.functions
        owned = Type("own", resource=name)
        while not self._takes("}"):
            method = self._name()
            if method == "constructor":
                functions[f"[constructor]{name}"] = replace(self._signature(()), result=owned)
                continue
            self._expect(":")
            if self._takes("static"):
                functions[f"[static]{name}.{method}"] = self._function(())
            else:
                functions[f"[method]{name}.{method}"] = self._function((("self", Type("borrow", resource=name)),))

    def _function(self, first: tuple[tuple[str, Type], ...]) -> Signature:
        self._expect("func")
        return self._signature(first)

    def _signature(self, first: tuple[tuple[str, Type], ...]) -> Signature:
        self._expect("(")
        parameters = list(first)
        while not self._takes(")"):
            name = self._name()
            self._expect(":")
            parameters.append((name, self._type()))
            self._takes(",")
        result = self._type() if self._takes("->") else None
        self._expect(";")
        return Signature(tuple(parameters), result)

    def _type(self) -> Type:
        ty = self._plain_or_resource()
        return Type("own", resource=ty.resource) if ty.kind == "resource" else ty

    def _plain_or_resource(self) -> Type:
        word = self._name()
        if word in _PLAIN:
            return Type(word)
        if word == "borrow":
            self._expect("<")
            ty = Type(word, resource=self._interface.types[self._name()].resource)
            self._expect(">")
            return ty
        if word not in _INSIDE:
            return self._interface.types[word]
        inside: list[Type | None] = []
        if self._takes("<"):
            while not self._takes(">"):
                inside.append(None if self._takes("_") else self._type())
                self._takes(",")
        if word == "result":
            inside += [None] * (2 - len(inside))
        return Type(word, tuple(inside))
