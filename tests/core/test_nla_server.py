"""A self-hosted NLA server is asked rightly, and its misbehaviour is told."""

import json
from collections.abc import Iterator

import numpy as np
import pytest

from glossator.errors import Cancelled, VerbalizeError, WebError
from glossator.progress import CancelToken, Progress, drive
from glossator.verbalize.description import Description, Sampling
from glossator.verbalize.nla_server import KEY_VARIABLE, NlaServer
from glossator.verbalize.verbalization import Reconstruction
from glossator.web_answer import Unavailable
from glossator.web_request import WebClient
from tests.core.feature_server import (
    FeatureServer,
    Talk,
    feature_server,
    instead,
    status,
)

STATUS = {
    "status": "ok",
    "verbalizer_model": "kitft/nla-qwen2.5-7b-L20-av",
    "d_model": 4,
    "extraction_layer": 20,
    "source_model": "Qwen/Qwen2.5-7B-Instruct",
    "reconstructor_available": True,
    "limits": {"max_new_tokens": 100, "max_describe_batch": 2},
}
VECTORS = np.eye(3, 4, dtype=np.float32)
SAMPLING = Sampling(temperature=0.5)


def describe(talk: Talk, _: bytes) -> None:
    """Tell of each vector which coordinate is set."""
    asked = json.loads(talk.server.features.seen[-1].body)
    results = [
        {
            "description": f" coordinate {row.index(1.0)} ",
            "mse": 0.4,
            "cosine_similarity": 0.8,
        }
        for row in asked["activations"]
    ]
    talk.send(json.dumps({"results": results}).encode())


def no_sleep(_: float, /) -> None:
    """Waits for nothing."""


@pytest.fixture
def service() -> Iterator[FeatureServer]:
    with feature_server() as server:
        server.order(instead(json.dumps(STATUS).encode()))
        yield server


@pytest.fixture
def web() -> Iterator[WebClient]:
    with WebClient(sleep=no_sleep) as web:
        yield web


def described(
    server: NlaServer,
    sampling: Sampling = SAMPLING,
    steps: list[Progress] | None = None,
) -> tuple[Description, ...]:
    def note(progress: Progress) -> None:
        if steps is not None:
            steps.append(progress)

    work = server.describe(VECTORS, layer=20, sampling=sampling, cancel=CancelToken())
    return drive(work, note)


def test_what_it_reads_is_asked_first(service: FeatureServer, web: WebClient) -> None:
    server = NlaServer.connect(f"{service.url}/", web)
    assert service.paths() == ["GET /"]
    assert (server.layer, server.d_model) == (20, 4)
    assert server.base_model == "Qwen/Qwen2.5-7B-Instruct"
    assert server.name == f"kitft/nla-qwen2.5-7b-L20-av at {service.url}"
    assert server.reconstructs


def test_vectors_are_sent_as_they_are_in_batches_that_it_takes(
    service: FeatureServer, web: WebClient
) -> None:
    server = NlaServer.connect(service.url, web)
    service.order(describe, describe, describe, path="/describe")
    steps: list[Progress] = []
    found = described(server, Sampling(n_samples=2, temperature=0.5), steps)
    assert [(d.vector, d.sample, d.text) for d in found] == [
        (0, 0, "coordinate 0"),
        (0, 1, "coordinate 0"),
        (1, 0, "coordinate 1"),
        (1, 1, "coordinate 1"),
        (2, 0, "coordinate 2"),
        (2, 1, "coordinate 2"),
    ]
    assert found[0].reconstruction == Reconstruction(
        cosine=0.8, mse=0.4, fve=1.0 - 0.4 / 0.7335
    )
    bodies = [json.loads(seen.body) for seen in service.seen[1:]]
    assert bodies[0] == {
        "activations": [[1.0, 0, 0, 0], [1.0, 0, 0, 0]],
        "temperature": 0.5,
        "max_new_tokens": 100,
        "stream": False,
    }
    assert [len(body["activations"]) for body in bodies] == [2, 2, 2]
    assert [(step.done, step.total) for step in steps] == [
        (0, 6),
        (2, 6),
        (4, 6),
        (6, 6),
    ]


def test_a_key_is_sent_where_there_is_one(
    service: FeatureServer, web: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "very-secret")
    NlaServer.connect(service.url, web)
    assert service.seen[0].headers["x-secret-key"] == "very-secret"
    monkeypatch.delenv(KEY_VARIABLE)
    service.order(instead(json.dumps(STATUS).encode()))
    NlaServer.connect(service.url, web)
    assert "x-secret-key" not in service.seen[1].headers


def test_scores(service: FeatureServer, web: WebClient) -> None:
    server = NlaServer.connect(service.url, web)
    told = b'{"mse": 0.4, "cosine_similarity": 0.8}'
    service.order(instead(told), instead(told), path="/score")
    found = server.score(["a", "b"], VECTORS[:2])
    assert [figures.cosine for figures in found] == [0.8, 0.8]
    assert [json.loads(seen.body) for seen in service.seen[1:]] == [
        {"description": "a", "activation": [1, 0, 0, 0]},
        {"description": "b", "activation": [0, 1, 0, 0]},
    ]
    service.order(instead(b'{"mse": null}'), path="/score")
    with pytest.raises(WebError, match="no score"):
        server.score(["a"], VECTORS[:1])


def test_a_server_that_is_busy_is_asked_again(
    service: FeatureServer, web: WebClient
) -> None:
    server = NlaServer.connect(service.url, web)
    service.order(status(429), status(503), path="/describe")
    service.order(describe, describe, path="/describe")
    assert len(described(server)) == 3
    assert service.paths()[1:] == ["POST /describe"] * 4


@pytest.mark.parametrize(
    ("code", "kind"),
    [(401, Unavailable), (403, WebError), (429, Unavailable), (503, Unavailable)],
)
def test_a_server_that_refuses(
    service: FeatureServer, web: WebClient, code: int, kind: type[WebError]
) -> None:
    server = NlaServer.connect(service.url, web)
    service.order(*[status(code, b'{"detail": "no key"}')] * 5, path="/describe")
    with pytest.raises(kind, match=f"status {code}: .*no key"):
        described(server)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b'{"results": []}', "0 texts for 2 vectors"),
        (b'{"results": [{"text": "a"}, {"text": "a"}]}', "description: the key is mi"),
        (b'{"results": 3}', "results: expected `array`"),
        (b"[]", "expected `object`"),
    ],
)
def test_answers_of_another_kind(
    service: FeatureServer, web: WebClient, answer: bytes, told: str
) -> None:
    server = NlaServer.connect(service.url, web)
    service.order(instead(answer), path="/describe")
    with pytest.raises(VerbalizeError, match=told):
        described(server)


def test_servers_that_cannot_be_used(web: WebClient) -> None:
    with pytest.raises(VerbalizeError, match="'ftp://x' is no address"):
        NlaServer.connect("ftp://x", web)
    with feature_server() as other:
        other.order(instead(b'{"status": "ok", "d_model": 4}'))
        with pytest.raises(VerbalizeError, match="extraction_layer: the key is"):
            NlaServer.connect(other.url, web)


def test_vectors_that_it_does_not_read_are_not_sent(
    service: FeatureServer, web: WebClient
) -> None:
    server = NlaServer.connect(service.url, web)
    for vectors, layer in ((VECTORS, 19), (VECTORS[:, :3], 20), (0 * VECTORS, 20)):
        work = server.describe(
            vectors, layer=layer, sampling=SAMPLING, cancel=CancelToken()
        )
        with pytest.raises(VerbalizeError):
            drive(work, lambda progress: None)
    assert service.paths() == ["GET /"]


def test_it_stops_between_requests(service: FeatureServer, web: WebClient) -> None:
    server = NlaServer.connect(service.url, web)
    service.order(describe, path="/describe")
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.done:
            cancel.cancel()

    work = server.describe(VECTORS, layer=20, sampling=SAMPLING, cancel=cancel)
    with pytest.raises(Cancelled):
        drive(work, stop)
    assert service.paths() == ["GET /", "POST /describe"]
