"""Which host functions the server does not guard (D12, D13, D14), and which do nothing after a reload (D28)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refhost.functions import TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

# An operation that needs a capability by the contract, and the departure by which it needs none.
UNGUARDED: Mapping[str, str] = {
    "deltas.handle_message": "D12",
    "deltas.publish_notification": "D13",
    "model.get_self_path": "D14",
}

# Operations of which the server says in its log, with the capability, that they were denied (DENIALS).
_TOLD = {
    *(f"registrations.register_{kind}_provider" for kind in ("resource", "weather", "radar")),
    "sockets.udp_create",
    "sockets.tcp_create",
    "streams.emit_spokes",
}
UNTOLD = frozenset(row.operation for row in TABLE if row.capability) - _TOLD

_STILL_THERE = {"status.debug", "status.log_error", "status.console", "status.has_capability"}
_SERVICES = {"status", "model", "deltas", "config", "registrations", "streams"}

# Operations that need the server behind the plugin; sockets, log and capabilities do not.
CUT_OFF = frozenset(row.operation for row in TABLE if row.operation.partition(".")[0] in _SERVICES) - _STILL_THERE
