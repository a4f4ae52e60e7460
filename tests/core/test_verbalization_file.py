"""Verbalizations go out as lines and come back the same; bad lines are named."""

import json
from pathlib import Path

import msgspec
import pytest

from glossator.errors import VerbalizeError
from glossator.graph.attribution_graph import FeatureKey
from glossator.verbalize import verbalization_file
from glossator.verbalize.verbalization import Reconstruction, Verbalization
from glossator.verbalize.verbalization_file import Place, as_lines, read_verbalizations

FULL = Verbalization(
    text="Rivers.\n\n“Floods” — ㈎\n\nFinal token.",
    about="example",
    origin="kitft/nla-av",
    example="The river\nbank",
    layer=20,
    sample=2,
    temperature=0.7,
    ending="truncated",
    reconstruction=Reconstruction(cosine=0.5, mse=1.0, fve=-0.4),
    agreement=0.25,
    norm=14_000.5,
    extrapolates="3 tokens before it",
    at="2026-01-02T03:04:05+00:00",
)
PLAIN = Verbalization(text="Rivers.", about="feature", origin="x", at="2026")


def written(folder: Path, *lines: object) -> Path:
    path = folder / "said.jsonl"
    text = "\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines)
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    keys = FeatureKey("m", "s", 3, 7), FeatureKey("m", "s", 0, 2, attention=True)
    path.write_bytes(as_lines(zip(keys, (FULL, PLAIN), strict=True)))
    found = read_verbalizations(path)
    assert found == ((Place(3, 7), FULL), (Place(0, 2, attention=True), PLAIN))
    assert len(path.read_text(encoding="utf-8").splitlines()) == 2


def test_the_least_that_a_line_tells(tmp_path: Path) -> None:
    path = written(tmp_path, {"layer": 3, "index": 7, "text": " Rivers. \n"})
    ((place, said),) = read_verbalizations(path)
    assert place == Place(3, 7)
    assert msgspec.structs.replace(said, at="") == Verbalization(
        text="Rivers.", about="feature", origin="said.jsonl"
    )
    assert said.at.endswith("+00:00")


def test_what_is_added_to_a_line(tmp_path: Path) -> None:
    line = {"layer": 3, "index": 7, "text": "Rivers."}
    path = written(
        tmp_path,
        line | {"example": "The river"},
        "",
        line | {"cosine": 0.75, "unknown": [1]},
        line | {"mse": 0.5, "about": "example"},
        line | {"fve": 0.5},
    )
    first, second, third, fourth = (
        row.verbalization for row in read_verbalizations(path)
    )
    assert (first.about, first.example) == ("example", "The river")
    assert second.reconstruction == Reconstruction(cosine=0.75, mse=0.5)
    assert third.reconstruction == Reconstruction(cosine=0.75, mse=0.5)
    assert third.about == "example"
    assert fourth.reconstruction is None


def test_a_byte_order_mark_and_other_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    line = b'{"layer": 1, "index": 2, "text": "a"}'
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n" + line + b"\r\n")
    assert len(read_verbalizations(path)) == 2


@pytest.mark.parametrize(
    ("line", "field", "told"),
    [
        ({"index": 7, "text": "a"}, "line 2, layer", "missing"),
        ({"layer": -1, "index": 7, "text": "a"}, "line 2, layer", ">= 0"),
        ({"layer": "3", "index": 7, "text": "a"}, "line 2, layer", "expected `int`"),
        ({"layer": 3, "index": 7, "text": " "}, "line 2, text", "there is none"),
        (
            {"layer": 3, "index": 7, "text": "a" * 100_001},
            "line 2, text",
            "length <= 100000",
        ),
        (
            {"layer": 3, "index": 7, "text": "a", "cosine": 1.5},
            "line 2, cosine",
            "<= 1",
        ),
        (
            {"layer": 3, "index": 7, "text": "a", "about": "node"},
            "line 2, about",
            "'node'",
        ),
        ("{", "line 2", "JSON"),
        ('{"layer": 3, "index": 7, "text": "a", "norm": NaN}', "line 2", "JSON"),
        ("[1]", "line 2", "expected `object`"),
    ],
)
def test_a_bad_line_is_named(
    tmp_path: Path, line: object, field: str, told: str
) -> None:
    path = written(tmp_path, {"layer": 3, "index": 7, "text": "a"}, line)
    with pytest.raises(VerbalizeError) as refused:
        read_verbalizations(path)
    assert (refused.value.source, refused.value.field) == (path, field)
    assert told in refused.value.message


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "said.jsonl"
    path.write_bytes(b'{"layer": 1, "index": 2, "text": "\xff"}')
    with pytest.raises(VerbalizeError, match="line 1"):
        read_verbalizations(path)


def test_files_that_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(VerbalizeError, match="No such file"):
        read_verbalizations(tmp_path / "none.jsonl")
    path = written(tmp_path, {"layer": 3, "index": 7, "text": "a"})
    monkeypatch.setattr(verbalization_file, "MAX_BYTES", 10)
    with pytest.raises(VerbalizeError, match="larger than 10 bytes"):
        read_verbalizations(path)
