"""A causal language model of transformers, in this process and on the local device."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import length_hint
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from glossator.device import best_device, release_memory
from glossator.errors import ModelError
from glossator.llm.chat_model import (
    Answer,
    AnswerProgress,
    ChatPrompt,
    NoAnswer,
    Replied,
    Reply,
    TokenOdds,
    Usage,
    Wanted,
)
from glossator.llm.encodable import encodable
from glossator.llm.model_files import load_model, revision_of
from glossator.progress import CancelToken, Progress

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_CPU_TOKENS = 2048
"""A batch's, answers included: what fits, and what a user who cancels waits for."""
_GPU_TOKENS = 16_384
_AHEAD = 8
"""Batches whose prompts are taken at once, to be answered by length."""
_LIKELY = 5
"""Tokens whose odds are told."""
_WHAT = "asking the language model"


class _Marks(NamedTuple):
    """Tokens that are no text."""

    ends: tuple[int, ...]
    """Each of which ends an answer."""
    pad: int


_Likely: TypeAlias = tuple[tuple[int, float], ...]
"""Tokens and how likely they were."""


class _Row(NamedTuple):
    """A prompt as the model reads it."""

    at: int
    ids: list[int]


@dataclass(eq=False)
class InProcessModel:
    """Writes in batches of prompts of similar length."""

    name: str
    _model: "PreTrainedModel"
    _tokenizer: "PreTrainedTokenizerBase"
    _marks: _Marks
    _batch_tokens: int

    @classmethod
    def open(cls, model: str, *, device: str = "") -> "InProcessModel":
        """Load a model: bf16 on CUDA, else float32.

        Parameters
        ----------
        model : folder, or name on the model hub, whose files are fetched unless they
            are in its cache. Of a folder nothing is asked of the network.
        device : "" is CUDA, then MPS, then the CPU.

        Raises
        ------
        ModelError
            if there is no such model, or it is none that writes.
        """
        from transformers import GenerationConfig

        device = device or best_device()
        loaded, tokenizer = load_model(model, device)
        marks = _marks(loaded, tokenizer)
        # A checkpoint's own sampling would apply unseen: a repetition penalty, top-k.
        loaded.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            eos_token_id=list(marks.ends) or None, pad_token_id=marks.pad
        )
        revision = revision_of(model)
        name = f"{model}@{revision[:12]}" if revision else model
        tokens = _CPU_TOKENS if device == "cpu" else _GPU_TOKENS
        return cls(name, loaded, tokenizer, marks, tokens)

    @property
    def device(self) -> str:
        return str(self._model.device)

    @property
    def model(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """Of a server: there is none."""
        return ""

    @property
    def thinking(self) -> int:
        """Tokens that it may use on top of an answer's."""
        return 0

    def complete(
        self, prompts: Iterable[ChatPrompt], cancel: CancelToken, wanted: Wanted
    ) -> Generator[Progress, None, list[Reply]]:
        """Answer as `ChatModel.complete` says.

        The other prompts of a batch change an answer by rounding alone. Where memory
        lacks, this batch and those after it are halved.
        """
        total = length_hint(prompts)
        found: dict[int, Reply] = {}
        yield AnswerProgress(0, total, _WHAT)
        for replied in self._batches(prompts, cancel, wanted):
            found.update((one.at, one.reply) for one in replied)
            yield AnswerProgress(len(found), total, _WHAT, replied)
        return [found[at] for at in range(len(found))]

    def _batches(
        self, prompts: Iterable[ChatPrompt], cancel: CancelToken, wanted: Wanted
    ) -> Iterator[tuple[Replied, ...]]:
        """Replies of one batch after another."""
        coming = (_Row(at, self._ids(prompt)) for at, prompt in enumerate(prompts))
        while waiting := self._next_rows(coming, wanted):
            too_long = self._too_long(waiting, wanted)
            yield tuple(Replied(at, reply, 0.0) for at, reply in too_long.items())
            waiting = [row for row in waiting if row.at not in too_long]
            waiting.sort(key=lambda row: len(row.ids))
            while waiting:
                cancel.check()
                began = monotonic()
                batch = self._last_that_fit(waiting, wanted.max_tokens)
                replies = self._tried(batch, wanted, cancel)
                cancel.check()
                if replies is None:
                    self._batch_tokens = _n_tokens(batch, wanted.max_tokens) // 2
                    release_memory()
                    continue
                seconds = monotonic() - began
                yield tuple(
                    Replied(row.at, reply, seconds)
                    for row, reply in zip(batch, replies, strict=True)
                )
                del waiting[-len(batch) :]

    def _next_rows(self, coming: Iterator[_Row], wanted: Wanted) -> list[_Row]:
        """So many that their batches are of similar length; none at the end."""
        rows: list[_Row] = []
        room = _AHEAD * self._batch_tokens
        while room > 0 and (row := next(coming, None)) is not None:
            rows.append(row)
            room -= _n_tokens([row], wanted.max_tokens)
        return rows

    def _too_long(self, rows: Sequence[_Row], wanted: Wanted) -> dict[int, Reply]:
        config = self._model.config.get_text_config()
        reach = getattr(config, "max_position_embeddings", None)
        return {
            row.at: NoAnswer(
                f"the prompt has {len(row.ids)} tokens, and the model reads {reach} "
                "with its answer"
            )
            for row in rows
            if reach is not None and len(row.ids) + wanted.max_tokens > reach
        }

    def _last_that_fit(self, rows: Sequence[_Row], max_tokens: int) -> Sequence[_Row]:
        """The longest of the rows: at least one, and as many as a batch may hold."""
        return rows[-max(1, self._batch_tokens // _n_tokens(rows[-1:], max_tokens)) :]

    # -- text to tokens and back ----------------------------------------------------

    def _ids(self, prompt: ChatPrompt) -> list[int]:
        prompt = encodable(prompt)
        if self._tokenizer.chat_template is None:
            return list(self._tokenizer.encode(_as_text(prompt)))
        text = self._as_chat(prompt)
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    def _as_chat(self, prompt: ChatPrompt) -> str:
        from jinja2 import TemplateError

        try:
            return self._rendered(prompt)
        except TemplateError:
            # Some, as Gemma's, know no system turn.
            try:
                return self._rendered(prompt.without_system())
            except TemplateError as error:
                raise ModelError(
                    f"its chat template refuses the prompt ({error})", source=self.name
                ) from error

    def _rendered(self, prompt: ChatPrompt) -> str:
        return str(
            self._tokenizer.apply_chat_template(
                [{"role": turn.role, "content": turn.text} for turn in prompt.turns],
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=False,
            )
        )

    def _reply(
        self, asked: _Row, tokens: list[int], odds: Sequence[_Likely], wanted: Wanted
    ) -> Reply:
        """What the tokens after a prompt come to, with the odds of each."""
        ends = (at for at, token in enumerate(tokens) if token in self._marks.ends)
        end = next(ends, None)
        while end is None and tokens and tokens[-1] == self._marks.pad:
            tokens = tokens[:-1]
        told = tuple(self._odds(*one) for one in zip(tokens[:end], odds, strict=False))
        usage = Usage(len(asked.ids), len(tokens) if end is None else end + 1)
        text = str(self._tokenizer.decode(tokens[:end], skip_special_tokens=True))
        text = text.strip() if end is not None else text.lstrip()
        if wanted.one_line and "\n" in text:
            return Answer(text.partition("\n")[0], "stop", usage, told)
        if not text:
            return NoAnswer("the answer is empty", usage=usage)
        return Answer(text, "length" if end is None else "stop", usage, told)

    def _odds(self, token: int, likely: _Likely) -> TokenOdds:
        def text(of: int) -> str:
            return str(self._tokenizer.decode([of]))

        return TokenOdds(text(token), tuple((text(one), p) for one, p in likely))

    # -- the model ------------------------------------------------------------------

    def _tried(
        self, batch: Sequence[_Row], wanted: Wanted, cancel: CancelToken
    ) -> list[Reply] | None:
        """None where a batch fails; by then the error holds no tensors any more."""
        try:
            return self._written(batch, wanted, cancel)
        except (MemoryError, RuntimeError) as error:
            if len(batch) > 1:
                return None
            told = " ".join(str(error).split())[:200]
            raise ModelError(
                f"cannot be run on {self.device}, not even with one prompt of "
                f"{len(batch[0].ids)} tokens ({told})",
                source=self.name,
            ) from error

    def _written(
        self, batch: Sequence[_Row], wanted: Wanted, cancel: CancelToken
    ) -> list[Reply]:
        """Answer all prompts of a batch at once, padded at the left."""
        import torch
        from transformers import LogitsProcessorList, StoppingCriteriaList

        width = max(len(row.ids) for row in batch)
        ids = torch.full((len(batch), width), self._marks.pad)
        mask = torch.zeros_like(ids)
        for at, row in enumerate(batch):
            ids[at, width - len(row.ids) :] = torch.tensor(row.ids)
            mask[at, width - len(row.ids) :] = 1
        enough = _Enough(self._tokenizer, width, wanted.one_line, cancel)
        steps = _LikelyTokens()
        with torch.inference_mode():
            written = self._model.generate(  # type: ignore[operator]  # of their mixin
                input_ids=ids.to(self._model.device),
                attention_mask=mask.to(self._model.device),
                max_new_tokens=wanted.max_tokens,
                stopping_criteria=StoppingCriteriaList([enough]),
                logits_processor=LogitsProcessorList([steps] if wanted.odds else []),
                **_sampling(wanted.temperature),
            )
        tokens = written[:, width:].tolist()
        return [
            self._reply(row, tokens[at], [step[at] for step in steps.found], wanted)
            for at, row in enumerate(batch)
        ]


@dataclass(frozen=True)
class _Enough:
    """Says after each token which answers are whole; all are once a job is to stop."""

    tokenizer: "PreTrainedTokenizerBase"
    width: int
    """Tokens of the prompts."""
    one_line: bool
    cancel: CancelToken

    def __call__(self, ids: "Tensor", scores: "Tensor", **_: object) -> "Tensor":
        import torch

        stopped = self.cancel.cancelled
        whole = [stopped] * len(ids)
        if self.one_line and not stopped:
            whole = [
                "\n" in str(self.tokenizer.decode(row[self.width :])).lstrip()
                for row in ids
            ]
        return torch.tensor(whole, device=ids.device)


@dataclass(frozen=True)
class _LikelyTokens:
    """Keeps what is likeliest after each token; the odds of all would not fit."""

    found: list[list[_Likely]] = field(default_factory=list)
    """Of each step, one a row."""

    def __call__(self, ids: "Tensor", scores: "Tensor") -> "Tensor":
        odds, tokens = scores.float().softmax(-1).topk(_LIKELY)
        pairs = zip(tokens.tolist(), odds.tolist(), strict=True)
        self.found.append([tuple(zip(*pair, strict=True)) for pair in pairs])
        return scores


def _sampling(temperature: float) -> dict[str, float]:
    if temperature > 0:
        return {"do_sample": True, "temperature": temperature, "top_k": 0}
    return {"do_sample": False}


def _marks(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase") -> _Marks:
    said = model.generation_config.eos_token_id
    ends = said if isinstance(said, list) else [said]
    found = {end for end in (*ends, tokenizer.eos_token_id) if isinstance(end, int)}
    pad = tokenizer.pad_token_id
    if not isinstance(pad, int):
        pad = min(found, default=0)
    return _Marks(tuple(sorted(found)), pad)


def _as_text(prompt: ChatPrompt) -> str:
    """Of a model that knows no turns: what is said, and where it is to go on."""
    return "".join(
        f"{turn.text} " if turn.role == "user" else f"{turn.text}\n\n"
        for turn in prompt.turns
    ).rstrip()


def _n_tokens(rows: Sequence[_Row], max_tokens: int) -> int:
    return len(rows) * (max(len(row.ids) for row in rows) + max_tokens)
