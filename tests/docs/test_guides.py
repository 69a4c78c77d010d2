"""The guides do what they say: every plugin in them is built and judged as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from offering import Offering
from plugin_files import write_package

from conformance import baseline
from conformance.trace import not_judged

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
REQUESTS = "test_requests.py"
FENCED = re.compile(r"^```(?P<language>\w*)(?: file=(?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
# A link to a file or to a heading in one: `[text](own-tests.md)`.
LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#]+)")


def parts(guide):
    """Each second-level heading of a guide with its text."""
    pieces = re.split(r"^## (.+)$", (GUIDES / guide).read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def own_tests():
    """The tests that authors may write, as the guide has them."""
    found = FENCED.finditer((GUIDES / "own-tests.md").read_text("utf-8"))
    return [block for block in found if block["language"] == "python"]


def lay_out(blocks, folder):
    """Write every block that names a file."""
    for block in blocks:
        if block["file"]:
            place = folder / block["file"]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block["text"], "utf-8")


def run(script, folder):
    """Run a script of the shell in a folder, with the tools of this environment; what it printed."""
    # Debian's rustc has the target; one of rustup that stands before it may not.
    path = os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", os.environ["PATH"]))
    # As on a CI machine, where Hypothesis does not mind how slow it is.
    environment = {**os.environ, "PATH": path, "PYTEST_ADDOPTS": "-p no:cacheprovider", "CI": "true"}
    command = ["/bin/bash", "-e", "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.toolchain
@pytest.mark.parametrize(
    ("guide", "language"),
    [
        *(("five-minutes.md", language) for language in ("AssemblyScript", "C", "Rust", "Go")),
        *(("components.md", language) for language in ("C", "Rust")),
    ],
)
def test_a_plugin_of_a_guide(guide, language, tmp_path):
    blocks = list(FENCED.finditer(parts(guide)[language]))
    lay_out(blocks, tmp_path)
    (script,) = [block["text"] for block in blocks if block["language"] == "sh"]
    said = run(script, tmp_path)
    judged = re.search(r"(\d+) of \d+ requirements judged", said)
    assert judged, said
    assert int(judged[1]) > 50
    assert "SHOULD" not in said, "an example should not even warn"


@pytest.mark.toolchain
def test_own_tests(tmp_path):
    """The tests of the guide, on the plugin of the other guide."""
    blocks = list(FENCED.finditer(parts("five-minutes.md")["C"]))
    lay_out(blocks, tmp_path)
    (script,) = [block["text"] for block in blocks if block["language"] == "sh"]
    together = "\n\n".join(block["text"] for block in own_tests() if block["file"] != REQUESTS)
    (tmp_path / "test_knots.py").write_text(together, "utf-8")
    run(script.splitlines()[0], tmp_path)
    assert "1 snapshot generated" in run("pytest -q --snapshot-update", tmp_path)
    assert "10 passed" in run("pytest -q", tmp_path)


@pytest.mark.long
def test_own_tests_of_requests(tmp_path):
    """The rest, on a plugin that offers what they ask for."""
    write_package(tmp_path, Offering())
    lay_out([block for block in own_tests() if block["file"] == REQUESTS], tmp_path)
    assert "3 passed" in run("pytest -q", tmp_path)


@pytest.mark.parametrize("guide", sorted(path.name for path in GUIDES.glob("*.md")))
def test_links_lead_somewhere(guide):
    text = (GUIDES / guide).read_text("utf-8")
    assert [link["path"] for link in LINK.finditer(text) if not (GUIDES / link["path"]).exists()] == []


def test_every_clause_that_is_not_judged_is_in_the_guide():
    guide = (GUIDES / "not-tested.md").read_text("utf-8")
    rows = [line for line in guide.splitlines() if line.startswith("| §")]
    assert rows == [f"| {clause['section']} | {clause['text']} | {clause['reason']} |" for clause in not_judged()]


def test_the_example_of_a_baseline_is_one(tmp_path):
    (block,) = [one for one in FENCED.finditer((GUIDES / "known-failures.md").read_text("utf-8")) if one["file"]]
    place = tmp_path / block["file"]
    place.write_text(block["text"], "utf-8")
    (entry,) = baseline.read(place).entries.values()
    assert (entry.plugin, entry.requirement) == ("knots-c", "CAP-010")
