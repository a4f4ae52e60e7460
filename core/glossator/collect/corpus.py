"""The texts that a model is run over: read as they are needed, never all at once."""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec

from glossator.errors import InputError

Document: TypeAlias = str | tuple[int, ...]
"""A text, or the ids of its tokens."""

_SUFFIXES = (".txt", ".txt.gz", ".jsonl", ".jsonl.gz", ".parquet")
_LONGEST_LINE = 64 * 2**20
"""Bytes: a bound on broken files, not on real ones."""
_ROWS = 256
"""Rows of a Parquet file in memory at a time."""


@runtime_checkable
class Corpus(Protocol):
    """Documents in a fixed order."""

    @property
    def name(self) -> str:
        """What a person would call it."""
        ...

    def digest(self) -> str:
        """Another one if the documents may be others."""
        ...

    def documents(self) -> Iterator[Document]:
        """Read them from the first on.

        Raises
        ------
        InputError
            if one cannot be read; names file, line and field.
        """
        ...


@dataclass(frozen=True)
class TokenDocuments:
    """Documents in memory, as token ids of the model that is run."""

    name: str
    ids: tuple[tuple[int, ...], ...]

    def digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self.ids)).hexdigest()

    def documents(self) -> Iterator[Document]:
        return iter(self.ids)


@dataclass(frozen=True)
class CorpusFiles:
    """Text files (.txt), JSON lines (.jsonl) or Parquet files, or folders of them.

    The documents of a text file are its paragraphs: what blank lines part. A line of
    JSON or a row of Parquet is a document. ``.txt`` and ``.jsonl`` may be gzipped.
    """

    paths: tuple[Path, ...]
    field: str = "text"
    """Key or column that holds the text."""

    @property
    def name(self) -> str:
        return ", ".join(str(path) for path in self.paths)

    def files(self) -> list[Path]:
        """All files, those of a folder by name.

        Raises
        ------
        InputError
            if there is none, or one is of no known kind.
        """
        found: list[Path] = []
        for path in self.paths:
            if path.is_dir():
                inside = sorted(p for p in path.glob("**/*") if _is_text(p))
                if not inside:
                    raise InputError(f"no {_KINDS} file in the folder", source=path)
                found += inside
            elif not path.exists():
                raise InputError("no such file or folder", source=path)
            elif not _is_text(path):
                raise InputError(f"not a {_KINDS} file", source=path)
            else:
                found.append(path)
        if not found:
            raise InputError("no file is given", field="corpus")
        return found

    def digest(self) -> str:
        states = [
            (str(path), path.stat().st_size, path.stat().st_mtime_ns)
            for path in self.files()
        ]
        return hashlib.sha256(msgspec.json.encode([states, self.field])).hexdigest()

    def documents(self) -> Iterator[Document]:
        for path in self.files():
            try:
                if path.suffix == ".parquet":
                    yield from _parquet_rows(path, self.field)
                else:
                    with _opened(path) as file:
                        if ".jsonl" in path.suffixes:
                            yield from _json_lines(path, file, self.field)
                        else:
                            yield from _paragraphs(path, file)
            except (OSError, EOFError) as error:
                raise InputError(f"cannot be read ({error})", source=path) from error


_KINDS = ", ".join(_SUFFIXES[:-1]) + f" or {_SUFFIXES[-1]}"


def _is_text(path: Path) -> bool:
    return path.name.endswith(_SUFFIXES) and path.is_file()


def _opened(path: Path) -> BufferedIOBase:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def _lines(path: Path, file: BufferedIOBase) -> Iterator[tuple[int, bytes]]:
    """Numbered from 1, without their ends."""
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise InputError(
                f"longer than {_LONGEST_LINE:,} bytes", source=path, field=_line(number)
            )
        yield number, line.rstrip(b"\r\n")


def _paragraphs(path: Path, file: BufferedIOBase) -> Iterator[str]:
    held: list[str] = []
    for number, line in _lines(path, file):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"not UTF-8 ({error.reason} at byte {error.start})",
                source=path,
                field=_line(number),
            ) from error
        if text.strip():
            held.append(text)
        elif held:
            yield "\n".join(held)
            held = []
    if held:
        yield "\n".join(held)


def _json_lines(path: Path, file: BufferedIOBase, field: str) -> Iterator[str]:
    for number, line in _lines(path, file):
        if not line.strip():
            continue
        try:
            record = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise InputError(
                f"not a JSON object ({error})", source=path, field=_line(number)
            ) from error
        place = f"{_line(number)}.{field}"
        if field not in record:
            raise InputError("the key is missing", source=path, field=place)
        try:
            yield msgspec.json.decode(record[field], type=str)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InputError(f"no text ({error})", source=path, field=place) from error


def _parquet_rows(path: Path, field: str) -> Iterator[str]:
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            names = file.schema_arrow.names
            if field not in names:
                raise InputError(
                    f"no such column; there are {', '.join(names)}",
                    source=path,
                    field=field,
                )
            row = 0
            for batch in file.iter_batches(batch_size=_ROWS, columns=[field]):
                for value in batch.column(0).to_pylist():
                    if not isinstance(value, str):
                        raise InputError(
                            f"{value!r:.40} is no text",
                            source=path,
                            field=f"row {row}.{field}",
                        )
                    yield value
                    row += 1
    except pyarrow.ArrowException as error:
        raise InputError(f"not a Parquet file ({error})", source=path) from error


def _line(number: int) -> str:
    return f"line {number}"


def after(corpus: Corpus, n: int) -> Iterator[Document]:
    """The documents after the first n."""
    return islice(corpus.documents(), n, None)
