"""The model's own MLP neurons as features, where there are no transcoders.

A neuron's activation is what the MLP's down projection reads; it writes its row of that
projection. ``signed neurons`` are two features a neuron, one for either sign: index =
2 * neuron + (1 if negative), and a feature is active where its sign is met.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from jaxtyping import Float

from glossator.errors import ReplacementError
from glossator.model.language_model import LanguageModel
from glossator.model.replacement import LayerFeatures

if TYPE_CHECKING:
    import torch
    from torch import Tensor

NeuronKind = Literal["neurons", "signed neurons"]
NEURON_KINDS: tuple[NeuronKind, ...] = get_args(NeuronKind)


@dataclass(frozen=True, eq=False)
class NeuronFeatures:
    """Some neurons of a layer, with or without a sign."""

    layer: int
    indices: tuple[int, ...]
    columns: "torch.Tensor"
    """[n] which neuron each feature is of."""
    signs: "torch.Tensor | None"
    """[n] 1 or -1; None where activations keep their sign."""
    rows: "torch.Tensor"
    """[n, d_model] of the down projection, float32."""

    @property
    def reads(self) -> str:
        return f"blocks.{self.layer}.mlp.hook_post"

    def activations(
        self, read: "Float[Tensor, '*batch d_mlp']"
    ) -> "Float[Tensor, '*batch n']":
        chosen = read.index_select(-1, self.columns).float()
        return chosen if self.signs is None else (chosen * self.signs).relu_()

    def directions(self) -> "Mapping[int, Float[Tensor, 'n d_model']]":
        rows = self.rows if self.signs is None else self.rows * self.signs[:, None]
        return {self.layer: rows}


class NeuronReplacement:
    """All neurons of a model."""

    def __init__(self, model: LanguageModel, kind: NeuronKind) -> None:
        self._model = model
        self._signed = kind == "signed neurons"
        self._kind = kind

    @property
    def name(self) -> str:
        return f"{self._kind} of {self._model.name}"

    def layer_features(
        self, layer: int, indices: Sequence[int], *, device: "torch.device"
    ) -> LayerFeatures:
        """Take rows of the down projection.

        Raises
        ------
        ReplacementError
            if the model has no such layer or neuron.
        """
        import torch

        down = self._model.down_projection(layer)
        each = 2 if self._signed else 1
        for index in indices:
            if not 0 <= index < each * len(down):
                raise ReplacementError(
                    f"layer {layer} has {each * len(down)} features, none of index "
                    f"{index}",
                    source=self.name,
                )
        chosen = torch.tensor(list(indices), dtype=torch.int64)
        neurons = (chosen // each).to(down.device)
        signs = (1 - 2 * (chosen % 2)).float().to(device) if self._signed else None
        return NeuronFeatures(
            layer=layer,
            indices=tuple(indices),
            columns=neurons.to(device),
            signs=signs,
            rows=down.index_select(0, neurons).float().to(device),
        )
