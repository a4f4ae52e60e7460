"""Which file of a folder holds the transcoders of which layer."""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import msgspec

from glossator import json_document
from glossator.errors import ReplacementError
from glossator.model.saelens import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    SaeConfig,
    read_sae_config,
)
from glossator.model.weight_places import Files

_LAYER_FILE = re.compile(
    r"(?:^|/)(?:W_enc|(?:params_)?layer)_(\d{1,4})\.safetensors$|"
    r"(?:^|/)layer_(\d{1,4})(?:_[^/]*)?/(?:[^/]+/)*params\.(?:npz|safetensors)$"
)
_MOST_CONFIGS = 200
"""Folders of SAELens whose layer is looked up."""
_MLP_INPUT = re.compile(r"model\.layers\.\d+\.pre_feedforward_layernorm\.output")
"""What Gemma Scope 2 calls ``mlp.hook_in``."""


class LayerFile(NamedTuple):
    name: str
    sae: SaeConfig | None = None
    """Where it is one of SAELens."""


def find_layers(files: Files) -> Mapping[int, list[LayerFile]]:
    """Find the files of each layer by their names; several where a choice is left.

    What lies directly in the folder goes before what lies in folders of it.

    Raises
    ------
    ReplacementError
        if there are none.
    """
    names = files.names()
    found: dict[int, list[LayerFile]] = {}
    for name in names:
        # The number may stand in the name of the folder that was given.
        match = _LAYER_FILE.search(f"{files.root}/{name}")
        if match and PurePosixPath(name).name != WEIGHTS_FILE:
            layer = int(match[1] or match[2])
            found.setdefault(layer, []).append(LayerFile(name))
    saes = [name for name in names if PurePosixPath(name).name == WEIGHTS_FILE]
    if len(saes) > _MOST_CONFIGS:
        message = f"{len(saes)} autoencoders; give the folder of one of them"
        raise ReplacementError(message, source=files.name)
    for name in saes:
        sae = read_sae_config(files.path(beside(name, CONFIG_FILE)))
        found.setdefault(sae.layer, []).append(LayerFile(name, sae))
    if not found:
        raise ReplacementError(
            "no transcoders of a known layout: expected config.yaml, "
            "layer_*.safetensors, W_enc_*.safetensors, "
            "layer_*/width_*/average_l0_*/params.npz, layer_*/params.safetensors, "
            f"params_layer_*.safetensors, or {CONFIG_FILE} with {WEIGHTS_FILE}",
            source=files.name,
        )
    return {layer: _uppermost(options) for layer, options in found.items()}


def _uppermost(options: list[LayerFile]) -> list[LayerFile]:
    depth = min(file.name.count("/") for file in options)
    return [file for file in options if file.name.count("/") == depth]


def beside(name: str, other: str) -> str:
    """Name of another file in the same folder."""
    return str(PurePosixPath(name).with_name(other))


class _ScopeConfig(msgspec.Struct):
    hf_hook_point_in: str | list[str] = ""


def scope_hook(path: Path) -> str:
    """Hook inside a block by the ``config.json`` of a file of Gemma Scope 2.

    Raises
    ------
    ReplacementError
        if it is none that has a name in TransformerLens.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReplacementError(error.strerror or str(error), source=path) from error
    config = json_document.decode(
        data, _ScopeConfig, source=path, error=ReplacementError
    )
    hooks = config.hf_hook_point_in
    named = [hooks] if isinstance(hooks, str) else hooks
    if not named or not all(_MLP_INPUT.fullmatch(hook) for hook in named):
        raise ReplacementError(
            f"{hooks!r} is not known; name the hook that the transcoders read, in a "
            "config.yaml (feature_input_hook) or as an option",
            source=path,
            field="hf_hook_point_in",
        )
    return "mlp.hook_in"
