"""A way round a fault of wasmtime 50.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wasmtime import _bindings

if TYPE_CHECKING:
    import wasmtime


def allow_two_borrows(config: wasmtime.Config) -> None:
    """Let components lend a host function of Python more than one handle in one call.

    wasmtime 50.0 ends such a call with "BUG: deferred host scope has no call context" unless concurrency,
    which WASI 0.2 does not need, is off; 48 and 49 do not. Concerned are `rename-at`, `link-at`, `splice` and
    `poll` of several pollables. wasmtime-py has no public setting for it.
    """
    switch = getattr(_bindings, "wasmtime_config_concurrency_support_set", None)
    if switch is not None:
        switch(config.ptr(), False)
