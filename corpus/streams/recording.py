"""Records the delta streams anew from the logs that signalk-server comes with.

    python -m corpus.streams           makes all streams, and provenance.json
    python -m corpus.streams --check   makes them, and compares with what is committed

Logs and converters come from npm, in pinned versions, and are kept below `build/`.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import shutil
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus import npm, streams
from corpus.tools import CompileError, ToolMissingError, run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SERVER = "2.32.0"
"""The version of npm `signalk-server` that the logs are from."""

PROVENANCE = streams.FOLDER / "provenance.json"
COMMAND = "python -m corpus.streams"
LICENSE = "Apache-2.0"

_CONVERT = "convert.mjs"
_NEEDED = (_CONVERT, "package.json", "package-lock.json")


@dataclass(frozen=True)
class Log:
    """A log that a stream is made of.

    Attributes:
        path: where it lies in the package of signalk-server.
        sha256: of the log.
        kind: what is in it, as `convert.mjs` calls it: `nmea0183` or `n2k`.
        converters: the npm packages that make deltas of it.
        times: where the timestamps of its deltas come from, in words.
    """

    path: str
    sha256: str
    kind: str
    converters: tuple[str, ...]
    times: str


LOGS: Mapping[str, Log] = {
    "aava-n2k": Log(
        path="samples/aava-n2k.data",
        sha256="65abc4a8db5e6a970d47cd204c25126857b99577bec67b653ddf0b128fad1b8f",
        kind="n2k",
        converters=("@canboat/canboatjs", "@signalk/n2k-signalk"),
        times="the time that the log has in front of each message",
    ),
    "plaka": Log(
        path="samples/plaka.log",
        sha256="c79c2365ece431cb0bf0fa0f60c0a74c6472edfec49cd4baabadf7ac04eac8fe",
        kind="nmea0183",
        converters=("@signalk/nmea0183-signalk",),
        times="the sentence's own time where it has one (GLL), else that of the latest ZDA, or of the first one for "
        "what comes before it; the log has no date, 2026-01-01 stands for it",
    ),
}


def make(name: str) -> bytes:
    """Makes the deltas of a log: JSON lines.

    Raises:
        ToolMissingError: npm or node is not here.
        CompileError: npm could not get something, the log is another one, or it could not be converted.
    """
    log = LOGS[name]
    text = _read(log)
    with tempfile.TemporaryDirectory(prefix="corpus-streams-") as temporary:
        work = Path(temporary)
        for needed in _NEEDED:
            shutil.copy(streams.FOLDER / needed, work)
        npm.add_packages(work)
        (work / "log").write_bytes(text)
        converted = run(["node", _CONVERT, log.kind, name, "log"], work, {"TZ": "UTC"})
    return converted.encode()


def compressed(lines: bytes) -> bytes:
    """Compressed so that the same lines give the same bytes: the header has neither a time nor a file's name."""
    file = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=9, mtime=0) as packed:
        packed.write(lines)
    return file.getvalue()


def provenance(made: Mapping[str, bytes]) -> str:
    """What `provenance.json` says of streams: what they are made of, by what, and what came out."""
    versions = json.loads((streams.FOLDER / "package.json").read_text("utf-8"))["devDependencies"]
    facts = {
        name: {
            "log": {"package": f"signalk-server@{SERVER}", "path": log.path, "sha256": log.sha256, "license": LICENSE},
            "converters": {package: versions[package] for package in log.converters},
            "timestamps": log.times,
            "deltas": made[name].count(b"\n"),
            "bytes": len(made[name]),
            "sha256": hashlib.sha256(made[name]).hexdigest(),
        }
        for name, log in LOGS.items()
    }
    words = (
        "Deltas made of logs in an npm package by npm packages, all of them under Apache-2.0. deltas is the number of "
        "lines; bytes and sha256 are those of the text, before it is compressed."
    )
    return json.dumps({"about": words, "command": COMMAND, "license": LICENSE, "streams": facts}, indent=2) + "\n"


def _read(log: Log) -> bytes:
    """A log out of the package of signalk-server, which npm gets as it was published, without what it depends on."""
    program = npm.npm()
    package = npm.FOLDER / f"signalk-server-{SERVER}.tgz"
    if not package.exists():
        npm.FOLDER.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=npm.FOLDER) as temporary:
            run([program, "pack", f"signalk-server@{SERVER}"], Path(temporary))
            Path(temporary, package.name).rename(package)
    with tarfile.open(package) as files:
        member = files.extractfile(f"package/{log.path}")
        text = member.read() if member else b""
    found = hashlib.sha256(text).hexdigest()
    if found != log.sha256:
        raise CompileError(f"{log.path} in {package.name} is not the log that is known: its sha256 is {found}.")
    return text


def differences(made: Mapping[str, bytes]) -> list[str]:
    """Which files are not as committed, in words; the texts are compared, since not every zlib packs alike."""
    found = []
    for name, lines in made.items():
        kept = streams.file(name)
        if not kept.exists() or gzip.decompress(kept.read_bytes()) != lines:
            found.append(f"{kept.name} is not what its log gives")
    if not PROVENANCE.exists() or PROVENANCE.read_text("utf-8") != provenance(made):
        found.append(f"{PROVENANCE.name} does not say what was made")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 if every stream was made (and, with `--check`, came out as committed)."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="Records the delta streams of the corpus.")
    parser.add_argument("--check", action="store_true", help="only compare with what is committed")
    options = parser.parse_args(arguments)
    try:
        made = {name: make(name) for name in LOGS}
    except (ToolMissingError, CompileError) as error:
        _say(f"The streams are not made: {error}")
        return 1
    if options.check:
        differ = differences(made)
        _say("\n".join(differ) or "The streams are what their logs give.")
        return 1 if differ else 0
    for name, lines in made.items():
        packed = compressed(lines)
        streams.file(name).write_bytes(packed)
        count = lines.count(b"\n")
        _say(f"{name}: {count} deltas, {len(lines)} bytes, {len(packed)} compressed")
    PROVENANCE.write_text(provenance(made), "utf-8")
    return 0


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a build script prints progress


if __name__ == "__main__":
    sys.exit(main())
