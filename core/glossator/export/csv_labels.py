"""``csv``: the labels as a table for spreadsheets and data frames."""

from pathlib import Path

from glossator.export.csv_file import write_csv
from glossator.export.label_rows import LabelRow, label_rows
from glossator.export.target import AnnotatedGraph, ExportOptions, Written


def export_csv(
    annotated: AnnotatedGraph, path: Path, options: ExportOptions
) -> Written:
    """Write a row a label (`LabelRow`); positions are separated by spaces."""
    n_guarded = write_csv(path, LabelRow, label_rows(annotated))
    if not n_guarded:
        return Written((path,))
    note = (
        "Text that begins like a formula has an apostrophe before it, so that no "
        f"spreadsheet runs it, in cells: {n_guarded}. Importing takes it off; the "
        "export as jsonl holds the text as it is."
    )
    return Written((path,), (note,))
