"""Answers to HTTP requests, as a test programs them or a file has them recorded (contract §18)."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from refhost.capabilities import nearest
from refhost.errors import ConfigurationError
from refhost.jsontext import NotJson, dumps, loads
from refhost.patterns import PathPattern
from refhost.services.fetch import METHODS, Answer, Rule

_KEYS = ("method", "url", "status", "headers", "body", "bodyBase64", "times", "delay")
_SHAPE = (
    'A recording is a JSON array of objects such as {"method": "GET", "url": "https://example.org/*", "status": 200, '
    '"headers": {}, "body": "text, or JSON"}; "bodyBase64" stands for "body" where it is no text.'
)


def rule(
    url: Any,  # noqa: ANN401 - of what comes from a file, nothing is known yet
    body: object = b"",
    *,
    status: Any = 200,  # noqa: ANN401 - the same
    headers: Any = None,  # noqa: ANN401 - the same
    method: Any = None,  # noqa: ANN401 - the same
    times: Any = None,  # noqa: ANN401 - the same
    delay: Any = 0.0,  # noqa: ANN401 - the same
) -> Rule:
    """A programmed answer, its arguments checked; `Host.respond` says what they mean.

    Raises:
        ConfigurationError: one of them makes no sense.
    """
    for wrong, expected in (
        (not isinstance(url, str) or not url, f"a URL is a text that is not empty, not {url!r}"),
        (
            status != 0 and not _is_number(status, 100, 599),
            f"status is a number from 100 to 599, or 0 for a request that fails, not {status!r}",
        ),
        (
            method is not None and (not isinstance(method, str) or method.upper() not in METHODS),
            f"method is one of {', '.join(METHODS)}, not {method!r}",
        ),
        (times is not None and not _is_number(times, 1, math.inf), f"times is a number from 1 up, not {times!r}"),
        (
            not isinstance(delay, (int, float)) or isinstance(delay, bool) or not 0 <= delay < math.inf,
            f"delay is a number of seconds, not {delay!r}",
        ),
        (
            headers is not None
            and not (
                isinstance(headers, Mapping) and all(isinstance(text, str) for pair in headers.items() for text in pair)
            ),
            f"headers are an object of texts, not {headers!r}",
        ),
    ):
        if wrong:
            raise ConfigurationError(f"That is no answer to an HTTP request: {expected}.")
    content = b"" if status == 0 else _content(body)
    return Rule(
        PathPattern(url),
        Answer(status, content, dict(headers or {})),
        method and method.upper(),
        times,
        float(delay),
    )


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _content(body: object) -> bytes:
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    try:
        return dumps(body).encode("utf-8")
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"The body is neither bytes nor a text nor JSON: {error}.") from None


def read_recording(path: str | Path) -> list[Rule]:
    """The answers of a recorded file.

    Raises:
        ConfigurationError: it cannot be read, is not JSON, or is of another shape.
    """
    try:
        entries = loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not UTF-8: {error.reason} at byte {error.start}.", hint=_SHAPE) from None
    except NotJson as error:
        raise ConfigurationError(f"{path} is not JSON: {error}.", hint=_SHAPE) from None
    if not isinstance(entries, list):
        raise ConfigurationError(f"{path} is JSON, but no array.", hint=_SHAPE)
    rules = []
    for number, entry in enumerate(entries, 1):
        try:
            rules.append(_recorded(entry))
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}, entry {number}: {error.message}", hint=_SHAPE) from None
    return rules


def _recorded(entry: object) -> Rule:
    if not isinstance(entry, dict):
        raise ConfigurationError("it is no object.")
    for key in entry:
        if key not in _KEYS:
            meant = nearest(key, list(_KEYS))
            raise ConfigurationError(f'it has no "{key}"{f" (did you mean {meant}?)" if meant else ""}.')
    if "url" not in entry:
        raise ConfigurationError('it has no "url".')
    if "body" in entry and "bodyBase64" in entry:
        raise ConfigurationError('it has both "body" and "bodyBase64".')
    options: dict[str, Any] = {key: value for key, value in entry.items() if key not in ("url", "body", "bodyBase64")}
    return rule(entry["url"], _recorded_body(entry), **options)


def _recorded_body(entry: Mapping[str, Any]) -> object:
    if "bodyBase64" not in entry:
        return entry.get("body", "")
    try:
        return base64.b64decode(entry["bodyBase64"], validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise ConfigurationError(f'"bodyBase64" is not Base64: {entry["bodyBase64"]!r:.60}.') from None
