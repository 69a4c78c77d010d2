"""CONF: configurations, good and bad (contract §8, §9)."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from conformance.configuration import mistyped_configurations
from conformance.deltas import ordinary_deltas
from conformance.plugin_checks.registry import check
from conformance.properties import counterexample
from conformance.strategies import any_configurations, configurations
from conformance.trial import refuse_none, require, unharmed
from conformance.verdict import NotApplicable
from refhost.errors import ConfigurationError
from refhost.jsontext import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conformance.drivers.interface import Session
    from conformance.trial import Trial

_NOT_OBJECTS = ("[]", "null", "5", '""', "true", '["a"]', "-0.5")
_NOT_JSON = ("", "{", "}", "hello", '{"a":', "{'a':1}", "{]", '{"a":1}}', "\u0000", "{" * 50)
_LARGE = 64 * 1024
# Of a configuration in a sentence; the case has more of it.
_SHOWN = 100


def _begin(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def _start_each(trial: Trial, configurations: Iterable[Mapping[str, Any]]) -> None:
    """Start with each; it may refuse any, but must come back."""
    trial.startable()
    for config in configurations:
        with trial.session() as session:
            session.start(config)
            unharmed(session, f"with {_begin(dumps(dict(config)))}")
            session.stop()


@check("CONF-001")
def empty_configuration(trial: Trial) -> None:
    """`{}` starts it or is refused."""
    _start_each(trial, [{}])


@check("CONF-002")
def debug_switch(trial: Trial) -> None:
    """`enableDebug`, true or false, at the root."""
    trial.lived()
    config = dumps({**trial.subject.config, "enableDebug": True})
    with trial.session() as session:
        state = session.start_with(config)
        require(state == "running", f"with enableDebug true at the root it does not start: {session.why()}")


@check("CONF-003")
def unknown_keys(trial: Trial) -> None:
    """Keys of other versions do no harm."""
    trial.lived()
    config = {**trial.subject.config, "anOptionOfALaterVersion": {"nested": [1, "two", None]}}
    with trial.session() as session:
        state = session.start(config)
        require(state == "running", f"with a key that it does not know it does not start: {session.why()}")


@check("CONF-004")
def mistyped_values(trial: Trial) -> None:
    """A property of another type than the schema says."""
    _start_each(trial, mistyped_configurations(trial.subject.schema))


def _start_with_each(trial: Trial, texts: Iterable[str]) -> None:
    trial.startable()
    for text in texts:
        with trial.session() as session:
            session.start_with(text)
            unharmed(session, f"with the text {text[:60]!r}")


@check("CONF-005")
def not_an_object(trial: Trial) -> None:
    """JSON, but not an object."""
    _start_with_each(trial, _NOT_OBJECTS)


@check("CONF-006")
def not_json(trial: Trial) -> None:
    """Text that is not JSON."""
    _start_with_each(trial, _NOT_JSON)


@check("CONF-007")
def large_configuration(trial: Trial) -> None:
    """A configuration larger than any fixed buffer."""
    _start_each(trial, [{**trial.subject.config, "aLongText": "x" * _LARGE}])


@check("CONF-008")
def every_script(trial: Trial) -> None:
    """Characters of two, three and four bytes, escapes, and names that JavaScript minds."""
    texts = ("Žluťoučký kůň", "海豚 🐬", "\u202eright to left", 'tab\tquote"back\\slash', "\u0000")
    _start_each(
        trial,
        [{**trial.subject.config, "aText": text, text: text} for text in texts]
        + [{**trial.subject.config, "__proto__": {"a": 1}, "constructor": None}],
    )


@check("CONF-009")
def white_space_means_nothing(trial: Trial) -> None:
    """The same configuration, laid out for a person, has the same effect."""
    trial.lived()
    config = {**trial.subject.config, "enableDebug": False}
    outcomes = []
    for text in (dumps(config), json.dumps(config, indent=2, ensure_ascii=True)):
        with trial.session() as session:
            session.start_with(text)
            emitted = [f"the delta {dumps(delta)}" for delta in session.emitted]
            outcomes.append((f"the state {session.state}", f"the status {session.status!r}", *emitted))
    first = next((pair for pair in zip_longest(*outcomes, fillvalue="no delta more") if pair[0] != pair[1]), ("", ""))
    require(
        first[0] == first[1],
        f"written on one line it gives {first[0]}; laid out with white space, {first[1]}",
        mend="Read the configuration with a JSON parser, not by searching for text.",
    )


@check("CONF-010")
def recovers_from_a_bad_start(trial: Trial) -> None:
    """After a configuration that it refused, a good one starts it."""
    trial.lived()
    with trial.session() as session:
        if session.start_with("[]") == "running":
            session.stop()
        if session.fault:
            raise NotApplicable("the bad configuration ended the instance: CONF-005 has judged that")
        state = session.start(trial.subject.config)
        require(state == "running", f"started with its good configuration after a bad one: {session.why()}")


_SAVES = ("sk_save_config", "plugin-config.save-plugin-options")


@check("CONF-011")
def saves_objects(trial: Trial) -> None:
    """What it saves is a JSON object."""
    if not trial.subject.host_functions.intersection(_SAVES):
        raise NotApplicable("the plugin imports no function that saves its configuration")
    refuse_none(trial, trial.lived().refusals("sk_save_config"))


@check("CONF-012")
def says_why_it_refuses(trial: Trial) -> None:
    """A start that is refused names the reason, whatever it was refused for."""
    trial.startable()
    refused = False

    def start(session: Session, text: str) -> None:
        nonlocal refused
        if session.start_with(text) == "error" and not session.fault:
            refused = True
            answer = session.status_code
            told = session.error or (answer.strip() if isinstance(answer, str) else "")
            require(told, f"it refused the text {text[:200]!r} and gave no error that would tell a user why")

    for text in ("[]", "{"):
        with trial.session() as session:
            start(session, text)

    def try_one(config: dict[str, Any]) -> None:
        with trial.session() as session:
            start(session, dumps(config))

    found = counterexample(trial, "CONF-012", any_configurations(trial.subject.schema), try_one)
    if found:
        raise found.violation
    if not refused:
        raise NotApplicable("the plugin refuses no configuration")


@check("CONF-013")
def takes_what_its_schema_accepts(trial: Trial) -> None:
    """Whatever its schema accepts starts it, or is refused; what is reported is the smallest configuration."""
    trial.startable()
    try:
        accepted = configurations(trial.subject.schema)
    except ConfigurationError as error:
        raise NotApplicable(str(error)) from None

    def start(config: dict[str, Any]) -> None:
        with trial.session() as session:
            state = session.start(config)
            if state == "running":
                session.publish(ordinary_deltas()[0])
                session.advance(1)
                state = session.state
            unharmed(session, f"with {_begin(dumps(config))}, which its schema accepts")
            require(state in ("running", "error"), f"with {_begin(dumps(config))} it is {state}: {session.why()}")

    found = counterexample(trial, "CONF-013", accepted, start)
    if found:
        raise found.violation


@check("CONF-014")
def bears_any_configuration(trial: Trial) -> None:
    """Whatever object was saved as its configuration; what is reported is the smallest."""
    trial.startable()

    def start(config: dict[str, Any]) -> None:
        with trial.session() as session:
            session.start(config)
            unharmed(session, f"with {_begin(dumps(config))}")

    found = counterexample(trial, "CONF-014", any_configurations(trial.subject.schema), start)
    if found:
        raise found.violation
