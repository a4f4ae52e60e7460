"""Some features of a layer of transcoders, at work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch  # noqa: TID253  # only loaded once rows are read
from jaxtyping import Float, Float32
from numpy import ndarray
from torch import Tensor  # noqa: TID253

from glossator.errors import ReplacementError
from glossator.model.transcoder_layout import LayerWeights


@dataclass(frozen=True, eq=False)
class TranscoderFeatures:
    """Features of one layer, as float32; ``n`` of them."""

    layer: int
    indices: tuple[int, ...]
    reads: str
    encoder: Float[Tensor, "n d_read"]
    bias: Float[Tensor, " n"]
    threshold: Float[Tensor, " n"] | None
    """None for a plain ReLU."""
    weights: LayerWeights
    """From which the decoder rows are read when they are asked for."""

    def activations(
        self, read: Float[Tensor, "*batch d_read"]
    ) -> Float[Tensor, "*batch n"]:
        """Return ReLU or JumpReLU of the encoder's output; float32.

        Raises
        ------
        ReplacementError
            if the vectors are of another size than the encoder's rows.
        """
        if read.shape[-1] != self.encoder.shape[1]:
            raise ReplacementError(
                f"reads vectors of {self.encoder.shape[1]} numbers, but {self.reads} "
                f"has {read.shape[-1]}: are these transcoders of another model?"
            )
        found = torch.nn.functional.linear(
            read.to(self.encoder.dtype), self.encoder, self.bias
        )
        if self.threshold is None:
            return torch.relu(found)
        return torch.where(found > self.threshold, found, 0.0)

    def directions(self) -> Mapping[int, Float[Tensor, "n d_model"]]:
        rows = _tensor(self.weights.decoder.rows(self.indices), self.encoder.device)
        slices = self.weights.slices
        if not slices:
            return {self.layer: rows}
        return {layer: rows[:, at] for layer, at in slices.items()}


def read_features(
    weights: LayerWeights, indices: Sequence[int], reads: str, device: torch.device
) -> TranscoderFeatures:
    """Read encoder rows, biases and thresholds of some features, and no others."""
    encoder = _tensor(weights.encoder.rows(indices), device)
    bias = _tensor(weights.bias.rows(indices), device)
    if weights.centre is not None:
        centre = weights.centre.rows(range(weights.centre.shape[0]))
        bias = bias - encoder @ _tensor(centre, device)
    threshold = None
    if weights.threshold is not None:
        threshold = _tensor(weights.threshold.rows(indices), device)
    return TranscoderFeatures(
        layer=weights.layer,
        indices=tuple(indices),
        reads=reads,
        encoder=encoder,
        bias=bias,
        threshold=threshold,
        weights=weights,
    )


def _tensor(
    numbers: Float32[ndarray, "*shape"], device: torch.device
) -> Float32[Tensor, "*shape"]:
    return torch.from_numpy(numbers).to(device)
