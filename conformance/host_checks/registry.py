"""The checks of hosts, by requirement."""

from __future__ import annotations

from conformance.host_trial import HostTrial
from conformance.registry import Registry

HOST_CHECKS = Registry[HostTrial]("conformance.host_checks")
host_check = HOST_CHECKS.check
