"""`--wasm-fetch`: the recorded answers to plugins' HTTP requests, under judgement and in fixtures alike."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_plugin import options
from refhost.arguments import sentence
from refhost.errors import HostError
from refhost.services.recording import read_recording

if TYPE_CHECKING:
    from refhost.services.fetch import Rule

_ANSWERS = pytest.StashKey[list["Rule"]]()


def answers(config: pytest.Config) -> list[Rule]:
    """The answers that the file has, to be used up by one host; none without the option.

    Raises:
        pytest.UsageError: the file cannot be read, or is no recording.
    """
    if _ANSWERS not in config.stash:
        config.stash[_ANSWERS] = _read(config)
    return [replace(rule) for rule in config.stash[_ANSWERS]]


def _read(config: pytest.Config) -> list[Rule]:
    path = options.path_of(config, "wasm_fetch")
    if path is None:
        return []
    try:
        return read_recording(path)
    except HostError as error:
        where = "wasm_fetch" if config.getoption("wasm_fetch") is None else "--wasm-fetch"
        raise pytest.UsageError(sentence(where, error)) from None
