"""Writes the schemas into this folder, out of the table."""

from pathlib import Path

from conformance.drivers.schemas import tables, text

for kind in tables():
    (Path(__file__).parent / f"{kind}.schema.json").write_text(text(kind), "utf-8")
