"""What the checks look for is found the same way every time here, and nothing of it is kept."""

import pytest
from hypothesis import settings

settings.register_profile("tests", parent=settings.get_profile("default"), derandomize=True, database=None)


@pytest.fixture(autouse=True)
def same_examples_every_time(monkeypatch):
    """The profile in force while a test judges a plugin."""
    mine = settings._current_profile
    settings.load_profile("tests")
    yield
    settings.load_profile(mine)
