"""`python tests/fuzz`: inputs that nobody meant to write, for every parser of other people's bytes.

python tests/fuzz --runs 100000            # of all targets together, each having its share
python tests/fuzz delta json --runs 1000   # of these
python tests/fuzz delta --number 17        # one input again: what came of it, and the input itself
python tests/fuzz delta --file FILE        # an input from a file
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fuzzing import Outcome, failure, fuzz, input_of, prepared, targets


def main() -> int:
    """The command; 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__.splitlines()[0])
    known = targets()
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"all unless named: {', '.join(known)}")
    parser.add_argument("--runs", type=int, default=100_000, help="how many inputs in all")
    parser.add_argument("--first", type=int, default=0, help="the number of the first input of each target")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other inputs")
    parser.add_argument("--number", type=int, help="only this input")
    parser.add_argument("--file", type=Path, help="only the input in this file")
    given = parser.parse_args()
    wrong = [name for name in given.targets if name not in known]
    if wrong:
        parser.error(f"there is no target {', '.join(wrong)}: there are {', '.join(known)}")
    names = given.targets or list(known)
    if given.number is not None or given.file:
        return max(_again(name, given) for name in names)
    shares = sum(known[name].share for name in names)
    found = [
        _show(
            fuzz(name, range(given.first, given.first + max(1, given.runs * known[name].share // shares)), given.seed)
        )
        for name in names
    ]
    findings = [finding for outcome in found for finding in outcome.findings]
    print(f"{sum(o.inputs for o in found)} inputs, {len(findings)} findings, {sum(o.seconds for o in found):.0f} s")
    for finding in findings:
        print(f"\n{finding.target}: {finding.what}\n  smallest: {finding.data[:2000]!r}")
        again = f"--seed {given.seed} --number {finding.number}"
        print(f"  again: python tests/fuzz {finding.target} {again}")
    return 1 if findings else 0


def _again(name: str, given: argparse.Namespace) -> int:
    data = given.file.read_bytes() if given.file else b""
    prepared()
    data = data or input_of(name, given.seed, given.number)
    sys.stdout.write(f"{name}: {data!r}\n")
    what = failure(targets()[name].run, data)
    print(what or "nothing is wrong")
    return 1 if what else 0


def _show(outcome: Outcome) -> Outcome:
    rate = outcome.inputs / max(outcome.seconds, 0.001)
    print(
        f"{outcome.target:<14} {outcome.inputs:>9} inputs {outcome.seconds:>7.1f} s {rate:>8.0f}/s "
        f"slowest {outcome.slowest * 1000:>7.1f} ms {len(outcome.findings)} findings",
        flush=True,
    )
    return outcome


if __name__ == "__main__":
    sys.exit(main())
