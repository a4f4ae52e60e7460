"""Rows as a CSV file for spreadsheets and data frames."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import msgspec

from glossator.export.target_file import write_whole
from glossator.project.formula_guard import guarded, is_guarded

Value: TypeAlias = str | int | float | tuple[str, ...] | tuple[int, ...] | None

_BOM = "\ufeff"
"""Excel takes a file without it for the system's old code page (é, ☃ are lost); pandas,
polars, R and DuckDB skip it, Python's own reader with ``utf-8-sig``."""


def write_csv(
    path: Path, columns: type[msgspec.Struct], rows: Iterable[msgspec.Struct]
) -> int:
    """Write a line a row; returns in how many cells a formula was guarded against.

    Notes
    -----
    RFC 4180 with a byte order mark. Text that a spreadsheet would take for a formula
    has an apostrophe before it.
    """
    out = io.StringIO(newline="")
    out.write(_BOM)
    # With another line end Python's writer leaves a lone carriage return unquoted.
    writer = csv.writer(out, lineterminator="\r\n")
    fields = columns.__struct_fields__
    writer.writerow(fields)
    n_guarded = 0
    for row in rows:
        cells = [_cell(getattr(row, name)) for name in fields]
        n_guarded += sum(is_guarded(cell) for cell in cells)
        writer.writerow(cells)
    write_whole(path, out.getvalue().encode())
    return n_guarded


def _cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case str():
            return guarded(value)
        case tuple():
            separator = " | " if any(isinstance(v, str) for v in value) else " "
            return guarded(separator.join(str(v) for v in value))
        case _:
            return str(value)
