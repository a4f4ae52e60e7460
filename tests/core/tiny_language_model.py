"""A tiny random Llama on disk: folder, tokenizer, and texts to run it over."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

N_LAYERS, D_MODEL, D_MLP = 3, 16, 24
BOS, EOS = "<|begin|>", "<|end|>"
_WORDS = [
    *("river", "bank", "flood", "water", "rain", "cloud", "storm", "wind", "tree"),
    *("leaf", "root", "stone", "sand", "hill", "Köln", "café", "naïve", "東京", "city"),
    *("street", "house", "door", "window", "light", "night", "morning", "bread"),
]


def sentences(n: int, seed: int = 0) -> list[str]:
    """Texts of 2 to 90 words, some of them repeated word by word."""
    rng = np.random.default_rng(seed)
    found = [
        " ".join(rng.choice(_WORDS, size=rng.integers(2, 90)).tolist())
        for _ in range(n)
    ]
    for at in range(7, n, 11):
        found[at] = found[at - 5]
    return found


def fast_tokenizer(backend: Tokenizer, **named: str) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # theirs
        tokenizer_object=backend, **named
    )


def save_tiny_llama(
    folder: Path, *, named: Sequence[str] = ("bos", "eos"), seed: int = 0
) -> Path:
    """Write config, weights and tokenizer; weights are large: neurons shall differ.

    Parameters
    ----------
    named : which of its special tokens the tokenizer names.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sentences(200, seed=1), trainer)
    tokens = {"bos_token": BOS, "eos_token": EOS}
    known = {name: token for name, token in tokens.items() if name[:3] in named}
    fast_tokenizer(tokenizer, **known).save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=D_MODEL,
        intermediate_size=D_MLP,
        num_hidden_layers=N_LAYERS,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=128,
        initializer_range=0.3,
        tie_word_embeddings=False,
    )
    torch.manual_seed(seed)
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.copy_(1 + 0.5 * torch.rand_like(weight))
    model.save_pretrained(folder)
    return folder
