"""A checkpoint that is not what its sidecar says is refused before it says a word."""

import json
import re
from pathlib import Path
from typing import Protocol

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    Gemma4ForCausalLM,
    Gemma4TextConfig,
    GraniteConfig,
    GraniteForCausalLM,
    PreTrainedModel,
)

from glossator.errors import VerbalizeError
from glossator.verbalize.activation_verbalizer import ActivationVerbalizer
from tests.core.tiny_nla import (
    MARKER,
    Document,
    TinyPair,
    copied,
    qwen_pair,
    read_meta,
    write_meta,
)

__all__ = ["qwen_pair"]


class Make(Protocol):
    def __call__(self, n_tokens: int) -> PreTrainedModel: ...


def refusal(folder: Path | str) -> VerbalizeError:
    with pytest.raises(VerbalizeError) as refused:
        ActivationVerbalizer.open(str(folder), device="cpu")
    return refused.value


def changed(qwen_pair: TinyPair, folder: Path, section: str, **values: object) -> Path:
    copy = copied(qwen_pair.av, folder)
    meta = read_meta(copy)
    old = meta[section]
    assert isinstance(old, dict)
    write_meta(copy, {**meta, section: {**old, **values}})
    return copy


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"injection_token_id": 7}, r"'㈎' is \[\d+\] to the tokenizer, not \[7\]"),
        ({"injection_char": "㈜"}, r"'㈜' is \[\d+, \d+\] to the tokenizer"),
        ({"injection_char": "㈎㈎"}, r"'㈎㈎' is \[\d+, \d+\] to the tokenizer"),
        ({"injection_left_neighbor_id": 7}, "the vector would stand between '>'"),
        ({"injection_right_neighbor_id": 7}, r"between '>' and '</', .* 7\]"),
    ],
)
def test_a_marker_that_the_tokenizer_does_not_know(
    qwen_pair: TinyPair, tmp_path: Path, values: Document, told: str
) -> None:
    error = refusal(changed(qwen_pair, tmp_path, "tokens", **values))
    assert error.source == str(tmp_path / "av")
    assert re.search(told, error.message)


def test_a_marker_that_is_no_token_of_its_own(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.av, tmp_path)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    config["unk_token"] = MARKER
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    assert refusal(folder).field == "tokens.injection_token_id"


def test_a_template_in_which_the_marker_stands_elsewhere(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    for template, told in (
        ("<concept> {injection_char} </concept>", "between"),
        ("㈎ <concept>{injection_char}</concept>", "2 of the prompt's tokens"),
    ):
        folder = tmp_path / str(len(told))
        error = refusal(changed(qwen_pair, folder, "prompt_templates", av=template))
        assert told in error.message
        assert error.field == "prompt_templates.av"


def test_a_width_that_the_embeddings_do_not_have(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.av, tmp_path)
    write_meta(folder, {**read_meta(folder), "d_model": 48})
    error = refusal(folder)
    assert error.message == "48, but the embeddings have 64 numbers"
    assert error.field == "d_model"


def test_no_chat_template(qwen_pair: TinyPair, tmp_path: Path) -> None:
    folder = copied(qwen_pair.av, tmp_path)
    (folder / "chat_template.jinja").unlink()
    assert refusal(folder).field == "chat_template"


def test_a_chat_template_that_fails(qwen_pair: TinyPair, tmp_path: Path) -> None:
    folder = copied(qwen_pair.av, tmp_path)
    (folder / "chat_template.jinja").write_text("{{ raise_exception('no users') }}")
    error = refusal(folder)
    assert (error.field, error.message) == ("chat_template", "no users")


def test_weights_that_are_missing_are_not_made_up(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.av, tmp_path)
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    error = refusal(folder)
    assert error.field == "weights"
    assert "1 are missing, such as model.layers.1.mlp.up_proj.weight" in error.message


def test_weights_that_are_pickled_are_not_read(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.av, tmp_path)
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    assert "safetensors" in refusal(folder).message


def test_code_that_a_checkpoint_brings_is_not_run(
    qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.av, tmp_path)
    marked = tmp_path / "ran"
    (folder / "own.py").write_text(f"open({str(marked)!r}, 'w').close()")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}
    (folder / "config.json").write_text(json.dumps(config))
    refusal(folder)
    assert not marked.exists()


def test_files_that_are_broken(qwen_pair: TinyPair, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        folder = copied(qwen_pair.av, tmp_path / name)
        (folder / name).write_bytes(b'{"')
        assert refusal(folder).source == str(folder)


def test_no_sidecar(qwen_pair: TinyPair, tmp_path: Path) -> None:
    assert "nla_meta.yaml" in str(refusal(qwen_pair.base))
    assert "nla_meta.yaml" in str(refusal("nobody/nothing"))
    assert "nla_meta.yaml" in str(refusal("no name: at all"))
    assert "'ar', expected" in refusal(qwen_pair.ar).message


def _granite(n_tokens: int) -> PreTrainedModel:
    config = GraniteConfig(
        vocab_size=n_tokens,
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        embedding_multiplier=12.0,
    )
    return GraniteForCausalLM(config)


def _gemma4(n_tokens: int) -> PreTrainedModel:
    config = Gemma4TextConfig(
        vocab_size=n_tokens,
        hidden_size=64,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        vocab_size_per_layer_input=n_tokens,
        hidden_size_per_layer_input=8,
        num_kv_shared_layers=0,
        layer_types=["sliding_attention", "full_attention"],
    )
    return Gemma4ForCausalLM(config)


@pytest.mark.parametrize(
    ("model", "told"),
    [(_granite, "changes embeddings"), (_gemma4, "do not exactly match")],
)
def test_models_that_would_change_the_vector(
    qwen_pair: TinyPair, tmp_path: Path, model: Make, told: str
) -> None:
    folder = copied(qwen_pair.av, tmp_path)
    n_tokens = len(load_file(folder / "model.safetensors")["lm_head.weight"])
    model(n_tokens).save_pretrained(folder)
    error = refusal(folder)
    assert told in error.message
    assert error.field == "model_type"
