"""A tiny language model of a true architecture, which has learned its answers."""

from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn.utils.rnn import pad_sequence
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from glossator.llm.chat_model import ChatPrompt, Turn

CHAT = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    + CHAT
)
ENDS = "<|end|>"
_SPECIALS = ["<|pad|>", ENDS, "<|system|>", "<|user|>", "<|assistant|>"]
_REACH = 512
_STEPS = 120
_SMALL_LOSS = 0.02


def prompt(text: str) -> ChatPrompt:
    return ChatPrompt((Turn("system", "Name it."), Turn("user", text)))


def save_tiny_chat(
    folder: Path, answers: Mapping[ChatPrompt, str], chat: str = CHAT
) -> Path:
    """Train a model to answer prompts, and write it as published ones are.

    Parameters
    ----------
    answers : they end where the model is to end; one that does not end in `ENDS` goes
        on as it likes.
    chat : its chat template; "" for a model that only completes.
    """
    torch.manual_seed(0)
    tokenizer = _tokenizer([_text(asked) + said for asked, said in answers.items()])
    if chat:
        tokenizer.chat_template = chat
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=_REACH,
        bos_token_id=None,
        eos_token_id=tokenizer.convert_tokens_to_ids(ENDS),
        pad_token_id=tokenizer.pad_token_id,
    )
    model = LlamaForCausalLM(config)
    _train(model, tokenizer, answers)
    model.generation_config.repetition_penalty = 9.0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _text(asked: ChatPrompt) -> str:
    return "".join(turn.text for turn in asked.turns)


def _tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=600,
            special_tokens=_SPECIALS,
            initial_alphabet=alphabet,
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # theirs
        tokenizer_object=made, pad_token=_SPECIALS[0], eos_token=ENDS
    )


def _train(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    answers: Mapping[ChatPrompt, str],
) -> None:
    rows, wanted = [], []
    for asked, said in answers.items():
        question = _rendered(tokenizer, asked)
        answer = tokenizer.encode(said, add_special_tokens=False)
        rows.append(torch.tensor(question + answer))
        wanted.append(torch.tensor([-100] * len(question) + answer))
    ids = pad_sequence(rows, batch_first=True)
    labels = pad_sequence(wanted, batch_first=True, padding_value=-100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    loss = torch.tensor(torch.inf)
    for _ in range(_STEPS):
        loss = model(input_ids=ids, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < _SMALL_LOSS:
            return
    raise AssertionError(f"the tiny model has not learned its answers: {loss.item()}")


def _rendered(tokenizer: PreTrainedTokenizerFast, asked: ChatPrompt) -> list[int]:
    if not tokenizer.chat_template:
        return list(tokenizer.encode("\n\n".join(turn.text for turn in asked.turns)))
    turns = asked.turns
    if tokenizer.chat_template == NO_SYSTEM:
        turns = asked.without_system().turns
    text = str(
        tokenizer.apply_chat_template(
            [{"role": turn.role, "content": turn.text} for turn in turns],
            tokenize=False,
            add_generation_prompt=True,
        )
    )
    return list(tokenizer.encode(text, add_special_tokens=False))
