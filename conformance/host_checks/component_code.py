"""Code for the plain component of the corpus: what its functions do, with texts at places of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where the code keeps what a host function returns, the update that it emits, and its values; texts come behind.
ANSWER, _UPDATE, _VALUES, _TEXTS = 96, 128, 256, 4096
# What its functions return is put here.
_RESULT = 64


class Code:
    """Passages of WebAssembly text, and the texts that they speak of."""

    def __init__(self) -> None:
        self._next = _TEXTS
        self._segments: list[str] = []

    def text(self, value: str | bytes) -> str:
        """Address and length of a text, as two arguments."""
        data = value.encode() if isinstance(value, str) else value
        at, self._next = self._next, self._next + len(data)
        self._segments.append(f'(data (i32.const {at}) "{"".join(f"{chr(92)}{byte:02x}" for byte in data)}")')
        return f"(i32.const {at}) (i32.const {len(data)})"

    def say(self, value: str | bytes) -> str:
        """Say a text, by `debug`."""
        return f"(call $debug {self.text(value)})"

    def say_answer(self) -> str:
        """Say the option, or the result with an error, that a host function has put at `ANSWER`."""
        some = f"(call $say (i32.const {ANSWER + 4}))"
        return f"(if (i32.load8_u (i32.const {ANSWER})) (then {some}) (else {self.say('nothing')}))"

    def fail(self, message: str) -> str:
        """Return an error from start or stop."""
        told = self._stores(_RESULT + 4, self.text(message))
        return f"(i32.store8 (i32.const {_RESULT}) (i32.const 1)) {told}"

    def emit(
        self,
        *pairs: tuple[str, str],
        context: str = "vessels.self",
        timestamp: str = "",
        label: str = "plain",
        plugin: str = "plain",
    ) -> str:
        """Emit a delta of one update by `handle-message`.

        Args:
            pairs: paths, each with its value as JSON text.
            context: of the delta.
            timestamp: of the update.
            label: of its source.
            plugin: what is passed as the plugin's id.
        """
        texts = [self.text(text) for pair in pairs for text in pair]
        code = [
            *(self._stores(_VALUES + 8 * at, text) for at, text in enumerate(texts)),
            self._stores(_UPDATE, self.text(label)),
            f"(i32.store (i32.const {_UPDATE + 8}) (i32.const 0))",
            self._stores(_UPDATE + 20, self.text(timestamp)),
            self._stores(_UPDATE + 28, f"(i32.const {_VALUES}) (i32.const {len(pairs)})"),
            f"(call $emit {self.text(plugin)} {self.text(context)} (i32.const {_UPDATE}) (i32.const 1))",
        ]
        return " ".join(code)

    @staticmethod
    def _stores(at: int, address_and_length: str) -> str:
        address, length = (part.removesuffix(")") for part in address_and_length.split(") "))
        return f"(i32.store (i32.const {at}) {address})) (i32.store (i32.const {at + 4}) {length}))"

    def changes(self, **passages: str) -> Mapping[str, str]:
        """The changes of the plain component: code at the begin of `name`, in `start`, `stop` or `delta`."""
        return {
            ";; more data": " ".join(self._segments),
            **{f"(; {name} ;)": code for name, code in passages.items()},
        }


def heard(*offsets: int) -> str:
    """Code of `delta` that says texts of the first update: 0 its label, 20 its timestamp."""
    return " ".join(f"(call $say (i32.add (local.get $updates) (i32.const {offset})))" for offset in offsets)


def heard_value(*offsets: int) -> str:
    """Code of `delta` that says texts of the first update's first value: 0 the path, 8 the value."""
    at = "(i32.load (i32.add (local.get $updates) (i32.const 28)))"
    return " ".join(f"(call $say (i32.add {at} (i32.const {offset})))" for offset in offsets)


HEARD_CONTEXT = "(call $debug (local.get $context) (local.get $length))"
