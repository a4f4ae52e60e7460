"""Texts from files: what is a document, and what is told of files that are broken."""

import gzip
import json
import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from glossator.collect import chunks
from glossator.collect.chunks import Chunk, Place, buffers, take_batch
from glossator.collect.corpus import CorpusFiles, Document, TokenDocuments
from glossator.errors import InputError


def documents(*paths: Path, field: str = "text") -> list[object]:
    return list(CorpusFiles(paths, field).documents())


def test_paragraphs_of_a_text_file_are_documents(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffOne,\r\ntwo.\n\n \n\nKöln\n\n\n".encode())
    assert documents(path) == ["One,\ntwo.", "Köln"]
    packed = tmp_path / "b.txt.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert documents(packed) == documents(path)


def test_lines_of_json_are_documents(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"text": "one\n\ntwo", "id": 3}, {"text": ""}]
    lines = "\n\n".join(json.dumps(row) for row in rows)
    path = tmp_path / "a.jsonl"
    path.write_text(lines + "\n")
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(lines.encode()))
    assert documents(path) == documents(packed) == ["one\n\ntwo", ""]
    other = tmp_path / "c.jsonl"
    other.write_text('{"content": "here"}')
    assert documents(other, field="content") == ["here"]


def test_rows_of_a_column_are_documents(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = [f"text {at}" for at in range(1000)]
    table = pa.table({"id": list(range(1000)), "content": texts})
    parquet.write_table(table, path, row_group_size=300)
    assert documents(path, field="content") == texts


def test_a_folder_is_its_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.txt").write_text("b")
    (tmp_path / "a.jsonl").write_text('{"text": "a"}')
    (tmp_path / "sub" / "c.txt").write_text("c")
    (tmp_path / "notes.md").write_text("no text of the corpus")
    assert documents(tmp_path) == ["a", "b", "c"]
    assert documents(tmp_path / "b.txt", tmp_path / "a.jsonl") == ["b", "a"]


def test_files_are_read_as_they_are_needed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "fine"}\n' * 20 + "broken")
    assert list(islice(CorpusFiles((path,)).documents(), 20)) == ["fine"] * 20


CUT = gzip.compress(b"x" * 999, mtime=0)[:40]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"text": "x"}\n{"body": 1}', r"line 2\.text: the key is missing"),
        ("a.jsonl", b'\n{"text": 7}', r"line 2\.text: no text"),
        ("a.jsonl", b'{"text": null}', r"line 1\.text: no text"),
        ("a.jsonl", b'["text"]', "line 1: not a JSON object"),
        ("a.jsonl", b'{"text": "\xff"}', r"line 1"),
        ("a.jsonl.gz", b"not zipped", "cannot be read"),
        ("a.jsonl.gz", CUT, "cannot be read|line 1"),
        ("a.txt", b"fine\n\n\xe9t\xe9", "line 3: not UTF-8"),
        ("a.parquet", b"nothing", "not a Parquet file"),
        ("a.csv", b"text", "not a .txt"),
    ],
)
def test_broken_files_are_named(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as told:
        documents(path)
    assert str(path) in str(told.value)


def test_columns_that_hold_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pa.table({"a": ["x", None], "b": [1, 2]}), path)
    with pytest.raises(InputError, match="text: no such column; there are a, b"):
        documents(path)
    with pytest.raises(InputError, match=r"row 1\.a: None is no text"):
        documents(path, field="a")
    with pytest.raises(InputError, match=r"row 0\.b: 1 is no text"):
        documents(path, field="b")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        documents(tmp_path / "none")
    with pytest.raises(InputError, match=r"no \.txt.* file in the folder"):
        documents(tmp_path)
    with pytest.raises(InputError, match="no file is given"):
        documents()


def test_a_line_without_an_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.collect.corpus._LONGEST_LINE", 50)
    path = tmp_path / "a.txt"
    path.write_text("short\n" + "x" * 60)
    with pytest.raises(InputError, match="line 2: longer than 50 bytes"):
        documents(path)


def test_changed_files_are_another_corpus(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one")
    corpus = CorpusFiles((path,))
    first = corpus.digest()
    assert corpus.digest() == first
    assert CorpusFiles((path,), "body").digest() != first
    os.utime(path, ns=(1, 1))
    assert corpus.digest() != first


class Letters:
    """A token a letter."""

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        return [[ord(letter) for letter in text] for text in texts]


def cut(
    *texts: str, longest: int = 4, most: int = 0, start: Place | None = None
) -> list[tuple[list[tuple[int, str]], Place]]:
    ids = tuple(tuple(map(ord, text)) for text in texts)
    corpus = TokenDocuments("made", ids)
    return [
        ([(c.number, "".join(map(chr, c.ids))) for c in buffer.chunks], buffer.end)
        for buffer in buffers(corpus, Letters(), longest, most, start or Place())
    ]


def test_documents_are_cut_but_never_joined() -> None:
    [(found, end)] = cut("abcdefghij", "", "kl", "mnop")
    assert found == [(2, "ij"), (3, "kl"), (0, "abcd"), (1, "efgh"), (4, "mnop")]
    assert end == Place(documents=4, chunks=5, tokens=16)


def test_no_chunk_is_taken_once_there_are_tokens_enough() -> None:
    [(found, end)] = cut("abcdefghij", "kl", most=5)
    assert found == [(0, "abcd"), (1, "efgh")]
    assert end.tokens == 8


def test_a_corpus_is_cut_the_same_from_any_buffer_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chunks, "_BUFFER_TOKENS", 10)
    monkeypatch.setattr(chunks, "_GROUP", 2)
    texts = ["x" * n for n in (3, 9, 1, 1, 7, 20, 2, 5)]
    found = cut(*texts)
    assert len(found) > 2
    for at, (_, end) in enumerate(found):
        assert cut(*texts, start=end) == found[at + 1 :]


def test_texts_become_the_tokens_that_were_meant() -> None:
    class Mixed(TokenDocuments):
        def documents(self) -> Iterator[Document]:
            return iter(["ab", (120, 121), "c"])

    [buffer] = buffers(Mixed("made", ()), Letters(), 4, 0, Place())
    assert [bytes(c.ids.tolist()) for c in buffer.chunks] == [b"c", b"ab", b"xy"]


def test_batches_hold_the_tokens_that_fit() -> None:
    row = [Chunk(at, np.zeros(n, np.int32)) for at, n in enumerate((2, 2, 3, 5, 9))]
    # With BOS: two of 4, or three of 4.
    assert len(take_batch(row, 0, 9)) == 2
    assert len(take_batch(row, 0, 12)) == 3
    assert [c.number for c in take_batch(row, 3, 4)] == [3]
    assert len(take_batch(row, 0, 10_000)) == 5
