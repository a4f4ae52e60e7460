"""The kinds of files that hold a layer of transcoders, and where its numbers lie.

``reference``: circuit-tracer ``transcoder/single_layer_transcoder.py``,
``transcoder/cross_layer_transcoder.py``; SAELens ``saes/transcoder.py``.
"""

from dataclasses import dataclass

from glossator.errors import ReplacementError
from glossator.model.stored_array import StoredArray, TransposedArray
from glossator.model.weight_file import WeightFile


@dataclass(frozen=True)
class Layout:
    """Keys of a layer's arrays; ``{layer}`` stands for its number."""

    encoder: str
    decoder: str
    bias: str
    output_bias: str
    threshold: str
    """Absent where the activation is a plain ReLU."""
    reads: str
    """Hook inside a block where no config names it; "" where a config must."""
    turned: bool = False
    """Whether the encoder's columns are the features, and not its rows."""


CROSS_LAYER = Layout(
    encoder="W_enc_{layer}",
    decoder="W_dec_{layer}",
    bias="b_enc_{layer}",
    output_bias="b_dec_{layer}",
    threshold="threshold_{layer}",
    reads="hook_resid_mid",
)
PER_LAYER = Layout(
    encoder="W_enc",
    decoder="W_dec",
    bias="b_enc",
    output_bias="b_dec",
    threshold="activation_function.threshold",
    reads="hook_resid_mid",
)
GEMMA_SCOPE = Layout(
    encoder="W_enc",
    decoder="W_dec",
    bias="b_enc",
    output_bias="b_dec",
    threshold="threshold",
    reads="ln2.hook_normalized",
    turned=True,
)
GEMMA_SCOPE_2 = Layout(
    encoder="w_enc",
    decoder="w_dec",
    bias="b_enc",
    output_bias="b_dec",
    threshold="threshold",
    reads="",
    turned=True,
)
SAELENS = Layout(
    encoder="W_enc",
    decoder="W_dec",
    bias="b_enc",
    output_bias="b_dec",
    threshold="threshold",
    reads="",
    turned=True,
)


@dataclass(frozen=True)
class LayerWeights:
    """Where the numbers of one layer's features lie; F features.

    A skip connection (``W_skip``, ``affine_skip_connection``) is left alone: it adds to
    the output, and no feature's activation or decoder row depends on it.
    """

    layer: int
    encoder: StoredArray
    """[F, d_read]"""
    bias: StoredArray
    """[F]"""
    threshold: StoredArray | None
    """[F]; None for a plain ReLU."""
    decoder: StoredArray
    """[F, d_model], or [F, n, d_model] with a slice for each written layer."""
    slices: dict[int, int]
    """Which slice is written to which layer; empty where there is but the own layer."""
    centre: StoredArray | None = None
    """[d_read], subtracted from what is read."""

    @property
    def n_features(self) -> int:
        return self.bias.shape[0]


def tell_layout(file: WeightFile, layer: int) -> Layout:
    """Tell the kind of a file by its keys.

    Raises
    ------
    ReplacementError
        if it is none of the known ones, or its features depend on one another.
    """
    if "k" in file.others:
        raise ReplacementError(
            "top-k features: each depends on all others of its layer; only ReLU and "
            "JumpReLU are read",
            source=file.path,
            field="k",
        )
    if CROSS_LAYER.encoder.format(layer=layer) in file.arrays:
        return CROSS_LAYER
    if GEMMA_SCOPE_2.encoder in file.arrays:
        return GEMMA_SCOPE_2
    if file.path.suffix == ".npz":
        return GEMMA_SCOPE
    return PER_LAYER


def layer_weights(
    layout: Layout,
    layer: int,
    file: WeightFile,
    decoder_file: WeightFile,
    *,
    relu: bool = False,
) -> LayerWeights:
    """Find a layer's arrays.

    Parameters
    ----------
    relu : pass over a threshold.

    Raises
    ------
    ReplacementError
        if a key is missing, or the shapes do not fit one another.
    """
    bias = file.array(layout.bias.format(layer=layer), "features")
    n = bias.shape[0]
    key = layout.encoder.format(layer=layer)
    encoder = (
        TransposedArray(file.array(key, "d_read", n))
        if layout.turned
        else file.array(key, n, "d_read")
    )
    threshold = None if relu else _threshold(layout, layer, file, n)
    (d_model,) = file.array(layout.output_bias.format(layer=layer), "d_model").shape
    decoder = _decoder(layout, layer, decoder_file, n, d_model)
    slices: dict[int, int] = {}
    if len(decoder.shape) == 3:
        # Gemma Scope 2 stores slices for the layers before, too.
        first = layer if layout is GEMMA_SCOPE_2 else 0
        slices = {layer + at - first: at for at in range(first, decoder.shape[1])}
    return LayerWeights(layer, encoder, bias, threshold, decoder, slices)


def _threshold(
    layout: Layout, layer: int, file: WeightFile, n: int
) -> StoredArray | None:
    key = layout.threshold.format(layer=layer)
    if key in file.arrays:
        return file.array(key, n)
    other = [other for other in file.arrays if "threshold" in other]
    if other:
        message = f"expected thresholds under the key {key}"
        raise ReplacementError(message, source=file.path, field=other[0])
    return None


def _decoder(
    layout: Layout, layer: int, file: WeightFile, n: int, d_model: int
) -> StoredArray:
    key = layout.decoder.format(layer=layer)
    there = file.arrays.get(key)
    n_axes = 0 if there is None else len(there.shape)
    if layout is CROSS_LAYER or (layout is GEMMA_SCOPE_2 and n_axes == 3):
        return file.array(key, n, "layers", d_model)
    if layout is PER_LAYER and there is not None and there.shape == (d_model, n):
        # As the first sets of circuit-tracer were written; of a square one none was.
        return there if n == d_model else TransposedArray(there)
    return file.array(key, n, d_model)
