"""VFS: the plugin's files (contract §5, §8)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from conformance.canaries import Surroundings, heard, secret_of
from conformance.deltas import ordinary_deltas
from conformance.drivers.interface import KeepsFiles
from conformance.drivers.records import Installed
from conformance.plugin_checks.registry import check
from conformance.trial import require, unharmed
from conformance.verdict import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.drivers.interface import Session
    from conformance.trial import Trial

# The errors by which a sandbox answers a path that leads out of it.
_ESCAPES = frozenset({"EPERM", "ENOTCAPABLE", "EACCES"})
_FOLDERS = ("/data/", "/config/", "/tmp/")  # noqa: S108 - a plugin's own
_MOST_BYTES = 16 * 1024 * 1024
_MOST_FILES = 1000
_RUBBISH = (b"", b"\0", b"\xff\xfe\xfd" * 100, b"{", b"not a number", b"9" * 400, b"-1", b"x" * 200_000)


def _needs_files(trial: Trial) -> None:
    if not trial.subject.uses_files:
        raise NotApplicable("the plugin imports no function that opens files")
    if not trial.subject.grants.has("storage"):
        raise NotApplicable('the plugin holds storage "none"')


@check("VFS-001")
def stays_inside(trial: Trial) -> None:
    """No path that it uses leads out of its tree."""
    _needs_files(trial)
    for number, operation in enumerate(trial.lived().file_operations, 1):
        if operation.error in _ESCAPES:
            trial.show_until(operations=number)
            raise Violation(
                f"it tried to {operation.name} {operation.path!r}, which leads out of its tree ({operation.error})"
            )


def _runs(trial: Trial, prepare: Callable[[Session], None], doing: str) -> None:
    trial.lived()
    with trial.session() as session:
        prepare(session)
        session.start(trial.subject.config)
        unharmed(session, f"started {doing}")
        session.advance(3)
        session.stop()
        unharmed(session, f"stopped {doing}")


@check("VFS-002")
def survives_a_full_disk(trial: Trial) -> None:
    """Nothing can be written."""
    _needs_files(trial)
    _runs(trial, lambda session: session.fail_writes("ENOSPC"), "on a full disk")


@check("VFS-003")
def survives_a_broken_disk(trial: Trial) -> None:
    """Everything that changes a file fails with EIO."""
    _needs_files(trial)
    _runs(trial, lambda session: session.fail_writes("EIO"), "on a disk that fails")


def _own_files(trial: Trial) -> list[str]:
    seen = trial.survived()
    if not seen.files:
        raise NotApplicable("an ordinary run leaves no file")
    return sorted(seen.files)


@check("VFS-004")
def survives_rubbish_in_its_files(trial: Trial) -> None:
    """What it left behind was damaged."""
    _needs_files(trial)
    for path in _own_files(trial):
        for data in _RUBBISH:
            _runs(
                trial,
                lambda session, path=path, data=data: session.write_file(path, data),  # type: ignore[misc]
                f"with damaged contents in {path}",
            )


@check("VFS-005")
def survives_an_empty_tmp(trial: Trial) -> None:
    """`tmp/` is emptied between two lives."""
    _needs_files(trial)
    trial.survived()
    with trial.running() as session:
        session.stop()
        session.empty_tmp()
        session.reload()
        state = session.start(trial.subject.config)
        require(state == "running", f"after its tmp/ was emptied it does not start: {session.why()}")


@check("VFS-006")
def keeps_to_its_folders(trial: Trial) -> None:
    """Files lie in `data/`, `config/` and `tmp/`."""
    _needs_files(trial)
    strays = [path for path in _own_files(trial) if not path.startswith(_FOLDERS)]
    require(not strays, f"it left {', '.join(strays[:5])} outside of data/, config/ and tmp/")


@check("VFS-007")
def stores_in_measure(trial: Trial) -> None:
    """An ordinary run leaves little."""
    _needs_files(trial)
    files = trial.survived().files
    size = sum(map(len, files.values()))
    require(
        size <= _MOST_BYTES and len(files) <= _MOST_FILES,
        f"twenty seconds of an ordinary run left {len(files)} files of {size} bytes",
    )


@check("VFS-008")
def makes_no_links(trial: Trial) -> None:
    """It makes no symbolic links."""
    _needs_files(trial)
    links = [o for o in trial.lived().file_operations if o.name == "symlink"]
    require(not links, f"it made the symbolic link {links[0].path}" if links else "")


_LINKS = ("symlink", "link")


def _lives_twice(trial: Trial, session: Session) -> None:
    """Two ordinary lives, with a new instance for the second."""
    for _ in range(2):
        session.start(trial.subject.config)
        session.advance(3)
        for delta in ordinary_deltas():
            session.publish(delta)
        session.advance(3)
        session.stop()
        session.reload()
    trial.keep(session)


def _knows_nothing(session: Session, secret: str) -> None:
    """Nothing of what lies around is known to the plugin, and no link of it leads there."""
    known = heard(session, secret)
    require(not known, f"{known} holds what is in a file outside of its tree")
    for operation in session.file_operations:
        if operation.name in _LINKS and operation.error in _ESCAPES:
            raise Violation(f"it tried to make the link {operation.path!r} to a place outside of its tree")


@check("VFS-009")
def keeps_to_its_tree_in_memory(trial: Trial) -> None:
    """Another plugin's files and configuration, beside its own, stay as they are and unknown."""
    _needs_files(trial)
    trial.lived()
    package = trial.subject.package
    secret = secret_of(package.name)
    driver = trial.subject.driver
    neighbour = replace(package, id="canary", origin="another plugin", manifest={**package.manifest, "name": "canary"})
    with driver.host(call_seconds=trial.call_seconds) as host:
        canary = host.boot(Installed(neighbour, {"canary": secret}, enabled=False))[0]
        canary.write_file("/data/canary.txt", secret.encode())
        before = dict(canary.files), dict(canary.configuration)
        session = host.load(package)
        _lives_twice(trial, session)
        after = dict(canary.files), dict(canary.configuration)
        require(before == after, "it changed the files or the configuration of another plugin")
        _knows_nothing(session, secret)


@check("VFS-010")
def keeps_to_its_tree_on_disk(trial: Trial) -> None:
    """All around its tree in a real directory."""
    _needs_files(trial)
    trial.lived()
    package, driver = trial.subject.package, trial.subject.driver
    if not isinstance(driver, KeepsFiles):
        raise NotApplicable("the host does not say where it keeps the files of plugins")
    with trial.session() as session:
        plugin_id = session.id
    with TemporaryDirectory(prefix="canaries-") as base:
        around = Surroundings(Path(base), plugin_id)
        around.plant(secret_of(package.name))
        before = around.around()
        with driver.on_disk(around.server).session(package, call_seconds=trial.call_seconds) as session:
            _lives_twice(trial, session)
            after, links = around.around(), around.links_out()
            changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
            require(not changed, f"outside of its tree it changed {', '.join(changed[:5])}")
            require(not links, f"it made the link {links[0] if links else ''}, which leads out of its tree")
            _knows_nothing(session, secret_of(package.name))
