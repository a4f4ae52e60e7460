"""Read a file of evidence, zipped or not."""

import gzip
from pathlib import Path
from typing import TypeVar

from glossator import json_document
from glossator.errors import EvidenceError

RecordT = TypeVar("RecordT")


def read_bytes(path: Path) -> bytes:
    """Content of a file, unzipped where its name ends in ``.gz``."""
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise EvidenceError(reason, source=path) from error


def decode(data: bytes, record: type[RecordT], *, source: Path | str) -> RecordT:
    """Decode JSON strictly; the error names file and field."""
    return json_document.decode(data, record, source=source, error=EvidenceError)
