"""A causal language model of transformers, in this process and on the local device."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from glossator.device import best_device, release_memory
from glossator.errors import ModelError
from glossator.llm.chat_model import Answer, ChatPrompt, NoAnswer, Reply
from glossator.llm.model_files import load_model, revision_of
from glossator.progress import CancelToken, Progress

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_CPU_TOKENS = 2048
"""A batch's, answers included: what fits, and what a user who cancels waits for."""
_GPU_TOKENS = 16_384


class _Marks(NamedTuple):
    """Tokens that are no text."""

    ends: tuple[int, ...]
    """Each of which ends an answer."""
    pad: int


class _Row(NamedTuple):
    """A prompt as the model reads it."""

    at: int
    ids: list[int]


class _Wanted(NamedTuple):
    """What is asked of every answer."""

    max_tokens: int
    one_line: bool
    cancel: CancelToken


@dataclass(eq=False)
class InProcessModel:
    """Writes without sampling, in batches of prompts of similar length."""

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

    def complete(
        self,
        prompts: Sequence[ChatPrompt],
        cancel: CancelToken,
        *,
        max_tokens: int,
        one_line: bool = False,
    ) -> Generator[Progress, None, list[Reply]]:
        """Answer as `ChatModel.complete` says.

        The other prompts of a batch change an answer by rounding alone. Where memory
        lacks, this batch and those after it are halved.
        """
        wanted = _Wanted(max_tokens, one_line, cancel)
        rows = [_Row(at, self._ids(prompt)) for at, prompt in enumerate(prompts)]
        found = self._too_long(rows, max_tokens)
        waiting = [row for row in rows if row.at not in found]
        waiting.sort(key=lambda row: len(row.ids))
        while waiting:
            yield Progress(len(found), len(prompts), "asking the language model")
            cancel.check()
            batch = self._last_that_fit(waiting, max_tokens)
            replies = self._tried(batch, wanted)
            cancel.check()
            if replies is None:
                self._batch_tokens = _n_tokens(batch, max_tokens) // 2
                release_memory()
                continue
            found.update(zip((row.at for row in batch), replies, strict=True))
            del waiting[-len(batch) :]
        return [found[at] for at in range(len(prompts))]

    def _too_long(self, rows: Sequence[_Row], max_tokens: int) -> dict[int, Reply]:
        config = self._model.config.get_text_config()
        reach = getattr(config, "max_position_embeddings", None)
        return {
            row.at: NoAnswer(
                f"the prompt has {len(row.ids)} tokens, and the model reads {reach} "
                "with its answer"
            )
            for row in rows
            if reach is not None and len(row.ids) + max_tokens > reach
        }

    def _last_that_fit(self, rows: Sequence[_Row], max_tokens: int) -> Sequence[_Row]:
        """The longest of the rows: at least one, and as many as a batch may hold."""
        return rows[-max(1, self._batch_tokens // _n_tokens(rows[-1:], max_tokens)) :]

    # -- text to tokens and back ----------------------------------------------------

    def _ids(self, prompt: ChatPrompt) -> list[int]:
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

    def _reply(self, row: "Tensor", wanted: _Wanted) -> Reply:
        tokens = [int(token) for token in row.tolist()]
        ends = (at for at, token in enumerate(tokens) if token in self._marks.ends)
        end = next(ends, None)
        text = str(self._tokenizer.decode(tokens[:end], skip_special_tokens=True))
        text = text.strip() if end is not None else text.lstrip()
        if wanted.one_line and "\n" in text:
            return Answer(text.partition("\n")[0], "stop")
        if not text:
            return NoAnswer("the answer is empty")
        return Answer(text, "length" if end is None else "stop")

    # -- the model ------------------------------------------------------------------

    def _tried(self, batch: Sequence[_Row], wanted: _Wanted) -> list[Reply] | None:
        """None where a batch fails; by then the error holds no tensors any more."""
        try:
            return self._written(batch, wanted)
        except (MemoryError, RuntimeError) as error:
            if len(batch) > 1:
                return None
            told = " ".join(str(error).split())[:200]
            raise ModelError(
                f"cannot be run on {self.device}, not even with one prompt of "
                f"{len(batch[0].ids)} tokens ({told})",
                source=self.name,
            ) from error

    def _written(self, batch: Sequence[_Row], wanted: _Wanted) -> list[Reply]:
        """Answer all prompts of a batch at once, padded at the left."""
        import torch
        from transformers import StoppingCriteriaList

        width = max(len(row.ids) for row in batch)
        ids = torch.full((len(batch), width), self._marks.pad)
        mask = torch.zeros_like(ids)
        for at, row in enumerate(batch):
            ids[at, width - len(row.ids) :] = torch.tensor(row.ids)
            mask[at, width - len(row.ids) :] = 1
        enough = _Enough(self._tokenizer, width, wanted)
        with torch.inference_mode():
            written = self._model.generate(  # type: ignore[operator]  # of their mixin
                input_ids=ids.to(self._model.device),
                attention_mask=mask.to(self._model.device),
                max_new_tokens=wanted.max_tokens,
                do_sample=False,
                stopping_criteria=StoppingCriteriaList([enough]),
            )
        return [self._reply(row, wanted) for row in written[:, width:]]


@dataclass(frozen=True)
class _Enough:
    """Says after each token which answers are whole; all are once a job is to stop."""

    tokenizer: "PreTrainedTokenizerBase"
    width: int
    """Tokens of the prompts."""
    wanted: _Wanted

    def __call__(self, ids: "Tensor", scores: "Tensor", **_: object) -> "Tensor":
        import torch

        stopped = self.wanted.cancel.cancelled
        whole = [stopped] * len(ids)
        if self.wanted.one_line and not stopped:
            whole = [
                "\n" in str(self.tokenizer.decode(row[self.width :])).lstrip()
                for row in ids
            ]
        return torch.tensor(whole, device=ids.device)


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
