"""report.html as text; tests/browser opens it in a browser."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from reports import ALL_OUTCOMES, FAILING, HTML, host_report, hostile, report

from conformance.report.page import page

VOID = {"meta", "input"}


class Reader(HTMLParser):
    """The page as a tree of tags, refusing one that is not closed as it was opened."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "script"}:
            self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.mark.parametrize(
    "reports",
    [
        [report()],
        [report(ALL_OUTCOMES)],
        [hostile()],
        [report(), hostile(), report(ALL_OUTCOMES, name="x")],
        [host_report()],
        [report(), host_report({"HVFS-001": FAILING}), host_report(name="other"), hostile()],
        [],
    ],
    ids=["passes", "all", "hostile", "several", "host", "both", "none"],
)
def test_it_is_well_formed_and_complete_in_itself(reports):
    text = page(reports)
    found = Reader(text)
    assert len(found.all("script")) == len(found.all("style")) == 1
    assert not [tag for tag, _ in found.tags if tag in {"img", "link", "iframe", "object", "base", "form"}]
    for _, attrs in found.tags:
        assert not [name for name in attrs if name.startswith("on") or name in {"src", "style", "action"}]
        assert attrs.get("href", "#").startswith("#")
    ids = [attrs["id"] for _, attrs in found.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_only_its_own_script_and_style_may_run():
    text = page([hostile()])
    policy = Reader(text).all("meta")[1]["content"]
    assert policy.startswith("default-src 'none';")
    for tag in ("style", "script"):
        (body,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_everything_that_was_seen_is_there():
    found = Reader(page([report(ALL_OUTCOMES)])).text
    for word in (FAILING["reason"], FAILING["mend"], FAILING["again"], *FAILING["case"], *FAILING["log"]):
        assert word in found
    for row in ALL_OUTCOMES.values():
        assert row["reason"] in found
    assert "mended in 2.0" in found


def test_a_hostile_text_is_text():
    found = Reader(page([hostile()]))
    assert HTML in found.text
    assert r"\x1b[2J\u202eevil\x00\u2028" in found.text
    assert "{{ 7*7 }}" in found.text
    assert not [c for c in found.text if not c.isprintable() and c not in "\n\xa0"]


def test_it_is_the_same_each_time():
    reports = [report(ALL_OUTCOMES), report(name="other")]
    assert page(reports) == page(reports)


def test_it_shows_what_a_later_version_calls_by_other_names():
    """A merged report may come of another version: its groups and requirements are shown as they are."""
    row = report().requirements[0]
    strange = type(row)(**{**row.__dict__, "id": "ODD-001", "group": "ODD", "text": "It floats."})
    text = Reader(page([report(requirements=(strange,))])).text
    assert "ODD-001" in text
    assert "It floats." in text


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("Return 0 from `stop`.", "Return 0 from <code>stop</code>."),
        ("`a` and `b<`", "<code>a</code> and <code>b&lt;</code>"),
        ("one ` alone", "one ` alone"),
        ("`a` and ` alone", "<code>a</code> and ` alone"),
        ("`<script>`", "<code>&lt;script&gt;</code>"),
    ],
)
def test_code_in_the_words_of_the_catalogue(text, html):
    (row, *_) = report().requirements
    made = page([report(requirements=(type(row)(**{**row.__dict__, "text": text}),))])
    assert html in made


def test_hosts_and_plugins_have_a_matrix_each():
    found = Reader(page([report(), host_report({"HVFS-001": FAILING}), host_report(name="other")]))
    assert [attrs["id"] for attrs in found.all("h2")] == ["reports", "fails", "hosts", "plugins", "requirements"]
    assert "group-HVFS" in {attrs.get("id") for attrs in found.all("section")}
    assert "group-DELTA" in {attrs.get("id") for attrs in found.all("section")}


def test_a_requirement_has_a_cell_for_each_report_of_its_kind():
    text = page([report(), host_report({"HVFS-001": FAILING}), host_report(name="other")])
    row = text[text.index('id="HVFS-001"') : text.index('id="HVFS-002"')]
    assert row.count('class="cell"') == 2
    assert "2</span>" in row
    assert "3</span>" in row
    plugin = text[text.index('id="DELTA-001"') : text.index('id="DELTA-002"')]
    assert plugin.count('class="cell"') == 1


def test_of_one_kind_there_is_one_matrix():
    for only in ([report(), report(name="x")], [host_report(), host_report(name="x")]):
        assert [attrs["id"] for attrs in Reader(page(only)).all("h2")] == ["reports", "matrix", "requirements"]


def test_a_host_says_what_it_can_do():
    text = Reader(page([host_report()])).text
    assert "dialect-buffer, files" in text
    assert "do nothing" not in text
