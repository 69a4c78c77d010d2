"""What tests of the corpus share: packages, with the large ones built."""

from __future__ import annotations

import functools

import pytest

import corpus
from corpus import build
from refhost.package import read_package


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """A plugin's package by its name; a large one is built, once in a session."""

    @functools.cache
    def read(name):
        if name not in corpus.large():
            return read_package(corpus.plugin(name))
        work = tmp_path_factory.mktemp(name)
        build.build(name, work)
        return read_package(work / "plugin")

    return read
