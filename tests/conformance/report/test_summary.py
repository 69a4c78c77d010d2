"""summary.md, read as GitHub reads it: a Markdown parser of its own decides what is in it."""

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from reports import ALL_OUTCOMES, FAILING, host_report, hostile, report

from conformance.report.model import group_titles
from conformance.report.summary import summary

# What the summary itself is made of; nothing else may come out of any text.
OWN = {
    "h2",
    "h3",
    "p",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "sub",
    "code",
    "details",
    "summary",
    "dl",
    "dt",
    "dd",
    "br",
}


class Reader(HTMLParser):
    """The tags with their attributes, and the text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text, self.headings, self._open = [], "", [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))
        self._open.append(tag)

    def handle_endtag(self, tag):
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]

    def handle_data(self, data):
        self.text += data
        if self._open and self._open[-1] in {"h2", "h3"}:
            self.headings.append(data)


def read(markdown):
    reader = Reader()
    reader.feed(MarkdownIt("gfm-like", {"linkify": False}).render(markdown))
    return reader


def test_it_says_what_there_is_to_say():
    found = read(summary([report(ALL_OUTCOMES)]))
    for word in ("It does not conform.", "2 fail", "fails DELTA-001 (MUST): Every text that the plugin emits is JSON."):
        assert word in found.text
    for word in (FAILING["reason"], FAILING["case"][-1], FAILING["mend"], FAILING["log"][-1], FAILING["again"]):
        assert word in found.text
    assert "1 not judged, and so failed" in found.text
    assert "mended in 2.0" in found.text
    assert "1 not run" in found.text
    assert [tag for tag, _ in found.tags].count("details") == 6


def test_a_good_run_is_short():
    text = summary([report()])
    assert "<details>" not in text
    assert len(text) < 1500


@pytest.mark.parametrize("reports", [[hostile()], [hostile(), hostile(), report()]])
def test_nothing_in_it_is_forged(reports):
    found = read(summary(reports))
    assert {tag for tag, _ in found.tags} <= OWN
    # The parser sets alignment; a plugin sets nothing.
    assert not [attrs for _, attrs in found.tags if attrs]
    assert "Forged" not in found.headings
    assert [tag for tag, _ in found.tags].count("h2") == 1
    # As many cells in each row of a table as in its head, whatever the texts hold.
    rows = [line for line in summary(reports).splitlines() if line.startswith("| ")]
    assert {line.count("|") for line in rows} <= {5, 2 + len(reports)}
    assert not [c for c in found.text if not c.isprintable() and c != "\n"]


def test_the_text_is_all_there():
    """Escaped, and not taken away."""
    found = read(summary([hostile()]))
    assert "<script>document.title='taken'</script>" in found.text
    assert "[x](https://evil.example) **all pass** `code`" in found.text


def test_nobody_is_called_and_nothing_is_linked():
    """GitHub looks for @names and addresses in the text of a page, but not in code."""
    text = summary([hostile()])
    assert not re.search(r"@you|https?:", text)


@pytest.mark.long
def test_it_never_grows_beyond_what_github_takes():
    changes = {row.id: {**FAILING, "reason": "x" * 10_000} for row in report().requirements}
    text = summary([report(changes, name=f"plugin-{number}") for number in range(20)])
    assert len(text.encode()) < 2**20
    assert re.search(r"\d{3,} more in report\.html\.", text)


def test_hosts_and_plugins_have_a_table_each():
    text = summary([report(), host_report({"HVFS-001": FAILING}), host_report(name="other")])
    tables = [part for part in text.split("\n\n") if part.startswith("| group |")]
    assert len(tables) == 2
    hosts, plugins = tables
    assert f"| {code('HVFS')} {group_titles()['HVFS']} | " in hosts
    assert code("DELTA") not in hosts
    assert code("DELTA") in plugins
    assert hosts.splitlines()[0].count("|") == 4


def test_hosts_by_requirements():
    """A row for each requirement, and a column for each host; one host alone has none."""
    text = summary([host_report({"HVFS-001": FAILING}), host_report(name="other")])
    total = len(host_report().requirements)
    assert f"<summary>{total} requirements, 2 hosts</summary>" in text
    assert f"| {code('HVFS-001')} | ✗ | ✓ |" in text
    assert f"| {code('HVFS-002')} | ✓ | ✓ |" in text
    assert "requirements, 1 hosts" not in summary([host_report()])


def code(text):
    return f"<code>{text.replace('-', '&#45;')}</code>"
