"""``cfg.json`` of SAELens, old and new.

``reference``: SAELens ``loading/pretrained_sae_loaders.py`` (defaults before 6.0),
``saes/sae.py``, ``saes/transcoder.py``.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from glossator import json_document
from glossator.errors import ReplacementError

CONFIG_FILE = "cfg.json"
WEIGHTS_FILE = "sae_weights.safetensors"

_HOOK = re.compile(r"blocks\.(\d{1,4})\.([A-Za-z0-9_.]+)")
_PLAIN = ("standard", "transcoder", "skip_transcoder")
_JUMPING = ("jumprelu", "jumprelu_transcoder", "jumprelu_skip_transcoder")


class _Metadata(msgspec.Struct):
    hook_name: str | None = None


class _Config(msgspec.Struct):
    architecture: str = "standard"
    hook_name: str | None = None
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    """Where SAELens since 6.0 names the hook."""
    apply_b_dec_to_input: bool = True
    normalize_activations: str | bool | None = None
    activation_fn: str | None = None
    activation_fn_str: str | None = None


@dataclass(frozen=True)
class SaeConfig:
    """What is needed to reckon with an autoencoder or a transcoder of SAELens."""

    layer: int
    reads: str
    """Hook inside the block."""
    relu: bool
    """Whether no threshold is to be looked for."""
    centred: bool
    """Whether the decoder's bias is subtracted from what is read."""


def read_sae_config(path: Path) -> SaeConfig:
    """Read a config.

    Raises
    ------
    ReplacementError
        if its activations cannot be reckoned from a feature's own row.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ReplacementError(error.strerror or str(error), source=path) from error
    config = json_document.decode(data, _Config, source=path, error=ReplacementError)
    function = config.activation_fn or config.activation_fn_str or "relu"
    if config.architecture not in _PLAIN + _JUMPING or function != "relu":
        message = f"{config.architecture!r} with {function!r}; only ReLU and JumpReLU"
        raise ReplacementError(message, source=path, field="architecture")
    if config.normalize_activations not in (None, False, "none"):
        raise ReplacementError(
            f"{config.normalize_activations!r}: only what reads activations as they "
            "are; fold the normalisation into the weights first",
            source=path,
            field="normalize_activations",
        )
    hook = config.hook_name or config.metadata.hook_name or ""
    found = _HOOK.fullmatch(hook)
    if found is None:
        message = f"{hook!r} names no hook of a block"
        raise ReplacementError(message, source=path, field="hook_name")
    return SaeConfig(
        layer=int(found[1]),
        reads=found[2],
        relu=config.architecture in _PLAIN,
        centred=config.apply_b_dec_to_input and "transcoder" not in config.architecture,
    )
