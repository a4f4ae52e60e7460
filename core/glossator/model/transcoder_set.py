"""Transcoders of all layers, read a layer at a time."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.errors import ReplacementError
from glossator.model.layer_files import LayerFile, beside, find_layers, scope_hook
from glossator.model.replacement import LayerFeatures
from glossator.model.transcoder_config import TranscoderConfig
from glossator.model.transcoder_layout import (
    CROSS_LAYER,
    SAELENS,
    LayerWeights,
    layer_weights,
    tell_layout,
)
from glossator.model.weight_file import WeightFile, open_weights
from glossator.model.weight_places import Files, hub_files

if TYPE_CHECKING:
    import torch


class TranscoderSet:
    """A `Replacement` by transcoders; a layer's file is opened when it is asked for."""

    def __init__(
        self, files: Files, config: TranscoderConfig, *, reads: str, download: bool
    ) -> None:
        """Find the files.

        Parameters
        ----------
        reads : hook inside a block, which goes before what configs say; "" for none.
        download : whether files that the config names may be fetched from the hub.

        Raises
        ------
        ReplacementError
            if there are none of a known layout.
        """
        self._files = files
        self._config = config
        self._reads = reads
        self._download = download
        self._found = (
            find_layers(files)
            if config.files is None
            else {layer: [LayerFile(name)] for layer, name in config.files.items()}
        )
        self._opened: dict[int, tuple[LayerWeights, str]] = {}

    @property
    def name(self) -> str:
        return f"transcoders {self._files.name}"

    @property
    def layers(self) -> tuple[int, ...]:
        return tuple(sorted(self._found))

    def layer_features(
        self, layer: int, indices: Sequence[int], *, device: "torch.device"
    ) -> LayerFeatures:
        from glossator.model.transcoder_features import read_features

        if layer not in self._opened:
            self._opened[layer] = self._open(layer)
        weights, reads = self._opened[layer]
        n = weights.n_features
        wrong = [index for index in indices if not 0 <= index < n]
        if wrong:
            message = f"layer {layer} has {n:,} features, and none of index {wrong[0]}"
            raise ReplacementError(message, source=self._files.name)
        return read_features(weights, indices, f"blocks.{layer}.{reads}", device)

    def _open(self, layer: int) -> tuple[LayerWeights, str]:
        """The arrays of a layer, and the hook inside its block."""
        name, sae = self._file_of(layer)
        file = open_weights(self._path(name))
        layout = SAELENS if sae else tell_layout(file, layer)
        decoders = file if layout is not CROSS_LAYER else self._decoders(name)
        relu = sae.relu if sae else self._config.relu
        weights = layer_weights(layout, layer, file, decoders, relu=relu)
        if sae and not sae.relu and weights.threshold is None:
            file.array(layout.threshold, weights.n_features)
        if sae and sae.centred:
            centre = file.array(layout.output_bias, weights.encoder.shape[1])
            weights = replace(weights, centre=centre)
        reads = self._reads or (sae.reads if sae else self._config.reads)
        return weights, reads or layout.reads or self._scope_hook(name)

    def _file_of(self, layer: int) -> LayerFile:
        found = self._found.get(layer)
        if found is None:
            known = ", ".join(map(str, self.layers))
            message = f"no layer {layer}; there are {known}"
            raise ReplacementError(message, source=self._files.name)
        if len(found) > 1:
            names = ", ".join(file.name for file in found[:20])
            raise ReplacementError(
                f"layer {layer} is there {len(found)} times ({names}); give the folder "
                "of one, or a config.yaml whose transcoders name one for each layer",
                source=self._files.name,
            )
        return found[0]

    def _decoders(self, name: str) -> WeightFile:
        file = name.rpartition("/")[2]
        return open_weights(
            self._path(name.removesuffix(file) + file.replace("W_enc_", "W_dec_"))
        )

    def _path(self, name: str) -> Path:
        if not name.startswith("hf://"):
            return self._files.path(name)
        found = hub_files(name, download=self._download)
        if found is None or not found.only:
            message = f"{name!r} names no file of weights"
            raise ReplacementError(message, source=self._files.name)
        return found.path(found.only)

    def _scope_hook(self, name: str) -> str:
        """Of a file of Gemma Scope 2, which only a config beside it can tell."""
        if name.startswith("hf://"):
            raise ReplacementError(
                "the config names no hook that the transcoders read",
                source=self._files.name,
                field="feature_input_hook",
            )
        return scope_hook(self._path(beside(name, "config.json")))
