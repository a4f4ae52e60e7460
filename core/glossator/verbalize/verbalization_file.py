"""Verbalizations as a text file: one JSON object a line (JSONL), UTF-8.

The format is described in ``docs/verbalizing.md``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec

from glossator import json_document
from glossator.errors import VerbalizeError
from glossator.graph.attribution_graph import FeatureKey
from glossator.verbalize.verbalization import (
    About,
    Ending,
    Reconstruction,
    Verbalization,
)

MAX_BYTES = 2**28
_MAX_CHARACTERS = 100_000

Count = Annotated[int, msgspec.Meta(ge=0)]
Text = Annotated[str, msgspec.Meta(max_length=_MAX_CHARACTERS)]
Name = Annotated[str, msgspec.Meta(max_length=1000)]
Size = Annotated[float, msgspec.Meta(ge=0)]
Cosine = Annotated[float, msgspec.Meta(ge=-1, le=1)]


@dataclass(frozen=True)
class Place:
    """A feature, in whichever model and source set."""

    layer: int
    index: int
    attention: bool = False


class ImportedVerbalization(NamedTuple):
    place: Place
    verbalization: Verbalization


class _Row(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A line; keys that are not here are passed over."""

    layer: Count
    index: Count
    text: Text
    attention: bool = False
    origin: Name = ""
    about: About | None = None
    example: Text = ""
    read_layer: Count | None = None
    sample: Count = 0
    temperature: Size | None = None
    ending: Ending = ""
    cosine: Cosine | None = None
    mse: Size | None = None
    fve: float | None = None
    agreement: Cosine | None = None
    norm: Size | None = None
    extrapolates: Text = ""
    at: Name = ""


def read_verbalizations(path: Path) -> tuple[ImportedVerbalization, ...]:
    """Read a file; a line that cannot be used refuses all of it.

    Raises
    ------
    VerbalizeError
        that names line and field.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise VerbalizeError(f"larger than {MAX_BYTES:,} bytes", source=path)
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    except OSError as error:
        raise VerbalizeError(error.strerror or str(error), source=path) from error
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return tuple(
        _imported(_decoded(line, number, path), path, now)
        for number, line in enumerate(lines, 1)
        if line.strip()
    )


def as_lines(found: Iterable[tuple[FeatureKey, Verbalization]]) -> bytes:
    """Write verbalizations, in the order given, so that they can be read again."""
    rows = (_row(feature, said) for feature, said in found)
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _decoded(line: bytes, number: int, path: Path) -> _Row:
    where = f"line {number}"
    try:
        row = json_document.decode(line, _Row, source=path, error=VerbalizeError)
    except VerbalizeError as error:
        field = ", ".join(part for part in (where, error.field) if part)
        raise VerbalizeError(error.message, source=path, field=field) from error
    if not row.text.strip():
        raise VerbalizeError("there is none", source=path, field=f"{where}, text")
    return row


def _imported(row: _Row, path: Path, now: str) -> ImportedVerbalization:
    said = Verbalization(
        text=row.text.strip(),
        about=row.about or ("example" if row.example else "feature"),
        origin=row.origin or path.name,
        example=row.example,
        layer=row.read_layer,
        sample=row.sample,
        temperature=row.temperature,
        ending=row.ending,
        reconstruction=_reconstruction(row),
        agreement=row.agreement,
        norm=row.norm,
        extrapolates=row.extrapolates,
        at=row.at or now,
    )
    return ImportedVerbalization(Place(row.layer, row.index, row.attention), said)


def _reconstruction(row: _Row) -> Reconstruction | None:
    """Cosine and error tell the same: where one is missing, the other gives it."""
    if row.cosine is not None:
        error = 2 * (1 - row.cosine) if row.mse is None else row.mse
        return Reconstruction(cosine=row.cosine, mse=error, fve=row.fve)
    if row.mse is not None:
        return Reconstruction(cosine=1 - row.mse / 2, mse=row.mse, fve=row.fve)
    return None


def _row(feature: FeatureKey, said: Verbalization) -> _Row:
    figures = said.reconstruction
    return _Row(
        layer=feature.layer,
        index=feature.index,
        attention=feature.attention,
        text=said.text,
        about=said.about,
        origin=said.origin,
        example=said.example,
        read_layer=said.layer,
        sample=said.sample,
        temperature=said.temperature,
        ending=said.ending,
        cosine=figures.cosine if figures else None,
        mse=figures.mse if figures else None,
        fve=figures.fve if figures else None,
        agreement=said.agreement,
        norm=said.norm,
        extrapolates=said.extrapolates,
        at=said.at,
    )
