"""The conformance items: a collector for each plugin or host, one for each group, an item for each requirement."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Self

import pytest

from conformance.verdict import Outcome
from pytest_plugin import baseline, options, selection
from pytest_plugin.item import ItemFails, SelectedItem
from pytest_plugin.options import VERDICT
from pytest_plugin.report_text import failure_text
from pytest_plugin.selected import SelectedPlugin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.catalogue import Group, Requirement
    from pytest_plugin.results import VerdictData
    from pytest_plugin.selected import Selected


def collectors(session: pytest.Session) -> list[SelectedCollector]:
    """One collector for each plugin or host of this run."""
    judged = selection.judged(session.config)
    return [(HostCollector if each.kind == "host" else PluginCollector).of(session, each) for each in judged]


# What needs no command that shows it again: there is nothing to see.
_NOTHING_TO_SHOW = frozenset({Outcome.PASS, Outcome.NOT_APPLICABLE, Outcome.STALE})


class SelectedCollector(pytest.Collector):
    """All items of one plugin or host: `<name>`."""

    selected: Selected

    @classmethod
    def of(cls, session: pytest.Session, selected: Selected) -> Self:
        """The collector of what is judged."""
        # A host lies nowhere, and pytest calls the hooks of those conftest.py that are above a path.
        path = selected.path if selected.path.exists() else session.path
        node = cls.from_parent(session, name=selected.name, nodeid=selected.name, path=path)
        node.selected = selected
        return node

    def collect(self) -> Iterator[pytest.Collector]:
        """A collector for each group, and one for the snapshots where they are asked for."""
        for group in self.selected.groups:
            node = GroupCollector.from_parent(self, name=group.name)
            node.selected, node.group = self.selected, group
            yield node
        if type(self.selected) is SelectedPlugin and options.wants_snapshots(self.config):
            from pytest_plugin.snapshot_items import GROUP, SnapshotCollector

            snapshots = SnapshotCollector.from_parent(self, name=GROUP)
            snapshots.selected = self.selected
            yield snapshots


class PluginCollector(SelectedCollector):
    """All items of one plugin."""


class HostCollector(SelectedCollector):
    """All items of one host."""


class GroupCollector(pytest.Collector):
    """The items of one group: `<name>::<group>`."""

    selected: Selected
    group: Group

    def collect(self) -> Iterator[pytest.Item]:
        """An item for each requirement."""
        for requirement in self.group.requirements:
            item = ConformanceItem.from_parent(self, name=requirement.id)
            item.selected, item.requirement = self.selected, requirement
            item.stash[selection.CONFORMANCE] = True
            item.extra_keyword_matches.update((requirement.level, requirement.section, self.selected.profile))
            yield item


class ConformanceItem(SelectedItem):
    """One requirement of one plugin or host: `<name>::<group>::<id>`."""

    requirement: Requirement

    def runtest(self) -> None:
        """Judge it."""
        verdict = self.selected.judge(self.requirement)
        outcome, known = baseline.settle(self.config, self.selected, self.requirement.id, verdict.outcome)
        stale = ""
        if outcome is Outcome.STALE:
            stale = baseline.stale_text(self.config, self.selected, verdict.outcome, known)
        command = f"{self.selected.command} {shlex.quote(self.alone)}"
        carried: VerdictData = {
            "name": self.selected.name,
            "kind": self.selected.kind,
            "plugin": self.selected.plugin,
            "host": self.selected.host,
            "profile": self.selected.profile,
            "group": self.requirement.group,
            "requirement": self.requirement.id,
            "level": self.requirement.level,
            "text": self.requirement.text,
            "outcome": str(outcome),
            "reason": stale or verdict.reason,
            "case": list(verdict.case),
            "mend": verdict.mend,
            "log": list(verdict.log),
            "again": "" if outcome in _NOTHING_TO_SHOW else command,
            "known": known,
            "cascade": verdict.cascade,
            "departures": list(verdict.departures),
        }
        self.stash[VERDICT] = carried
        # Properties of the item, not of this report: JUnit writes those of the teardown's report.
        self.user_properties += [
            ("wasm_requirement", self.requirement.id),
            ("wasm_outcome", str(outcome)),
        ]
        if outcome is Outcome.NOT_APPLICABLE:
            pytest.skip(f"not applicable: {verdict.reason}")
        if outcome is Outcome.KNOWN:
            pytest.skip(f"known failure: {known}")
        if outcome is Outcome.STALE:
            raise ItemFails(f"{self.requirement.id}: {stale}")
        if outcome is Outcome.FAIL:
            raise ItemFails(failure_text(verdict, command))

    @property
    def alone(self) -> str:
        """Its id when its plugin or host alone is judged."""
        return f"{self.selected.alone}::{self.requirement.group}::{self.requirement.id}"
