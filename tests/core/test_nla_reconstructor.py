"""A reconstructor finds the direction that a text tells of, and how near it is."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from glossator.errors import VerbalizeError
from glossator.verbalize.activation_reconstructor import ActivationReconstructor
from glossator.verbalize.reconstruction import (
    Baseline,
    baseline,
    compared,
    known_baseline,
)
from tests.core.tiny_nla import (
    D_MODEL,
    TEXTS,
    TinyPair,
    copied,
    pair,
    qwen_pair,
    read_meta,
    write_meta,
)

__all__ = ["pair", "qwen_pair"]


def opened(folder: Path, reference: Baseline | None = None) -> ActivationReconstructor:
    return ActivationReconstructor.open(str(folder), device="cpu", reference=reference)


def cosines(
    found: NDArray[np.float32], directions: NDArray[np.float32]
) -> NDArray[np.float32]:
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(unit @ directions.T, np.float32)


def test_a_text_leads_to_its_direction_and_to_no_other(pair: TinyPair) -> None:
    found = cosines(opened(pair.ar).reconstruct(TEXTS), pair.directions)
    assert found.diagonal().min() > 0.99
    assert found[~np.eye(3, dtype=np.bool)].max() < 0.4


def test_space_around_a_text_does_not_matter(pair: TinyPair) -> None:
    reconstructor = opened(pair.ar)
    spaced = [f"\n {text}\n\n" for text in TEXTS]
    assert (reconstructor.reconstruct(spaced) == reconstructor.reconstruct(TEXTS)).all()


def test_padding_does_not_change_a_vector(pair: TinyPair) -> None:
    reconstructor = opened(pair.ar)
    mixed = ["short", TEXTS[0], "", TEXTS[1] + TEXTS[2]]
    together = reconstructor.reconstruct(mixed)
    alone = np.concatenate([reconstructor.reconstruct([text]) for text in mixed])
    assert together == pytest.approx(alone, abs=1e-5)
    reconstructor._batches.size = 2
    assert reconstructor.reconstruct(mixed) == pytest.approx(together, abs=1e-5)
    assert reconstructor.reconstruct([]).shape == (0, D_MODEL)


def test_the_first_token_is_added_where_the_tokenizer_adds_one(pair: TinyPair) -> None:
    reconstructor = opened(pair.ar)
    ids = reconstructor._ids("a text")
    bos = reconstructor._tokenizer.bos_token_id
    assert (ids[0] == bos) == (pair.architecture == "gemma3")


def test_a_head_with_a_bias(qwen_pair: TinyPair, tmp_path: Path) -> None:
    folder = copied(qwen_pair.ar, tmp_path)
    head = load_file(folder / "value_head.safetensors")
    bias = torch.linspace(-1, 1, D_MODEL)
    save_file({**head, "bias": bias}, folder / "value_head.safetensors")
    plain = opened(qwen_pair.ar).reconstruct(TEXTS)
    found = opened(folder).reconstruct(TEXTS)
    assert found - plain == pytest.approx(np.tile(bias.numpy(), (3, 1)), abs=1e-5)


def test_a_square_head_of_tokens_is_passed_over(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.ar, tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"] = torch.ones(D_MODEL, D_MODEL)
    weights["model.norm.weight"] = torch.linspace(0.1, 3, D_MODEL)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    plain = opened(qwen_pair.ar).reconstruct(TEXTS)
    assert (opened(folder).reconstruct(TEXTS) == plain).all()


def test_weights_in_several_files(qwen_pair: TinyPair, tmp_path: Path) -> None:
    folder = copied(qwen_pair.ar, tmp_path)
    (folder / "model.safetensors").unlink()
    model = AutoModelForCausalLM.from_pretrained(qwen_pair.ar)
    model.save_pretrained(folder, max_shard_size="100KB")
    assert len([*folder.glob("model-*.safetensors")]) > 2
    plain = opened(qwen_pair.ar).reconstruct(TEXTS)
    assert (opened(folder).reconstruct(TEXTS) == plain).all()


def test_weights_that_are_missing_are_not_made_up(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.ar, tmp_path)
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(VerbalizeError, match="1 are missing"):
        opened(folder)


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ({"bias": torch.ones(D_MODEL)}, 'Missing key.* "weight"'),
        ({"weight": torch.eye(8)}, "size mismatch for weight"),
        (
            {"weight": torch.eye(D_MODEL), "bias": torch.ones(8)},
            "size mismatch for bias",
        ),
        ({"weight": torch.eye(D_MODEL), "x": torch.ones(1)}, 'Unexpected key.* "x"'),
    ],
)
def test_heads_that_are_refused(
    qwen_pair: TinyPair, tmp_path: Path, tensors: dict[str, torch.Tensor], told: str
) -> None:
    folder = copied(qwen_pair.ar, tmp_path)
    save_file(tensors, folder / "value_head.safetensors")
    with pytest.raises(VerbalizeError, match=told):
        opened(folder)


def test_a_head_that_is_not_there_or_broken(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.ar, tmp_path)
    (folder / "value_head.safetensors").write_bytes(b"broken")
    with pytest.raises(VerbalizeError, match=r"value_head\.safetensors"):
        opened(folder)
    (folder / "value_head.safetensors").unlink()
    with pytest.raises(VerbalizeError, match=r"value_head\.safetensors"):
        opened(folder)


def test_a_number_of_blocks_that_does_not_fit_the_layer(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.ar, tmp_path)
    write_meta(folder, {**read_meta(folder), "extraction_layer_index": 2})
    with pytest.raises(VerbalizeError, match="2, expected 3") as refused:
        opened(folder)
    assert refused.value.field == "num_hidden_layers"


def test_a_prompt_that_ends_in_other_tokens(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.ar, tmp_path)
    meta = read_meta(folder)
    write_meta(folder, {**meta, "tokens": {"critic_suffix_ids": [1, 2]}})
    with pytest.raises(VerbalizeError, match=r"in training it was \[1, 2\]"):
        opened(folder)
    write_meta(folder, {**meta, "tokens": {}})
    assert opened(folder).sidecar.suffix == ()


def test_scores_of_texts(qwen_pair: TinyPair) -> None:
    reconstructor = opened(qwen_pair.ar, Baseline(0.5, "a test"))
    right = reconstructor.score(TEXTS, qwen_pair.directions * np.float32(40))
    wrong = reconstructor.score(TEXTS, qwen_pair.directions[[1, 2, 0]])
    for good, bad in zip(right, wrong, strict=True):
        assert good.cosine > 0.99
        assert good.mse == pytest.approx(2 * (1 - good.cosine))
        assert good.fve == pytest.approx(1 - good.mse / 0.5)
        assert bad.cosine < 0.4
        assert bad.fve is not None
        assert bad.fve < 0
    with pytest.raises(VerbalizeError, match=r"3 texts and vectors of shape \(2, 64\)"):
        reconstructor.score(TEXTS, qwen_pair.directions[:2])


def test_figures_as_they_are_defined() -> None:
    rng = np.random.default_rng(3)
    centre = rng.standard_normal(40)
    vectors = (centre + rng.standard_normal((500, 40))).astype(np.float32)
    scaled = [math.sqrt(40) * v / np.linalg.norm(v) for v in vectors.astype(float)]
    mean = np.mean(scaled, axis=0)
    variance = np.mean([np.mean((u - mean) ** 2) for u in scaled])
    found = baseline(vectors)
    assert found.variance == pytest.approx(variance)
    assert found.source == "500 vectors"
    given, guess = vectors[0], vectors[1] * np.float32(3)
    error = np.mean((scaled[0] - scaled[1]) ** 2)
    figures = compared(guess, given, found)
    assert figures.mse == pytest.approx(error)
    assert figures.cosine == pytest.approx(1 - error / 2)
    assert figures.fve == pytest.approx(1 - error / variance)


def test_figures_at_the_edges() -> None:
    one = np.array([3, 4], np.float32)
    zero = np.zeros(2, np.float32)
    assert compared(one * np.float32(7), one, None).cosine == 1.0
    assert compared(-one, one, None).mse == 4.0
    assert compared(zero, one, None).mse == 2.0
    assert compared(one, one, None).fve is None
    same = baseline(np.array([[1, 1], [2, 2]], np.float32))
    assert compared(one, one, same).fve is None
    for vectors in (
        np.ones((1, 2), np.float32),
        np.zeros((2, 2), np.float32),
        np.full((2, 2), np.nan, np.float32),
    ):
        with pytest.raises(VerbalizeError, match="two or more"):
            baseline(vectors)


def test_the_baseline_of_a_published_pair() -> None:
    found = known_baseline("Qwen/Qwen2.5-7B-Instruct", 20)
    assert found is not None
    assert found.variance == 0.7335
    assert known_baseline("Qwen/Qwen2.5-7B-Instruct", 19) is None
    assert known_baseline("tiny/qwen2", 1) is None
