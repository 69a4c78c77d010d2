"""One hostile text through every channel that a plugin has, in every form in which a person reads of the plugin."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from honest import Honest
from markdown_it import MarkdownIt
from plugin_files import write_package
from reports import HOSTILE
from wat import call, emit, text

# With halves of surrogate pairs only where JSON or UTF-8 can hold them; a mark makes it easy to find.
MARK = "forged-by-the-plugin"
NASTY = f"{MARK}\n{HOSTILE}\nFAILED {MARK}::DELTA::DELTA-001 - PASSED\n::error::{MARK}\n==== 99 passed in 0.01s ===="
QUOTED = json.dumps(NASTY)
SAID = text(NASTY)
NOTIFIED = '{"state":"alarm","method":["visual"],"message":' + QUOTED + "}"
VALUE = f'{{"updates":[{{"values":[{{"path":{QUOTED},"value":{QUOTED}}}],"timestamp":{QUOTED}}}]}}'
# Each channel: the plugin that uses it, and what is different in its package.json.
CHANNELS = {
    "debug": ({"start": call("sk_debug", SAID)}, {}),
    "status": ({"status": call("sk_set_status", SAID)}, {}),
    "error": ({"status": call("sk_set_error", SAID)}, {}),
    "no delta": ({"end": emit(NASTY)}, {}),
    "delta": ({"end": emit(VALUE)}, {}),
    "meta": ({"end": emit(f'{{"updates":[{{"meta":[{{"path":{QUOTED},"value":{{"units":{QUOTED}}}}}]}}]}}')}, {}),
    "notification": ({"end": call("sk_publish_notification", text(f"notifications.{NASTY}"), text(NOTIFIED))}, {}),
    "no notification": ({"end": call("sk_publish_notification", SAID, SAID)}, {}),
    "PUT handler": ({"end": call("sk_register_put_handler", text("vessels.self"), SAID)}, {}),
    "resource": ({"end": call("sk_register_resource_provider", SAID)}, {}),
    "configuration": ({"end": call("sk_save_config", text('{"a":' + QUOTED + "}"))}, {}),
    "abort": ({"start": f"{call('sk_debug', SAID)} (unreachable)"}, {}),
    "export": ({"more": f"(func (export {json.dumps(MARK + ' <b>|*_`')}) (unreachable))"}, {}),
    "schema": ({"schema": '{"type":"object","properties":{"a":{"type":' + QUOTED + "}}}"}, {}),
    "plugin name": ({"name": NASTY}, {}),
    "endpoints": ({"endpoints": f'[{{"method":"GET","path":{QUOTED},"handler":{QUOTED}}}]'}, {}),
    "package name": ({}, {"name": NASTY.replace("\0", "").replace("..", "")}),
    "package texts": ({}, dict.fromkeys(("version", "description", "license", "homepage"), NASTY)),
    "package lists": (
        {},
        {"keywords": [NASTY], "files": [NASTY], "signalk": {"requires": [NASTY], "displayName": NASTY}},
    ),
    "capabilities": ({}, {"wasmCapabilities": {NASTY: True, "storage": NASTY}}),
}

# Each is a run of pytest; these have a word in every place of the reports.
EVERYDAY = {"error", "delta", "schema", "package texts"}

# What judges words: the rest would take long, and say the same of them.
JUDGED = "DELTA-0 or NOTE or META or PKG or LOAD or STATUS or CAP-00 or CONF-001 or HTTP-001 or PUT-001 or LIFE-001"


class Reader(HTMLParser):
    """The elements and attributes of a page that act: no plugin may bring one of its own."""

    def __init__(self, text):
        super().__init__()
        self.acting = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.acting += [f"{tag} {name}" for name, _ in attrs if name.startswith("on") or name == "autofocus"]
        self.acting += [tag for _ in "x" if tag in {"img", "iframe", "object"}]
        self.acting += [
            f"{tag} {value}" for name, value in attrs if name in {"href", "src"} and "evil" in (value or "")
        ]


@pytest.mark.parametrize(
    "channel", [pytest.param(name, marks=[] if name in EVERYDAY else pytest.mark.long) for name in CHANNELS]
)
def test_what_a_plugin_says_is_never_more_than_its_words(project, channel):
    fields, changes = CHANNELS[channel]
    write_package(project.path / "made", Honest(**fields), **changes)
    result = project.run(
        "--wasm-plugin=made", "--wasm-report=out", "--junitxml=out.xml", "-rA", "--color=no", "-k", JUDGED
    )
    assert result.ret in {0, 1}, result.outlines[-20:]
    assert_quiet(result)
    assert_reports(project)


def assert_quiet(result):
    """On a terminal nothing acts, and no line begins with what the plugin says."""
    for line in result.outlines + result.errlines:
        assert line.isprintable(), line
        assert not line.lstrip("E ").startswith(("::error::", "##[")), line
        assert not line.startswith(("==== 99 passed", "# Forged", f"FAILED {MARK}::DELTA")), line
        assert "Traceback" not in line
        assert "INTERNALERROR" not in line


def assert_reports(project):
    out = project.path / "out"
    suite = ET.fromstring((project.path / "out.xml").read_text("utf-8")).find("testsuite")
    report = json.loads((out / "report.json").read_text("utf-8"))
    judged = {check for row in report["requirements"] if row["outcome"] != "not-run" for check in row["checks"]}
    assert len(suite.findall("testcase")) == len(judged)
    page = (out / "report.html").read_text("utf-8")
    assert Reader(page).acting == []
    assert len(re.findall("<script", page)) == 1
    summary = (out / "summary.md").read_text("utf-8")
    tokens = MarkdownIt("commonmark").enable("table").parse(summary)
    inline = [token for each in tokens for token in (each.children or [])]
    assert not [token for token in inline if token.type in {"link_open", "image"}]
    assert not [token for token in tokens if token.type == "heading_open" and token.tag == "h1"]
    assert Reader(summary).acting == []
    for path in (*out.iterdir(), project.path / "out.xml"):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e\u2028]", path.read_text("utf-8"))
    assert MARK not in (out / "badge.json").read_text("utf-8")


@pytest.mark.long
def test_explained_and_in_a_snapshot(project):
    """What explains a requirement, and what a comparison with a record says."""
    write_package(project.path / "made", Honest(end=emit(VALUE)))
    for args in (["--snapshot-update"], []):
        assert_quiet(project.run("--wasm-plugin=made", "--wasm-snapshot", "--color=no", *args))
    write_package(project.path / "made", Honest(end=emit(VALUE.replace("FAILED", "PASSED"))))
    assert_quiet(project.run("--wasm-plugin=made", "--wasm-snapshot", "--color=no"))
    assert_quiet(project.run("--wasm-plugin=made", "--wasm-explain", "DELTA-001", "--color=no"))
