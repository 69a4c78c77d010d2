"""The report as Markdown for `$GITHUB_STEP_SUMMARY`: short tables, and each failure folded away.

What a plugin said stands in it as HTML with every sign of punctuation as a character reference: by the rules of
Markdown such a reference never begins anything.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from conformance.report.model import BY_URGENCY, group_titles, in_order, labels
from conformance.report.words import NAMES, SIGNS, state, summed
from conformance.verdict import Outcome
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.report.model import Judgement, Report

# GitHub takes a mebibyte for a step, and refuses all of a longer text.
_MOST_CHARACTERS = 200_000
_LONGEST_TEXT = 4000
_TOLD = (Outcome.FAIL, Outcome.STALE, Outcome.WARN, Outcome.KNOWN)
_SIGNS = f"<sub>{', '.join(f'{SIGNS[outcome]} {NAMES[outcome]}' for outcome in BY_URGENCY)}</sub>"
_REFERENCES = {ord(sign): f"&#{ord(sign)};" for sign in string.punctuation}


def summary(reports: Sequence[Report]) -> str:
    """The Markdown."""
    kinds = [found for kind in ("host", "plugin") if (found := _of_kind(reports, kind))]
    parts = ["## Signal K WebAssembly conformance", _results(reports), *map(_matrix, kinds), _SIGNS]
    parts += [_requirements(found) for found in kinds if len(found) > 1]
    left, cut = _MOST_CHARACTERS - sum(map(len, parts)), 0
    for label, report in zip(labels(reports), reports, strict=True):
        told = list(_told(report))
        shown = []
        for text in told:
            left -= len(text)
            if left > 0:
                shown.append(text)
        cut += len(told) - len(shown)
        if shown:
            parts += [f"### {_safe(label)}", *shown]
        parts += _not_run(report)
    if cut:
        parts.append(f"{cut} more in report.html.")
    return "\n\n".join(parts) + "\n"


def _safe(text: str) -> str:
    shown = printable(text, limit=_LONGEST_TEXT, lines=False)
    return f"<code>{shown.translate(_REFERENCES)}</code>"


def _block(label: str, text: str) -> str:
    # No empty line in it: the HTML ends at the first one.
    shown = printable(text, limit=_LONGEST_TEXT).translate(_REFERENCES).replace("\n", "<br>")
    return f"<dt>{label}</dt><dd><code>{shown}</code></dd>"


def _results(reports: Sequence[Report]) -> str:
    lines = ["| subject | host, profile | result | |", "|---|---|---|---|"]
    signs = {"red": "❌", "open": "⚠️", "green": "✅"}
    for label, report in zip(labels(reports), reports, strict=True):
        word, sentence = state(report)
        lines.append(
            f"| {_safe(label)} | {_safe(report.host)}, {_safe(report.profile)} | {signs[word]} {sentence} "
            f"| {summed(report.counts)} |"
        )
    return "\n".join(lines)


def _of_kind(reports: Sequence[Report], kind: str) -> list[tuple[str, Report]]:
    """The reports on hosts, or those on plugins, each with what to call it."""
    return [pair for pair in zip(labels(reports), reports, strict=True) if pair[1].subject.kind == kind]


def _matrix(labelled: Sequence[tuple[str, Report]]) -> str:
    reports, titles = [report for _, report in labelled], group_titles()
    head = [_safe(label) for label, _ in labelled] if len(labelled) > 1 else ["requirements"]
    lines = [f"| group | {' | '.join(head)} |", "|---|" + "---|" * len(head)]
    for group in in_order(j.group for report in reports for j in report.requirements):
        cells = []
        for report in reports:
            outcomes = [j.outcome for j in report.requirements if j.group == group]
            cells.append(" ".join(f"{SIGNS[o]} {outcomes.count(o)}" for o in BY_URGENCY if o in outcomes))
        lines.append(" | ".join([f"| {_safe(group)} {titles.get(group, '')}".rstrip(), *cells, ""]).rstrip())
    return "\n".join(lines)


def _requirements(labelled: Sequence[tuple[str, Report]]) -> str:
    """Every requirement with its outcome in each report, folded away."""
    rows: dict[str, dict[int, Judgement]] = {}
    for number, (_, report) in enumerate(labelled):
        for judgement in report.requirements:
            rows.setdefault(judgement.id, {})[number] = judgement
    head = " | ".join(_safe(label) for label, _ in labelled)
    lines = [f"| requirement | {head} |", "|---|" + "---|" * len(labelled)]
    groups = in_order(j.group for row in rows.values() for j in row.values())
    for name in sorted(rows, key=lambda name: (min(groups.index(j.group) for j in rows[name].values()), name)):
        cells = [SIGNS[rows[name][n].outcome] if n in rows[name] else "" for n in range(len(labelled))]
        lines.append(f"| {_safe(name)} | {' | '.join(cells)} |")
    table = "\n".join(lines)
    what = "hosts" if labelled[0][1].subject.kind == "host" else "plugins"
    return f"<details><summary>{len(rows)} requirements, {len(labelled)} {what}</summary>\n\n{table}\n\n</details>"


def _told(report: Report) -> Iterator[str]:
    for outcome in _TOLD:
        for judgement in report.requirements:
            if judgement.outcome is outcome and not judgement.cascade:
                yield _details(judgement)
    cascades = [j for j in report.requirements if j.cascade and j.outcome in _TOLD]
    if cascades:
        yield _cascades(cascades)


def _details(judgement: Judgement) -> str:
    title = (
        f"{SIGNS[judgement.outcome]} {NAMES[judgement.outcome]} {judgement.id} ({judgement.level}): {judgement.text}"
    )
    parts = [
        ("known", judgement.known),
        ("seen", judgement.reason),
        ("case", "\n".join(judgement.case)),
        ("why", judgement.why),
        ("mend", judgement.mend),
        ("log", "\n".join(judgement.log)),
        ("again", judgement.again),
    ]
    told = "".join(_block(label, text) for label, text in parts if text)
    return f"<details><summary>{_plain(title)}</summary><dl>{told}</dl></details>"


def _plain(text: str) -> str:
    return printable(text, limit=_LONGEST_TEXT, lines=False).translate(_REFERENCES)


def _cascades(found: Sequence[Judgement]) -> str:
    reasons: dict[str, list[str]] = {}
    for judgement in found:
        reasons.setdefault(judgement.reason, []).append(judgement.id)
    told = "".join(_block(", ".join(map(_plain, ids)), reason) for reason, ids in reasons.items())
    hint = found[0].mend
    said = _block("mend", hint) if hint else ""
    return f"<details><summary>{len(found)} not judged, and so failed</summary><dl>{told}{said}</dl></details>"


def _not_run(report: Report) -> list[str]:
    found = [j for j in report.requirements if j.outcome is Outcome.NOT_RUN]
    reasons: dict[str, list[str]] = {}
    for judgement in found:
        reasons.setdefault(judgement.reason, []).append(judgement.id)
    told = "".join(_block(", ".join(map(_plain, ids)), reason) for reason, ids in reasons.items())
    return [f"<details><summary>{len(found)} not run</summary><dl>{told}</dl></details>"] if found else []
