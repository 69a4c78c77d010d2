"""What is judged in a run: a plugin, a host, or a plugin in two hosts. Items, baseline and reports treat all alike."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from conformance.catalogues import Kind, catalogue_of
from conformance.judge import judge
from conformance.report import model
from refhost.printing import printable
from refhost.profiles import DOCUMENTED

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.catalogue import Group, Requirement
    from conformance.drivers.interface import Driver
    from conformance.subject import Subject
    from conformance.verdict import Verdict


@dataclass(frozen=True)
class Selected:
    """What has items in this run.

    Attributes:
        name: the first part of its items' ids: the plugin's id, the name of its file, or the host's name; with a number
            behind it where another one of this run is called the same, and behind that, where it is not the contract
            and the reference host, profile or host.
        alone: that name without the number, as it is when it is judged alone.
        path: where it is; of a host no more than its name.
        command: the command line that judges it alone; an id is put behind it.
        profile: how the host behaves.
        plugin: the plugin's name without host and profile: what baselines and reports know it by; "" for a host.
        host: the host under judgement, or what the plugin runs in; "" for a plugin in the reference host.
    """

    kind: ClassVar[Kind]

    name: str
    alone: str
    path: Path
    command: str
    profile: str = DOCUMENTED.name
    plugin: str = ""
    host: str = ""

    @property
    def groups(self) -> tuple[Group, ...]:
        """The requirements that it is judged by."""
        return catalogue_of(self.kind)

    @property
    def driver(self) -> Driver:
        """The host; of two, the first."""
        raise NotImplementedError

    @property
    def subject_name(self) -> str:
        """What reports call it."""
        return self.plugin

    @property
    def host_name(self) -> str:
        """What reports call the host."""
        return self.driver.name

    @property
    def origin(self) -> str:
        """Its place on this machine, which is not to be told; "" for none."""
        return ""

    def judge(self, requirement: Requirement) -> Verdict:
        """Judge it by one requirement."""
        raise NotImplementedError

    def described(self) -> model.Subject:
        """What reports say of it."""
        raise NotImplementedError


@dataclass(frozen=True)
class SelectedPlugin(Selected):
    """One plugin, in one profile of one host."""

    kind: ClassVar[Kind] = "plugin"
    subject: Subject = field(kw_only=True)

    @property
    def driver(self) -> Driver:
        """What it runs in."""
        return self.subject.driver

    @property
    def origin(self) -> str:
        """Of the package."""
        return self.subject.package.origin

    def judge(self, requirement: Requirement) -> Verdict:
        """Judge the plugin."""
        return judge(requirement, self.subject)

    def described(self) -> model.Subject:
        """The package and its binary."""
        package = self.subject.package
        return model.Subject(
            kind="plugin",
            name=self.plugin,
            version=printable(package.version, lines=False),
            dialect=self.subject.dialect,
            size=len(package.binary),
            sha256=hashlib.sha256(package.binary).hexdigest(),
            capabilities=tuple(name for name in package.grants.values if package.grants.has(name)),
        )


@dataclass(frozen=True)
class SelectedPair(SelectedPlugin):
    """One plugin in two hosts: `driver` is the first of them."""

    kind: ClassVar[Kind] = "pair"
    other: Driver = field(kw_only=True)

    @property
    def host_name(self) -> str:
        """Both."""
        return self.host

    def judge(self, requirement: Requirement) -> Verdict:
        """Compare what both hosts do with the plugin."""
        from conformance.differential import judge_pair

        return judge_pair(requirement, self.subject, self.other)


@dataclass(frozen=True)
class SelectedHost(Selected):
    """One host, in one profile."""

    kind: ClassVar[Kind] = "host"
    tried: Driver = field(kw_only=True)

    @property
    def driver(self) -> Driver:
        """The host."""
        return self.tried

    @property
    def subject_name(self) -> str:
        """The host's name."""
        return self.host

    def judge(self, requirement: Requirement) -> Verdict:
        """Judge the host."""
        from conformance.host_judge import judge_host

        return judge_host(requirement, self.tried)

    def described(self) -> model.Subject:
        """Its name and version, and what it can do."""
        return model.Subject(
            kind="host",
            name=self.host,
            version=printable(self.tried.version, lines=False),
            features=tuple(sorted(self.tried.features)),
        )
