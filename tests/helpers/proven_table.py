"""`python tests/helpers/proven_table.py`: tells `python -m conformance trace` which mutants fail which requirement.

Mutants are no part of the package: their names are written down in it, and `test_requirements.py` judges each of them.
"""

import json
from pathlib import Path

from mutants import MUTANTS

import conformance

FILE = Path(conformance.__file__).parent / "requirements" / "proven.toml"
_HEADER = """\
# Written by `python tests/helpers/proven_table.py`: for each requirement the plugins of tests/helpers/mutants that fail
# it. The tests judge every one of them, and fail when this file is another.
"""


def text():
    """What the file must hold."""
    found = {}
    for name in MUTANTS:
        found.setdefault(name.partition(" ")[0], []).append(name)
    rows = [f"{requirement} = {json.dumps(sorted(names))}" for requirement, names in sorted(found.items())]
    return "\n".join([_HEADER, "[proven]", *rows]) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
