"""The sidecar of a checkpoint, ``nla_meta.yaml``: how it was trained, so how to use it.

Foreign names of its keys stay in here. Published, unpublished and third-party
checkpoints name the two roles differently; see `_ROLES`. ``mse_scale`` is left unread:
errors told here are of directions alone.
"""

import math
import re
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from glossator.errors import VerbalizeError
from glossator.json_document import explained

FILE_NAME = "nla_meta.yaml"
MARKER_FIELD = "{injection_char}"
TEXT_FIELD = "{explanation}"

_MAX_BYTES = 2**20
_SQRT_D = "sqrt_d_model"
_RAW = ("raw", "none")
Role = Literal["av", "ar"]
_ROLES: dict[Role, tuple[str, ...]] = {
    "av": ("av", "verbalizer", "actor"),
    "ar": ("ar", "reconstructor", "critic"),
}


class Marker(msgspec.Struct, frozen=True, kw_only=True):
    """The token whose embedding gives way to the vector, and its neighbours."""

    text: str
    """One character, exactly as in the file: normalising it would make it another."""
    token: int
    left: int
    right: int


class VerbalizerSidecar(msgspec.Struct, frozen=True, kw_only=True):
    base_model: str
    """The model whose vectors it reads; "" where the file does not tell."""
    d_model: int
    layer: int
    """It reads the output of this block, 0-based."""
    template: str
    """The user's message, with `MARKER_FIELD`."""
    marker: Marker
    scale: float
    """L2 norm that a vector gets; not a factor."""


class ReconstructorSidecar(msgspec.Struct, frozen=True, kw_only=True):
    base_model: str
    d_model: int
    layer: int
    template: str
    """With `TEXT_FIELD`; used as it stands, in no chat template."""
    suffix: tuple[int, ...]
    """Tokens that every prompt ends in; () where the file does not tell."""


class _Extraction(msgspec.Struct):
    injection_scale: float | str | None = None


class _Tokens(msgspec.Struct):
    injection_char: str | None = None
    injection_token_id: int | None = None
    injection_left_neighbor_id: int | None = None
    injection_right_neighbor_id: int | None = None
    critic_suffix_ids: tuple[int, ...] | None = None


class _Layer(msgspec.Struct):
    extraction_layer_index: int | None = None
    num_hidden_layers: int | None = None
    """Of version 1, and it, too, is the block's number."""


class _Meta(msgspec.Struct):
    kind: str
    role: str
    d_model: int
    base_checkpoint: str | None = None
    extraction: _Extraction = msgspec.field(default_factory=_Extraction)
    tokens: _Tokens = msgspec.field(default_factory=_Tokens)
    prompt_templates: dict[str, str | None] = msgspec.field(default_factory=dict)
    extraction_layer_index: int | None = None
    critic: _Layer | None = None
    reconstructor: _Layer | None = None


def read_verbalizer(path: Path) -> VerbalizerSidecar:
    """Read the sidecar of an activation verbalizer.

    Raises
    ------
    VerbalizeError
        that names file, field and value; also where it tells no injection scale, for
        which there is no default.
    """
    meta = _read(path, "av")
    tokens = meta.tokens
    return VerbalizerSidecar(
        base_model=meta.base_checkpoint or "",
        d_model=meta.d_model,
        layer=_layer(meta, path),
        template=_template(meta, "av", MARKER_FIELD, path),
        marker=Marker(
            text=_known(tokens.injection_char, "injection_char", path),
            token=_known(tokens.injection_token_id, "injection_token_id", path),
            left=_known(
                tokens.injection_left_neighbor_id, "injection_left_neighbor_id", path
            ),
            right=_known(
                tokens.injection_right_neighbor_id, "injection_right_neighbor_id", path
            ),
        ),
        scale=_scale(meta, path),
    )


def read_reconstructor(path: Path) -> ReconstructorSidecar:
    """Read the sidecar of an activation reconstructor; raises VerbalizeError."""
    meta = _read(path, "ar")
    return ReconstructorSidecar(
        base_model=meta.base_checkpoint or "",
        d_model=meta.d_model,
        layer=_layer(meta, path),
        template=_template(meta, "ar", TEXT_FIELD, path),
        suffix=meta.tokens.critic_suffix_ids or (),
    )


def _read(path: Path, role: Role) -> _Meta:
    import yaml

    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            raise VerbalizeError("too large for a sidecar", source=path)
        parsed = yaml.safe_load(data.decode("utf-8"))
        meta = msgspec.convert(parsed, _Meta)
    except OSError as error:
        raise VerbalizeError(error.strerror or str(error), source=path) from error
    except msgspec.ValidationError as invalid:
        raise explained(invalid, path, VerbalizeError) from invalid
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        told = re.sub(r"\s+", " ", str(error))
        raise VerbalizeError(f"not readable as YAML ({told})", source=path) from error
    if meta.kind != "nla_model":
        raise VerbalizeError(
            f"{meta.kind!r}, expected 'nla_model'", source=path, field="kind"
        )
    if meta.role not in _ROLES[role]:
        names = ", ".join(map(repr, _ROLES[role]))
        raise VerbalizeError(
            f"{meta.role!r}, expected one of {names}", source=path, field="role"
        )
    if meta.d_model < 1:
        raise VerbalizeError(
            f"{meta.d_model} is no width", source=path, field="d_model"
        )
    return meta


def _layer(meta: _Meta, path: Path) -> int:
    told = [meta.extraction_layer_index]
    for section in (meta.critic, meta.reconstructor):
        if section is not None:
            told += [section.extraction_layer_index, section.num_hidden_layers]
    layer = next((layer for layer in told if layer is not None), None)
    if layer is None or layer < 0:
        message = "the key is missing" if layer is None else f"{layer} is no layer"
        raise VerbalizeError(message, source=path, field="extraction_layer_index")
    return layer


def _template(meta: _Meta, role: Role, placeholder: str, path: Path) -> str:
    names = _ROLES[role]
    told = (meta.prompt_templates.get(name) for name in names)
    template = next((text for text in told if text), None)
    field = f"prompt_templates.{names[0]}"
    if template is None:
        raise VerbalizeError("the key is missing", source=path, field=field)
    if template.count(placeholder) != 1:
        raise VerbalizeError(
            f"{placeholder} is to appear once, not {template.count(placeholder)} times",
            source=path,
            field=field,
        )
    return template


def _scale(meta: _Meta, path: Path) -> float:
    told = meta.extraction.injection_scale
    field = "extraction.injection_scale"
    if told is None or told in _RAW:
        raise VerbalizeError(
            "no norm is told; it differs between checkpoints and cannot be guessed",
            source=path,
            field=field,
        )
    try:
        scale = math.sqrt(meta.d_model) if told == _SQRT_D else float(told)
    except ValueError:
        scale = math.nan
    if not (0 < scale < math.inf):
        raise VerbalizeError(f"{told!r} is no norm", source=path, field=field)
    return scale


KnownT = TypeVar("KnownT", int, str)


def _known(value: KnownT | None, name: str, path: Path) -> KnownT:
    if value is None:
        raise VerbalizeError("the key is missing", source=path, field=f"tokens.{name}")
    return value
