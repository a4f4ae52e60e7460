"""Collected evidence against a direct computation, on a tiny random Llama."""

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import LlamaForCausalLM

from benchmarks.direct_examples import Matrix, direct_examples, direct_neurons
from glossator.collect.collect_report import CollectReport
from glossator.collect.collect_run import collect_evidence
from glossator.collect.collect_settings import CollectInput, CollectSettings
from glossator.collect.corpus import CorpusFiles, TokenDocuments
from glossator.collect.feature_files import write_feature_files
from glossator.errors import InputError, ModelError, ReplacementError
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.evidence.feature_folder import FeatureFolder
from glossator.evidence.open_source import open_evidence
from glossator.evidence.token_text import distinct_examples
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.feature_ids import cantor
from glossator.model.language_model import LanguageModel, open_language_model
from glossator.progress import CancelToken, drive
from tests.core import transcoder_files as write
from tests.core.tiny_language_model import (
    D_MLP,
    D_MODEL,
    N_LAYERS,
    save_tiny_llama,
    sentences,
)

LONGEST = 31
SETTINGS = CollectSettings(
    context_length=LONGEST + 1, context=6, n_top=10, device="cpu"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_llama(tmp_path_factory.mktemp("llama"))


@pytest.fixture(scope="module")
def model(folder: Path) -> LanguageModel:
    return open_language_model(str(folder), device="cpu")


@pytest.fixture(scope="module")
def corpus(folder: Path) -> CorpusFiles:
    path = folder / "texts.txt"
    path.write_text("\n\n".join(sentences(160)), encoding="utf-8")
    return CorpusFiles((path,))


class Direct:
    """All that the neurons do, by transformers alone."""

    def __init__(self, folder: Path, model: LanguageModel) -> None:
        documents = model.encode_all(sentences(160))
        self.texts = [
            document[start : start + LONGEST]
            for document in documents
            for start in range(0, len(document), LONGEST)
        ]
        assert model.bos is not None
        every = [(layer, at) for layer in range(N_LAYERS) for at in range(D_MLP)]
        reference = LlamaForCausalLM.from_pretrained(folder)
        self.neurons = direct_neurons(reference, self.texts, model.bos, every)

    def neuron(self, layer: int, at: int) -> list[Matrix]:
        return [values[:, layer * D_MLP + at] for values in self.neurons]

    def signed(self, feature: FeatureKey) -> list[Matrix]:
        sign = -1 if feature.index % 2 else 1
        values = self.neuron(feature.layer, feature.index // 2)
        return [np.maximum(sign * one, 0) for one in values]


@pytest.fixture(scope="module")
def direct(folder: Path, model: LanguageModel) -> Direct:
    return Direct(folder, model)


def keys(*features: tuple[int, int]) -> tuple[FeatureKey, ...]:
    return tuple(FeatureKey("tiny", "made", *feature) for feature in features)


INDICES = (0, 1, 6, 7, 10, 20, 31, 47)
NEURONS = keys(*((layer, index) for layer in range(N_LAYERS) for index in INDICES))


@pytest.fixture(scope="module")
def given(folder: Path, corpus: CorpusFiles) -> CollectInput:
    return CollectInput(
        model=str(folder),
        replacement="signed neurons",
        corpus=corpus,
        features=NEURONS,
        folder=folder / "evidence",
        settings=SETTINGS,
    )


def collected(given: CollectInput) -> CollectReport:
    return drive(collect_evidence(given, CancelToken()), lambda progress: None)


@pytest.fixture(scope="module")
def evidence(given: CollectInput) -> dict[FeatureKey, FeatureEvidence]:
    return evidence_of(collected(given), given)


def evidence_of(
    report: CollectReport, given: CollectInput
) -> dict[FeatureKey, FeatureEvidence]:
    source = open_evidence(report.folder)
    read = {feature: source.evidence(feature) for feature in given.features}
    return {feature: known for feature, known in read.items() if known is not None}


def group(evidence: FeatureEvidence, start: str) -> list[ActivationExample]:
    return [e for e in evidence.examples if e.group.startswith(start)]


def check_top(
    evidence: dict[FeatureKey, FeatureEvidence],
    direct: Direct,
    model: LanguageModel,
    activations: Callable[[FeatureKey], list[Matrix]],
) -> None:
    """The strongest examples are the same, token by token."""
    words = [text.strip().lower() for text in model.vocabulary]
    same = wanted = 0
    for feature, known in evidence.items():
        values = activations(feature)
        expected = direct_examples(direct.texts, values, words, n=10, context=6)
        tops = group(known, "Top")
        wanted += max(len(expected), len(tops))
        for example, other in zip(tops, expected, strict=False):
            same += (
                example.tokens == tuple(model.token_texts(other.ids))
                and example.top == other.top
                and example.activation == pytest.approx(other.activation, rel=0.01)
            )
    assert wanted > 8 * len(evidence)
    assert same / wanted >= 0.99


def test_the_strongest_examples_are_those_of_a_direct_computation(
    evidence: dict[FeatureKey, FeatureEvidence],
    direct: Direct,
    model: LanguageModel,
) -> None:
    assert set(evidence) == set(NEURONS)
    check_top(evidence, direct, model, direct.signed)


def test_density_and_histogram_are_those_of_all_tokens(
    evidence: dict[FeatureKey, FeatureEvidence], direct: Direct
) -> None:
    for feature, known in evidence.items():
        values = np.concatenate(direct.signed(feature))
        share = float((values > 0.1 * values.max()).mean())
        assert known.density == pytest.approx(share, abs=0.01)
        assert known.histogram is not None
        counts, edges = np.histogram(
            values[values > 0], bins=40, range=(0, values.max())
        )
        assert known.histogram.counts.sum() == counts.sum()
        np.testing.assert_allclose(known.histogram.edges, edges, rtol=1e-4, atol=1e-6)
        # Interpolation moves a few from one bin to the next.
        moved = np.abs(np.cumsum(known.histogram.counts) - np.cumsum(counts)).max()
        assert moved <= 0.02 * counts.sum()


def test_examples_come_from_every_part_of_the_range(
    evidence: dict[FeatureKey, FeatureEvidence], direct: Direct
) -> None:
    for feature, known in evidence.items():
        peaks = np.array([values.max() for values in direct.signed(feature)])
        largest = peaks.max()
        for low, high in ((0.75, 1.0), (0.5, 0.75), (0.25, 0.5), (0.1, 0.25)):
            name = f"{100 * low:.0f} to {100 * high:.0f} % of the largest"
            examples = group(known, name)
            inside = (peaks > low * largest) & (peaks <= high * largest)
            # Some of them are among the strongest already, some repeat others.
            assert len(examples) <= min(5, inside.sum())
            for example in examples:
                assert low * 0.99 < example.activation / largest <= high * 1.01
                assert np.isclose(peaks, example.activation, rtol=0.006).any()
    sizes = [len(group(known, "25 to 50")) for known in evidence.values()]
    assert np.mean(sizes) > 3


def test_inactive_examples_are_no_evidence(
    evidence: dict[FeatureKey, FeatureEvidence],
) -> None:
    inactive = [group(known, "Not active") for known in evidence.values()]
    assert sum(map(len, inactive)) > 20
    for examples in inactive:
        assert not any(example.activations.any() for example in examples)
        assert distinct_examples(examples) == []


def test_one_stretch_gives_one_example(
    evidence: dict[FeatureKey, FeatureEvidence],
) -> None:
    for known in evidence.values():
        texts = ["".join(example.tokens) for example in known.examples]
        assert len(set(texts)) == len(texts)


def test_the_output_of_a_feature_tells_its_logits(
    evidence: dict[FeatureKey, FeatureEvidence], model: LanguageModel
) -> None:
    down = model.down_projection(1)
    for neuron, sign in ((0, 1), (3, -1)):
        [feature] = keys((1, 2 * neuron + (sign < 0)))
        known = evidence[feature]
        effects = sign * down[neuron] @ model.unembed()
        top = effects.topk(10).indices.tolist()
        bottom = effects.topk(10, largest=False).indices.tolist()
        assert [e.token for e in known.top_logits] == model.token_texts(top)
        assert [e.token for e in known.bottom_logits] == model.token_texts(bottom)


def test_neurons_without_sign_keep_negative_activations(
    given: CollectInput, direct: Direct, model: LanguageModel, tmp_path: Path
) -> None:
    plain = replace(given, replacement="neurons", folder=tmp_path)
    plain = replace(plain, features=keys((0, 2), (0, 23), (1, 0), (2, 9), (2, 10)))
    evidence = evidence_of(collected(plain), plain)

    check_top(evidence, direct, model, lambda f: direct.neuron(f.layer, f.index))
    tops = [example for known in evidence.values() for example in group(known, "Top")]
    assert any((example.activations < 0).any() for example in tops)


@pytest.mark.parametrize("cross", [False, True])
def test_transcoders_are_run_like_neurons(
    given: CollectInput,
    direct: Direct,
    model: LanguageModel,
    tmp_path: Path,
    cross: bool,
) -> None:
    place = tmp_path / "transcoders"
    kind = "cross_layer_transcoder" if cross else "transcoder_set"
    write.write_config(place, reads="mlp.hook_in", kind=kind)
    layers = [
        write.made_layer(layer, jump=True, cross=cross, d_model=D_MODEL)
        for layer in range(N_LAYERS)
    ]
    for layer, numbers in enumerate(layers):
        (write.write_cross_layer if cross else write.write_per_layer)(
            place, layer, numbers
        )
    features = keys(*((layer, i) for layer in range(N_LAYERS) for i in (3, 20, 39)))
    asked = replace(
        given, replacement=str(place), features=features, folder=tmp_path / "out"
    )
    evidence = evidence_of(collected(asked), asked)
    hooks = [f"blocks.{layer}.mlp.hook_in" for layer in range(N_LAYERS)]
    assert model.bos is not None
    rows = [torch.tensor([[model.bos, *ids]]) for ids in direct.texts]
    reads = [model.run(row, hooks) for row in rows]

    def activations(feature: FeatureKey) -> list[Matrix]:
        numbers = layers[feature.layer]
        seen = (numbers.activations(read[hooks[feature.layer]]) for read in reads)
        return [one[0, 1:, feature.index].numpy() for one in seen]

    check_top(evidence, direct, model, activations)
    for feature, known in evidence.items():
        values = np.concatenate(activations(feature))
        assert known.density == pytest.approx((values > 0).mean(), rel=1e-3)
        for example in group(known, "Not active"):
            assert not example.activations.any()
        decoder = layers[feature.layer].decoder[feature.index]
        direction = decoder.sum(0) if cross else decoder
        top = (direction @ model.unembed()).topk(10).indices.tolist()
        assert [e.token for e in known.top_logits] == model.token_texts(top)


def test_a_folder_tells_what_it_was_made_of(
    given: CollectInput, direct: Direct, evidence: object
) -> None:
    told = json.loads((given.folder / "collection.json").read_bytes())
    assert told["model"] == given.model
    assert told["replacement"] == "signed neurons"
    assert told["corpus"] == given.corpus.name
    assert told["n_documents"] == 160
    assert told["n_tokens"] == sum(map(len, direct.texts))
    assert told["settings"]["n_top"] == 10
    names = {path.name for path in given.folder.iterdir()}
    assert names == {
        "collection.json",
        "index.json.gz",
        *(f"layer_{layer}.bin" for layer in range(N_LAYERS)),
    }


def test_feature_files_are_those_that_circuit_tracers_viewer_asks_for(
    given: CollectInput, evidence: dict[FeatureKey, FeatureEvidence], tmp_path: Path
) -> None:
    assert write_feature_files(given.folder, tmp_path) == len(NEURONS)
    single = FeatureFolder(tmp_path)
    for feature, known in evidence.items():
        path = tmp_path / f"{cantor(feature.layer, feature.index)}.json"
        assert json.loads(path.read_bytes())["index"] == int(path.stem)
        same = single.evidence(feature)
        assert same is not None
        assert [e.tokens for e in same.examples] == [e.tokens for e in known.examples]


def test_collecting_the_same_again_does_nothing(
    given: CollectInput, evidence: object
) -> None:
    with pytest.raises(StopIteration) as ended:
        next(collect_evidence(given, CancelToken()))
    report = ended.value.value
    assert report.collection.n_features == len(NEURONS)
    assert f"Evidence of {len(NEURONS)} features" in report.text


def test_a_folder_with_other_evidence_is_left_alone(
    given: CollectInput, evidence: object, tmp_path: Path
) -> None:
    other = replace(given, features=NEURONS[:2])
    with pytest.raises(InputError, match="of other features; choose another"):
        collected(other)
    (tmp_path / "index.json.gz").write_bytes(b"someone's")
    with pytest.raises(InputError, match="holds other evidence"):
        collected(replace(given, folder=tmp_path))


def test_documents_can_be_token_ids(
    given: CollectInput,
    model: LanguageModel,
    evidence: dict[FeatureKey, FeatureEvidence],
    tmp_path: Path,
) -> None:
    ids = tuple(map(tuple, model.encode_all(sentences(160))))
    asked = replace(given, corpus=TokenDocuments("made", ids), folder=tmp_path)
    same = evidence_of(collected(asked), asked)
    for feature, known in evidence.items():
        assert [e.tokens for e in same[feature].examples] == [
            e.tokens for e in known.examples
        ]


def test_a_number_of_tokens_can_be_enough(given: CollectInput, tmp_path: Path) -> None:
    settings = CollectSettings(context_length=16, max_tokens=700, device="cpu")
    asked = replace(given, settings=settings, folder=tmp_path)
    steps = list(collect_evidence(asked, CancelToken()))
    report = collected(asked)
    assert 700 <= report.collection.n_tokens < 700 + 15
    running = [step for step in steps if step.what == "running the model"]
    assert running[-1].done == report.collection.n_tokens
    assert {step.total for step in running} == {700}


def test_another_first_token_changes_what_features_do(
    given: CollectInput, evidence: dict[FeatureKey, FeatureEvidence], tmp_path: Path
) -> None:
    settings = CollectSettings(context_length=32, context=6, n_top=10, bos="<|end|>")
    asked = replace(given, settings=settings, folder=tmp_path)
    other = evidence_of(collected(asked), asked)[NEURONS[9]]
    assert other.max_activation != evidence[NEURONS[9]].max_activation
    wrong = CollectSettings(bos="<nothing>")
    with pytest.raises(ModelError, match="no token is called '<nothing>'"):
        collected(replace(given, settings=wrong, folder=tmp_path / "wrong"))


def test_without_a_first_token_the_first_of_a_chunk_is_not_counted(
    given: CollectInput, model: LanguageModel, tmp_path: Path
) -> None:
    folder = save_tiny_llama(tmp_path / "model", named=[])
    first = model.token_id("Z")
    ids = tuple((first, *row[:20]) for row in model.encode_all(sentences(160)))
    corpus = TokenDocuments("made", ids)
    asked = replace(given, model=str(folder), corpus=corpus, folder=tmp_path / "out")
    met = 0
    for known in evidence_of(collected(asked), asked).values():
        for example in known.examples:
            if example.tokens[0] == "Z":
                assert example.activations[0] == 0
                met += 1
    assert met > 20


def test_features_that_are_never_active_are_told(
    given: CollectInput, tmp_path: Path
) -> None:
    place = tmp_path / "transcoders"
    write.write_config(place, reads="mlp.hook_in")
    numbers = write.made_layer(0, jump=True, d_model=D_MODEL)
    assert numbers.threshold is not None
    numbers.threshold[5] = 1e6
    write.write_per_layer(place, 0, numbers)
    features = keys((0, 5), (0, 6))
    asked = replace(
        given, replacement=str(place), features=features, folder=tmp_path / "out"
    )
    report = collected(asked)
    assert report.collection.n_silent == 1
    assert "1 of them never active" in report.text
    silent = evidence_of(report, asked)[features[0]]
    assert {example.group for example in silent.examples} == {"Not active"}
    assert silent.density == 0
    assert silent.histogram is None
    assert len(silent.top_logits) == 10


def test_input_that_cannot_be_used_is_named(
    given: CollectInput, tmp_path: Path
) -> None:
    given = replace(given, folder=tmp_path)
    attention = FeatureKey("tiny", "made", 0, 1, attention=True)
    for wrong, message in (
        (replace(given, features=()), "no feature to collect"),
        (replace(given, features=(attention,)), "attention features"),
        (replace(given, settings=CollectSettings(n_top=0)), "n_top: 0 lies outside"),
        (
            replace(given, settings=CollectSettings(context_length=4096)),
            "context_length: 4096 is more than the 128 tokens",
        ),
    ):
        with pytest.raises(InputError, match=message):
            collected(wrong)
    for features in (keys((0, 9999)), keys((7, 0))):
        with pytest.raises(ReplacementError, match=r"9999|layer 7"):
            collected(replace(given, features=features))


def test_the_input_goes_to_another_process(given: CollectInput) -> None:
    assert pickle.loads(pickle.dumps(given)) == given
    assert pickle.loads(pickle.dumps(given)).digest() == given.digest()
