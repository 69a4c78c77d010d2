"""In this checkout, judging a plugin or a host leaves the project's own tests aside: they need the test extras."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

# Pytest takes this from the topmost conftest only.
pytest_plugins = ["pytester"]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:  # noqa: ARG001 - pytest's names
    """Ignore `tests/` when plugins or hosts are to be judged and nothing else was named."""
    judging = any(config.getoption(name, default=None) for name in ("wasm_plugin", "wasm_host"))
    return True if judging and config.args_source is not config.ArgsSource.ARGS else None
