"""META: id, name and schema (contract §2.1, §3, §9)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jsonschema
import referencing

from conformance.configuration import default_configuration
from conformance.plugin_checks.registry import check
from conformance.trial import require
from conformance.verdict import NotApplicable, NotJudged, Violation
from refhost.binary import CoreBinary
from refhost.errors import BadReturn, HostError, PluginError
from refhost.jsontext import NotJson, dumps, loads
from refhost.plugin import schema_problem

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from conformance.drivers.interface import Session
    from conformance.trial import Trial

_SMALL = 4


def _without_package(trial: Trial) -> AbstractContextManager[Session]:
    """A session in which the plugin's own id counts."""
    return trial.session(package=replace(trial.subject.package, id="", manifest={}))


def _metadata_failure(trial: Trial) -> HostError | None:
    """How reading id, name or schema failed; None when all were read.

    Raises:
        NotJudged: the plugin did not get that far.
    """
    try:
        with _without_package(trial):  # a host asks for the id only where no package gives it
            return None
    except PluginError as error:
        if error.function in ("instantiation", "_initialize"):
            raise NotJudged(f"the plugin could not be instantiated: {error}") from None
        return error
    except HostError as error:
        raise NotJudged(f"the plugin could not be loaded: {error}") from None


@check("META-001")
def metadata_does_not_trap(trial: Trial) -> None:
    """Asked for its id, name and schema, it answers."""
    error = _metadata_failure(trial)
    if isinstance(error, PluginError) and not isinstance(error, BadReturn):
        raise Violation(str(error))


@check("META-002")
def texts_can_be_read(trial: Trial) -> None:
    """Lengths are in range and texts in their encoding."""
    error = _metadata_failure(trial)
    if isinstance(error, BadReturn):
        raise Violation(error.message, mend=error.hint)
    if error is not None:
        raise NotJudged(str(error))


@check("META-003")
def keeps_to_the_buffer(trial: Trial) -> None:
    """Offered a small buffer, it writes nothing beyond it."""
    trial.loaded()
    with trial.session() as session:
        try:
            found = session.strings_out(_SMALL)
        except PluginError as error:
            raise Violation(f"offered a buffer of {_SMALL} bytes, {error}") from None
    # The length may say how much room would have been needed: a host takes that for the error it is (R30).
    for export, (_, beyond) in found.items():
        require(not beyond, f"{export}(out, {_SMALL}) wrote {beyond} bytes or more beyond the buffer")


@check("META-004")
def has_a_name(trial: Trial) -> None:
    """The name is there to be read by a person."""
    trial.loaded()
    with trial.session(package=trial.nameless) as session:
        name = session.name
    require(name.strip(), f"the name is {name!r}")
    require(not any(ord(c) < 32 for c in name), f"the name holds control characters: {name!r}")


@check("META-005")
def own_id_fits_the_package(trial: Trial) -> None:
    """Its own id export says what the package's name gives."""
    package = trial.subject.package
    trial.loaded()
    if not package.id:
        raise NotApplicable("there is no package.json, so the plugin's own id is its id")
    binary = trial.subject.binary
    if isinstance(binary, CoreBinary) and "plugin_id" not in binary.exports:
        raise NotApplicable("the plugin exports no id of its own")
    with _without_package(trial) as session:
        own = session.id
    require(own == package.id, f"the plugin calls itself {own!r}; by its package's name it is {package.id!r}")


def _schema_text(trial: Trial) -> str:
    trial.loaded()
    with trial.session() as session:
        return session.schema_text


@check("META-006")
def schema_is_json(trial: Trial) -> None:
    """The schema's text is empty or a JSON object."""
    text = _schema_text(trial)
    problem = schema_problem(text)
    require(not problem, f"{problem}; it begins {text[:80]!r}")


def _schema(trial: Trial) -> dict[str, Any]:
    text = _schema_text(trial)
    if not text.strip():
        raise NotApplicable("the plugin has no schema: its configuration is free")
    try:
        schema = loads(text)
    except NotJson as error:
        raise NotJudged(f"the schema is not JSON: {error}") from None
    if not isinstance(schema, dict):
        raise NotJudged("the schema is not an object")
    return schema


def _ignored(*_: object) -> None:
    """Stands for a keyword that is not evaluated: a stranger's regular expression can run for years."""


def _validator(schema: dict[str, Any]) -> Any:  # noqa: ANN401 - the class of validators for a draft
    known = schema if isinstance(schema.get("$schema", ""), str) else {}
    validator = jsonschema.validators.validator_for(known, default=jsonschema.Draft7Validator)
    return jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # jsonschema has no types of its own here
        validator, {"pattern": _ignored, "patternProperties": _ignored}
    )


@check("META-007")
def schema_is_a_schema(trial: Trial) -> None:
    """The schema follows JSON Schema."""
    schema = _schema(trial)
    named = schema.get("$schema", "")
    require(isinstance(named, str), f"$schema is the address of a schema, not {named!r}")
    validator = _validator(schema)
    try:
        validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        place = "/".join(str(part) for part in error.absolute_path)
        raise Violation(f"by JSON Schema, {place or 'the whole'}: {error.message}") from None


@check("META-008")
def schema_describes_an_object(trial: Trial) -> None:
    """The configuration it describes is an object."""
    schema = _schema(trial)
    if not schema:
        raise NotApplicable("the schema is {}: it describes nothing")
    kind = schema.get("type")
    require(kind == "object", f"its type is {kind!r}; a configuration is always an object")
    require(isinstance(schema.get("properties", {}), dict), "properties is not an object")


@check("META-009")
def defaults_satisfy_the_schema(trial: Trial) -> None:
    """Whoever saves the form unchanged saves something valid."""
    schema = _schema(trial)
    try:
        wrong = wrong_default(schema)
    except Exception as error:  # noqa: BLE001 - a schema of a stranger: META-007 judges it
        raise NotJudged(f"the schema cannot be used: {type(error).__name__}") from None
    require(not wrong, f"the defaults {dumps(default_configuration(schema))} do not satisfy it: {wrong}")


def wrong_default(schema: dict[str, Any]) -> str:
    """What is wrong with the defaults of a schema, by itself; "" for nothing.

    Raises:
        Exception: whatever it takes, for a schema that is none.
    """
    # A registry of its own: a $ref of a stranger's schema must not be fetched from wherever it points.
    found = _validator(schema)(schema, registry=referencing.Registry()).iter_errors(default_configuration(schema))
    return next((str(error.message) for error in found if error.validator != "required"), "")


@check("META-010")
def metadata_has_no_effect(trial: Trial) -> None:
    """Reading metadata, also of a disabled plugin, changes nothing."""
    trial.loaded()
    with trial.session() as session:
        acted = [r for r in session.log if r.kind == "refused" and "(R19)" in r.text]
        changed = [o for o in session.file_operations if o.error == "EROFS"]
    if acted:
        raise Violation(f"it called {acted[0].function} before it was started")
    if changed:
        raise Violation(f"it tried to {changed[0].name} {changed[0].path} before it was started")


@check("META-011")
def metadata_stays_the_same(trial: Trial) -> None:
    """Another instance, and one that has run, answer the same."""
    trial.loaded()
    found = []
    for _ in range(2):
        with trial.session() as session:
            found.append((session.name, session.schema_text))
    with trial.session() as session:
        session.start(trial.subject.config)
        session.stop()
        session.reload()
        found.append((session.name, session.schema_text))
    for what, texts in zip(("name", "schema"), zip(*found, strict=True), strict=True):
        other = next((text for text in texts if text != texts[0]), texts[0])
        require(other == texts[0], f"the {what} was {texts[0][:200]!r}, and another time {other[:200]!r}")
