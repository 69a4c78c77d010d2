"""conformance/requirements/proven.toml: which mutants have been seen to fail which requirement of plugins.

The table of hosts, beside it, is what the kill matrix goes by, and is written by hand.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from conformance.catalogues import kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HEADER = """\
# Written by `python -m conformance kill`: for each requirement of plugins the mutants of corpus/mutants that fail it.
"""


def proven_text(killers: Mapping[str, Sequence[str]]) -> str:
    """What the file has to hold."""
    rows = [f"{one} = {json.dumps(list(killers[one]))}" for one in sorted(killers) if kind_of(one) == "plugin"]
    return "\n".join([_HEADER, "[proven]", *rows]) + "\n"
