"""Tables of labels, as CSV or JSON lines: our own exports, and ones made by hand."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import msgspec

from glossator import json_document
from glossator.errors import InputError
from glossator.project.edits import JudgedTier
from glossator.project.formula_guard import unguarded

MAX_BYTES = 2**28
"""Of a table; refused beyond."""

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LABEL = "label"
_JUDGED = "judged_tier"
_PLACES = (("layer", "index"), ("feature",), ("node_id",))
"""Columns that name what a row is about; one of these is needed."""
_DELIMITERS = ",;\t"
_WHOLE = re.compile(r"\s*(-?\d+)\.0*\s*")
"""As data frames write whole numbers of a column with gaps."""

Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0)]
RowStatus = Literal[
    "", "imported", "proposed", "accepted", "edited", "rejected", "withdrawn"
]


class LabelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a row; other columns are not looked at."""

    graph: str = ""
    model: str = ""
    source_set: str = ""
    layer: Number | None = None
    index: Number | None = None
    feature: Number | None = None
    """The graph file's own number for the feature."""
    node_id: str = ""
    """Set where the label is of one node."""
    label: str = ""
    status: RowStatus = ""
    author: str = ""
    method: str = ""
    labeler_model: str = ""
    prompt_hash: str = ""
    evidence: str = ""
    tier: str = ""
    at: str = ""
    note: str = ""
    judged_tier: JudgedTier | Literal[""] = ""
    """Of the row's feature, as a person says."""


class LabelRow(NamedTuple):
    where: str
    """As in ``row 7``, counted as spreadsheets do, or ``line 7``."""
    record: LabelRecord


def is_json_lines(path: Path) -> bool:
    return path.suffix.lower() in (".jsonl", ".ndjson")


def read_rows(path: Path) -> list[LabelRow]:
    """Read all rows that hold anything.

    Raises
    ------
    InputError
        if the file or any row of it cannot be used; names row and column.
    """
    text = _read_text(path)
    rows = _json_rows(text, path) if is_json_lines(path) else _csv_rows(text, path)
    return [
        LabelRow(where, _record(values, path, where))
        for where, values in rows
        if any(value not in ("", None) for value in values.values())
    ]


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), source=path) from error
    if len(data) > MAX_BYTES:
        raise InputError(f"holds more than {MAX_BYTES:,} bytes", source=path)
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"no {encoding.removesuffix('-sig').upper()} (byte {error.start}); save it "
            "as UTF-8",
            source=path,
            field=f"line {line}",
        ) from error


# -- CSV ----------------------------------------------------------------------------


def _csv_rows(text: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    # A label may be longer than Python's reader takes unless told.
    csv.field_size_limit(MAX_BYTES)
    header, delimiter = _header(text, path)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number, below = 0, False
    try:
        for number, cells in enumerate(reader, 1):
            if below and any(cell.strip() for cell in cells[len(header) :]):
                raise InputError(
                    f"{len(cells)} cells for {len(header)} columns; text that holds "
                    f"{delimiter!r} needs quotes",
                    source=path,
                    field=f"row {number}",
                )
            if below:
                texts = map(unguarded, cells)
                yield f"row {number}", dict(zip(header, texts, strict=False))
            below = below or bool(cells)
    except csv.Error as error:
        raise InputError(
            f"not readable as CSV ({error})", source=path, field=f"row {number + 1}"
        ) from error


def _header(text: str, path: Path) -> tuple[list[str], str]:
    """Names of the columns, and what separates them."""
    for delimiter in _DELIMITERS:
        names = [_column(cell) for cell in _first_row(text, delimiter)]
        if not {_LABEL, _JUDGED}.isdisjoint(names) and len(names) > 1:
            break
    else:
        raise InputError(
            f"no column {_LABEL!r}; the first row must name the columns, it is "
            f"{text.strip()[:60]!r}",
            source=path,
            field="row 1",
        )
    if not any(set(place) <= set(names) for place in _PLACES):
        raise InputError(
            "no columns that say what is labelled: 'layer' and 'index', or 'feature', "
            "or 'node_id'",
            source=path,
            field="row 1",
        )
    twice = [name for name in LabelRecord.__struct_fields__ if names.count(name) > 1]
    if twice:
        raise InputError(f"two columns {twice[0]!r}", source=path, field="row 1")
    return names, delimiter


def _first_row(text: str, delimiter: str) -> list[str]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return next((cells for cells in reader if cells), [])
    except csv.Error:
        return []


def _column(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


# -- JSON lines ---------------------------------------------------------------------


def _json_rows(text: str, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            # Any: what a row holds is told by `LabelRecord` alone.
            values = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise InputError(
                f"no JSON object ({error})", source=path, field=f"line {number}"
            ) from error
        yield f"line {number}", {_column(name): v for name, v in values.items()}


# -- rows ---------------------------------------------------------------------------


def _record(values: Mapping[str, Any], path: Path, where: str) -> LabelRecord:
    try:
        record = msgspec.convert(_said(values), type=LabelRecord, strict=False)
    except msgspec.ValidationError as invalid:
        told = json_document.explained(invalid, path, InputError)
        value = str(values.get(told.field, ""))[:40]
        raise InputError(
            f"{value!r} cannot be used ({told.message})",
            source=path,
            field=f"{where}, {told.field}",
        ) from invalid
    if not record.node_id and record.feature is None:
        for name in ("layer", "index"):
            if getattr(record, name) is None:
                raise InputError(
                    "empty; a row needs 'layer' and 'index', 'feature' or 'node_id'",
                    source=path,
                    field=f"{where}, {name}",
                )
    return record


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a row says, without what it leaves empty."""
    said: dict[str, Any] = {}
    for name, value in values.items():
        if name not in LabelRecord.__struct_fields__ or value is None:
            continue
        if isinstance(value, str) and name != _LABEL and name != "note":
            value = value.strip()
            whole = _WHOLE.fullmatch(value)
            value = (
                whole[1] if whole and name in ("layer", "index", "feature") else value
            )
            value = value.lower() if name in ("status", _JUDGED) else value
        if value != "":
            said[name] = value
    return said
