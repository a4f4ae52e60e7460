"""``config.yaml`` of a set of transcoders, as circuit-tracer reads it.

``reference``: circuit-tracer ``utils/hf_utils.py``, ``utils/caching.py``; its release
of June 2025 for the list of ``{id, layer, filepath}``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from glossator import json_document
from glossator.errors import ReplacementError

_MOST_BYTES = 2**20
_HOOK = re.compile(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*")
_MLP_OUTPUTS = ("", "hook_mlp_out", "mlp.hook_out")


class WireTranscoder(msgspec.Struct):
    layer: int
    filepath: str


class WireConfig(msgspec.Struct):
    model_kind: Literal["transcoder_set", "cross_layer_transcoder", ""] = ""
    feature_input_hook: str = ""
    feature_output_hook: str = ""
    transcoders: list[str | WireTranscoder] | None = None
    activation: str | None = None


@dataclass(frozen=True)
class TranscoderConfig:
    """What a config says of its transcoders."""

    reads: str = ""
    """Hook inside a block, without ``blocks.{layer}.``; "" where none is named."""
    relu: bool = False
    """Whether thresholds in the files are to be passed over."""
    files: Mapping[int, str] | None = None
    """Path or ``hf://`` address by layer; None where they lie beside the config."""


def read_config(path: Path) -> TranscoderConfig:
    """Read a config.

    Raises
    ------
    ReplacementError
        if it is no such config, or its features depend on one another (top-k).
    """
    wire = _decoded(path)
    for field in ("feature_input_hook", "feature_output_hook"):
        hook = getattr(wire, field)
        if hook and not _HOOK.fullmatch(hook):
            raise ReplacementError(f"{hook!r} names no hook", source=path, field=field)
    if wire.feature_output_hook not in _MLP_OUTPUTS:
        raise ReplacementError(
            f"{wire.feature_output_hook!r} is not the output of an MLP",
            source=path,
            field="feature_output_hook",
        )
    if wire.activation not in (None, "relu", "jumprelu", "jump_relu"):
        raise ReplacementError(
            f"{wire.activation!r}: a feature's activation would depend on all others "
            "of its layer; only ReLU and JumpReLU are read",
            source=path,
            field="activation",
        )
    return TranscoderConfig(
        reads=wire.feature_input_hook,
        relu=wire.activation == "relu",
        files=None if wire.transcoders is None else _by_layer(wire.transcoders, path),
    )


def _decoded(path: Path) -> WireConfig:
    import yaml

    try:
        data = path.read_bytes()
        if len(data) > _MOST_BYTES:
            raise ReplacementError(f"a config of {len(data):,} bytes", source=path)
        return msgspec.convert(yaml.safe_load(data), WireConfig)
    except OSError as error:
        raise ReplacementError(error.strerror or str(error), source=path) from error
    except msgspec.ValidationError as invalid:
        raise json_document.explained(invalid, path, ReplacementError) from invalid
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        message = f"not readable as YAML ({str(error).splitlines()[0]})"
        raise ReplacementError(message, source=path) from error


def _by_layer(entries: list[str | WireTranscoder], path: Path) -> dict[int, str]:
    files: dict[int, str] = {}
    for at, entry in enumerate(entries):
        layer, file = (
            (at, entry) if isinstance(entry, str) else (entry.layer, entry.filepath)
        )
        if layer in files:
            field = f"transcoders[{at}]"
            message = f"layer {layer} is there twice"
            raise ReplacementError(message, source=path, field=field)
        files[layer] = file
    return files
