"""Transcoders that cannot be read: one sentence that names file, key and shapes."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from glossator.errors import ReplacementError
from glossator.model.open_replacement import open_replacement
from tests.core import transcoder_files as write
from tests.core.transcoder_files import D_MODEL, N_FEATURES, N_LAYERS, made_layer

CPU = torch.device("cpu")
LAYERS = range(N_LAYERS)


def refused(place: str | Path, *parts: str, layer: int = 0) -> None:
    """Opening or reading is refused, and the text names all the parts."""
    with pytest.raises(ReplacementError) as caught:
        open_replacement(place).layer_features(layer, (0, 3), device=CPU)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("index", [-1, N_FEATURES])
def test_no_such_feature(tmp_path: Path, index: int) -> None:
    write.write_per_layer(tmp_path, 0, made_layer(0, jump=False))
    with pytest.raises(ReplacementError, match=f"has 40 features.*index {index}"):
        open_replacement(tmp_path).layer_features(0, (3, index), device=CPU)


def test_no_such_layer(tmp_path: Path) -> None:
    for layer in LAYERS:
        write.write_per_layer(tmp_path, layer, made_layer(layer, jump=False))
    refused(tmp_path, str(tmp_path), "no layer 3", "0, 1, 2", layer=3)


def test_vectors_of_another_model(tmp_path: Path) -> None:
    write.write_per_layer(tmp_path, 0, made_layer(0, jump=False))
    found = open_replacement(tmp_path).layer_features(0, (0,), device=CPU)
    with pytest.raises(ReplacementError, match=r"6 numbers.*resid_mid has 8"):
        found.activations(torch.zeros(3, 8))


NUMBERS: dict[str, Tensor] = {
    "W_enc": torch.zeros(N_FEATURES, D_MODEL),
    "W_dec": torch.zeros(N_FEATURES, D_MODEL),
    "b_enc": torch.zeros(N_FEATURES),
    "b_dec": torch.zeros(D_MODEL),
}


@pytest.mark.parametrize("key", list(NUMBERS))
def test_a_key_is_missing(tmp_path: Path, key: str) -> None:
    rest: dict[str, Tensor | None] = {
        name: tensor for name, tensor in NUMBERS.items() if name != key
    }
    path = write.write_safetensors(tmp_path / "layer_0.safetensors", rest)
    refused(tmp_path, str(path), f"{key}: the key is missing", *rest)


@pytest.mark.parametrize(
    ("key", "shape", "found", "expected"),
    [
        ("W_enc", (41, 6), "[41, 6]", "[40, d_read]"),
        ("W_enc", (40,), "[40]", "[40, d_read]"),
        ("W_dec", (40, 7), "[40, 7]", "[40, 6]"),
        ("W_dec", (40, 2, 6), "[40, 2, 6]", "[40, 6]"),
        ("b_enc", (40, 1), "[40, 1]", "[features]"),
        ("b_dec", (1, 6), "[1, 6]", "[d_model]"),
        ("activation_function.threshold", (1, 40), "[1, 40]", "[40]"),
    ],
)
def test_a_shape_is_wrong(
    tmp_path: Path, key: str, shape: tuple[int, ...], found: str, expected: str
) -> None:
    numbers: dict[str, Tensor | None] = {**NUMBERS, key: torch.zeros(shape)}
    path = write.write_safetensors(tmp_path / "layer_0.safetensors", numbers)
    refused(tmp_path, str(path), key, f"shape {found}; expected {expected}")


def test_a_decoder_of_a_cross_layer_transcoder_is_missing(tmp_path: Path) -> None:
    write.write_cross_layer(tmp_path, 0, made_layer(0, jump=False, cross=True))
    (tmp_path / "W_dec_0.safetensors").unlink()
    refused(tmp_path, "W_dec_0.safetensors", "no such file")


def test_thresholds_under_an_unknown_key(tmp_path: Path) -> None:
    """They are not passed over, for every activation would be wrong."""
    numbers: dict[str, Tensor | None] = {
        **NUMBERS,
        "log_thresholds": torch.zeros(N_FEATURES),
    }
    write.write_safetensors(tmp_path / "layer_0.safetensors", numbers)
    refused(tmp_path, "log_thresholds", "activation_function.threshold")


def test_a_jumping_sae_without_thresholds(tmp_path: Path) -> None:
    numbers = made_layer(0, jump=False)
    write.write_saelens(tmp_path, 0, numbers, config={"architecture": "jumprelu"})
    refused(tmp_path, "threshold: the key is missing")


@pytest.mark.parametrize(
    ("config", "parts"),
    [
        ({"architecture": "topk"}, ("architecture", "'topk'")),
        ({"architecture": "gated"}, ("architecture", "'gated'")),
        ({"activation_fn_str": "topk"}, ("architecture", "'topk'")),
        ({"normalize_activations": "layer_norm"}, ("normalize_", "'layer_norm'")),
        ({"metadata": {}}, ("hook_name", "''")),
        ({"metadata": {"hook_name": "hook_embed"}}, ("hook_name", "'hook_embed'")),
    ],
)
def test_an_sae_that_cannot_be_reckoned_by_rows(
    tmp_path: Path, config: dict[str, object], parts: tuple[str, ...]
) -> None:
    write.write_saelens(tmp_path, 0, made_layer(0, jump=False), config=config)
    refused(tmp_path, "cfg.json", *parts)


def test_top_k_features_depend_on_one_another(tmp_path: Path) -> None:
    numbers: dict[str, Tensor] = {**NUMBERS, "k": torch.tensor(128)}
    save_file(numbers, tmp_path / "layer_0.safetensors")
    refused(tmp_path, "layer_0.safetensors", "k: top-k features")
    write.write_config(tmp_path, "activation: topk\nk: 128\n")
    refused(tmp_path, "config.yaml", "activation: 'topk'")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("model_kind: lorsa_set\n", ("model_kind", "lorsa_set")),
        ("feature_input_hook: '../x'\n", ("feature_input_hook", "'../x'")),
        ("feature_output_hook: attn.hook_z\n", ("feature_output_hook", "attn.hook_z")),
        ("transcoders: [3]\n", ("transcoders[0]",)),
        (
            "transcoders:\n- {id: a, layer: 1, filepath: x}\n- {layer: 1, filepath: y}",
            ("transcoders[1]", "layer 1 is there twice"),
        ),
        ("transcoders:\n- {id: a, layer: 1}\n", ("filepath",)),
        ("a: [", ("YAML",)),
        ("!!python/object/apply:os.system ['true']\n", ("YAML",)),
        ("- 1\n", ("expected `object`",)),
    ],
)
def test_a_config_that_is_wrong(
    tmp_path: Path, text: str, parts: tuple[str, ...]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    refused(tmp_path, str(path), *parts)


def test_a_config_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    write.write_config(tmp_path, "transcoders: [gone.safetensors]\n")
    refused(tmp_path, str(tmp_path / "gone.safetensors"), "no such file")


def test_nothing_there(tmp_path: Path) -> None:
    refused(tmp_path, str(tmp_path), "no transcoders of a known layout")
    refused(tmp_path / "gone", str(tmp_path / "gone"), "no such file or folder")
    refused("just words", "just words", "org/repo")
