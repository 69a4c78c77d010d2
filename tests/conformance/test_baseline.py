"""The baseline: what a file may hold, what it makes of an outcome, and what is written back."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.baseline import UNEXPLAINED, Baseline, Entry, read, settled
from conformance.catalogue import catalogue
from conformance.verdict import Outcome
from refhost.errors import ConfigurationError
from refhost.profiles import PROFILES

PASS, FAIL, WARN, KNOWN, STALE = (Outcome(w) for w in ("pass", "fail", "warn", "known", "stale"))
NOT_APPLICABLE = Outcome.NOT_APPLICABLE
IDS = [requirement.id for group in catalogue() for requirement in group.requirements]

ENTRY = '[[known]]\nplugin = "anchor"\nrequirement = "DELTA-001"\n'


def refusal(tmp_path, text):
    """What is said of a file."""
    file = tmp_path / "known.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigurationError) as caught:
        read(file)
    assert caught.value.message.startswith(str(file))
    return caught.value.message.removeprefix(str(file))


@pytest.mark.parametrize(
    ("outcome", "listed", "settles"),
    [
        (FAIL, True, KNOWN),
        (FAIL, False, FAIL),
        (PASS, True, STALE),
        (PASS, False, PASS),
        (WARN, True, KNOWN),
        (WARN, False, WARN),
        (NOT_APPLICABLE, True, STALE),
        (NOT_APPLICABLE, False, NOT_APPLICABLE),
    ],
)
def test_what_an_outcome_comes_to(outcome, listed, settles):
    assert settled(outcome, listed=listed, updating=False) is settles


@pytest.mark.parametrize(
    ("outcome", "listed", "settles"),
    [
        (FAIL, True, KNOWN),
        (FAIL, False, KNOWN),
        (PASS, True, PASS),
        (PASS, False, PASS),
        (WARN, True, KNOWN),
        (WARN, False, WARN),
        (NOT_APPLICABLE, True, NOT_APPLICABLE),
    ],
)
def test_what_an_outcome_comes_to_in_a_run_that_writes_it(outcome, listed, settles):
    assert settled(outcome, listed=listed, updating=True) is settles


def test_a_file(tmp_path):
    file = tmp_path / "known.toml"
    file.write_text(ENTRY + 'reason = "the sensor is noisy"\n' + ENTRY + 'profile = "signalk-server-2.32"\n')
    baseline = read(file)
    found = baseline.get(("anchor", "", "documented", "DELTA-001"))
    assert found.reason == "the sensor is noisy"
    assert baseline.get(("anchor", "", "signalk-server-2.32", "DELTA-001")).reason == UNEXPLAINED
    assert baseline.get(("anchor", "", "documented", "DELTA-002")) is None
    assert baseline.get(("another", "", "documented", "DELTA-001")) is None


def test_an_empty_file_knows_of_nothing(tmp_path):
    file = tmp_path / "known.toml"
    file.write_text("# nothing yet\n")
    assert read(file).entries == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("known = [", " is not TOML: "),
        (b"\xff", " cannot be read: it is not UTF-8."),
        ("x = " + "[" * 5000, " n"),
        ("other = 1", ' has no use for "other".'),
        ('known = "x"', ": known is no list of entries."),
        ("known = [1]", ", entry 1: 1 is no entry."),
        ('[[known]]\nrequirement = "DELTA-001"', ", entry 1: it has no plugin."),
        ('[[known]]\nplugin = "anchor"', ", entry 1: it has no requirement."),
        (ENTRY + "reason = 1", ", entry 1: its reason is 1, and no text."),
        (ENTRY + 'reson = "x"', ', entry 1: it has "reson" (did you mean reason?).'),
        (ENTRY + ENTRY, ", entry 2: DELTA-001 of anchor is there twice."),
        (
            ENTRY.replace("DELTA-001", "DETLA-001"),
            ", entry 1: there is no requirement DETLA-001 (did you mean DELTA-001?).",
        ),
        (ENTRY + 'profile = "signalk-server"', "did you mean signalk-server-2.32?"),
    ],
)
def test_what_is_no_baseline(tmp_path, text, message):
    assert message in refusal(tmp_path, text)


@pytest.mark.parametrize("name", ["none.toml", ".", "known.toml/x"])
def test_what_cannot_be_read(tmp_path, name):
    (tmp_path / "known.toml").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be read: "):
        read(tmp_path / name)


def test_an_update_takes_what_was_judged_and_leaves_the_rest():
    before = Baseline.of(
        [
            Entry("anchor", "DELTA-001", reason="noisy", seen="old", case="old case"),
            Entry("anchor", "DELTA-002", reason="mended"),
            Entry("anchor", "DELTA-003", reason="not judged this time"),
            Entry("other", "DELTA-001", reason="not in this run"),
        ]
    )
    documented = "documented"
    after = before.updated(
        {
            ("anchor", "", documented, "DELTA-001"): Entry("anchor", "DELTA-001", seen="new", case="new case"),
            ("anchor", "", documented, "DELTA-002"): None,
            ("anchor", "", documented, "DELTA-004"): Entry("anchor", "DELTA-004", seen="it traps"),
            ("anchor", "", documented, "DELTA-005"): None,
        }
    )
    assert list(after.entries.values()) == [
        Entry("anchor", "DELTA-001", reason="noisy", seen="new", case="new case"),
        Entry("anchor", "DELTA-003", reason="not judged this time"),
        Entry("anchor", "DELTA-004", reason=UNEXPLAINED, seen="it traps"),
        Entry("other", "DELTA-001", reason="not in this run"),
    ]


def test_as_it_is_written(tmp_path, snapshot):
    baseline = Baseline.of(
        [
            Entry("b", "LIFE-001", "signalk-server-2.32", "the server's own fault"),
            Entry("b", "DELTA-001", seen='it emitted "x"\nand y', case='deliver {"updates":[]}'),
            Entry("a", "VFS-001", reason="Grund: Überlauf"),
        ]
    )
    file = tmp_path / "known.toml"
    baseline.write(file)
    assert read(file) == baseline
    assert file.read_text("utf-8") == snapshot


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(
    st.lists(
        st.builds(
            Entry, TEXTS.filter(bool), st.sampled_from(IDS), st.sampled_from(sorted(PROFILES)), TEXTS, TEXTS, TEXTS
        ),
        max_size=4,
        unique_by=lambda entry: entry.key,
    ),
    st.randoms(),
)
def test_whatever_the_words_the_file_gives_them_back(entries, order):
    baseline = Baseline.of(entries)
    text = baseline.to_text()
    assert [Entry(**row) for row in tomllib.loads(text).get("known", [])] == list(baseline.entries.values())
    order.shuffle(entries)
    assert Baseline.of(entries).to_text() == text
