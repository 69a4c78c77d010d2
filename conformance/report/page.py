"""The report as one page: nothing outside it is loaded, and nothing in it that a plugin said can act.

Everything is escaped by Jinja's autoescape, control characters are written out, and the page's own Content Security
Policy lets only its own style and script run.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup, escape

from conformance.report.model import BY_URGENCY, RED, group_titles, in_order, labels, worst
from conformance.report.words import NAMES, SIGNS, state, state_of_all, summed
from conformance.verdict import Outcome
from refhost.printing import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.model import Judgement, Report

_FILES = resources.files("conformance.report")
# No text of a report is nearly as long; a page of a hostile one must still open.
_LONGEST = 100_000


@dataclass(frozen=True)
class Column:
    """One report, as the page's tables name it."""

    number: int
    label: str
    report: Report
    state: str
    sentence: str
    sums: str


@dataclass(frozen=True)
class Row:
    """One requirement, over all reports; `cells` has None where a report does not know it."""

    any: Judgement
    cells: tuple[tuple[Column, Judgement | None], ...]

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes in it, each once."""
        return sorted({judgement.outcome for _, judgement in self.cells if judgement}, key=BY_URGENCY.index)

    @property
    def worst(self) -> Outcome:
        """The one that a reader must see."""
        return worst(self.outcomes)

    @property
    def first_reason(self) -> str:
        """The reason of the most urgent outcome, in one line."""
        found = [j.reason for _, j in self.cells if j and j.outcome is self.worst and j.reason]
        return " ".join(found[0].split()) if found else ""

    @property
    def red(self) -> list[Column]:
        """The reports in which it is red for a reason of its own."""
        return [column for column, j in self.cells if j and j.outcome in RED and not j.cascade]

    @property
    def told(self) -> list[tuple[Column, Judgement]]:
        """What there is to say more of than that it holds, the most urgent first."""
        found = [(column, j) for column, j in self.cells if j and j.outcome is not Outcome.PASS]
        return sorted(found, key=lambda pair: BY_URGENCY.index(pair[1].outcome))


@dataclass(frozen=True)
class Matrix:
    """The reports on plugins, or those on hosts, over the requirements that these have."""

    name: str
    title: str
    columns: tuple[Column, ...]
    groups: dict[str, list[Row]]


def page(reports: Sequence[Report]) -> str:
    """The page, as HTML."""
    style, script = (_text("page.css"), _text("page.js"))
    columns = [
        Column(number, label, report, *state(report), summed(report.counts))
        for number, (label, report) in enumerate(zip(labels(reports), reports, strict=True), 1)
    ]
    matrices = _matrices(columns)
    groups = {group: rows for matrix in matrices for group, rows in matrix.groups.items()}
    everything = [row for rows in groups.values() for row in rows]
    return (
        _environment()
        .from_string(_text("page.html.j2"))
        .render(
            columns=columns,
            matrices=matrices,
            groups=groups,
            titles=group_titles(),
            by_group={column.number: _by_group(column.report) for column in columns},
            red=[(row, found) for row in everything if (found := row.red)],
            cascades=[(c, *told) for c in columns for told in _cascades(c.report)],
            filters={outcome: n for outcome in BY_URGENCY if (n := sum(outcome in row.outcomes for row in everything))},
            total=len(everything),
            state=state_of_all(reports),
            names=NAMES,
            signs=SIGNS,
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )


def _matrices(columns: Sequence[Column]) -> list[Matrix]:
    """Hosts, and plugins; the one that there is, where there are no others."""
    found = []
    for kind, name, title in (("host", "hosts", "Hosts"), ("plugin", "plugins", "Plugins")):
        own = tuple(column for column in columns if column.report.subject.kind == kind)
        if own:
            groups = in_order(j.group for column in own for j in column.report.requirements)
            found.append(Matrix(name, title, own, {group: _rows(own, group) for group in groups}))
    return found if len(found) > 1 else [replace(matrix, name="matrix", title="Matrix") for matrix in found]


def _rows(columns: Sequence[Column], group: str) -> list[Row]:
    known = [{j.id: j for j in column.report.requirements if j.group == group} for column in columns]
    ids = dict.fromkeys(i for judgements in known for i in judgements)
    found = []
    for i in sorted(ids):
        cells = tuple((column, known[number].get(i)) for number, column in enumerate(columns))
        found.append(Row(next(j for _, j in cells if j), cells))
    return found


def _by_group(report: Report) -> dict[str, Counter[Outcome]]:
    found: dict[str, Counter[Outcome]] = {}
    for judgement in report.requirements:
        found.setdefault(judgement.group, Counter())[judgement.outcome] += 1
    return found


def _cascades(report: Report) -> list[tuple[str, int]]:
    """Why requirements could not be judged, each reason with how many they are."""
    return list(Counter(j.reason for j in report.requirements if j.cascade and j.outcome in RED).items())


def _environment() -> jinja2.Environment:
    found = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_visible,
    )
    found.filters["coded"] = _coded
    return found


def _visible(value: Any) -> Any:  # noqa: ANN401 - whatever a template shows
    """Text with what cannot be seen written out; Markup, such as the page's own style, stays."""
    return printable(value, limit=_LONGEST) if type(value) in (str, Outcome) else value


def _coded(text: str) -> Markup:
    """Text in which `words` are code, as catalogues write it."""
    pieces = [escape(_visible(piece)) for piece in text.split("`")]
    if len(pieces) % 2 == 0:  # the last one is opened and not closed
        pieces[-2:] = [Markup("`").join(pieces[-2:])]
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(piece) if n % 2 else piece for n, piece in enumerate(pieces))


def _text(name: str) -> str:
    return (_FILES / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
