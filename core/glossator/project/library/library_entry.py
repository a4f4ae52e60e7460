"""A label of the library: what it says, of which feature, and where it came from.

As JSON lines entries are exchanged with other people and machines, one an object;
``docs/label-library.md`` describes the keys.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from glossator import json_document
from glossator.errors import InputError
from glossator.graph.attribution_graph import FeatureKey

MAX_BYTES = 2**28
"""Of a file of entries; refused beyond."""

_TIME = r"^(\d{4}-\d\d-\d\d(T[\d:.]{5,15}(Z|[+-]\d\d:\d\d)?)?)?$"
"""A day or a time in ISO 8601, or nothing: which label is the newest depends on it."""
_BOM = b"\xef\xbb\xbf"

Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Time: TypeAlias = Annotated[str, msgspec.Meta(pattern=_TIME)]


class LibraryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A label that a person accepted or wrote, and its origin."""

    version: Literal[1] = 1
    """Of this form."""
    model: str
    source_set: str
    layer: Whole
    index: Whole
    attention: bool = False
    """Of an attention layer's replacement, which numbers its features by itself."""
    text: Annotated[str, msgspec.Meta(min_length=1)]
    status: Literal["accepted", "edited"] = "accepted"
    """`edited`: in the person's own words."""
    author: str = ""
    method: str = ""
    """The labeler whose words were taken; "" for a person's own."""
    labeler_model: str = ""
    tier: str = ""
    at: Time = ""
    project: str = ""
    """Name of the project in which it was accepted; no path."""
    project_id: str = ""
    """Tells a project from others of its name; "" where a file does not tell."""
    graph: str = ""
    """Name of a graph there that has the feature."""
    revision: Whole = 0
    """Number of the revision there; 0 where a file does not tell."""

    @property
    def feature(self) -> FeatureKey:
        return FeatureKey(
            self.model, self.source_set, self.layer, self.index, self.attention
        )


def checked_time(text: str) -> str:
    """A time as it was told, or "" where it is none."""
    try:
        return msgspec.convert(text, Time)
    except msgspec.ValidationError:
        return ""


def entry_lines(entries: Iterable[LibraryEntry]) -> bytes:
    """Entries as JSON lines; `read_entries` gives back the same."""
    return msgspec.json.Encoder().encode_lines(entries)


def read_entries(path: Path) -> list[LibraryEntry]:
    """Read all lines of a file.

    Raises
    ------
    InputError
        that names line and key; a line that cannot be used refuses all of the file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(error.strerror or str(error), source=path) from error
    if len(data) > MAX_BYTES:
        raise InputError(f"holds more than {MAX_BYTES:,} bytes", source=path)
    lines = enumerate(data.removeprefix(_BOM).split(b"\n"), 1)
    return [_entry(line, path, number) for number, line in lines if line.strip()]


def _entry(line: bytes, path: Path, number: int) -> LibraryEntry:
    where = f"line {number}"
    try:
        entry = msgspec.json.decode(line, type=LibraryEntry)
    except msgspec.ValidationError as invalid:
        told = json_document.explained(invalid, path, InputError)
        raise InputError(
            f"{_value(line, told.field)}{told.message}",
            source=path,
            field=", ".join(filter(None, (where, told.field))),
        ) from invalid
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as broken:
        raise InputError(
            f"no JSON object ({broken})", source=path, field=where
        ) from broken
    if not entry.text.strip():
        raise InputError("says nothing", source=path, field=f"{where}, text")
    return entry


def _value(line: bytes, field: str) -> str:
    """The value of a key as it stands in the line, for who is to mend it."""
    try:
        values = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    if field not in values:
        return ""
    return f"{bytes(values[field])[:40].decode(errors='replace')} cannot be used: "
