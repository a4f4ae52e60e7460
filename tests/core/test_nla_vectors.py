"""Vectors of features are read where they should be, and doubts about them are told."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from glossator.errors import Cancelled, ReplacementError
from glossator.evidence.feature_evidence import ActivationExample
from glossator.evidence.token_text import clean_example
from glossator.graph.attribution_graph import FeatureKey
from glossator.model.language_model import LanguageModel, open_language_model
from glossator.model.open_replacement import open_replacement
from glossator.progress import CancelToken, Progress, drive
from glossator.verbalize.vectors import (
    NO_ACTIVATION,
    CutText,
    GivenVector,
    _tokenized,
    cut_after_top,
    decoder_vectors,
    example_vectors,
    random_directions,
)
from tests.core.tiny_nla import LAYER, LOUD, WORDS, TinyPair, pair
from tests.core.transcoder_files import write_safetensors

__all__ = ["pair"]

LONG = "A news report on rivers. " * 12


@pytest.fixture(scope="module")
def model(pair: TinyPair) -> LanguageModel:
    return open_language_model(str(pair.base), device="cpu")


def read(
    model: LanguageModel, pair: TinyPair, *cuts: CutText, layer: int = LAYER
) -> list[GivenVector]:
    tokenizer = AutoTokenizer.from_pretrained(pair.base)
    work = example_vectors(model, tokenizer, cuts, layer, CancelToken())
    return drive(work, lambda progress: None)


def cut(before: str, top: str) -> CutText:
    return CutText(before + top, top)


# At examples


def test_it_is_the_blocks_output_and_not_its_input(
    model: LanguageModel, pair: TinyPair, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    noisy = AutoModelForCausalLM.from_pretrained(pair.base)
    with torch.no_grad():
        for weight in noisy.parameters():
            weight.add_(torch.randn_like(weight), alpha=0.1)
    noisy.save_pretrained(tmp_path)
    tokenizer = AutoTokenizer.from_pretrained(pair.base)
    tokenizer.save_pretrained(tmp_path)
    opened = open_language_model(str(tmp_path), device="cpu")
    texts = ["A cooking recipe, a list", "The words name spices", "A loop"]
    cuts = [CutText(text, "") for text in texts]
    work = example_vectors(opened, tokenizer, cuts, LAYER, CancelToken())
    found = drive(work, lambda progress: None)
    for text, given in zip(texts, found, strict=True):
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            states = noisy(ids, output_hidden_states=True).hidden_states
        expected = states[LAYER + 1][0, -1].numpy()
        assert given.vector == pytest.approx(expected, rel=1e-3, abs=1e-3)
        assert given.vector != pytest.approx(states[LAYER][0, -1].numpy(), abs=0.1)


def test_vectors_at_planted_words(model: LanguageModel, pair: TinyPair) -> None:
    found = read(model, pair, *(cut(LONG, word) for word in WORDS))
    for given, direction, word in zip(found, pair.directions, WORDS, strict=True):
        unit = given.vector / given.norm
        assert unit == pytest.approx(direction, abs=1e-3)
        assert (given.about, given.layer) == ("example", LAYER)
        assert given.example == LONG + word
        assert given.extrapolates == ""


def test_short_texts_are_doubted(model: LanguageModel, pair: TinyPair) -> None:
    (given,) = read(model, pair, cut("A", " news"))
    n = 1 + (pair.architecture == "gemma3")
    assert given.extrapolates == f"{n} tokens before it, fewer than 50"


def test_spikes_are_doubted(model: LanguageModel, pair: TinyPair) -> None:
    (given,) = read(model, pair, cut(LONG, LOUD))
    assert given.extrapolates.startswith("its norm is ")
    assert "times that of other positions" in given.extrapolates
    assert given.norm > 10


def test_a_text_that_is_tokenised_otherwise_is_doubted(
    model: LanguageModel, pair: TinyPair
) -> None:
    # The example's tokenizer had cut the word in two.
    (given,) = read(model, pair, CutText(LONG + " news", "ws"))
    assert given.extrapolates == (
        "tokenised anew the text ends in ' news', not in 'ws'"
    )


def test_texts_that_are_too_long_lose_their_beginning(
    model: LanguageModel, pair: TinyPair
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(pair.base)
    (row,) = _tokenized(model, tokenizer, [cut(LONG * 12, " news")])
    whole = tokenizer.encode(LONG * 12 + " news")
    n_first = int(pair.architecture == "gemma3")
    assert len(row.ids) == model.longest < len(whole)
    assert list(row.ids) == [
        *whole[:n_first],
        *whole[len(whole) - model.longest + n_first :],
    ]


def test_texts_are_read_in_batches_and_in_the_order_given(
    model: LanguageModel, pair: TinyPair
) -> None:
    cuts = [cut(LONG[: 30 * n], WORDS[n % 3]) for n in (9, 1, 8, 2, 7, 3, 6, 4, 5, 0)]
    together = read(model, pair, *cuts)
    for given, one in zip(together, cuts, strict=True):
        assert given.example == one.text
        (alone,) = read(model, pair, one)
        assert given.vector == pytest.approx(alone.vector, abs=1e-5)
        assert given.extrapolates == alone.extrapolates


def test_reading_can_be_stopped(model: LanguageModel, pair: TinyPair) -> None:
    cancel = CancelToken()
    cancel.cancel()
    tokenizer = AutoTokenizer.from_pretrained(pair.base)
    with pytest.raises(Cancelled):
        drive(
            example_vectors(model, tokenizer, [cut("A", " news")], LAYER, cancel),
            lambda progress: None,
        )


@pytest.mark.parametrize(
    ("tokens", "top", "text", "last"),
    [
        (["<bos>", "▁The", "▁dog", "▁ran"], 2, " The dog", " dog"),
        (["The", "Ġdog", "Ġran"], 2, "The dog ran", " ran"),
        (["<pad>", "<bos>", "A", " dog"], 3, "A dog", " dog"),
        (["dog", "<|endoftext|>", "A"], 2, "dog<|endoftext|>A", "A"),
    ],
)
def test_examples_are_cut_after_their_top_token(
    tokens: list[str], top: int, text: str, last: str
) -> None:
    activations = np.zeros(len(tokens), np.float32)
    activations[top] = 1
    example = clean_example(ActivationExample(tuple(tokens), activations))
    assert cut_after_top(example) == CutText(text, last)


# Features' own


def test_decoder_rows_by_the_layer_they_are_written_to(
    pair: TinyPair, tmp_path: Path
) -> None:
    rows = torch.from_numpy(np.tile(pair.directions, (3, 1))) * 3
    for layer in range(3):
        write_safetensors(
            tmp_path / f"layer_{layer}.safetensors",
            {
                "W_enc": torch.ones(9, 64),
                "W_dec": rows + layer,
                "b_enc": torch.zeros(9),
                "b_dec": torch.zeros(64),
            },
        )
    (tmp_path / "config.yaml").write_text(
        "model_name: tiny\nmodel_kind: transcoder_set\n"
        "feature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n"
    )
    keys = [FeatureKey("m", "s", layer, index) for layer, index in ((1, 7), (2, 0))]
    steps: list[Progress] = []
    work = decoder_vectors(open_replacement(tmp_path), keys, LAYER, CancelToken())
    found = drive(work, lambda progress: steps.append(progress))
    in_place, elsewhere = (found[key] for key in keys)
    assert in_place.vector == pytest.approx(rows[7].numpy() + 1)
    assert (in_place.layer, in_place.about) == (1, "feature")
    assert in_place.extrapolates == NO_ACTIVATION
    assert elsewhere.vector == pytest.approx(rows[0].numpy() + 2)
    assert elsewhere.layer == 2
    assert elsewhere.extrapolates == (
        f"{NO_ACTIVATION}; written in layer 2, read as of layer 1"
    )
    assert [(step.done, step.total) for step in steps] == [(0, 2), (1, 2)]
    missing = [FeatureKey("m", "s", 1, 99)]
    with pytest.raises(ReplacementError):
        drive(
            decoder_vectors(open_replacement(tmp_path), missing, LAYER, CancelToken()),
            lambda progress: None,
        )


def test_of_a_cross_layer_transcoder_it_is_the_verbalizers_layer(
    tmp_path: Path,
) -> None:
    decoder = torch.randn(4, 3, 64)
    for layer in range(3):
        numbers = {
            f"W_enc_{layer}": torch.ones(4, 64),
            f"b_enc_{layer}": torch.zeros(4),
            f"b_dec_{layer}": torch.zeros(64),
        }
        write_safetensors(tmp_path / f"W_enc_{layer}.safetensors", dict(numbers))
        write_safetensors(
            tmp_path / f"W_dec_{layer}.safetensors",
            {f"W_dec_{layer}": decoder[:, layer:]},
        )
    (tmp_path / "config.yaml").write_text(
        "model_name: tiny\nmodel_kind: cross_layer_transcoder\n"
        "feature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n"
    )
    keys = [FeatureKey("m", "s", layer, 3) for layer in (0, 2)]
    work = decoder_vectors(open_replacement(tmp_path), keys, LAYER, CancelToken())
    found = drive(work, lambda progress: None)
    assert found[keys[0]].layer == 1
    assert found[keys[0]].vector == pytest.approx(decoder[3, 1].numpy())
    assert found[keys[1]].layer == 2
    assert found[keys[1]].vector == pytest.approx(decoder[3, 2].numpy())


def test_random_directions_are_unit_vectors_and_can_be_drawn_again() -> None:
    found = random_directions(50, 400, seed=3)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(50), rel=1e-5)
    assert np.abs(np.triu(found @ found.T, 1)).max() < 0.3
    assert (found == random_directions(50, 400, seed=3)).all()
    assert (found != random_directions(50, 400, seed=4)).any()
