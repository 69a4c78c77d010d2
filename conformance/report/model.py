"""What a report holds: one subject, on one host, in one profile, and what became of each requirement.

No time is in it: the same run gives the same bytes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from conformance.catalogues import every_group
from conformance.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.catalogue import Requirement

# The worst first: of several plugins, or several outcomes, this is what a reader must see.
BY_URGENCY = (
    Outcome.FAIL,
    Outcome.STALE,
    Outcome.NOT_RUN,
    Outcome.WARN,
    Outcome.KNOWN,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)
RED = frozenset({Outcome.FAIL, Outcome.STALE})


@dataclass(frozen=True)
class Subject:
    """What was judged.

    Attributes:
        kind: `plugin`, or `host`.
        name: the first part of its items' ids, without the profile.
        version: the package's; "" where there is none.
        dialect: of a plugin: `buffer`, `assemblyscript`, `component` or `command`.
        size: of a plugin's binary, in bytes.
        sha256: of a plugin's binary, in hexadecimal.
        capabilities: those that the plugin held.
        features: what the host can do; see `conformance.drivers.features`.
    """

    kind: str
    name: str
    version: str = ""
    dialect: str = ""
    size: int = 0
    sha256: str = ""
    capabilities: tuple[str, ...] = ()
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class Judgement:
    """What became of one requirement, in all the words that a reader needs; so a report explains itself anywhere.

    Attributes:
        reason: what was seen, or why it was not judged or does not apply; "" for a pass.
        checks: the ids of the tests that judge it.
        text, section, why: as the catalogue has them.
        case: the steps that show a failure, the last one being the one that failed.
        mend: what an author changes.
        log: the last records of the host's log.
        again: the command that shows the failure again.
        known: the reason that a baseline gives for a failure.
        cascade: whether it failed only because something else failed before.
    """

    id: str
    level: str
    group: str
    outcome: Outcome
    reason: str
    checks: tuple[str, ...]
    text: str = ""
    section: str = ""
    why: str = ""
    case: tuple[str, ...] = ()
    mend: str = ""
    log: tuple[str, ...] = ()
    again: str = ""
    known: str = ""
    cascade: bool = False

    @classmethod
    def not_run(cls, requirement: Requirement, check: str) -> Judgement:
        """A requirement that nothing has judged so far."""
        return cls(
            id=requirement.id,
            level=requirement.level,
            group=requirement.group,
            outcome=Outcome.NOT_RUN,
            reason="the run ended before it was judged",
            checks=(check,),
            text=requirement.text,
            section=requirement.section,
            why=requirement.why,
        )


@dataclass(frozen=True)
class Report:
    """One subject, on one host, in one profile.

    Attributes:
        host: what it ran on, such as `refhost`.
        seed: what makes the same run again: `host`, the seed of what plugins see as random, and `hypothesis`, a number,
            `derandomized`, or `random` where nothing was fixed.
        versions: of everything that has a say in the outcome.
    """

    subject: Subject
    host: str
    profile: str
    seed: Mapping[str, int | str]
    versions: Mapping[str, str]
    requirements: tuple[Judgement, ...]

    @property
    def counts(self) -> Counter[Outcome]:
        """How many requirements came to each outcome."""
        return Counter(judgement.outcome for judgement in self.requirements)

    @property
    def judged(self) -> int:
        """How many requirements were judged: they applied, and their check came to its subject."""
        left_out = (Outcome.NOT_RUN, Outcome.NOT_APPLICABLE)
        return sum(j.outcome not in left_out and not j.cascade for j in self.requirements)

    def to_json(self) -> dict[str, Any]:
        """As `report.schema.json` describes it; texts that are empty are left out where the schema lets them be."""
        told = {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(self.subject).items()}
        always = {"plugin": "capabilities", "host": "features"}[self.subject.kind]
        return {
            "subject": {key: value for key, value in told.items() if key == always or value not in ("", 0, [])},
            "host": self.host,
            "profile": self.profile,
            "seed": dict(sorted(self.seed.items())),
            "versions": dict(sorted(self.versions.items())),
            "requirements": [_judgement_to_json(judgement) for judgement in self.requirements],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Report:
        """The report in a document that satisfies the schema."""
        subject = document["subject"]
        return cls(
            subject=Subject(**{**subject, **{key: tuple(subject.get(key, ())) for key in _LISTS}}),
            host=document["host"],
            profile=document["profile"],
            seed=document["seed"],
            versions=document["versions"],
            requirements=tuple(judgement_from_json(row) for row in document["requirements"]),
        )


_LISTS = ("capabilities", "features")
_ALWAYS = ("id", "level", "group", "outcome", "reason", "checks")
_TUPLES = ("checks", "case", "log")


def _judgement_to_json(judgement: Judgement) -> dict[str, Any]:
    row = {field.name: getattr(judgement, field.name) for field in fields(judgement)}
    shown = {key: value for key, value in row.items() if key in _ALWAYS or value}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in shown.items()}


def judgement_from_json(row: Mapping[str, Any]) -> Judgement:
    """One row of a document that satisfies the schema."""
    lists = {key: tuple(row.get(key, ())) for key in _TUPLES}
    return Judgement(**{**row, **lists, "outcome": Outcome(row["outcome"])})


def labels(reports: Sequence[Report]) -> list[str]:
    """What to call each of several reports: the subject, with what sets it apart from the others."""
    profiles, hosts = {r.profile for r in reports}, {r.host for r in reports}
    found = []
    for report in reports:
        words = [report.subject.name]
        words += [report.profile] if len(profiles) > 1 else []
        words += [f"on {report.host}"] if len(hosts) > 1 and report.subject.kind != "host" else []
        found.append(", ".join(words))
    alike = Counter(found)
    return [
        f"{label}, {report.subject.sha256[:8]}" if alike[label] > 1 else label
        for label, report in zip(found, reports, strict=True)
    ]


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The most urgent of several outcomes; that of nothing at all is not run."""
    return min(outcomes, key=BY_URGENCY.index, default=Outcome.NOT_RUN)


def group_titles() -> dict[str, str]:
    """Each group's title, in the order in which groups are judged."""
    return {group.name: group.title for group in every_group()}


def in_order(names: Iterable[str]) -> list[str]:
    """Names of groups in the catalogues' order, then those that they do not know, as they come."""
    known = list(group_titles())
    return sorted(dict.fromkeys(names), key=lambda name: known.index(name) if name in known else len(known))
