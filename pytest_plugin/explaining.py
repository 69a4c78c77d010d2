"""`--wasm-explain`: one requirement, and nothing is run."""

from __future__ import annotations

import sys

import pytest

from conformance.explanation import explanation
from refhost.arguments import sentence
from refhost.errors import ConfigurationError


def explain(requirement_id: str) -> int:
    """Print it; pytest's exit code.

    Raises:
        pytest.UsageError: there is no such requirement.
    """
    try:
        sys.stdout.write(explanation(requirement_id))
    except ConfigurationError as error:
        raise pytest.UsageError(sentence("--wasm-explain", error)) from None
    return pytest.ExitCode.OK
