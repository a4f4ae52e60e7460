"""What stands in for a model's MLPs and has the features: transcoders, or neurons."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from jaxtyping import Float

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@runtime_checkable
class LayerFeatures(Protocol):
    """Some features of one layer; only their rows were read."""

    @property
    def layer(self) -> int: ...

    @property
    def indices(self) -> tuple[int, ...]:
        """In-layer indices, in the order of the columns of `activations`."""
        ...

    @property
    def reads(self) -> str:
        """TransformerLens name of the hook whose value `activations` takes."""
        ...

    def activations(
        self, read: "Float[Tensor, '*batch d_read']"
    ) -> "Float[Tensor, '*batch n']":
        """What the features do where the hook had these values."""
        ...

    def directions(self) -> "Mapping[int, Float[Tensor, 'n d_model']]":
        """Decoder rows by the layer whose MLP output they are added to."""
        ...


@runtime_checkable
class Replacement(Protocol):
    """All layers of a set of transcoders, or of the model's own neurons."""

    @property
    def name(self) -> str:
        """The kind, and where it lies."""
        ...

    def layer_features(
        self, layer: int, indices: Sequence[int], *, device: "torch.device"
    ) -> LayerFeatures:
        """Read the rows of some features of a layer, as float32.

        Raises
        ------
        ReplacementError
            if the layer or a feature does not exist, or a file is not of its layout.
        """
        ...
