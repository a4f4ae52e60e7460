"""The language model against transformers itself, on a tiny random Llama."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, decoders, models
from transformers import LlamaForCausalLM, PreTrainedConfig

from glossator.errors import ModelError, ReplacementError
from glossator.evidence.token_text import readable_tokens
from glossator.model.language_model import LanguageModel, open_language_model
from glossator.model.neurons import NeuronReplacement
from glossator.model.replacement import LayerFeatures, Replacement
from glossator.model.vocabulary import stored_texts
from tests.core.tiny_language_model import (
    BOS,
    D_MLP,
    D_MODEL,
    N_LAYERS,
    fast_tokenizer,
    save_tiny_llama,
    sentences,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def model(folder: Path) -> LanguageModel:
    return open_language_model(str(folder), device="cpu")


@pytest.fixture(scope="module")
def reference(folder: Path) -> LlamaForCausalLM:
    found: LlamaForCausalLM = LlamaForCausalLM.from_pretrained(folder)
    return found


def attention_of(model: LanguageModel) -> str:
    config = model._bridge.original_model.config
    assert isinstance(config, PreTrainedConfig)
    return str(config._attn_implementation)


def _rows(model: LanguageModel, texts: list[str]) -> torch.Tensor:
    assert model.bos is not None
    ids = [[model.bos, *row][:40] for row in model.encode_all(texts)]
    width = max(map(len, ids))
    return torch.tensor([row + [0] * (width - len(row)) for row in ids])


def test_the_output_of_a_block_is_that_of_transformers(
    model: LanguageModel, reference: LlamaForCausalLM
) -> None:
    ids = _rows(model, sentences(3))
    hooks = [f"blocks.{at}.hook_resid_post" for at in range(N_LAYERS)]
    found = model.run(ids, hooks)
    with torch.no_grad():
        expected = reference(ids, output_hidden_states=True).hidden_states
    assert expected is not None
    # After the last block transformers gives the output of the final norm.
    for at in range(N_LAYERS - 1):
        torch.testing.assert_close(found[hooks[at]], expected[at + 1])
    last = reference.model.norm(found[hooks[-1]]) @ reference.lm_head.weight.T
    with torch.no_grad():
        torch.testing.assert_close(last, reference(ids).logits)


def test_padding_changes_nothing_before_it(model: LanguageModel) -> None:
    ids = _rows(model, sentences(6))
    alone = model.run(ids[2:3, :5], ["blocks.2.hook_resid_post"])
    together = model.run(
        torch.cat([ids[2:3, :5], ids[2:3, 7:20]], 1), ["blocks.2.hook_resid_post"]
    )
    torch.testing.assert_close(
        alone["blocks.2.hook_resid_post"], together["blocks.2.hook_resid_post"][:, :5]
    )


def test_hooks_are_told_apart_by_the_name_that_was_asked_for(
    model: LanguageModel, reference: LlamaForCausalLM
) -> None:
    ids = _rows(model, sentences(2))
    names = [
        "blocks.1.mlp.hook_post",
        "blocks.1.mlp.out.hook_in",
        "blocks.0.mlp.hook_in",
    ]
    found = model.run(ids, names)
    assert list(found) == names
    torch.testing.assert_close(found[names[0]], found[names[1]])
    mlp = reference.model.layers[0].mlp
    with torch.no_grad():
        expected = mlp(found[names[2]])
    out = model.run(ids, ["blocks.0.hook_mlp_out"])["blocks.0.hook_mlp_out"]
    torch.testing.assert_close(out, expected)


def test_the_model_stops_once_everything_is_read(model: LanguageModel) -> None:
    ids = _rows(model, sentences(1))
    seen: list[str] = []
    bridge = model._bridge
    points = [bridge.hook_dict[f"blocks.{at}.hook_in"] for at in range(N_LAYERS)]
    points.append(bridge.hook_dict["unembed.hook_in"])
    for point in points:
        point.add_hook(lambda value, hook: seen.append(hook.name))
    try:
        model.run(ids, ["blocks.1.mlp.hook_post"])
    finally:
        bridge.reset_hooks()
    assert seen == ["blocks.0.hook_in", "blocks.1.hook_in"]
    assert not any(point.has_hooks() for point in bridge.hook_dict.values())


def test_an_unknown_hook_is_named(model: LanguageModel) -> None:
    ids = _rows(model, sentences(1))
    with pytest.raises(ModelError, match=r"no hook 'blocks\.9\.hook_resid_post'"):
        model.run(ids, ["blocks.9.hook_resid_post"])
    with pytest.raises(ModelError, match=r"does not run past the hook blocks\.0\.attn"):
        model.run(ids, ["blocks.0.attn.hook_pattern"])
    with pytest.raises(ModelError, match="use_hook_mlp_in"):
        model.run(ids, ["blocks.0.hook_mlp_in"])


def test_logit_effects_are_those_of_the_final_norm_and_unembedding(
    model: LanguageModel, reference: LlamaForCausalLM
) -> None:
    stream = torch.randn(4, D_MODEL)
    with torch.no_grad():
        expected = reference.lm_head(reference.model.norm(stream))
    scale = torch.rsqrt(stream.pow(2).mean(-1, keepdim=True) + 1e-6)
    torch.testing.assert_close((stream * scale) @ model.unembed(), expected)


def test_tokens_are_stored_as_text_by_itself(model: LanguageModel) -> None:
    text = "river 東京 Köln\nnaïve 🜁"
    ids = model.encode(text)
    tokens = model.token_texts(ids)
    assert len(tokens) == len(ids)
    # A character of which no whole was learnt lies in several tokens.
    assert r"\xf0" in "".join(tokens)
    assert "".join(readable_tokens(tokens)) == text
    assert model.bos is not None
    assert model.token_texts([model.bos]) == [BOS]
    assert model.token_id("<|end|>") == 1
    with pytest.raises(ModelError, match="no token is called"):
        model.token_id("<nothing>")


def test_sentence_piece_tokens_become_text_too() -> None:
    pieces = [
        "<unk>",
        "<s>",
        "▁river",
        "▁",
        "s",
        "<0xE6>",
        "<0x9D>",
        "<0xB1>",
        "<0x0A>",
    ]
    backend = Tokenizer(
        models.BPE({p: at for at, p in enumerate(pieces)}, [], unk_token="<unk>")
    )
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    backend.add_special_tokens(["<unk>", "<s>"])
    found = stored_texts(fast_tokenizer(backend))
    assert found == (
        "<unk>", "<s>", " river", " ", "s", r"\xe6", r"\x9d", r"\xb1", "\n"
    )  # fmt: skip
    assert "".join(readable_tokens(found[2:8])) == " river s東"


def test_a_model_without_a_first_token_takes_the_last(tmp_path: Path) -> None:
    only_eos = save_tiny_llama(tmp_path / "eos", named=["eos"])
    assert open_language_model(str(only_eos), device="cpu").bos == 1
    neither = save_tiny_llama(tmp_path / "neither", named=[])
    model = open_language_model(str(neither), device="cpu")
    assert model.bos is None
    assert len(model.vocabulary) == model.unembed().shape[1]


def test_neurons_are_the_input_of_the_down_projection(
    model: LanguageModel, reference: LlamaForCausalLM
) -> None:
    ids = _rows(model, sentences(2))
    plain: Replacement = NeuronReplacement(model, "neurons")
    signed: Replacement = NeuronReplacement(model, "signed neurons")
    device = torch.device("cpu")
    neurons: LayerFeatures = plain.layer_features(1, [5, 2], device=device)
    both = signed.layer_features(1, [11, 4, 5], device=device)
    read = model.run(ids, [neurons.reads])[neurons.reads]
    value = neurons.activations(read)
    torch.testing.assert_close(value, read[..., [5, 2]])
    assert (value < 0).any()
    with_sign = both.activations(read)
    torch.testing.assert_close(with_sign[..., 0], (-read[..., 5]).clamp(min=0))
    torch.testing.assert_close(with_sign[..., 1], read[..., 2].clamp(min=0))
    down = reference.model.layers[1].mlp.down_proj.weight.detach()
    torch.testing.assert_close(neurons.directions()[1], down[:, [5, 2]].T)
    torch.testing.assert_close(
        both.directions()[1], torch.stack([-down[:, 5], down[:, 2], -down[:, 2]])
    )
    assert both.indices == (11, 4, 5)


def test_neurons_that_do_not_exist_are_named(model: LanguageModel) -> None:
    plain = NeuronReplacement(model, "neurons")
    with pytest.raises(ReplacementError, match=f"{D_MLP} features, none of index 24"):
        plain.layer_features(0, [24], device=torch.device("cpu"))
    with pytest.raises(ReplacementError, match="layer 3 of a model of 3"):
        plain.layer_features(3, [0], device=torch.device("cpu"))


def test_long_texts_run_in_the_models_own_attention(
    model: LanguageModel,
) -> None:
    assert attention_of(model) == "sdpa"


def test_bfloat16_runs_on_a_cpu(folder: Path) -> None:
    half = open_language_model(str(folder), device="cpu", dtype="bfloat16")
    assert half.dtype == torch.bfloat16
    found = half.run(_rows(half, sentences(1)), ["blocks.0.hook_resid_mid"])
    assert found["blocks.0.hook_resid_mid"].dtype == torch.bfloat16


def test_a_model_that_cannot_be_had_says_what_can_be_done(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="hf download"):
        open_language_model("nobody/no-such-model")
    with pytest.raises(ModelError, match=str(tmp_path)):
        open_language_model(str(tmp_path))
    folder = save_tiny_llama(tmp_path / "broken")
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="is no model that can be run"):
        open_language_model(str(folder))
