"""An activation reconstructor on the local device: text in, vectors out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from glossator.errors import VerbalizeError
from glossator.verbalize.checkpoint import (
    DtypeName,
    checkpoint_file,
    load_tokenizer,
    load_weights,
    placement,
    read_tensors,
)
from glossator.verbalize.description import Vectors
from glossator.verbalize.halving import HalvingBatches
from glossator.verbalize.reconstruction import Baseline, compared, known_baseline
from glossator.verbalize.sidecar import (
    FILE_NAME,
    TEXT_FIELD,
    ReconstructorSidecar,
    read_reconstructor,
)
from glossator.verbalize.verbalization import Reconstruction

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Linear
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_HEAD = "value_head.safetensors"
_NORMS = ("norm", "final_layernorm", "ln_f")
"""The last norm, by architecture: a reconstructor has none."""
_CPU_ROWS = 8
_GPU_ROWS = 64


@dataclass(frozen=True, eq=False)
class ActivationReconstructor:
    """The first blocks of a language model, and a linear map to vectors."""

    name: str
    sidecar: ReconstructorSidecar
    reference: Baseline | None
    """By which the fraction of variance explained is told."""
    _blocks: "PreTrainedModel"
    _head: "Linear"
    _tokenizer: "PreTrainedTokenizerBase"
    _batches: HalvingBatches

    @classmethod
    def open(
        cls,
        name: str,
        *,
        device: str = "auto",
        dtype: DtypeName = "auto",
        reference: Baseline | None = None,
    ) -> "ActivationReconstructor":
        """Load a checkpoint: folder, or name on the model hub.

        Parameters
        ----------
        reference : measured by `baseline`; else that of the published pair, if it is.

        Raises
        ------
        VerbalizeError
            if files are missing, or do not agree with the sidecar.
        """
        sidecar = read_reconstructor(checkpoint_file(name, FILE_NAME))
        place = placement(device, dtype)
        blocks = load_weights(name, place, with_head=False, may_lack=_NORMS)
        n_blocks = blocks.config.num_hidden_layers
        if n_blocks != sidecar.layer + 1:
            raise VerbalizeError(
                f"{n_blocks}, expected {sidecar.layer + 1}: block {sidecar.layer} and "
                "those before it",
                source=name,
                field="num_hidden_layers",
            )
        _without_norm(blocks, name)
        rows = _CPU_ROWS if place.device.type == "cpu" else _GPU_ROWS
        opened = cls(
            name,
            sidecar,
            reference or known_baseline(sidecar.base_model, sidecar.layer),
            blocks,
            _head(name, sidecar.d_model).to(place.device),
            load_tokenizer(name),
            HalvingBatches(rows),
        )
        opened._ids("text")
        return opened

    @property
    def layer(self) -> int:
        return self.sidecar.layer

    @property
    def d_model(self) -> int:
        return self.sidecar.d_model

    def reconstruct(self, texts: Sequence[str]) -> Vectors:
        """The vectors that the texts tell of, one a text; their length says nothing.

        Raises
        ------
        VerbalizeError
            if the tokenizer does not end the prompt as in training.
        """
        ids = [self._ids(text) for text in texts]
        empty = np.empty((0, self.d_model), np.float32)
        return np.concatenate([empty, *self._batches.over(ids, self._vectors)])

    def score(self, texts: Sequence[str], vectors: Vectors) -> list[Reconstruction]:
        """Tell of each text how much it says of the vector in the same place."""
        if vectors.shape != (len(texts), self.d_model):
            raise VerbalizeError(
                f"{len(texts)} texts and vectors of shape {vectors.shape}, expected "
                f"{self.d_model} numbers for each text",
                source=self.name,
                field="vectors",
            )
        found = self.reconstruct(texts)
        return [
            compared(one, other, self.reference)
            for one, other in zip(found, vectors, strict=True)
        ]

    def _ids(self, text: str) -> list[int]:
        """Tokens of the prompt, with the first one that the tokenizer adds."""
        prompt = self.sidecar.template.replace(TEXT_FIELD, text.strip())
        ids: list[int] = self._tokenizer.encode(prompt, add_special_tokens=True)
        suffix = list(self.sidecar.suffix)
        if suffix and ids[-len(suffix) :] != suffix:
            raise VerbalizeError(
                f"the prompt of {text[:60]!r} ends in tokens {ids[-len(suffix) :]}, in "
                f"training it was {suffix}",
                source=self.name,
                field="tokens.critic_suffix_ids",
            )
        return ids

    def _vectors(self, batch: Sequence[list[int]]) -> Vectors:
        """Read the last token of each; right-padded, so that positions stay."""
        import torch

        longest = max(map(len, batch))
        ids = torch.zeros(len(batch), longest, dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        device = self._blocks.device
        with torch.inference_mode():
            states: Float[Tensor, "batch n_tokens d_model"] = self._blocks(
                input_ids=ids.to(device), attention_mask=mask.to(device)
            ).last_hidden_state
            last = states[torch.arange(len(batch)), mask.sum(dim=1) - 1]
            found: Vectors = self._head(last.float()).cpu().numpy()
        return found


def _without_norm(blocks: "PreTrainedModel", name: str) -> None:
    import torch

    present = [norm for norm in _NORMS if hasattr(blocks, norm)]
    if not present:
        raise VerbalizeError(
            f"{type(blocks).__name__} has no last norm of a known name", source=name
        )
    setattr(blocks, present[0], torch.nn.Identity())


def _head(name: str, d_model: int) -> "Linear":
    """The map from the last token's state to the vector; its bias is rare."""
    import torch

    path = checkpoint_file(name, _HEAD)
    tensors = read_tensors(path)
    head = torch.nn.Linear(d_model, d_model, bias="bias" in tensors)
    try:
        head.load_state_dict(tensors)
    except RuntimeError as error:
        told = " ".join(str(error).split())
        raise VerbalizeError(told, source=path) from error
    return head.float().eval()
