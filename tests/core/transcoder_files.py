"""Tiny sets of transcoders, written as the people who publish them write theirs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

D_MODEL = 6
N_FEATURES = 40
N_LAYERS = 3


@dataclass(frozen=True)
class LayerNumbers:
    """One layer as it is meant, whatever its axes are in the file."""

    encoder: Tensor
    """[F, d]"""
    bias: Tensor
    """[F]"""
    decoder: Tensor
    """[F, d]; [F, n, d] of a cross-layer transcoder, from the own layer on."""
    output_bias: Tensor
    """[d]"""
    threshold: Tensor | None
    skip: Tensor
    """[d, d]"""

    def activations(self, read: Tensor) -> Tensor:
        found = read @ self.encoder.T + self.bias
        threshold = 0.0 if self.threshold is None else self.threshold
        return found * (found > threshold)


def made_layer(
    layer: int,
    *,
    jump: bool,
    cross: bool = False,
    dtype: torch.dtype = torch.float32,
    n_features: int = N_FEATURES,
    d_model: int = D_MODEL,
) -> LayerNumbers:
    """Random numbers as a file of this dtype keeps them, in float32."""
    random = torch.Generator().manual_seed(layer)

    def some(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random).to(dtype).float()

    written = (N_LAYERS - layer,) if cross else ()
    return LayerNumbers(
        encoder=some(n_features, d_model),
        bias=some(n_features),
        decoder=some(n_features, *written, d_model),
        output_bias=some(d_model),
        threshold=some(n_features).abs() if jump else None,
        skip=some(d_model, d_model),
    )


def write_safetensors(
    path: Path, numbers: dict[str, Tensor | None], dtype: torch.dtype = torch.float32
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {
        key: tensor.to(dtype).contiguous()
        for key, tensor in numbers.items()
        if tensor is not None
    }
    save_file(tensors, path, metadata={"format": "pt"})
    return path


def write_config(
    folder: Path, lines: str = "", *, reads: str = "hook_resid_mid", kind: str = ""
) -> Path:
    """``config.yaml`` of circuit-tracer."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yaml"
    path.write_text(
        'model_name: "made/model"\n'
        f'model_kind: "{kind or "transcoder_set"}"\n'
        f'feature_input_hook: "{reads}"\n'
        "feature_output_hook: 'hook_mlp_out'\n"
        'scan: "made"\n' + lines
    )
    return path


def write_per_layer(
    folder: Path, layer: int, numbers: LayerNumbers, dtype: torch.dtype = torch.float32
) -> Path:
    """circuit-tracer ``SingleLayerTranscoder.to_safetensors``."""
    return write_safetensors(
        folder / f"layer_{layer}.safetensors",
        {
            "W_enc": numbers.encoder,
            "W_dec": numbers.decoder,
            "b_enc": numbers.bias,
            "b_dec": numbers.output_bias,
            "activation_function.threshold": numbers.threshold,
            "W_skip": numbers.skip,
        },
        dtype,
    )


def write_cross_layer(
    folder: Path, layer: int, numbers: LayerNumbers, dtype: torch.dtype = torch.float32
) -> None:
    """circuit-tracer ``CrossLayerTranscoder.to_safetensors``."""
    write_safetensors(
        folder / f"W_enc_{layer}.safetensors",
        {
            f"W_enc_{layer}": numbers.encoder,
            f"b_enc_{layer}": numbers.bias,
            f"b_dec_{layer}": numbers.output_bias,
            f"threshold_{layer}": numbers.threshold,
            f"W_skip_{layer}": numbers.skip,
        },
        dtype,
    )
    write_safetensors(
        folder / f"W_dec_{layer}.safetensors",
        {f"W_dec_{layer}": numbers.decoder},
        dtype,
    )


def write_gemma_scope(
    folder: Path,
    layer: int,
    numbers: LayerNumbers,
    *,
    l0: int = 10,
    dtype: str = "float32",
    packed: bool = False,
) -> Path:
    """``google/gemma-scope-2b-pt-transcoders``: both kinds of npz are among them."""
    path = folder / f"layer_{layer}/width_16k/average_l0_{l0}/params.npz"
    path.parent.mkdir(parents=True)
    arrays = {
        "W_enc": np.ascontiguousarray(numbers.encoder.numpy().T),
        "W_dec": numbers.decoder.numpy(),
        "b_enc": numbers.bias.numpy(),
        "b_dec": numbers.output_bias.numpy(),
        "threshold": _present(numbers.threshold).numpy(),
    }
    cast = {key: array.astype(dtype) for key, array in arrays.items()}
    if packed:
        np.savez_compressed(path, allow_pickle=False, **cast)
    else:
        np.savez(path, allow_pickle=False, **cast)
    return path


def write_gemma_scope_2(
    folder: Path, layer: int, numbers: LayerNumbers, dtype: torch.dtype = torch.float32
) -> Path:
    """``google/gemma-scope-2-*/transcoder_all``, with its ``config.json``."""
    place = folder / f"layer_{layer}_width_16k_l0_small_affine"
    hook = f"model.layers.{layer}.pre_feedforward_layernorm.output"
    path = write_safetensors(
        place / "params.safetensors", _scope_2(numbers, numbers.decoder), dtype
    )
    (place / "config.json").write_text(
        json.dumps(
            {
                "hf_hook_point_in": hook,
                "hf_hook_point_out": hook.replace("pre_", "post_"),
                "width": N_FEATURES,
                "model_name": "google/gemma-3-1b-pt",
                "architecture": "jump_relu",
                "l0": 10,
                "affine_connection": True,
                "type": "transcoder",
            }
        )
    )
    return path


def write_gemma_scope_2_cross(
    folder: Path, layer: int, numbers: LayerNumbers, dtype: torch.dtype = torch.float32
) -> Path:
    """``google/gemma-scope-2-*/clt``: slices of zeros for the layers before."""
    before = torch.zeros(len(numbers.bias), layer, numbers.decoder.shape[-1])
    decoder = torch.cat([before, numbers.decoder], 1)
    return write_safetensors(
        folder / f"params_layer_{layer}.safetensors", _scope_2(numbers, decoder), dtype
    )


def _scope_2(numbers: LayerNumbers, decoder: Tensor) -> dict[str, Tensor | None]:
    return {
        "w_enc": numbers.encoder.T,
        "w_dec": decoder,
        "b_enc": numbers.bias,
        "b_dec": numbers.output_bias,
        "threshold": numbers.threshold,
        "affine_skip_connection": numbers.skip.T,
    }


def write_saelens(
    folder: Path,
    layer: int,
    numbers: LayerNumbers,
    dtype: torch.dtype = torch.float32,
    *,
    config: Mapping[str, object] | None = None,
) -> Path:
    """SAELens since 6.0, which keeps the hook under ``metadata``."""
    jump = numbers.threshold is not None
    place = folder / f"blocks.{layer}.mlp"
    path = write_safetensors(
        place / "sae_weights.safetensors",
        {
            "W_enc": numbers.encoder.T,
            "W_dec": numbers.decoder,
            "b_enc": numbers.bias,
            "b_dec": numbers.output_bias,
            "threshold": numbers.threshold,
        },
        dtype,
    )
    (place / "cfg.json").write_text(
        json.dumps(
            {
                "architecture": "jumprelu_transcoder" if jump else "transcoder",
                "d_in": D_MODEL,
                "d_sae": N_FEATURES,
                "d_out": D_MODEL,
                "dtype": "float32",
                "device": "cpu",
                "apply_b_dec_to_input": False,
                "normalize_activations": "none",
                "reshape_activations": "none",
                "metadata": {
                    "sae_lens_version": "6.5.0",
                    "model_name": "made",
                    "hook_name": f"blocks.{layer}.ln2.hook_normalized",
                    "hook_name_out": f"blocks.{layer}.hook_mlp_out",
                },
            }
            | dict(config or {})
        )
    )
    return path


def _present(tensor: Tensor | None) -> Tensor:
    assert tensor is not None
    return tensor
