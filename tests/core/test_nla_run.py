"""Features are put into words from end to end: a model at a time, or by servers."""

import gc
import json
import pickle
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM

from glossator.errors import Cancelled, VerbalizeError
from glossator.graph.attribution_graph import FeatureKey
from glossator.model.language_model import LanguageModel
from glossator.progress import CancelToken, Progress
from glossator.verbalize.activation_verbalizer import ActivationVerbalizer
from glossator.verbalize.description import Sampling
from glossator.verbalize.vectors import NO_ACTIVATION
from glossator.verbalize.verbalization import Verbalization
from glossator.verbalize.verbalize_input import VerbalizeInput
from glossator.verbalize.verbalize_report import (
    Found,
    VerbalizeProgress,
    VerbalizeReport,
)
from glossator.verbalize.verbalize_run import verbalize
from tests.core.feature_server import (
    FeatureServer,
    feature_server,
    instead,
)
from tests.core.graph_documents import Json, as_bytes, neuron_row
from tests.core.tiny_nla import (
    LAYER,
    TEXTS,
    WORDS,
    TinyPair,
    copied,
    pair,
    qwen_pair,
    read_meta,
    write_meta,
)
from tests.core.transcoder_files import write_safetensors

__all__ = ["pair", "qwen_pair"]

KEYS = tuple(FeatureKey("qwen2", "set", LAYER, number) for number in range(3))
GREEDY = Sampling(temperature=0.0, max_new_tokens=40)
LONG = "A news report on rivers. " * 12


def row(number: int, *examples: tuple[list[str], list[float]]) -> Json:
    made = neuron_row(LAYER, number, examples, modelId="qwen2")
    return made | {"layer": f"{LAYER}-set"}


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    """Each planted word at the end of a long text, and early in a short one."""
    rows: list[Json] = []
    for number, word in enumerate(WORDS):
        long = (["<bos>", LONG, word, " and"], [0.0, 0.0, 9.0, 1.0])
        short = (["A", word, " more"], [0.0, 5.0, 0.0])
        rows.append(row(number, long, short))
    path = tmp_path / "evidence.json"
    path.write_bytes(as_bytes(rows))
    return path


@pytest.fixture
def transcoders(qwen_pair: TinyPair, tmp_path: Path) -> Path:
    folder = tmp_path / "transcoders"
    for layer in range(3):
        write_safetensors(
            folder / f"layer_{layer}.safetensors",
            {
                "W_enc": torch.ones(3, 64),
                "W_dec": torch.from_numpy(qwen_pair.directions),
                "b_enc": torch.zeros(3),
                "b_dec": torch.zeros(64),
            },
        )
    (folder / "config.yaml").write_text(
        "model_name: tiny\nmodel_kind: transcoder_set\n"
        "feature_input_hook: hook_resid_mid\nfeature_output_hook: hook_mlp_out\n"
    )
    return folder


@pytest.fixture
def given(qwen_pair: TinyPair, evidence: Path, transcoders: Path) -> VerbalizeInput:
    model = evidence.parent / "qwen2"
    model.symlink_to(qwen_pair.base, target_is_directory=True)
    return VerbalizeInput(
        features=KEYS,
        verbalizer=str(qwen_pair.av),
        reconstructor=str(qwen_pair.ar),
        model=str(model),
        replacement=str(transcoders),
        evidence_paths=(evidence,),
        about=("feature", "example"),
        sampling=GREEDY,
        device="cpu",
    )


@pytest.fixture
def plain(given: VerbalizeInput) -> VerbalizeInput:
    """Features' own vectors and their texts, and nothing besides."""
    return replace(given, about=("feature",), reconstructor="")


def run(
    work: Generator[Progress, None, VerbalizeReport], steps: list[Progress]
) -> VerbalizeReport:
    while True:
        try:
            steps.append(next(work))
        except StopIteration as end:
            report: VerbalizeReport = end.value
            return report


def finished(steps: list[Progress]) -> list[Found]:
    return [
        found
        for step in steps
        if isinstance(step, VerbalizeProgress)
        for found in step.finished
    ]


def said(steps: list[Progress], feature: FeatureKey) -> list[Verbalization]:
    return [one for key, one in finished(steps) if key == feature]


def verbalized(given: VerbalizeInput) -> tuple[list[Progress], VerbalizeReport]:
    steps: list[Progress] = []
    report = run(verbalize(given, CancelToken()), steps)
    return steps, report


def test_features_and_their_examples_from_end_to_end(given: VerbalizeInput) -> None:
    steps, report = verbalized(given)
    assert [key for key, _ in finished(steps)] == [k for k in KEYS for _ in range(3)]
    for number, feature in enumerate(KEYS):
        own, long, short = said(steps, feature)
        assert own.text == long.text == short.text == TEXTS[number]
        assert [one.about for one in (own, long, short)] == [
            "feature",
            "example",
            "example",
        ]
        assert (own.example, long.example) == ("", LONG + WORDS[number])
        assert own.extrapolates == NO_ACTIVATION
        assert long.extrapolates == ""
        assert short.extrapolates == "1 tokens before it, fewer than 50"
        for one in (own, long, short):
            assert one.origin == given.verbalizer
            assert one.layer == LAYER
            assert one.reconstruction is not None
            assert one.reconstruction.cosine > 0.99
            assert one.norm is not None
            assert one.at
        assert own.norm == pytest.approx(1)
        assert long.norm == pytest.approx(0.2, rel=1e-3)
    assert report == VerbalizeReport(
        verbalizer=given.verbalizer, layer=LAYER, n_verbalizations=9, left_out=()
    )


def test_one_model_at_a_time(given: VerbalizeInput) -> None:
    kinds = {LanguageModel, ActivationVerbalizer, Qwen2ForCausalLM}
    before = {id(one) for one in gc.get_objects() if type(one) in kinds}
    alive: dict[str, set[type]] = {}
    for step in verbalize(given, CancelToken()):
        if step.what not in alive and step.what.startswith(("reading act", "loading")):
            alive[step.what] = {
                type(one)
                for one in gc.get_objects()
                if type(one) in kinds and id(one) not in before
            }
    assert alive == {
        "loading the model": set(),
        "reading activations": {LanguageModel, Qwen2ForCausalLM},
        "loading the verbalizer": set(),
        "loading the reconstructor": set(),
    }


def test_without_a_reconstructor_texts_come_as_they_are_written(
    plain: VerbalizeInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.verbalize.verbalize_run._CHUNK", 2)
    steps, report = verbalized(plain)
    sizes = [
        len(step.finished)
        for step in steps
        if isinstance(step, VerbalizeProgress) and step.finished
    ]
    assert sizes == [2, 1]
    assert report.n_verbalizations == 3
    assert {one.reconstruction for _, one in finished(steps)} == {None}
    counted = [s.done for s in steps if s.what == "putting vectors into words"]
    assert counted == sorted(counted)
    assert counted[-1] == 3


@pytest.mark.model
def test_samples_of_one_vector_are_compared(plain: VerbalizeInput) -> None:
    sampling = Sampling(n_samples=3, temperature=0.05, max_new_tokens=40)
    one = replace(plain, features=KEYS[:1], sampling=sampling)
    steps, _ = verbalized(one)
    samples = said(steps, KEYS[0])
    assert [sample.sample for sample in samples] == [0, 1, 2]
    assert {sample.text for sample in samples} == {TEXTS[0]}
    assert [sample.agreement for sample in samples] == [pytest.approx(1)] * 3
    assert {sample.temperature for sample in samples} == {0.05}


def test_features_that_write_elsewhere_take_a_reason(plain: VerbalizeInput) -> None:
    elsewhere = FeatureKey("qwen2", "set", 2, 1)
    attention = FeatureKey("qwen2", "set", LAYER, 1, attention=True)
    features = (KEYS[0], elsewhere, attention)
    own = replace(plain, features=features)
    steps, report = verbalized(own)
    assert [key for key, _ in finished(steps)] == [KEYS[0]]
    assert report.left_out == (
        "1/a1: an attention feature, of no transcoder.",
        "2/1: it writes in layer 2, and the verbalizer reads the output of layer 1.",
    )
    steps, report = verbalized(replace(own, extrapolate="to see what comes"))
    assert [key for key, _ in finished(steps)] == [KEYS[0], elsewhere]
    ((_, first), (_, second)) = finished(steps)
    assert first.extrapolates == NO_ACTIVATION
    assert second.extrapolates == (
        f"{NO_ACTIVATION}; written in layer 2, read as of layer 1; to see what comes"
    )
    assert second.text == TEXTS[1]


def test_neurons_are_read_from_the_model(plain: VerbalizeInput) -> None:
    neurons = replace(plain, replacement="neurons")
    with pytest.raises(VerbalizeError, match="zero, which has no direction"):
        verbalized(neurons)  # of the planted model all write nothing


def test_what_is_said_of_random_directions(plain: VerbalizeInput) -> None:
    one = replace(plain, features=KEYS[:1], n_controls=2)
    steps, report = verbalized(one)
    assert len(finished(steps)) == report.n_verbalizations == 1
    assert len(report.controls) == 2
    for control in report.controls:
        assert control.extrapolates == "a random direction, to compare with"
        assert control.norm == pytest.approx(1)


def test_examples_that_are_missing_are_told(
    given: VerbalizeInput, tmp_path: Path
) -> None:
    rows = row(0, (["a", " news"], [0.0, 1.0])), row(1), row(2, (["a"], [0.5, 1.0]))
    path = tmp_path / "some.json"
    path.write_bytes(as_bytes(rows))
    features = (*KEYS, FeatureKey("qwen2", "set", LAYER, 77))
    some = replace(
        given,
        features=features,
        about=("example",),
        evidence_paths=(path,),
        reconstructor="",
    )
    steps, report = verbalized(some)
    assert [key for key, _ in finished(steps)] == [KEYS[0]]
    assert [told.split(":")[0] for told in report.left_out] == ["1/1", "1/2", "1/77"]
    assert "cannot be read" in report.left_out[1]
    assert report.left_out[2] == "1/77: there is no example of it."
    none = replace(some, features=features[1:])
    assert verbalized(none)[1].n_verbalizations == 0


def test_another_model_is_doubted(given: VerbalizeInput, qwen_pair: TinyPair) -> None:
    other = replace(
        given, features=KEYS[:1], about=("example",), n_examples=1, reconstructor=""
    )
    steps, _ = verbalized(replace(other, model=str(qwen_pair.base)))
    ((_, found),) = finished(steps)
    assert found.extrapolates == (
        f"of {qwen_pair.base}, and the verbalizer was trained on tiny/qwen2"
    )


def test_features_of_another_model_are_doubted(plain: VerbalizeInput) -> None:
    other = FeatureKey("gemma-2-2b", "set", LAYER, 0)
    steps, _ = verbalized(replace(plain, features=(other,)))
    ((_, found),) = finished(steps)
    assert found.extrapolates == (
        f"{NO_ACTIVATION}; of gemma-2-2b, and the verbalizer was trained on tiny/qwen2"
    )


def test_a_model_of_another_width_is_refused(
    given: VerbalizeInput, qwen_pair: TinyPair, tmp_path: Path
) -> None:
    folder = copied(qwen_pair.base, tmp_path)
    config = Qwen2Config.from_pretrained(folder)
    config.hidden_size = 32
    Qwen2ForCausalLM(config).save_pretrained(folder)
    with pytest.raises(VerbalizeError, match=r"its vectors have 32 numbers"):
        verbalized(replace(given, model=str(folder)))


def test_texts_are_handed_over_where_scores_fail(
    plain: VerbalizeInput, qwen_pair: TinyPair, tmp_path: Path
) -> None:
    broken = copied(qwen_pair.ar, tmp_path)
    (broken / "model.safetensors").write_bytes(b"broken")
    steps: list[Progress] = []
    with pytest.raises(VerbalizeError, match="weights"):
        run(verbalize(replace(plain, reconstructor=str(broken)), CancelToken()), steps)
    assert len(finished(steps)) == 3
    assert {one.reconstruction for _, one in finished(steps)} == {None}


def test_texts_are_handed_over_when_it_is_stopped(
    plain: VerbalizeInput, qwen_pair: TinyPair
) -> None:
    scored = replace(plain, reconstructor=str(qwen_pair.ar))
    cancel = CancelToken()
    steps: list[Progress] = []
    work = verbalize(scored, cancel)
    while not steps or steps[-1].what != "loading the reconstructor":
        steps.append(next(work))
    cancel.cancel()
    with pytest.raises(Cancelled):
        run(work, steps)
    assert len(finished(steps)) == 3


def test_a_reconstructor_of_other_vectors_is_refused_at_once(
    given: VerbalizeInput, qwen_pair: TinyPair, tmp_path: Path
) -> None:
    other = copied(qwen_pair.ar, tmp_path)
    write_meta(other, {**read_meta(other), "extraction_layer_index": 2})
    steps: list[Progress] = []
    work = verbalize(replace(given, reconstructor=str(other)), CancelToken())
    with pytest.raises(VerbalizeError, match="64 numbers of layer 2") as refused:
        run(work, steps)
    assert refused.value.field == "reconstructor"
    assert [step.what for step in steps] == ["opening the verbalizer"]


def test_it_can_run_in_another_process(plain: VerbalizeInput) -> None:
    assert pickle.loads(pickle.dumps(plain)) == plain
    steps, report = verbalized(replace(plain, features=KEYS[:1]))
    assert pickle.loads(pickle.dumps(steps)) == steps
    assert pickle.loads(pickle.dumps(report)) == report


# By servers


@pytest.fixture
def service() -> Iterator[FeatureServer]:
    with feature_server() as server:
        yield server


def test_an_nla_server_writes_the_texts(
    plain: VerbalizeInput, service: FeatureServer
) -> None:
    told = {"d_model": 64, "extraction_layer": LAYER, "verbalizer_model": "av"}
    service.order(instead(json.dumps(told).encode()))
    results = [
        {"description": f"text {number}", "mse": 0.5, "cosine_similarity": 0.75}
        for number in range(3)
    ]
    service.order(instead(json.dumps({"results": results}).encode()), path="/describe")
    remote = replace(plain, verbalizer=service.url)
    steps, report = verbalized(remote)
    assert [one.text for _, one in finished(steps)] == [f"text {n}" for n in range(3)]
    for _, one in finished(steps):
        assert one.origin == report.verbalizer == f"av at {service.url}"
        assert one.reconstruction is not None
        assert one.reconstruction.cosine == 0.75
    assert len(json.loads(service.seen[1].body)["activations"]) == 3
