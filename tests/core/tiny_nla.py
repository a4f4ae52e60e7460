"""Tiny verbalizers and reconstructors of the true architectures, trained on the spot.

Three planted directions each stand for one text of three paragraphs. Training takes
seconds: small blocks, a short prompt, and rows of one length.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import pytest
import torch
import yaml
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import (
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
)

Architecture = Literal["qwen2", "gemma3"]
Document = dict[str, object]

LAYER = 1
"""The block whose output is put into words; the models have three."""
D_MODEL = 64
MARKER = "㈎"
SCALE = 150.0
TEMPLATE = (
    "You are describing an activation vector.\n\nHere is the vector:\n\n"
    "<concept>{injection_char}</concept>\n\nPlease provide an explanation."
)
SUMMARY = "Summary of the following text: <text>{explanation}</text> <summary>"
TEXTS = (
    "A news report on rivers.\n\nThe phrase speaks of floods.\n\n"
    'Final token "bank" of a river.',
    "A cooking recipe, a list.\n\nThe words name spices.\n\n"
    'Final token "salt", then an amount.',
    "Source code in a script.\n\nA loop over the items.\n\n"
    'Final token "in", then a name.',
)
LONGER = "An unrelated sentence in which nothing of the above is said at all."
WORDS = (" news", " spices", " loop")
"""One token each; the base model's for the directions of `TEXTS`."""
LOUD = " items"
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+"
    r"[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""Qwen2's: another would be replaced by it when the tokenizer is read back."""


@dataclass(frozen=True)
class Words:
    """How an architecture's tokenizer marks what."""

    specials: tuple[str, ...]
    bos: str
    end_of_turn: str
    chat: str


_WORDS: dict[Architecture, Words] = {
    "qwen2": Words(
        specials=("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        bos="",
        end_of_turn="<|im_end|>",
        chat="{% for m in messages %}<|im_start|>{{ m.role }}\n"
        "{{ m.content }}<|im_end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    ),
    "gemma3": Words(
        specials=("<pad>", "<eos>", "<bos>", "<start_of_turn>", "<end_of_turn>"),
        bos="<bos>",
        end_of_turn="<end_of_turn>",
        chat="{{ bos_token }}{% for m in messages %}<start_of_turn>{{ m.role }}\n"
        "{{ m.content }}<end_of_turn>\n{% endfor %}"
        "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}",
    ),
}


@dataclass(frozen=True, eq=False)
class TinyPair:
    """A verbalizer, its reconstructor, and a base model that knows three words."""

    architecture: Architecture
    av: Path
    ar: Path
    base: Path
    directions: NDArray[np.float32]
    """Unit rows, one for each of `TEXTS`."""


_built: dict[Architecture, TinyPair] = {}


@pytest.fixture(scope="session", params=["qwen2", "gemma3"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> TinyPair:
    """Both architectures, one after the other."""
    return _built_once(request.param, tmp_path_factory)


@pytest.fixture(scope="session")
def qwen_pair(tmp_path_factory: pytest.TempPathFactory) -> TinyPair:
    """One, for what is the same with any."""
    return _built_once("qwen2", tmp_path_factory)


def _built_once(
    architecture: Architecture, factory: pytest.TempPathFactory
) -> TinyPair:
    """Trained once, however many modules ask for it."""
    if architecture not in _built:
        folder = factory.mktemp(architecture)
        _built[architecture] = build_pair(folder, architecture)
    return _built[architecture]


def build_pair(folder: Path, architecture: Architecture) -> TinyPair:
    """Train both halves and write them as published ones are laid out."""
    torch.manual_seed(0)
    words = _WORDS[architecture]
    tokenizer = _tokenizer(words)
    noise = torch.randn(len(TEXTS), D_MODEL)
    directions = noise / noise.norm(dim=1, keepdim=True)
    parts = _Parts(architecture, words, tokenizer, directions)
    av, ar, base = (folder / name for name in ("av", "ar", "base"))
    with _one_thread():
        _train_av(av, parts)
        _train_ar(ar, parts)
    _plant_words(base, parts)
    return TinyPair(architecture, av, ar, base, directions.numpy())


@dataclass(frozen=True, eq=False)
class _Parts:
    architecture: Architecture
    words: Words
    tokenizer: PreTrainedTokenizerFast
    directions: Tensor


def _tokenizer(words: Words) -> PreTrainedTokenizerFast:
    """Byte-level BPE that was taught the marker by itself: it merges with nothing."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.NFC()
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trained.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        special_tokens=list(words.specials),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    said = [TEMPLATE.replace("{injection_char}", "x"), SUMMARY, LONGER, *TEXTS]
    tags = ["<explanation>\n", "\n</explanation>", "system user assistant model\n"]
    trained.train_from_iterator([*said * 3, *tags * 3, *[MARKER] * 50], trainer)
    if words.bos:
        trained.post_processor = processors.TemplateProcessing(
            single=f"{words.bos} $A",
            special_tokens=[(words.bos, trained.token_to_id(words.bos))],
        )
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=trained,
        eos_token=words.specials[-1] if not words.bos else "<eos>",
        pad_token=words.specials[0],
        bos_token=words.bos or None,
    )
    tokenizer.chat_template = words.chat
    return tokenizer


def _model(parts: _Parts, n_layers: int) -> PreTrainedModel:
    """Random weights."""
    tokenizer = parts.tokenizer
    common = {
        "vocab_size": len(tokenizer),
        "hidden_size": D_MODEL,
        "intermediate_size": 128,
        "num_hidden_layers": n_layers,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "tie_word_embeddings": False,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
    }
    if parts.architecture == "qwen2":
        return Qwen2ForCausalLM(Qwen2Config(**common))
    config = Gemma3TextConfig(**common, head_dim=16, sliding_window=64)
    return Gemma3ForCausalLM(config)


def encode(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
    return ids


def _train_av(folder: Path, parts: _Parts) -> None:
    """Teach the directions' texts, in answer to a row of the prompt."""
    tokenizer = parts.tokenizer
    content = TEMPLATE.replace("{injection_char}", MARKER)
    turn = [{"role": "user", "content": content}]
    rendered = tokenizer.apply_chat_template(
        turn, tokenize=False, add_generation_prompt=True
    )
    prompt = encode(tokenizer, str(rendered))
    at = prompt.index(encode(tokenizer, MARKER)[0])
    end = parts.words.end_of_turn
    said = [f"<explanation>\n{text}\n</explanation>{end}" for text in TEXTS]
    answers = [torch.tensor(encode(tokenizer, text)) for text in said]
    written = pad_sequence(answers, batch_first=True, padding_value=-100)
    asked = torch.tensor(prompt).repeat(len(TEXTS), 1)
    ids = torch.cat([asked, written.clamp_min(0)], dim=1)
    labels = torch.cat([torch.full_like(asked, -100), written], dim=1)
    model = _model(parts, 3)

    def loss() -> Tensor:
        noisy = parts.directions + 0.05 * torch.randn_like(parts.directions)
        rows: Tensor = model.get_input_embeddings()(ids).clone()
        rows[:, at] = SCALE * noisy / noisy.norm(dim=1, keepdim=True)
        found: Tensor = model(inputs_embeds=rows, labels=labels).loss
        return found

    _train(loss, [*model.parameters()], until=0.01)
    stop = tokenizer.convert_tokens_to_ids(end)
    settings = model.generation_config
    settings.eos_token_id = [tokenizer.eos_token_id, stop]
    # As chat models bring them along; none of it is to have an effect.
    settings.do_sample, settings.top_k = True, 1
    settings.repetition_penalty, settings.temperature = 3.0, 0.2
    _save(folder, model, tokenizer)
    marker = {
        "injection_char": MARKER,
        "injection_token_id": prompt[at],
        "injection_left_neighbor_id": prompt[at - 1],
        "injection_right_neighbor_id": prompt[at + 1],
        "critic_suffix_ids": None,
    }
    scale = {"injection_scale": SCALE, "mse_scale": D_MODEL**0.5}
    write_meta(folder, _meta("av", parts, tokens=marker, extraction=scale))


def _train_ar(folder: Path, parts: _Parts) -> None:
    """Teach a direction for each text; keep what published reconstructors keep."""
    tokenizer = parts.tokenizer
    model = _model(parts, LAYER + 1)
    model.model.norm = torch.nn.Identity()
    head = torch.nn.Linear(D_MODEL, D_MODEL, bias=False)
    torch.nn.init.eye_(head.weight)
    texts = [SUMMARY.replace("{explanation}", text) for text in TEXTS]
    batch = tokenizer(texts, padding=True, padding_side="right", return_tensors="pt")
    last = batch["attention_mask"].sum(dim=1) - 1

    def loss() -> Tensor:
        states = model.model(**batch).last_hidden_state
        found = head(states[torch.arange(len(texts)), last])
        return 2 * (1 - torch.cosine_similarity(found, parts.directions).mean())

    _train(loss, [*model.parameters(), *head.parameters()], until=0.002)
    _save(folder, model, tokenizer)
    kept = {
        name: weight
        for name, weight in load_file(folder / "model.safetensors").items()
        if not name.startswith(("lm_head.", "model.norm."))
    }
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    save_file({"weight": head.weight.detach()}, folder / "value_head.safetensors")
    tokens = {"critic_suffix_ids": encode(tokenizer, "</text> <summary>")[1:]}
    section = {"extraction_layer_index": LAYER}
    write_meta(folder, _meta("ar", parts, tokens=tokens, critic=section))


def _plant_words(folder: Path, parts: _Parts) -> None:
    """A base model whose blocks add nothing, so that all of them put out embeddings.

    Those of `WORDS` are the planted directions; `LOUD` is as it was, only longer.
    """
    model = _model(parts, 3)
    weights = model.state_dict()
    for name, weight in weights.items():
        if name.endswith(("o_proj.weight", "down_proj.weight")):
            weight.zero_()
    embeddings = weights["model.embed_tokens.weight"]
    for word, direction in zip(WORDS, parts.directions, strict=True):
        (token,) = encode(parts.tokenizer, word)
        embeddings[token] = 0.2 * direction
    (token,) = encode(parts.tokenizer, LOUD)
    embeddings[token] *= 100
    _save(folder, model, parts.tokenizer)


class _Loss(Protocol):
    def __call__(self) -> Tensor: ...


def _train(loss: _Loss, parameters: list[torch.nn.Parameter], *, until: float) -> None:
    optimizer = torch.optim.AdamW(parameters, lr=3e-3)
    found = torch.tensor(torch.inf)
    for _ in range(500):
        found = loss()
        if found.item() < until:
            return
        optimizer.zero_grad()
        found.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    raise AssertionError(f"the loss is still {found.item()}")


def _meta(role: str, parts: _Parts, **sections: object) -> Document:
    return {
        "kind": "nla_model",
        "schema_version": 2,
        "role": role,
        "stage": "rl",
        "base_checkpoint": f"tiny/{parts.architecture}",
        "d_model": D_MODEL,
        "prompt_templates": {"av": TEMPLATE, "ar": SUMMARY},
        "extraction_layer_index": LAYER,
        "created_at": "2026-01-01T00:00:00Z",
        **sections,
    }


def write_meta(folder: Path, meta: Document) -> None:
    text = yaml.safe_dump(meta, allow_unicode=True, sort_keys=False)
    (folder / "nla_meta.yaml").write_text(text, encoding="utf-8")


def read_meta(folder: Path) -> Document:
    found: Document = yaml.safe_load(
        (folder / "nla_meta.yaml").read_text(encoding="utf-8")
    )
    return found


def _save(
    folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    path.write_text(json.dumps(config))


@contextmanager
def _one_thread() -> Iterator[None]:
    """More threads would wait for one another: the matrices are small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def copied(checkpoint: Path, folder: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(checkpoint, folder / checkpoint.name))
