"""Neuronpedia's NLA service is asked rightly, and its misbehaviour is told."""

import json
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from glossator.errors import VerbalizeError, WebError
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress, drive
from glossator.verbalize.description import Sampling
from glossator.verbalize.neuronpedia_run import explain_examples
from glossator.verbalize.remote_neuronpedia import (
    KEY_VARIABLE,
    MOST_CHARACTERS,
    NeuronpediaNla,
    NlaSource,
    RemoteToken,
)
from glossator.verbalize.verbalization import Reconstruction
from glossator.verbalize.verbalize_input import VerbalizeInput
from glossator.verbalize.verbalize_report import (
    Found,
    VerbalizeProgress,
    VerbalizeReport,
)
from glossator.web_answer import Unavailable
from glossator.web_request import WebClient
from tests.core.feature_server import (
    Fault,
    FeatureServer,
    Talk,
    feature_server,
    instead,
    status,
)
from tests.core.graph_documents import Json, as_bytes, neuron_row

SOURCES = {
    "sources": [
        {
            "modelId": "gemma-3-27b-it",
            "id": "kitft-l41",
            "displayName": "Gemma L41",
            "description": "",
            "av": "kitft/nla-gemma3-27b-L41-av",
            "ar": None,
            "layerNum": 41,
            "norm": 0.05,
            "model": {"id": "gemma-3-27b-it"},
        }
    ]
}
SOURCE = NlaSource(model="gemma-3-27b-it", id="kitft-l41", layer=41, baseline=0.05)
PAIR = {"modelId": "gemma-3-27b-it", "nlaSourceId": "kitft-l41"}


def answer(document: object) -> Fault:
    return instead(json.dumps(document).encode())


def events(*documents: object, end: str = "data: [DONE]\n\n") -> Fault:
    lines = "".join(f"data: {json.dumps(document)}\n\n" for document in documents)
    return instead((lines + end).encode(), "text/event-stream; charset=utf-8")


@pytest.fixture
def site() -> Iterator[FeatureServer]:
    with feature_server() as server:
        yield server


@pytest.fixture
def service(site: FeatureServer) -> Iterator[NeuronpediaNla]:
    with WebClient(sleep=lambda seconds, /: None) as web:
        yield NeuronpediaNla(web, site.url)


def asked(site: FeatureServer) -> object:
    return json.loads(site.seen[-1].body)


def test_what_it_runs(site: FeatureServer, service: NeuronpediaNla) -> None:
    site.order(answer(SOURCES))
    (source,) = service.sources()
    assert site.paths() == ["GET /api/nla/sources"]
    assert (source.model, source.id, source.layer) == (
        "gemma-3-27b-it",
        "kitft-l41",
        41,
    )
    assert source.baseline == 0.05
    assert source.verbalizer == "kitft/nla-gemma3-27b-L41-av"


def test_a_text_is_cut_by_its_tokenizer(
    site: FeatureServer, service: NeuronpediaNla
) -> None:
    tokens = [
        {"token": "<bos>", "token_id": 2, "position": 0},
        {"token": "▁dog", "token_id": 9, "position": 1},
    ]
    site.order(answer({"tokens": tokens, "prompt_length": 2, "text": "dog"}))
    assert service.tokens("dog", SOURCE) == (
        RemoteToken("<bos>", 0),
        RemoteToken("▁dog", 1),
    )
    assert site.paths() == ["POST /api/nla/completion"]
    assert asked(site) == {**PAIR, "text": "dog", "completion_tokens": 0}


def test_positions_are_explained(site: FeatureServer, service: NeuronpediaNla) -> None:
    results = [
        {
            "token": "▁dog",
            "position": 1,
            "l2_norm": 41_000.0,
            "description": "a\n\nb",
            "mse": 0.01,
            "cosine_similarity": 0.995,
        },
        {"token": "▁cat", "position": 7, "l2_norm": 1.5, "description": "c"},
    ]
    site.order(answer({"results": results, "layer_index": 41}))
    first, second = service.explain("dog", [7, 1, 7], SOURCE, temperature=0.2)
    assert (first.position, first.description, first.norm) == (1, "a\n\nb", 41_000.0)
    assert first.reconstruction(SOURCE) == Reconstruction(
        cosine=0.995, mse=0.01, fve=1.0 - 0.01 / 0.05
    )
    assert second.reconstruction(SOURCE) is None
    assert site.paths() == ["POST /api/nla/explain"]
    assert asked(site) == {
        **PAIR,
        "text": "dog",
        "positions": [1, 7],
        "temperature": 0.2,
    }


def test_a_feature_is_explained_by_events(
    site: FeatureServer, service: NeuronpediaNla
) -> None:
    site.order(
        events(
            {"index": 0, "text": "Dogs", "done": False},
            {"description": " Dogs — ㈎. ", "mse": 0.02, "cosine_similarity": 0.99},
        )
    )
    found = service.explain_feature("google/gemma-scope-2", "resid/l41", 7, SOURCE)
    assert found.description == "Dogs — ㈎."
    assert found.reconstruction(SOURCE) is not None
    assert site.paths() == ["POST /api/nla/explain-saelens"]
    assert asked(site) == {
        **PAIR,
        "hfRepoId": "google/gemma-scope-2",
        "hfFolderId": "resid/l41",
        "index": 7,
    }


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (events({"index": 0, "text": "Do", "done": False}), "breaks off"),
        (events({"description": "Dogs"}, end=""), "breaks off"),
        (events({"error": "out of memory"}), "out of memory"),
        (instead(b"data: {\n\n", "text/event-stream"), "not readable as JSON"),
        (instead(b"", "text/event-stream"), "breaks off"),
    ],
)
def test_events_that_break_off(
    site: FeatureServer, service: NeuronpediaNla, fault: Fault, told: str
) -> None:
    site.order(fault)
    with pytest.raises(VerbalizeError, match=told):
        service.explain_feature("a/b", "c", 7, SOURCE)


def test_a_key_is_sent_where_there_is_one(
    site: FeatureServer, service: NeuronpediaNla, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("very-secret", ""):
        monkeypatch.setenv(KEY_VARIABLE, key)
        site.order(answer(SOURCES))
        service.sources()
        assert site.seen[-1].headers.get("x-api-key", "") == key


def test_a_service_that_is_busy_is_asked_again(
    site: FeatureServer, service: NeuronpediaNla
) -> None:
    site.order(status(429), status(503), events({"description": "Dogs"}))
    assert service.explain_feature("a/b", "c", 7, SOURCE).description == "Dogs"
    assert len(site.seen) == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [(400, WebError), (401, Unavailable), (429, Unavailable), (503, Unavailable)],
)
def test_a_service_that_refuses(
    site: FeatureServer, service: NeuronpediaNla, code: int, kind: type[WebError]
) -> None:
    site.order(*[status(code, b'{"error": "too many"}')] * 10)
    with pytest.raises(kind, match=f"status {code}: .*too many"):
        service.explain("dog", [1], SOURCE)
    site.orders.clear()
    site.order(*[status(code, b'{"error": "too many"}')] * 10)
    with pytest.raises(kind, match=f"status {code}: .*too many"):
        service.explain_feature("a/b", "c", 7, SOURCE)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"results": []}, r"positions \[\], asked for \[1\]"),
        ({"results": [{"description": "a", "position": 2}]}, r"positions \[2\]"),
        ({"results": [{"position": 1}]}, "description: the key is missing"),
        ({}, "results: the key is missing"),
    ],
)
def test_answers_of_another_kind(
    site: FeatureServer, service: NeuronpediaNla, document: object, told: str
) -> None:
    site.order(answer(document))
    with pytest.raises(VerbalizeError, match=told):
        service.explain("dog", [1], SOURCE)


def test_what_it_does_not_take_is_not_sent(
    site: FeatureServer, service: NeuronpediaNla
) -> None:
    for text, positions, told in (
        ("", [1], "0 characters"),
        ("a" * (MOST_CHARACTERS + 1), [1], "16385 characters"),
        ("dog", [], "0 positions"),
        ("dog", [-1], "1 positions"),
        ("dog", [*range(17)], "17 positions"),
    ):
        with pytest.raises(VerbalizeError, match=told):
            service.explain(text, positions, SOURCE)
    for repository, folder in (("../x", "c"), ("a/b", "c d"), ("", "c")):
        with pytest.raises(VerbalizeError, match="is no path on the hub"):
            service.explain_feature(repository, folder, 7, SOURCE)
    assert site.seen == []


# Examples of features


KEYS = tuple(FeatureKey("qwen2", "set", 1, number) for number in range(3))
WORDS = (" news", " spices", " loop")
LONG = "A news report on rivers. " * 12


@pytest.fixture
def given(tmp_path: Path) -> VerbalizeInput:
    """Each word at the end of a long text, and early in a short one."""
    rows = [
        neuron_row(
            1,
            number,
            [
                (["<bos>", LONG, word, " and"], [0.0, 0.0, 9.0, 1.0]),
                (["A", word, " more"], [0.0, 5.0, 0.0]),
            ],
            modelId="qwen2",
        )
        | {"layer": "1-set"}
        for number, word in enumerate(WORDS)
    ]
    path = tmp_path / "evidence.json"
    path.write_bytes(as_bytes(rows))
    return VerbalizeInput(
        features=KEYS,
        verbalizer="neuronpedia:qwen2/l1",
        evidence_paths=(path,),
        sampling=Sampling(),
    )


def run(
    work: Generator[Progress, None, VerbalizeReport], steps: list[Progress]
) -> VerbalizeReport:
    def note(progress: Progress) -> None:
        steps.append(progress)

    return drive(work, note)


def finished(steps: list[Progress]) -> list[Found]:
    return [
        found
        for step in steps
        if isinstance(step, VerbalizeProgress)
        for found in step.finished
    ]


def neuronpedia(talk: Talk, _: bytes) -> None:
    """Cut a text at its spaces, and explain a token by its place."""
    asked = json.loads(talk.server.features.seen[-1].body)
    tokens = ["<bos>", *(f"▁{word}" for word in asked["text"].split())]
    answer: Json = {
        "tokens": [{"token": t, "position": at} for at, t in enumerate(tokens)]
    }
    if "positions" in asked:
        (at,) = asked["positions"]
        told = {"position": at, "description": f"said of {tokens[at]}", "l2_norm": 7.5}
        answer = {"results": [told]}
    talk.send(json.dumps(answer).encode())


RUN_SOURCES = b"""{"sources": [{"modelId": "qwen2", "id": "l1", "layerNum": 1}]}"""


def test_neuronpedia_explains_examples(
    given: VerbalizeInput, site: FeatureServer
) -> None:
    site.order(instead(RUN_SOURCES), *[neuronpedia] * 12)
    steps: list[Progress] = []
    report = run(explain_examples(given, CancelToken(), site=site.url), steps)
    assert (report.n_verbalizations, report.layer) == (6, 1)
    long, short = (said for key, said in finished(steps) if key == KEYS[0])
    assert long.text == short.text == "said of ▁news"
    assert (long.origin, long.norm, long.layer) == ("neuronpedia:qwen2/l1", 7.5, 1)
    assert long.extrapolates == ""
    assert short.extrapolates == "2 tokens before it, fewer than 50"
    assert json.loads(site.seen[1].body)["text"] == LONG + " news"


def test_a_pair_that_neuronpedia_does_not_run(
    given: VerbalizeInput, site: FeatureServer
) -> None:
    site.order(instead(RUN_SOURCES))
    other = replace(given, verbalizer="neuronpedia:qwen2/l9")
    with pytest.raises(VerbalizeError, match="no 'qwen2/l9'; it runs qwen2/l1"):
        run(explain_examples(other, CancelToken(), site=site.url), [])


def test_what_came_before_an_answer_failed_is_kept(
    given: VerbalizeInput, site: FeatureServer
) -> None:
    site.order(instead(RUN_SOURCES), neuronpedia, neuronpedia, status(400))
    steps: list[Progress] = []
    with pytest.raises(WebError, match="status 400"):
        run(explain_examples(given, CancelToken(), site=site.url), steps)
    assert len(finished(steps)) == 1
