"""Transcoders of every layout: what is read is what the whole matrices would give."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from glossator.errors import ReplacementError
from glossator.model.open_replacement import open_replacement
from glossator.model.replacement import LayerFeatures
from tests.core import transcoder_files as write
from tests.core.transcoder_files import (
    D_MODEL,
    N_FEATURES,
    N_LAYERS,
    LayerNumbers,
    made_layer,
)

CPU = torch.device("cpu")
INDICES = (31, 0, 7, 8, 9, N_FEATURES - 1)
"""Out of order, with neighbours, the first and the last."""
LAYERS = range(N_LAYERS)


def features(
    place: Path, layer: int, indices: tuple[int, ...] = INDICES, *, reads: str = ""
) -> LayerFeatures:
    found = open_replacement(place, reads=reads)
    return found.layer_features(layer, indices, device=CPU)


def check_activations(found: LayerFeatures, numbers: LayerNumbers) -> None:
    read = torch.randn(4, 5, D_MODEL, generator=torch.Generator().manual_seed(9))
    expected = numbers.activations(read)[..., list(found.indices)]
    assert found.indices == INDICES
    torch.testing.assert_close(found.activations(read), expected, atol=1e-5, rtol=0)
    assert (expected > 0).any()


def check_own_layer(found: LayerFeatures, numbers: LayerNumbers) -> None:
    """Activations, and one decoder row a feature that is written to its own layer."""
    check_activations(found, numbers)
    directions = found.directions()
    assert set(directions) == {found.layer}
    assert torch.equal(directions[found.layer], numbers.decoder[list(INDICES)])


def check_later_layers(found: LayerFeatures, numbers: LayerNumbers) -> None:
    """Activations, and a decoder row for each layer from the own one on."""
    check_activations(found, numbers)
    directions = found.directions()
    assert list(directions) == list(range(found.layer, N_LAYERS))
    for layer, rows in directions.items():
        expected = numbers.decoder[list(INDICES), layer - found.layer]
        assert torch.equal(rows, expected)


# Every layout, in every precision


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("jump", [True, False])
def test_circuit_tracer_per_layer(
    tmp_path: Path, dtype: torch.dtype, jump: bool
) -> None:
    write.write_config(tmp_path, reads="mlp.hook_in")
    for layer in LAYERS:
        numbers = made_layer(layer, jump=jump, dtype=dtype)
        write.write_per_layer(tmp_path, layer, numbers, dtype)
    for layer in LAYERS:
        found = features(tmp_path, layer)
        assert found.layer == layer
        assert found.reads == f"blocks.{layer}.mlp.hook_in"
        check_own_layer(found, made_layer(layer, jump=jump, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("jump", [True, False])
def test_circuit_tracer_cross_layer(
    tmp_path: Path, dtype: torch.dtype, jump: bool
) -> None:
    write.write_config(tmp_path, kind="cross_layer_transcoder")
    for layer in LAYERS:
        numbers = made_layer(layer, jump=jump, cross=True, dtype=dtype)
        write.write_cross_layer(tmp_path, layer, numbers, dtype)
    for layer in LAYERS:
        found = features(tmp_path, layer)
        assert found.reads == f"blocks.{layer}.hook_resid_mid"
        numbers = made_layer(layer, jump=jump, cross=True, dtype=dtype)
        check_later_layers(found, numbers)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("dtype", "kept"), [("float32", torch.float32), ("float16", torch.float16)]
)
def test_gemma_scope(
    tmp_path: Path, packed: bool, dtype: str, kept: torch.dtype
) -> None:
    for layer in LAYERS:
        numbers = made_layer(layer, jump=True, dtype=kept)
        write.write_gemma_scope(tmp_path, layer, numbers, dtype=dtype, packed=packed)
    for layer in LAYERS:
        found = features(tmp_path, layer)
        assert found.reads == f"blocks.{layer}.ln2.hook_normalized"
        check_own_layer(found, made_layer(layer, jump=True, dtype=kept))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gemma_scope_2_per_layer(tmp_path: Path, dtype: torch.dtype) -> None:
    for layer in LAYERS:
        numbers = made_layer(layer, jump=True, dtype=dtype)
        write.write_gemma_scope_2(tmp_path, layer, numbers, dtype)
    for layer in LAYERS:
        found = features(tmp_path, layer)
        assert found.reads == f"blocks.{layer}.mlp.hook_in"
        check_own_layer(found, made_layer(layer, jump=True, dtype=dtype))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gemma_scope_2_cross_layer(tmp_path: Path, dtype: torch.dtype) -> None:
    write.write_config(tmp_path, kind="cross_layer_transcoder", reads="mlp.hook_in")
    for layer in LAYERS:
        numbers = made_layer(layer, jump=True, cross=True, dtype=dtype)
        write.write_gemma_scope_2_cross(tmp_path, layer, numbers, dtype)
    for layer in LAYERS:
        found = features(tmp_path, layer)
        assert found.reads == f"blocks.{layer}.mlp.hook_in"
        numbers = made_layer(layer, jump=True, cross=True, dtype=dtype)
        check_later_layers(found, numbers)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("jump", [True, False])
def test_saelens_transcoder(tmp_path: Path, dtype: torch.dtype, jump: bool) -> None:
    for layer in LAYERS:
        numbers = made_layer(layer, jump=jump, dtype=dtype)
        write.write_saelens(tmp_path, layer, numbers, dtype)
    for layer in LAYERS:
        found = features(tmp_path, layer)
        assert found.reads == f"blocks.{layer}.ln2.hook_normalized"
        check_own_layer(found, made_layer(layer, jump=jump, dtype=dtype))


def test_saelens_before_6_subtracts_the_bias_of_the_decoder(tmp_path: Path) -> None:
    numbers = made_layer(1, jump=False)
    write.write_saelens(
        tmp_path,
        1,
        numbers,
        config={
            "architecture": "standard",
            "hook_name": "blocks.1.hook_mlp_out",
            "hook_layer": 1,
            "apply_b_dec_to_input": True,
            "activation_fn_str": "relu",
            "normalize_activations": False,
            "metadata": {},
        },
    )
    found = features(tmp_path, 1)
    assert found.reads == "blocks.1.hook_mlp_out"
    read = torch.randn(5, D_MODEL)
    expected = numbers.activations(read - numbers.output_bias)[..., list(INDICES)]
    torch.testing.assert_close(found.activations(read), expected, atol=1e-5, rtol=0)


def test_a_skip_connection_changes_no_activation_and_no_row(tmp_path: Path) -> None:
    numbers = made_layer(0, jump=True)
    for name, skip in (("with", numbers.skip), ("without", None)):
        write.write_safetensors(
            tmp_path / name / "layer_0.safetensors",
            {
                "W_enc": numbers.encoder,
                "W_dec": numbers.decoder,
                "b_enc": numbers.bias,
                "b_dec": numbers.output_bias,
                "activation_function.threshold": numbers.threshold,
                "W_skip": skip,
            },
        )
        check_own_layer(features(tmp_path / name, 0), numbers)


def test_an_activation_at_its_threshold_is_none(tmp_path: Path) -> None:
    eye = torch.eye(D_MODEL)
    write.write_safetensors(
        tmp_path / "layer_0.safetensors",
        {
            "W_enc": eye,
            "W_dec": eye.clone(),
            "b_enc": torch.zeros(D_MODEL),
            "b_dec": torch.zeros(D_MODEL),
            "activation_function.threshold": torch.full((D_MODEL,), 0.5),
        },
    )
    found = features(tmp_path, 0, tuple(range(D_MODEL)))
    read = torch.tensor([0.5, 0.625, 0.25, -1.0, 0.0, 2.0])
    expected = torch.tensor([0.0, 0.625, 0.0, 0.0, 0.0, 2.0])
    assert torch.equal(found.activations(read), expected)


def test_activations_of_a_half_precision_model_are_float32(tmp_path: Path) -> None:
    write.write_per_layer(tmp_path, 0, made_layer(0, jump=False))
    read = torch.randn(3, D_MODEL).bfloat16()
    found = features(tmp_path, 0).activations(read)
    assert found.dtype == torch.float32
    expected = made_layer(0, jump=False).activations(read.float())[:, list(INDICES)]
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_no_feature_is_a_set_of_none(tmp_path: Path) -> None:
    write.write_gemma_scope(tmp_path, 0, made_layer(0, jump=True))
    found = features(tmp_path, 0, ())
    assert found.activations(torch.randn(3, D_MODEL)).shape == (3, 0)
    assert found.directions()[0].shape == (0, D_MODEL)


# Where the files are, and which hook


def test_the_hook_is_that_of_the_table_where_no_config_names_one(
    tmp_path: Path,
) -> None:
    write.write_per_layer(tmp_path / "a", 2, made_layer(2, jump=False))
    write.write_cross_layer(tmp_path / "b", 2, made_layer(2, jump=False, cross=True))
    for name in "ab":
        assert features(tmp_path / name, 2).reads == "blocks.2.hook_resid_mid"
    asked = features(tmp_path / "a", 2, reads="mlp.hook_in")
    assert asked.reads == "blocks.2.mlp.hook_in"


def test_gemma_scope_2_needs_a_hook_that_is_known(tmp_path: Path) -> None:
    path = write.write_gemma_scope_2(tmp_path, 1, made_layer(1, jump=True))
    config = path.parent / "config.json"
    config.write_text(config.read_text().replace("pre_feedforward", "input"))
    with pytest.raises(ReplacementError, match=r"config\.json.*input_layernorm"):
        features(tmp_path, 1)
    config.unlink()
    with pytest.raises(ReplacementError, match="no such file"):
        features(tmp_path, 1)
    found = features(tmp_path, 1, reads="mlp.hook_in")
    check_own_layer(found, made_layer(1, jump=True))


def test_the_config_picks_among_several(tmp_path: Path) -> None:
    for l0 in (10, 200):
        numbers = made_layer(l0, jump=True)
        write.write_gemma_scope(tmp_path, 0, numbers, l0=l0)
    with pytest.raises(ReplacementError) as refused:
        features(tmp_path, 0)
    for l0 in (10, 200):
        assert f"layer_0/width_16k/average_l0_{l0}/params.npz" in str(refused.value)
    picked = "transcoders:\n  - layer_0/width_16k/average_l0_200/params.npz\n"
    write.write_config(tmp_path, picked, reads="ln2.hook_normalized")
    check_own_layer(features(tmp_path, 0), made_layer(200, jump=True))


def test_a_set_in_a_folder_inside_is_not_mixed_in(tmp_path: Path) -> None:
    write.write_per_layer(tmp_path, 0, made_layer(0, jump=True))
    write.write_per_layer(tmp_path / "wider", 0, made_layer(9, jump=True))
    check_own_layer(features(tmp_path, 0), made_layer(0, jump=True))


@pytest.mark.parametrize("inside", ["", "layer_0", "layer_0/width_16k"])
def test_a_folder_of_one_layer_is_enough(tmp_path: Path, inside: str) -> None:
    write.write_gemma_scope(tmp_path, 0, made_layer(0, jump=True))
    check_own_layer(features(tmp_path / inside, 0), made_layer(0, jump=True))


WRITERS: dict[str, Callable[[Path], Path]] = {
    "per layer": lambda folder: write.write_per_layer(
        folder, 1, made_layer(1, jump=True)
    ),
    "npz": lambda folder: write.write_gemma_scope(folder, 1, made_layer(1, jump=True)),
    "gemma scope 2": lambda folder: write.write_gemma_scope_2(
        folder, 1, made_layer(1, jump=True)
    ),
    "saelens": lambda folder: write.write_saelens(folder, 1, made_layer(1, jump=True)),
}


@pytest.mark.parametrize("kind", list(WRITERS))
def test_one_file_is_enough(tmp_path: Path, kind: str) -> None:
    path = WRITERS[kind](tmp_path)
    check_own_layer(features(path, 1), made_layer(1, jump=True))
    with pytest.raises(ReplacementError, match="no layer 0; there are 1"):
        features(path, 0)


def test_one_file_of_a_set_keeps_the_hook_of_the_set(tmp_path: Path) -> None:
    write.write_config(tmp_path, reads="mlp.hook_in")
    path = write.write_per_layer(tmp_path, 1, made_layer(1, jump=True))
    assert features(path, 1).reads == "blocks.1.mlp.hook_in"


def test_config_of_the_first_circuit_tracer(tmp_path: Path) -> None:
    """Entries with id, layer and path, in any order, in a file of any name."""
    lines = "transcoders:\n"
    for layer in reversed(LAYERS):
        numbers = made_layer(layer, jump=True)
        path = write.write_gemma_scope(tmp_path / "weights", layer, numbers, l0=layer)
        lines += f'  - id: "made-{layer}"\n    layer: {layer}\n    filepath: "{path}"\n'
    config = write.write_config(tmp_path, lines, reads="ln2.hook_normalized")
    config = config.rename(tmp_path / "gemmascope-l0-0.yaml")
    for layer in LAYERS:
        check_own_layer(features(config, layer), made_layer(layer, jump=True))


def test_decoders_of_the_first_circuit_tracer_have_their_axes_exchanged(
    tmp_path: Path,
) -> None:
    numbers = made_layer(0, jump=False)
    write.write_safetensors(
        tmp_path / "layer_0.safetensors",
        {
            "W_enc": numbers.encoder,
            "W_dec": numbers.decoder.T,
            "b_enc": numbers.bias,
            "b_dec": numbers.output_bias,
        },
    )
    check_own_layer(features(tmp_path, 0), numbers)


def test_config_with_a_list_of_paths(tmp_path: Path) -> None:
    lines = "transcoders:\n"
    for layer in LAYERS:
        write.write_per_layer(tmp_path, layer, made_layer(layer, jump=True))
        moved = tmp_path / f"step_9_of_{layer}.safetensors"
        (tmp_path / f"layer_{layer}.safetensors").rename(moved)
        lines += f"- {moved.name}\n"
    write.write_config(tmp_path, lines)
    for layer in LAYERS:
        check_own_layer(features(tmp_path, layer), made_layer(layer, jump=True))


def test_a_config_may_say_that_thresholds_are_to_be_passed_over(
    tmp_path: Path,
) -> None:
    numbers = made_layer(0, jump=True)
    write.write_config(tmp_path, "activation: relu\n")
    write.write_per_layer(tmp_path, 0, numbers)
    plain = made_layer(0, jump=False)
    read = torch.randn(5, D_MODEL)
    expected = plain.activations(read)[:, list(INDICES)]
    found = features(tmp_path, 0).activations(read)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_its_name_says_where_they_lie(tmp_path: Path) -> None:
    write.write_per_layer(tmp_path, 0, made_layer(0, jump=False))
    assert open_replacement(tmp_path).name == f"transcoders {tmp_path}"
