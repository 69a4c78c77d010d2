"""How fast things are, against what they are measured by: `python -m bench [--json FILE] [ROW …]`.

No test has a time in it; docs/performance.md has what was measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench import instances, processes, replaying, scaling, searching
from bench.rows import HEADING

ROWS = {
    "replay-buffer": replaying.replay_buffer,
    "replay-assemblyscript": replaying.replay_assemblyscript,
    "replay-emitting": replaying.replay_emitting,
    "replay-and-read": replaying.replay_and_read,
    "instances": instances.instances,
    "examples": searching.examples,
    "examples-one-life": searching.examples_in_one_life,
    "ten-times-the-deltas": scaling.deltas,
    "ten-times-the-plugins": scaling.plugins,
    "memory": scaling.memory,
    "start-up": processes.start_up,
    "second-run": processes.second_run,
    "suite": processes.suite,
    "two-processes": processes.two_processes,
    "host-suite": processes.hosts,
}


def main() -> None:
    """Measure, print a table, and write it as JSON where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure how fast things are.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"some of: {', '.join(ROWS)}; all when left out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows into a file")
    given = parser.parse_args()
    unknown = [name for name in given.rows if name not in ROWS]
    if unknown:
        parser.error(f"there is no row {unknown[0]!r}; there are {', '.join(ROWS)}")
    print(HEADING)
    rows = []
    for name in given.rows or ROWS:
        rows.append(ROWS[name]())
        print(rows[-1])
        sys.stdout.flush()
    if given.json:
        given.json.write_text(json.dumps({"rows": [row.written() for row in rows]}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
