"""What every item of this plugin has: what it judges, and how it fails in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_plugin import options

if TYPE_CHECKING:
    from pytest_plugin.selected import Selected


class ItemFails(Exception):  # noqa: N818 - how an item fails
    """What was judged is not as it must be; says so in all the words that its author needs."""


class SelectedItem(pytest.Item):
    """A test of one plugin or host."""

    selected: Selected

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ANN401 - as pytest has it
        """The failure in words; anything else is a fault of the harness, shown as such."""
        if not isinstance(excinfo.value, ItemFails):
            return super().repr_failure(excinfo, style)
        shown = excinfo.getrepr(style="value")
        if shown.reprcrash is not None:
            # The title in the short summary and in JUnit: one line, where pytest on a CI machine would show all.
            shown.reprcrash.path = str(self.selected.path)
            shown.reprcrash.message = str(excinfo.value).partition("\n")[0]
        return shown

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """The path of what is judged, and the id as the title of a failure."""
        return self.selected.path, None, options.title(self.nodeid)
