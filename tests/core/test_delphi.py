"""Latent caches of delphi, written as its ``LatentCache.save_splits`` writes them."""

import json
import tracemalloc
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from glossator.errors import EvidenceError
from glossator.evidence import delphi_split
from glossator.evidence.delphi import DelphiCache, recognises
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.token_text import readable_tokens
from glossator.graph.attribution_graph import FeatureKey

N_ROWS, N_POSITIONS, N_LATENTS, N_SPLITS = 90, 70, 12, 4
TEXT = "Äpfel und Birnen – 東京は日本の首都です。 the cat sat on the mat 😀"
DENSE, RARE, DEAD, NEGATIVE = 0, 1, 2, 3
"""Latents that are often, seldom and never active, and one that is below zero."""

Dense = NDArray[np.float32]
"""[rows, positions, latents]"""


def key(index: int, layer: int = 5) -> FeatureKey:
    return FeatureKey("made", "mlp", layer, index)


def save_tokenizer(made: Tokenizer, folder: Path) -> None:
    whole = PreTrainedTokenizerFast(tokenizer_object=made)  # type: ignore[no-untyped-call]
    whole.save_pretrained(folder)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level tokenizer in which every token is one byte."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    folder = tmp_path_factory.mktemp("tokenizer")
    save_tokenizer(made, folder)
    return folder


@pytest.fixture(scope="module")
def tokens(tokenizer: Path) -> NDArray[np.int64]:
    ids = Tokenizer.from_file(str(tokenizer / "tokenizer.json")).encode(TEXT * 99).ids
    n = N_ROWS * N_POSITIONS
    return np.resize(np.array(ids), n).reshape(N_ROWS, N_POSITIONS)


@pytest.fixture(scope="module")
def latents() -> Dense:
    """Sparse activations, in half precision as delphi keeps them."""
    random = np.random.default_rng(0)
    found = random.gamma(2.0, 1.0, (N_ROWS, N_POSITIONS, N_LATENTS))
    found *= random.random(found.shape) < 0.02
    found[:, :, DENSE] = random.gamma(2.0, 1.0, (N_ROWS, N_POSITIONS))
    found[:, :, RARE] = 0.0
    found[7, 3, RARE], found[7, 69, RARE], found[80, 0, RARE] = 1.5, 2.5, 0.5
    found[:, :, DEAD] = 0.0
    found[:, :, NEGATIVE] = 0.0
    found[4, 9, NEGATIVE], found[4, 10, NEGATIVE] = -3.0, 1.0
    return found.astype(np.float16).astype(np.float32)


def write_cache(
    folder: Path,
    latents: Dense,
    tokens: NDArray[np.int64] | None,
    *,
    config: Mapping[str, object] | None = None,
    wide: bool = False,
) -> Path:
    """As delphi: non-zero entries in the order of rows and positions, split by latent.

    Parameters
    ----------
    wide : the larger type of number, for more rows or latents than fit the smaller.
    """
    folder.mkdir(parents=True)
    locations = np.argwhere(np.abs(latents) > 1e-5)
    activations = latents[tuple(locations.T)]
    bounds = np.linspace(0, latents.shape[2], N_SPLITS + 1).astype(np.int64)
    for first, last in zip(bounds[:-1], bounds[1:] - 1, strict=True):
        mask = (locations[:, 2] >= first) & (locations[:, 2] <= last)
        places = locations[mask]
        places[:, 2] -= first
        split = {
            "locations": places.astype(np.uint32 if wide else np.uint16),
            "activations": activations[mask].astype(np.float16),
        }
        if tokens is not None:
            split["tokens"] = tokens
        save_file(split, folder / f"{first}_{last}.safetensors")
    (folder / "config.json").write_text(
        json.dumps(
            {
                "dataset_repo": "EleutherAI/SmolLM2-135M-10B",
                "dataset_split": "train[:1%]",
                "dataset_name": "",
                "dataset_column": "text",
                "batch_size": 32,
                "cache_ctx_len": N_POSITIONS,
                "n_tokens": N_ROWS * N_POSITIONS,
                "n_splits": N_SPLITS,
                "model_name": "made/model",
            }
            | dict(config or {}),
            indent=4,
        )
    )
    return folder


@pytest.fixture
def cache(tmp_path: Path, latents: Dense, tokens: NDArray[np.int64]) -> Path:
    return write_cache(tmp_path / "latents" / "layers.5.mlp", latents, tokens)


def known(found: FeatureEvidence | None) -> FeatureEvidence:
    assert found is not None
    return found


def check(
    found: FeatureEvidence | None, index: int, latents: Dense, tokens: NDArray[np.int64]
) -> None:
    """Against what the whole array of activations says."""
    evidence = known(found)
    latent = np.maximum(latents[:, :, index], 0.0)
    positive = latent[latent > 0]
    assert evidence.feature == key(index)
    assert evidence.density == pytest.approx(len(positive) / latent.size)
    assert evidence.histogram is not None
    assert evidence.histogram.counts.sum() == len(positive)
    assert evidence.histogram.edges[-1] == pytest.approx(positive.max())
    peaks = latent.max(1)
    top = [e for e in evidence.examples if e.group == "Top activations"]
    expected = np.sort(peaks[peaks > 0])[::-1]
    assert [e.activation for e in top] == expected[:40].tolist()
    rest = [e for e in evidence.examples if e.group != "Top activations"]
    assert len(rest) == min(25, max(0, len(expected) - 40))
    assert len({e.group for e in rest}) == min(5, len(rest))
    activations = [e.activation for e in evidence.examples]
    assert activations == sorted(activations, reverse=True)
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    windows = set()
    for row, position in zip(range(N_ROWS), latent.argmax(1), strict=True):
        low, high = max(0, position - 32), position + 33
        spelled = tuple(letters[token] for token in tokens[row, low:high])
        windows.add((spelled, tuple(latent[row, low:high].tolist())))
    for example in evidence.examples:
        assert (example.tokens, tuple(example.activations.tolist())) in windows


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("wide", [True, False])
def test_every_latent_is_as_the_whole_array_says(
    tmp_path: Path,
    latents: Dense,
    tokens: NDArray[np.int64],
    tokenizer: Path,
    named: bool,
    wide: bool,
) -> None:
    folder = write_cache(tmp_path / "layers.5.mlp", latents, tokens, wide=wide)
    features = [key(index) for index in range(N_LATENTS)] if named else None
    source = DelphiCache(folder, features, tokenizer=str(tokenizer))
    for index in range(N_LATENTS):
        found = source.evidence(key(index))
        if index == DEAD:
            assert found is None
        else:
            check(found, index, latents, tokens)


def test_groups_of_latents_that_do_not_fit_the_memory_together(
    cache: Path,
    latents: Dense,
    tokens: NDArray[np.int64],
    tokenizer: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delphi_split, "_MOST_ENTRIES", 150)
    monkeypatch.setattr(delphi_split, "_BLOCK", 64)
    features = [key(index) for index in range(N_LATENTS)]
    source = DelphiCache(cache, features, tokenizer=str(tokenizer))
    for index in range(N_LATENTS):
        if index != DEAD:
            check(source.evidence(key(index)), index, latents, tokens)


def test_a_row_gives_one_example_cut_at_its_ends(cache: Path, tokenizer: Path) -> None:
    evidence = known(DelphiCache(cache, tokenizer=str(tokenizer)).evidence(key(RARE)))
    strong, weak = evidence.examples
    assert (strong.activation, weak.activation) == (2.5, 0.5)
    # Of position 69 of 70 and of position 0; the other activation lies too far away.
    assert (len(strong.tokens), strong.top) == (33, 32)
    assert (len(weak.tokens), weak.top) == (33, 0)
    assert np.count_nonzero(strong.activations) == 1
    assert evidence.density == 3 / (N_ROWS * N_POSITIONS)


def test_what_is_below_zero_is_not_active(cache: Path, tokenizer: Path) -> None:
    source = DelphiCache(cache, tokenizer=str(tokenizer))
    (example,) = known(source.evidence(key(NEGATIVE))).examples
    assert (example.activation, example.activations.min()) == (1.0, 0.0)


def test_tokens_become_text_again(cache: Path, tokenizer: Path) -> None:
    """Characters of several tokens, too: here each token is one byte."""
    source = DelphiCache(cache, tokenizer=str(tokenizer))
    for example in known(source.evidence(key(DENSE))).examples:
        text = "".join(readable_tokens(example.tokens))
        # Half a character may stand at either end.
        assert text[4:-4] in TEXT * 3


# Where it lies


@pytest.mark.parametrize("place", ["", "latents", "latents/layers.5.mlp"])
def test_the_folder_of_a_run_of_hookpoints_or_of_one(
    tmp_path: Path, cache: Path, tokenizer: Path, place: str
) -> None:
    assert cache.is_relative_to(tmp_path / place)
    assert recognises(tmp_path / place)
    source = DelphiCache(tmp_path / place, tokenizer=str(tokenizer))
    assert known(source.evidence(key(RARE))).max_activation == 2.5
    assert str(tmp_path / place) in source.name
    assert source.evidence(key(RARE, layer=4)) is None
    assert source.evidence(key(N_LATENTS)) is None


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("layers.12.mlp", 12),
        ("model.layers.3", 3),
        ("gpt_neox.layers.0.mlp", 0),
        ("transformer.h.7.mlp", 7),
        ("blocks.4.hook_mlp_out", 4),
        ("layer_9", 9),
        ("19-llamascope-res-32k", 19),
    ],
)
def test_the_layer_stands_in_the_name_of_the_hookpoint(
    tmp_path: Path,
    latents: Dense,
    tokens: NDArray[np.int64],
    tokenizer: Path,
    name: str,
    layer: int,
) -> None:
    write_cache(tmp_path / name, latents, tokens)
    source = DelphiCache(tmp_path, tokenizer=str(tokenizer))
    assert source.evidence(key(RARE, layer)) is not None
    assert source.evidence(key(RARE, layer + 1)) is None


def test_of_two_hookpoints_of_a_layer_that_of_the_mlp_is_taken(
    tmp_path: Path, latents: Dense, tokens: NDArray[np.int64], tokenizer: Path
) -> None:
    write_cache(tmp_path / "layers.5", latents * 0.5, tokens)
    write_cache(tmp_path / "layers.5.mlp", latents, tokens)
    source = DelphiCache(tmp_path, tokenizer=str(tokenizer))
    assert known(source.evidence(key(RARE))).max_activation == 2.5
    write_cache(tmp_path / "model.layers.5.mlp", latents, tokens)
    source = DelphiCache(tmp_path, tokenizer=str(tokenizer))
    with pytest.raises(EvidenceError, match=r"layer 5 is there 2 times .*layers\.5"):
        source.evidence(key(RARE))


def test_the_tokenizer_is_that_of_the_model(
    tmp_path: Path, latents: Dense, tokens: NDArray[np.int64], tokenizer: Path
) -> None:
    config = {"model_name": str(tokenizer)}
    folder = write_cache(tmp_path / "layers.5", latents, tokens, config=config)
    assert known(DelphiCache(folder).evidence(key(RARE))).max_activation == 2.5


# What is refused


@pytest.mark.parametrize("name", ["made/model", None, "../gone"])
def test_without_a_tokenizer_it_is_said_how_to_give_one(
    tmp_path: Path, latents: Dense, tokens: NDArray[np.int64], name: str | None
) -> None:
    config = {"model_name": name}
    folder = write_cache(tmp_path / "layers.5", latents, tokens, config=config)
    with pytest.raises(EvidenceError) as refused:
        DelphiCache(folder).evidence(key(RARE))
    for part in ("config.json: model_name", repr(name), "give the folder or the name"):
        assert part in str(refused.value)


def test_a_tokenizer_of_another_model(cache: Path, tmp_path: Path) -> None:
    made = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    save_tokenizer(made, tmp_path / "other")
    source = DelphiCache(cache, tokenizer=str(tmp_path / "other"))
    with pytest.raises(
        EvidenceError, match=r"lacks some of .*; is it that of the model"
    ):
        source.evidence(key(RARE))


def test_a_cache_without_tokens(
    tmp_path: Path, latents: Dense, tokenizer: Path
) -> None:
    folder = write_cache(tmp_path / "layers.5", latents, None)
    with pytest.raises(EvidenceError, match=r"tokens: .*save_tokens=False"):
        DelphiCache(folder, tokenizer=str(tokenizer)).evidence(key(RARE))


LOCATIONS = np.array([[0, 0, 0], [1, 2, 1]], np.uint16)
GOOD: dict[str, np.ndarray] = {
    "locations": LOCATIONS,
    "activations": np.ones(2, np.float16),
    "tokens": np.zeros((2, 3), np.int64),
}


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"locations": LOCATIONS[:, :2].copy()}, "locations: shape [2, 2]"),
        ({"locations": LOCATIONS[:1].copy()}, "locations: shape [1, 3]; expected [2"),
        ({"activations": np.ones((2, 1))}, "activations: shape [2, 1]; expected 1"),
        ({"tokens": np.zeros(6)}, "tokens: shape [6]; expected 2 axes"),
        ({"tokens": np.zeros((1, 3))}, "locations: row, position and latent up to [1,"),
        ({"locations": LOCATIONS + np.uint16(1)}, "up to [2, 3, 2]; expected less"),
        ({"tokens": np.full((2, 3), 2**40)}, "lacks some of [1099511627776]"),
        ({"tokens": np.full((2, 3), -1)}, "lacks some of [-1]"),
        ({"activations": np.array([np.nan, 1])}, ""),
        ({"activations": np.array([np.inf, 1])}, "activations: latent 0 has"),
    ],
)
def test_a_file_that_is_wrong(
    tmp_path: Path, tokenizer: Path, changes: dict[str, np.ndarray], part: str
) -> None:
    folder = tmp_path / "layers.5"
    folder.mkdir()
    path = folder / "0_1.safetensors"
    save_file(GOOD | changes, path)
    source = DelphiCache(folder, tokenizer=str(tokenizer))
    if not part:
        # What is no number is not above zero.
        assert source.evidence(key(0)) is None
        return
    with pytest.raises(EvidenceError) as refused:
        source.evidence(key(0))
    assert f"{path}: " in str(refused.value)
    assert part in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"x" * 99, b"\x02" + bytes(7) + b"{}"])
def test_a_damaged_file(tmp_path: Path, tokenizer: Path, data: bytes) -> None:
    folder = tmp_path / "layers.5"
    folder.mkdir()
    (folder / "0_1.safetensors").write_bytes(data)
    with pytest.raises(EvidenceError, match=r"0_1\.safetensors"):
        DelphiCache(folder, tokenizer=str(tokenizer)).evidence(key(0))


def test_no_cache_at_all(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"")
    (tmp_path / "layer_0.safetensors").write_bytes(b"")
    assert not recognises(tmp_path)
    assert not recognises(tmp_path / "gone")
    with pytest.raises(EvidenceError, match="no latent cache of delphi"):
        DelphiCache(tmp_path)


def write_large_cache(folder: Path) -> Path:
    """Three million entries, six hundred a latent."""
    n = 3_000_000
    random = np.random.default_rng(0)
    locations = np.empty((n, 3), np.uint16)
    locations[:, 0] = np.sort(random.integers(0, 1000, n))
    locations[:, 1] = random.integers(0, 256, n)
    locations[:, 2] = random.integers(0, 5000, n)
    folder.mkdir()
    path = folder / "0_4999.safetensors"
    data = {"locations": locations, "activations": np.ones(n, np.float16)}
    save_file(data | {"tokens": np.zeros((1000, 256), np.int64)}, path)
    return path


def test_memory_is_that_of_the_asked_latents(
    tmp_path: Path, tokenizer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delphi_split, "_BLOCK", 2**16)
    path = write_large_cache(tmp_path / "layers.5")
    source = DelphiCache(path.parent, tokenizer=str(tokenizer))
    source.evidence(key(4000))
    tracemalloc.start()
    found = known(source.evidence(key(7)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.density == pytest.approx(600 / 256_000, rel=0.2)
    assert peak < path.stat().st_size / 10


def test_memory_is_bounded_however_many_latents_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delphi_split, "_BLOCK", 2**16)
    monkeypatch.setattr(delphi_split, "_MOST_ENTRIES", 20_000)
    path = write_large_cache(tmp_path / "layers.5")
    split = delphi_split.DelphiSplit(path, 0, 4999)
    tracemalloc.start()
    n = sum(len(entries.rows) for _, entries in split.entries(range(300)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n == pytest.approx(300 * 600, rel=0.1)
    # Ungrouped, locations and activations alone would take n times 28 bytes.
    assert peak < n * 28
