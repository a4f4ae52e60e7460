"""Sidecars of all generations are read alike; what is missing is named, not guessed."""

import math
from pathlib import Path

import pytest
import yaml

from glossator.errors import VerbalizeError
from glossator.verbalize.sidecar import (
    Marker,
    read_reconstructor,
    read_verbalizer,
)

Document = dict[str, object]

TOKENS: Document = {
    "injection_char": "㈎",
    "injection_token_id": 149705,
    "injection_left_neighbor_id": 29,
    "injection_right_neighbor_id": 522,
    "critic_suffix_ids": None,
}
AV_TEXT = "Here is the vector:\n\n<concept>{injection_char}</concept>"
AR_TEXT = "<text>{explanation}</text> <summary>"


def verbalizer(**changes: object) -> Document:
    return {
        "kind": "nla_model",
        "schema_version": 2,
        "role": "av",
        "base_checkpoint": "Qwen/Qwen2.5-7B-Instruct",
        "d_model": 3584,
        "extraction": {"injection_scale": 150.0, "mse_scale": 59.9},
        "tokens": TOKENS,
        "prompt_templates": {"av": AV_TEXT, "ar": AR_TEXT},
        "extraction_layer_index": 20,
        "created_at": "2026-01-01T00:00:00Z",
        "training": {"lr": 1e-5},
        **changes,
    }


def reconstructor(**changes: object) -> Document:
    return verbalizer(
        role="ar",
        tokens={"critic_suffix_ids": [1318, 29, 366, 1708, 29]},
        extraction={"injection_scale": None, "mse_scale": "raw"},
        **changes,
    )


def written(folder: Path, document: Document) -> Path:
    path = folder / "nla_meta.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


def test_a_published_verbalizer(tmp_path: Path) -> None:
    found = read_verbalizer(written(tmp_path, verbalizer()))
    assert found.base_model == "Qwen/Qwen2.5-7B-Instruct"
    assert (found.d_model, found.layer, found.scale) == (3584, 20, 150.0)
    assert found.template == AV_TEXT
    assert found.marker == Marker(text="㈎", token=149705, left=29, right=522)


def test_a_published_reconstructor(tmp_path: Path) -> None:
    found = read_reconstructor(written(tmp_path, reconstructor()))
    assert (found.d_model, found.layer) == (3584, 20)
    assert found.template == AR_TEXT
    assert found.suffix == (1318, 29, 366, 1708, 29)


@pytest.mark.parametrize(
    ("av", "ar"), [("actor", "critic"), ("verbalizer", "reconstructor")]
)
def test_other_names_of_the_roles(tmp_path: Path, av: str, ar: str) -> None:
    templates = {av: AV_TEXT, ar: AR_TEXT}
    path = written(tmp_path, verbalizer(role=av, prompt_templates=templates))
    assert read_verbalizer(path).template == AV_TEXT
    path = written(tmp_path, {**reconstructor(prompt_templates=templates), "role": ar})
    assert read_reconstructor(path).template == AR_TEXT


@pytest.mark.parametrize(
    "told",
    [
        {"extraction_layer_index": 20, "critic": {"extraction_layer_index": 3}},
        {"critic": {"extraction_layer_index": 20, "num_hidden_layers": 3}},
        {"critic": {"num_hidden_layers": 20}},
        {"reconstructor": {"extraction_layer_index": 20}},
        {"critic": None, "reconstructor": {"num_hidden_layers": 20}},
    ],
)
def test_where_the_layer_is_told(tmp_path: Path, told: Document) -> None:
    document = reconstructor()
    del document["extraction_layer_index"]
    assert read_reconstructor(written(tmp_path, {**document, **told})).layer == 20


@pytest.mark.parametrize(
    ("told", "scale"),
    [(150, 150.0), ("80000", 80000.0), ("sqrt_d_model", math.sqrt(3584))],
)
def test_forms_of_the_scale(tmp_path: Path, told: object, scale: float) -> None:
    document = verbalizer(extraction={"injection_scale": told})
    assert read_verbalizer(written(tmp_path, document)).scale == scale


def test_the_marker_is_read_as_it_stands(tmp_path: Path) -> None:
    for marker in "㈎㈜㎡":  # each is another text once it is normalised
        document = verbalizer(tokens={**TOKENS, "injection_char": marker})
        assert read_verbalizer(written(tmp_path, document)).marker.text == marker


@pytest.mark.parametrize(
    ("change", "field", "told"),
    [
        ({"kind": "nla_dataset"}, "kind", "'nla_dataset'"),
        ({"role": "ar"}, "role", "'ar', expected one of 'av'"),
        ({"d_model": "wide"}, "d_model", "expected `int`"),
        ({"d_model": 0}, "d_model", "0 is no width"),
        ({"extraction": {}}, "extraction.injection_scale", "no norm is told"),
        (
            {"extraction": {"injection_scale": None}},
            "extraction.injection_scale",
            "no norm is told",
        ),
        (
            {"extraction": {"injection_scale": "raw"}},
            "extraction.injection_scale",
            "no norm is told",
        ),
        (
            {"extraction": {"injection_scale": "much"}},
            "extraction.injection_scale",
            "'much' is no norm",
        ),
        (
            {"extraction": {"injection_scale": -1.0}},
            "extraction.injection_scale",
            "-1.0 is no norm",
        ),
        (
            {"extraction": {"injection_scale": math.nan}},
            "extraction.injection_scale",
            "nan is no norm",
        ),
        ({"extraction_layer_index": None}, "extraction_layer_index", "missing"),
        ({"extraction_layer_index": -1}, "extraction_layer_index", "-1 is no layer"),
        ({"prompt_templates": {}}, "prompt_templates.av", "missing"),
        ({"prompt_templates": {"av": "x"}}, "prompt_templates.av", "not 0 times"),
        (
            {"prompt_templates": {"av": AV_TEXT * 2}},
            "prompt_templates.av",
            "not 2 times",
        ),
        ({"tokens": {}}, "tokens.injection_char", "missing"),
        (
            {"tokens": {"injection_char": "㈎", "injection_token_id": "x"}},
            "tokens.injection_token_id",
            "expected `int | null`",
        ),
        (
            {"tokens": {**TOKENS, "injection_right_neighbor_id": None}},
            "tokens.injection_right_neighbor_id",
            "missing",
        ),
    ],
)
def test_what_is_refused(
    tmp_path: Path, change: Document, field: str, told: str
) -> None:
    path = written(tmp_path, verbalizer(**change))
    with pytest.raises(VerbalizeError) as refused:
        read_verbalizer(path)
    assert (refused.value.source, refused.value.field) == (path, field)
    assert told in refused.value.message


@pytest.mark.parametrize(
    "content",
    [
        b"kind: [",
        b"\xff\xfe",
        b"kind: 2026-99-99",
        b"kind: !!python/object/apply:os.getcwd []",
        b"[" * 5_000,
        b"x: " + b"a" * 2**20,
        b"just words",
        b"",
    ],
)
def test_files_that_are_no_sidecar(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "nla_meta.yaml"
    path.write_bytes(content)
    with pytest.raises(VerbalizeError) as refused:
        read_verbalizer(path)
    assert refused.value.source == path


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(VerbalizeError, match="No such file"):
        read_reconstructor(tmp_path / "nla_meta.yaml")
