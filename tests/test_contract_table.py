"""The table at the end of docs/contract.md: a row for everything, no empty cell, nothing named that is not there."""

import re
from pathlib import Path

import contract_table
import pytest

import refhost
from conformance.catalogue import catalogue
from refhost.functions import TABLE

FUNCTIONS = [row for row in contract_table.generated() if len(row) == 5]
SECTIONS = [row for row in contract_table.generated() if len(row) == 4]
AGAIN = "write the table anew: pytest --contract-table"


def test_a_row_for_each_function_and_each_section():
    assert [row[0] for row in FUNCTIONS] == [contract_table.names(function) for function in TABLE], AGAIN
    assert [row[0] for row in SECTIONS] == [f"§{n} {contract_table.title(n)}" for n in contract_table.SECTIONS], AGAIN


@pytest.mark.parametrize("row", FUNCTIONS + SECTIONS, ids=lambda row: row[0])
def test_no_cell_is_empty_and_what_it_names_is_there(row):
    assert all(row), AGAIN
    implemented, tests = ([2], [3, 4]) if len(row) == 5 else ([1], [3])
    for cells, folder in ((implemented, Path(refhost.__file__).parent), (tests, Path(__file__).parent)):
        named = [name for cell in cells for name in re.findall(r"`([\w/]+\.py)`", row[cell])]
        assert named, AGAIN
        assert [name for name in named if not (folder / name).is_file()] == [], AGAIN


def test_every_requirement_stands_beside_its_section():
    """Each id once, and no id that the catalogue lacks."""
    named = [name for row in SECTIONS for name in re.findall(r"[A-Z]+-\d+", row[2])]
    assert sorted(named) == sorted(r.id for group in catalogue() for r in group.requirements), AGAIN
