"""Reports made by hand: of every outcome, and of a plugin that says the worst things."""

from conformance.catalogue import catalogue
from conformance.host_catalogue import host_catalogue
from conformance.report.journal import changed
from conformance.report.model import Judgement, Report, Subject

HTML = "<script>document.title='taken'</script></script><img src=x onerror=\"document.title='taken'\">"
ATTRIBUTE = "\"' onmouseover=\"document.title='taken'\" autofocus onfocus='document.title=1' x=\""
MARKDOWN = (
    "|a|b|\n\n# Forged\n\n- [x](https://evil.example) **all pass** `code` ![i](https://evil.example/i.png)\n```\n@you"
)
TERMINAL = "\x1b[2J\u202eevil\x00\u2028"
TEMPLATE = "{{ 7*7 }} {% for x in y %} </style> --> ]]>"
HOSTILE = f"{HTML}\n{ATTRIBUTE}\n{MARKDOWN}\n{TERMINAL}\n{TEMPLATE}"
# One of each outcome, in the words of a run.
FAILING = {
    "outcome": "fail",
    "reason": "delta number 5 that it emitted: it is not JSON",
    "case": ["load made", "start {}", "(3 steps more)", "it emitted speed=3.85"],
    "mend": "Build deltas with a JSON library.",
    "log": ["[state] stopped → starting", "[refused] sk_handle_message: the delta is not JSON"],
    "again": "pytest --wasm-plugin=made wat-plugin::DELTA::DELTA-001",
}
CASCADE = {
    "outcome": "fail",
    "reason": "could not be judged: the plugin did not start",
    "mend": "Mend the failure named here first.",
    "cascade": True,
}
ALL_OUTCOMES = {
    "DELTA-001": FAILING,
    "DELTA-002": {"outcome": "known", "reason": "no update", "known": "mended in 2.0", "again": "pytest x"},
    "DELTA-003": {"outcome": "stale", "reason": "it holds, and known.toml lists it", "known": "an old one"},
    "CAP-004": {"outcome": "warn", "reason": "network is declared and not used", "mend": "Remove it."},
    "LIFE-006": {"outcome": "not-applicable", "reason": "the plugin exports no poll"},
    "VFS-001": {"outcome": "not-run", "reason": "it was not selected in this run"},
    "VFS-002": CASCADE,
}


def report(changes=None, name="anchor-watch", **fields):
    """A report in which everything passes but what `changes` says, by id."""
    subject = Subject("plugin", name, "1.0.0", "buffer", 4096, "ab" * 32, ("dataRead", "dataWrite"))
    rows = []
    for group in catalogue():
        for requirement in group.requirements:
            row = Judgement.not_run(requirement, f"{name}::{group.name}::{requirement.id}")
            rows.append(changed(row, {"outcome": "pass", "reason": "", **(changes or {}).get(requirement.id, {})}))
    given = {
        "subject": subject,
        "host": "refhost",
        "profile": "documented",
        "seed": {"host": 0, "hypothesis": "derandomized"},
        "versions": {"wasmtime": "50.0.0", "pytest-signalk-wasm": "0.1.0"},
        "requirements": tuple(rows),
    }
    return Report(**{**given, **fields})


def host_report(changes=None, name="refhost", **fields):
    """The same of a host."""
    rows = []
    for group in host_catalogue():
        for requirement in group.requirements:
            row = Judgement.not_run(requirement, f"{name}::{group.name}::{requirement.id}")
            rows.append(changed(row, {"outcome": "pass", "reason": "", **(changes or {}).get(requirement.id, {})}))
    subject = Subject("host", name, "1.0.0", features=("dialect-buffer", "files"))
    return report(**{"subject": subject, "host": name, "requirements": tuple(rows), **fields})


def hostile():
    """A report in which every text that comes of a plugin or of a stranger's file is hostile."""
    words = {
        "reason": HOSTILE,
        "case": [HOSTILE],
        "mend": HOSTILE,
        "log": [HOSTILE],
        "again": HOSTILE,
        "known": HOSTILE,
    }
    changes = {i: {**words, "outcome": row["outcome"]} for i, row in ALL_OUTCOMES.items()}
    changes["VFS-002"] = {**words, "outcome": "fail", "cascade": True}
    found = report(changes, name=HOSTILE)
    subject = Subject("plugin", HOSTILE, HOSTILE, HOSTILE, 1, HOSTILE, (HOSTILE,))
    rows = tuple(
        changed(row, {"text": HOSTILE, "why": HOSTILE, "section": HOSTILE, "checks": [HOSTILE]})
        if row.id in ALL_OUTCOMES
        else row
        for row in found.requirements
    )
    return report(subject=subject, host=HOSTILE, profile=HOSTILE, versions={HOSTILE: HOSTILE}, requirements=rows)
