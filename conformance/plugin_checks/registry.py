"""The checks of plugins, by requirement."""

from __future__ import annotations

from conformance.registry import Registry
from conformance.trial import Trial

CHECKS = Registry[Trial]("conformance.plugin_checks")
check = CHECKS.check
