"""An activation verbalizer on the local device: vectors in, text out."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Float

from glossator.errors import VerbalizeError
from glossator.progress import CancelToken, Progress
from glossator.verbalize.checkpoint import (
    DtypeName,
    checkpoint_file,
    load_tokenizer,
    load_weights,
    placement,
)
from glossator.verbalize.description import (
    Description,
    Sampling,
    Vectors,
    check_vectors,
)
from glossator.verbalize.explanation import CLOSING, extract
from glossator.verbalize.halving import HalvingBatches
from glossator.verbalize.injection import (
    Prompt,
    canonical_prompt,
    custom_prompt,
    inject,
)
from glossator.verbalize.sidecar import FILE_NAME, VerbalizerSidecar, read_verbalizer

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import (
        PreTrainedModel,
        PreTrainedTokenizerBase,
        StoppingCriteriaList,
    )

_CPU_ROWS = 8
_GPU_ROWS = 32


class _Row(NamedTuple):
    """A text to write."""

    vector: int
    sample: int


@dataclass(frozen=True, eq=False)
class ActivationVerbalizer:
    """A language model that was trained to say what an embedding row stands for."""

    name: str
    sidecar: VerbalizerSidecar
    _model: "PreTrainedModel"
    _tokenizer: "PreTrainedTokenizerBase"
    _prompt: Prompt
    _stop: "StoppingCriteriaList"
    """Ends a text after its closing tag; slow to make where the vocabulary is large."""
    _batches: HalvingBatches

    @classmethod
    def open(
        cls, name: str, *, device: str = "auto", dtype: DtypeName = "auto"
    ) -> "ActivationVerbalizer":
        """Load a checkpoint and check that it is used as it was trained.

        Parameters
        ----------
        name : folder, or name on the model hub.
        device : "auto" is CUDA, then MPS, then the CPU.
        dtype : "auto" is bf16, on the CPU float32; weights are cast as they are read.

        Raises
        ------
        VerbalizeError
            if files are missing, or do not agree with the sidecar.
        """
        from transformers import StoppingCriteriaList, StopStringCriteria

        sidecar = read_verbalizer(checkpoint_file(name, FILE_NAME))
        tokenizer = load_tokenizer(name)
        try:
            prompt = canonical_prompt(tokenizer, sidecar)
        except VerbalizeError as error:
            raise VerbalizeError(
                error.message, source=name, field=error.field
            ) from error
        place = placement(device, dtype)
        model = load_weights(name, place, with_head=True)
        rows = _CPU_ROWS if place.device.type == "cpu" else _GPU_ROWS
        stop = StoppingCriteriaList([StopStringCriteria(tokenizer, [CLOSING])])
        batches = HalvingBatches(rows)
        opened = cls(name, sidecar, model, tokenizer, prompt, stop, batches)
        opened._check_width()
        opened._check_first_block()
        opened._forget_sampling()
        return opened

    @property
    def base_model(self) -> str:
        return self.sidecar.base_model

    @property
    def layer(self) -> int:
        return self.sidecar.layer

    @property
    def d_model(self) -> int:
        return self.sidecar.d_model

    @property
    def device(self) -> str:
        return str(self._model.device)

    def describe(
        self,
        vectors: Vectors,
        *,
        layer: int,
        sampling: Sampling,
        cancel: CancelToken,
        extrapolate: str = "",
        prompt: str = "",
    ) -> Generator[Progress, None, tuple[Description, ...]]:
        """Write texts as `VectorVerbalizer.describe` says.

        A batch that does not fit into memory is halved. Neither the batch nor the other
        vectors change a text, up to rounding.

        Parameters
        ----------
        prompt : a person's own, see `custom_prompt`; "" is that of the training.
        """
        check_vectors(vectors, layer, extrapolate, self)
        sampling = sampling.checked()
        turn = self._prompt
        if prompt:
            turn = custom_prompt(self._tokenizer, self.sidecar.marker, prompt)
        rows = [
            _Row(*at) for at in product(range(len(vectors)), range(sampling.n_samples))
        ]
        found: list[Description] = []
        yield Progress(0, len(rows), "putting vectors into words")

        def write(batch: Sequence[_Row]) -> list[str]:
            return self._written(batch, vectors, turn, sampling)

        for texts in self._batches.over(rows, write):
            for text in texts:
                row = rows[len(found)]
                explained = extract(text, self._tokenizer.all_special_tokens)
                found.append(Description(*row, *explained, extrapolates=extrapolate))
            yield Progress(len(found), len(rows), "putting vectors into words")
            cancel.check()
        return tuple(found)

    def embedded(
        self, vectors: Vectors, prompt: Prompt | None = None
    ) -> "Float[Tensor, 'n n_tokens d_model']":
        """What the first block gets: the prompt's rows, with each vector in place."""
        import torch

        prompt = prompt or self._prompt
        with torch.inference_mode():
            given = torch.from_numpy(vectors).to(self._model.device)
            rows = self._looked_up(prompt)
            injected = inject(rows, prompt.position, given, self.sidecar.scale)
        return injected.to(self._model.dtype)

    def _written(
        self,
        batch: Sequence[_Row],
        vectors: Vectors,
        prompt: Prompt,
        sampling: Sampling,
    ) -> list[str]:
        """What the model adds to the prompt, up to the closing tag."""
        import torch
        from transformers import GenerationConfig, LogitsProcessorList

        from glossator.verbalize.draws import Draws

        drawing = LogitsProcessorList()
        if sampling.temperature > 0:
            samples = [row.sample for row in batch]
            drawing.append(Draws(samples, sampling.temperature, sampling.seed))
        embedded = self.embedded(vectors[[row.vector for row in batch]], prompt)
        with torch.inference_mode():
            ids = self._model.generate(  # type: ignore[operator]  # of their mixin
                inputs_embeds=embedded,
                attention_mask=torch.ones(
                    embedded.shape[:2], dtype=torch.int64, device=embedded.device
                ),
                generation_config=GenerationConfig(  # type: ignore[no-untyped-call]
                    do_sample=False,
                    max_new_tokens=sampling.max_new_tokens,
                ),
                logits_processor=drawing,
                stopping_criteria=self._stop,
            )
        return [
            str(
                self._tokenizer.decode(
                    row, skip_special_tokens=False, clean_up_tokenization_spaces=False
                )
            )
            for row in ids
        ]

    def _looked_up(self, prompt: Prompt) -> "Float[Tensor, 'n_tokens d_model']":
        """Rows of the tokens as the model's own module gives them, its scale included.

        Gemma's module multiplies by sqrt(d_model); the vector is not to be multiplied.
        """
        import torch

        ids = torch.tensor(prompt.ids, device=self._model.device)
        look_up = self._model.get_input_embeddings()
        rows: Float[Tensor, "n_tokens d_model"] = look_up(ids)
        return rows

    def _check_width(self) -> None:
        width = self._looked_up(self._prompt).shape[1]
        if width != self.d_model:
            raise VerbalizeError(
                f"{self.d_model}, but the embeddings have {width} numbers",
                source=self.name,
                field="d_model",
            )

    def _check_first_block(self) -> None:
        """Refuse models that change embeddings on their way to the first block.

        They would scale the vector, too, or need the token that it is not.
        """
        import torch

        rng = np.random.default_rng(0)
        vector = rng.standard_normal((1, self.d_model)).astype(np.float32)
        given = self.embedded(vector)
        why = "changes embeddings before the first block"
        try:
            with torch.inference_mode():
                found = self._model.base_model(
                    inputs_embeds=given, output_hidden_states=True
                )
            got = found.hidden_states[0]
            if got.shape == given.shape and torch.equal(got, given):
                return
        except (RuntimeError, ValueError) as error:
            why = str(error)
        raise VerbalizeError(
            f"{type(self._model).__name__} takes no vector in place of a token ({why})",
            source=self.name,
            field="model_type",
        )

    def _forget_sampling(self) -> None:
        """Keep of the checkpoint's sampling settings where a text ends, and no more.

        Others would apply unseen (a repetition penalty, top-k), also where none is
        asked for.
        """
        from transformers import GenerationConfig

        ends = self._model.generation_config.eos_token_id
        if ends is None:
            ends = self._tokenizer.eos_token_id
        pad = self._tokenizer.pad_token_id
        if pad is None:
            pad = ends[0] if isinstance(ends, list) else ends
        self._model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            eos_token_id=ends, pad_token_id=pad
        )
