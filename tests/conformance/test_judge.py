"""The judge: outcomes, what does not apply, what could not be judged, and what a verdict shows."""

import dataclasses
import json

import assemblyscript
import pytest
from honest import CAPABILITIES, Honest
from mutants.mutant import Mutant
from wat import TRAP, call, compiled, emit, text, when

import conformance.properties
from conformance.catalogue import catalogue, requirement
from conformance.drivers.reference import RefhostDriver
from conformance.judge import judge
from conformance.plugin_checks.registry import CHECKS, check
from conformance.subject import Subject
from conformance.verdict import Outcome
from refhost import capabilities
from refhost.errors import ConfigurationError
from refhost.limits import Limits

REQUIREMENTS = [entry for group in catalogue() for entry in group.requirements]


def verdict_on(requirement_id, plugin):
    return judge(requirement(requirement_id), Mutant(match="", plugin=plugin).subject())


# -- outcomes


def test_a_broken_must_fails():
    verdict = verdict_on("LIFE-002", Honest(end="(return (i32.const 7))"))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason == 'with {"greeting":"hello"}: start returned 7'


def test_a_broken_should_warns():
    verdict = verdict_on("STATUS-001", Honest(status=""))
    assert (verdict.outcome, verdict.reason) == (
        Outcome.WARN,
        "after start, neither a status nor an error is set",
    )


def test_a_pass_says_nothing():
    verdict = verdict_on("LIFE-002", Honest())
    assert verdict == dataclasses.replace(verdict, outcome=Outcome.PASS, reason="", case=(), mend="", log=())


def test_what_does_not_apply_says_why():
    verdict = verdict_on("VFS-001", assemblyscript.binary())
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == "the plugin imports no function that opens files"
    assert verdict.mend == ""


def test_a_requirement_of_another_dialect_does_not_apply():
    verdict = verdict_on("META-003", assemblyscript.binary())
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == "the requirement is about buffer plugins; this one is assemblyscript"


def test_a_requirement_of_a_capability_that_is_not_held_does_not_apply():
    verdict = verdict_on("DELTA-001", Honest(capabilities={**CAPABILITIES, "dataWrite": False}))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.reason == "the plugin does not hold the capability dataWrite"


@pytest.mark.parametrize(
    ("requirement_id", "reason"),
    [
        ("META-005", "there is no package.json, so the plugin's own id is its id"),
        ("CAP-003", "the plugin has no package.json with wasmCapabilities"),
        ("CAP-004", "the plugin has no package.json with wasmCapabilities"),
    ],
)
def test_a_plugin_without_a_package_is_not_asked_for_one(requirement_id, reason):
    verdict = verdict_on(requirement_id, Honest(package_name=""))
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_APPLICABLE, reason)


def test_a_plugin_without_a_dialect_is_never_passed_over_by_dialect():
    # It could be of any: what is about buffer plugins alone is not waived for it.
    verdict = verdict_on("META-003", compiled("(module)"))
    assert verdict.outcome is Outcome.FAIL


@pytest.mark.parametrize("entry", REQUIREMENTS, ids=lambda entry: entry.id)
@pytest.mark.parametrize("plugin", [b"", compiled("(module)"), compiled("(component)")], ids=["no", "core", "wit"])
def test_a_plugin_that_cannot_be_loaded_is_never_green(entry, plugin):
    assert verdict_on(entry.id, plugin).outcome is not Outcome.PASS


@pytest.mark.parametrize("level", ["MUST", "SHOULD"])
def test_what_could_not_be_judged_fails(level):
    entry = next(e for e in REQUIREMENTS if e.level == level and e.group == "STATUS")
    verdict = judge(entry, Mutant(match="", plugin=Honest(start=TRAP)).subject())
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reason.startswith("could not be judged: the plugin did not start: plugin_start trapped")
    assert "--wasm-config" in verdict.mend


def test_a_crash_between_two_looks_is_seen():
    # It traps at its second poll, is restarted a second later, and runs again when the check looks.
    plugin = Honest(poll=when("(i32.eq (global.get $polls) (i32.const 15))", TRAP))
    assert "poll trapped" in verdict_on("LIFE-006", plugin).reason
    assert "did not survive an ordinary run: poll trapped" in verdict_on("LIFE-003", plugin).reason


def test_its_own_first_delta_can_bring_it_down_and_start_is_not_to_blame():
    plugin = Honest(delta=TRAP)
    assert verdict_on("LIFE-001", plugin).outcome is Outcome.PASS
    assert "delta_handler trapped" in verdict_on("LIFE-002", plugin).reason


# -- what a verdict shows


def test_the_last_step_is_the_one_that_failed():
    verdict = verdict_on(
        "LIFE-009", Honest(start=when("(i32.eq (global.get $lives) (i32.const 8))", "(return (i32.const 1))"))
    )
    start = 'start {"greeting":"hello"}'
    assert verdict.case == ("load mutant", start, "(10 steps more)", *["stop", start] * 3)


def test_the_log_is_the_end_of_the_log():
    said = "".join(call("sk_debug", text(str(number))) for number in range(20))
    verdict = verdict_on("LIFE-001", Honest(start=said + TRAP))
    assert len(verdict.log) == 12
    assert verdict.log[0] == "[debug] 10"
    assert verdict.log[-1] == "[state] starting → error"


def test_a_plugin_that_refuses_its_own_wrong_default_is_told_of_the_default():
    schema = '{"type":"object","properties":{"limit":{"type":"number","default":"5"}}}'
    refuses = Honest(end="(return (i32.const 7))")
    told = verdict_on("LIFE-002", dataclasses.replace(refuses, schema=schema)).mend
    assert told.startswith("Mend the defaults of its schema, with which it was started, first ('5' is not of type")
    assert verdict_on("LIFE-002", refuses).mend == requirement("LIFE-002").mend


def test_what_is_no_json_is_text_all_the_same():
    """Python says "Expecting ',' delimiter": that is no limit that was reached."""
    plugin = Honest(end=emit('{"updates":["a"b]}'))
    assert verdict_on("DELTA-001", plugin).outcome is Outcome.FAIL
    assert verdict_on("DELTA-012", plugin).outcome is Outcome.PASS


def test_the_requirement_mends_where_the_check_knows_no_better():
    assert verdict_on("STATUS-001", Honest(status="")).mend == requirement("STATUS-001").mend


@pytest.mark.long
def test_the_smallest_delta_is_shown(monkeypatch):
    monkeypatch.setattr(conformance.properties, "SHRINK_SECONDS", 1.0)
    verdict = verdict_on("DELTA-016", Honest(delta=when("(i32.gt_u (local.get $length) (i32.const 500))", TRAP)))
    assert verdict.case[-1].startswith("deliver {")
    assert len(verdict.case[-1]) < 500


HOSTILE = "\x1b]0;owned\x07\x1b[31m\r\n[state] starting → running\u202e\u2028"


@pytest.mark.parametrize(
    ("requirement_id", "plugin"),
    [
        ("META-004", Honest(name=HOSTILE)),
        ("META-005", Honest(id=HOSTILE)),
        ("META-006", Honest(schema=HOSTILE)),
        ("STATUS-003", Honest(status=call("sk_set_status", text(HOSTILE)))),
        ("STATUS-005", Honest(status=call("sk_set_error", text(HOSTILE)))),
        ("LIFE-001", Honest(start=call("sk_debug", text(HOSTILE)) + TRAP)),
        ("DELTA-001", Honest(end=emit(HOSTILE))),
        ("DELTA-008", Honest(end=emit('{"context":"\\u001b[31m","updates":[]}'))),
        ("DELTA-009", Honest(end=emit('{"updates":[{"values":[{"path":"a\\u001bb","value":1}]}]}'))),
        ("LOAD-002", Honest(imports='(import "env" "sk\\1b[31m\\nx" (func))')),
        ("LOAD-002", Honest(imports='(import "e\\1b\\nv" "x" (func))')),
        ("VFS-006", Honest(end=f"(drop (call $write_file {text(HOSTILE)} {text('1')}))")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_that_a_plugin_says_acts_on_a_terminal(requirement_id, plugin):
    verdict = verdict_on(requirement_id, plugin)
    shown = [verdict.reason, verdict.mend, *verdict.case, *verdict.log]
    assert all(character == "\n" or character.isprintable() for line in shown for character in line)


def test_a_plugin_cannot_write_lines_into_the_log():
    verdict = verdict_on("LIFE-001", Honest(start=call("sk_debug", text(HOSTILE)) + TRAP))
    said = r"[debug] \x1b]0;owned\x07\x1b[31m\r\n[state] starting → running\u202e\u2028"
    assert said in verdict.log
    assert all("\n" not in line for line in (*verdict.log, *verdict.case))


# -- the catalogue


def test_ids_are_unique_and_of_their_group():
    ids = [entry.id for entry in REQUIREMENTS]
    assert len(set(ids)) == len(ids) >= 120
    for group in catalogue():
        assert [entry.id for entry in group.requirements] == [
            f"{group.name}-{number:03}" for number in range(1, len(group.requirements) + 1)
        ]


def test_every_requirement_has_a_check_and_every_check_a_requirement():
    assert {entry.id for entry in REQUIREMENTS} == set(CHECKS)
    for entry in REQUIREMENTS:
        assert CHECKS[entry.id].__doc__


@pytest.mark.parametrize("entry", REQUIREMENTS, ids=lambda entry: entry.id)
def test_a_requirement_is_whole(entry):
    for words in (entry.text, entry.why, entry.mend):
        assert words[-1] in ".?"
        assert words == words.strip()
    assert entry.section.startswith("§")
    assert entry.source
    assert set(entry.applies_to) <= {"buffer", "assemblyscript", "component", "command"}
    assert "—" not in f"{entry.text}{entry.why}{entry.mend}"
    assert requirement(entry.id) is entry


def test_capabilities_of_requirements_exist():
    assert {entry.capability for entry in REQUIREMENTS} <= {"", *capabilities.CAPABILITIES}


@pytest.mark.parametrize("name", ["NOPE", "", "load-001", "LOAD-1"])
def test_a_requirement_that_does_not_exist_is_a_usage_error(name):
    with pytest.raises(ConfigurationError, match=f"There is no requirement {name}"):
        requirement(name)


def test_a_group_is_no_requirement():
    with pytest.raises(ConfigurationError, match=r"LOAD is a group .*: name one of LOAD-001 to LOAD-009\."):
        requirement("LOAD")


def test_the_number_of_a_requirement_has_three_digits():
    with pytest.raises(ConfigurationError, match=r"LOAD-1: did you mean LOAD-001\?"):
        requirement("LOAD-1")


def test_a_second_check_of_a_requirement_is_refused():
    with pytest.raises(ValueError, match="LOAD-001 has two checks"):
        check("LOAD-001")(lambda trial: None)
    assert CHECKS["LOAD-001"].__name__ == "binary_is_a_plugin"


# -- what a stranger's schema may do


@pytest.mark.parametrize(
    "schema",
    [
        '{"$schema":5,"type":"object"}',
        '{"$schema":{},"type":"object"}',
        '{"$ref":"http://127.0.0.1:9/schema.json"}',
        '{"$ref":"file:///etc/passwd"}',
        '{"type":"object","properties":{"a":{"type":"string","default":"x","pattern":"["}}}',
        '{"type":"object","properties":{"a":{"$ref":"#/properties/a","default":1}}}',
        '{"properties":[],"default":[]}',
        '{"type":["object","null"],"properties":{"a":5}}',
    ],
)
def test_no_schema_brings_the_judge_down_or_is_fetched(schema, monkeypatch):
    def fetched(*_):
        raise AssertionError("it was fetched")

    monkeypatch.setattr("urllib.request.urlopen", fetched)
    subject = Subject(Honest(schema=schema).package())
    for group in catalogue():
        if group.name == "META":
            outcomes = {entry.id: judge(entry, subject).outcome for entry in group.requirements}
    assert outcomes["META-006"] is Outcome.PASS


@pytest.mark.parametrize("requirement_id", ["DELTA-015", "DELTA-016", "DELTA-019", "LIFE-012", "LIFE-013", "CONF-014"])
def test_what_one_that_answers_itself_would_drown_is_not_judged(requirement_id):
    """Each of thousands of deltas would cost thousands; it took ten minutes."""
    limits = Limits(deltas_per_tick=50)
    echo = Honest(delta=emit('{"updates":[{"values":[{"path":"plugins.echo","value":1}]}]}'))
    subject = Subject(echo.package(), driver=RefhostDriver(limits=limits))
    verdict = judge(requirement(requirement_id), subject)
    assert (verdict.outcome, verdict.cascade) == (Outcome.FAIL, True)
    assert verdict.reason == (
        "could not be judged: in an ordinary run sk_handle_message was refused: more than 50 deltas in one tick: "
        "the rest of this tick is dropped (R21) (see DELTA-018)"
    )
    assert judge(requirement("DELTA-018"), subject).cascade is False


@pytest.mark.parametrize("pattern", ["[[a]x", "[a||b]", "[a&&b]", "[a~~b]"])
@pytest.mark.parametrize("requirement_id", ["META-007", "META-008", "CONF-012"])
def test_a_pattern_that_python_warns_of_is_the_plugins_own(requirement_id, pattern):
    """Warnings are errors in these tests, as in those of many authors."""
    schema = {"type": "object", "properties": {"greeting": {"type": "string", "pattern": pattern}}}
    verdict = verdict_on(requirement_id, Honest(schema=json.dumps(schema)))
    assert verdict.outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE), verdict.reason
