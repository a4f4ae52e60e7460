"""Evidence comes from servers whole, once, and whatever they do on the way."""

import gzip
import json
import os
import pickle
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from glossator.errors import Cancelled
from glossator.evidence import feature_web
from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.feature_service import FeatureService
from glossator.evidence.feature_web import FeatureFiles, PackedFeatures
from glossator.evidence.fetch import FetchReport, fetch_evidence
from glossator.evidence.neuronpedia_api import KEY_VARIABLE, NeuronpediaApi
from glossator.evidence.offers import FetchPlan, Offer, plan_fetch
from glossator.evidence.saedashboard import SaeDashboardBatches
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.feature_ids import cantor
from glossator.progress import CancelToken, Progress
from glossator.web_request import WebClient
from tests.core.feature_server import (
    FeatureServer,
    Talk,
    altered_rows,
    cut_gzip,
    feature_server,
    hang,
    instead,
    page,
    reset,
    short_body,
    status,
    unused_address,
    zipped,
)
from tests.core.graph_documents import (
    Json,
    as_bytes,
    feature_json,
    neuron_row,
    write_packed,
)

MODEL, SET = "gemma-2-2b", "clt-hp"
BATCH = "POST /api/features"


def key(number: int, *, layer: int = 2, attention: bool = False) -> FeatureKey:
    return FeatureKey(MODEL, SET, layer, number, attention)


KEYS = tuple(map(key, range(60)))


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


@pytest.fixture
def server() -> Iterator[FeatureServer]:
    with feature_server() as server:
        server.add_rows(*(neuron_row(2, number) for number in range(60)))
        for number in range(10):
            document = feature_json(activation_frequency=number / 100)
            server.files[f"/f/{cantor(2, number)}.json"] = as_bytes(document)
        yield server


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "x.evidence"


def plan(
    service: FeatureService, file: Path, features: Sequence[FeatureKey]
) -> FetchPlan:
    return plan_fetch(Offer(service, "a test"), features, file)


def no_sleep(_: float, /) -> None:
    """Waits for nothing."""


def finish(work: Generator[Progress, None, FetchReport]) -> FetchReport:
    while True:
        try:
            next(work)
        except StopIteration as end:
            report: FetchReport = end.value
            return report


def fetch(
    service: FeatureService,
    file: Path,
    features: Sequence[FeatureKey],
    *,
    timeout: float = 30.0,
) -> FetchReport:
    cancel = CancelToken()
    with WebClient(cancel, timeout=timeout, sleep=no_sleep) as web:
        return finish(fetch_evidence(plan(service, file, features), cancel, web))


def neuronpedia(server: FeatureServer) -> NeuronpediaApi:
    return NeuronpediaApi(server.url, MODEL, SET)


def check_whole(file: Path, features: Sequence[FeatureKey]) -> None:
    """The file holds these features, and all of them can be read."""
    store = EvidenceStore(file)
    assert set(store.features) == set(features)
    for feature in features:
        found = store.evidence(feature)
        assert found is not None
        assert found.feature == feature
        assert found.examples


# Neuronpedia


def test_rows_come_in_batches(server: FeatureServer, file: Path) -> None:
    report = fetch(neuronpedia(server), file, KEYS)
    assert report == FetchReport(KEYS, 0, (), (), 0, "")
    assert report.text == "60 features fetched."
    assert server.paths() == [BATCH] * 3
    asked = json.loads(server.seen[0].body)
    assert asked[7] == {
        "modelId": "gemma-2-2b",
        "layer": "2-clt-hp",
        "index": 7,
        "maxActsToReturn": 100,
    }
    check_whole(file, KEYS)
    found = EvidenceStore(file).evidence(KEYS[3])
    assert found is not None
    assert found.origin.startswith(f"{server.url}/gemma-2-2b/2-clt-hp/3, fetched 20")


def test_rows_in_another_order(server: FeatureServer, file: Path) -> None:
    server.reverses = True
    # The same index in two layers, and logits that tell them apart.
    server.add_rows(neuron_row(3, 1, pos_str=[" three"], pos_values=[1.0]))
    asked = (key(1), key(1, layer=3), key(2))
    assert set(fetch(neuronpedia(server), file, asked).fetched) == set(asked)
    assert server.paths() == [BATCH]
    found = EvidenceStore(file).evidence(key(1, layer=3))
    assert found is not None
    assert found.top_logits[0].token == " three"


def test_what_is_stored_is_not_asked_for_again(
    server: FeatureServer, file: Path
) -> None:
    fetch(neuronpedia(server), file, KEYS[:30])
    server.seen.clear()
    again = plan(neuronpedia(server), file, KEYS)
    assert (again.features, again.n_stored, again.n_requests) == (KEYS[30:], 30, 2)
    report = fetch(neuronpedia(server), file, KEYS)
    assert (report.fetched, report.n_stored) == (KEYS[30:], 30)
    assert report.text == "30 features fetched; 30 stored before."
    assert server.paths() == [BATCH] * 2
    server.seen.clear()
    # An older plan, too, asks for nothing that came meanwhile.
    assert finish(fetch_evidence(again, CancelToken())).n_stored == 60
    assert server.paths() == []


def test_what_a_batch_lacks_is_asked_for_singly(
    server: FeatureServer, file: Path
) -> None:
    def change(rows: list[Json]) -> Iterator[Json]:
        for row in rows:
            if row["index"] == "3":
                continue
            if row["index"] == "4":
                row["activations"][0]["values"] = ["garbage"]
            if row["index"] == "5":
                row["activations"] = []
            if row["index"] == "6":
                row = {"message": "internal error"}
            if row.get("index") == "7":
                row["layer"] = "no-layer"
            yield row

    server.order(altered_rows(change))
    report = fetch(neuronpedia(server), file, KEYS[:25])
    assert report.fetched == (*KEYS[:3], *KEYS[8:25], *KEYS[3:8])
    singles = [f"GET /api/feature/gemma-2-2b/2-clt-hp/{n}" for n in (3, 4, 5, 6, 7)]
    assert server.paths() == [BATCH, *singles]
    check_whole(file, KEYS[:25])


def test_unknown_features_are_remembered(server: FeatureServer, file: Path) -> None:
    del server.rows[MODEL, "2-clt-hp", "1"], server.rows[MODEL, "2-clt-hp", "2"]
    # It once said null, with success.
    server.order(instead(b"null"), path="/2-clt-hp/2")
    report = fetch(neuronpedia(server), file, KEYS[:4])
    assert (report.fetched, report.absent) == ((KEYS[0], KEYS[3]), (KEYS[1], KEYS[2]))
    assert report.text == "2 features fetched; 2 not known there."
    server.seen.clear()
    assert fetch(neuronpedia(server), file, KEYS[:4]).n_stored == 4
    assert server.paths() == []
    assert EvidenceStore(file).absent == (KEYS[1], KEYS[2])


@pytest.mark.parametrize(
    "fault",
    [status(500), status(404), page, cut_gzip, instead(b'{"rows": 1}'), instead(b"[1")],
    ids=["500", "404", "page", "cut gzip", "no list", "cut JSON"],
)
def test_without_batches_rows_come_singly(
    server: FeatureServer, file: Path, fault: Any
) -> None:
    server.order(*[fault] * 5, path="/api/features")
    report = fetch(neuronpedia(server), file, KEYS[:3])
    assert report.fetched == KEYS[:3]
    check_whole(file, KEYS[:3])


def test_a_row_that_stays_garbage_fails_alone(
    server: FeatureServer, file: Path
) -> None:
    server.rows[MODEL, "2-clt-hp", "1"]["activations"][0]["values"] = [1.0]
    server.order(instead(as_bytes(neuron_row(2, 9))), path="/2-clt-hp/2")
    del server.rows[MODEL, "2-clt-hp", "2"]
    report = fetch(neuronpedia(server), file, KEYS[:9])
    first, second = report.failed
    assert (first.feature, second.feature) == (KEYS[1], KEYS[2])
    assert "1 values for 3 tokens" in first.reason
    assert "a row of 2/9 came" in second.reason
    assert "2 failed (first: 2/1, " in report.text
    check_whole(file, [KEYS[0], *KEYS[3:9]])
    # Once it is mended there, it comes.
    server.add_rows(neuron_row(2, 1), neuron_row(2, 2))
    assert fetch(neuronpedia(server), file, KEYS[:9]).fetched == KEYS[1:3]


@pytest.mark.parametrize(
    "fault",
    [
        status(429),
        status(500),
        reset,
        short_body,
        cut_gzip,
        status(429, Retry_After="9"),
    ],
)
def test_what_passes_loses_nothing(
    server: FeatureServer, file: Path, fault: Any
) -> None:
    server.order(fault, fault)
    assert fetch(neuronpedia(server), file, KEYS[:30]).fetched == KEYS[:30]
    assert server.paths() == [BATCH] * 4
    check_whole(file, KEYS[:30])


def test_a_server_that_hangs_once(server: FeatureServer, file: Path) -> None:
    server.order(hang)
    report = fetch(neuronpedia(server), file, KEYS[:3], timeout=0.5)
    assert report.fetched == KEYS[:3]
    check_whole(file, KEYS[:3])


def test_turned_away_it_keeps_what_came_and_goes_on_later(
    server: FeatureServer, file: Path
) -> None:
    def spent(talk: Talk, data: bytes) -> None:
        talk.send(data)
        server.order(*[status(429, b'{"error": "Rate limit exceeded"}')] * 5)

    server.order(spent)
    report = fetch(neuronpedia(server), file, KEYS)
    assert (report.fetched, report.n_left, report.failed) == (KEYS[:25], 35, ())
    assert "Rate limit exceeded" in report.stopped
    assert report.text.startswith("25 features fetched; 35 not asked for, since http")
    check_whole(file, KEYS[:25])
    server.seen.clear()
    report = fetch(neuronpedia(server), file, KEYS)
    assert (report.fetched, report.n_stored, report.stopped) == (KEYS[25:], 25, "")
    assert server.paths() == [BATCH] * 2


def test_it_stops_before_it_is_turned_away(server: FeatureServer, file: Path) -> None:
    server.headers = {"x-limit-remaining": "0"}
    report = fetch(neuronpedia(server), file, KEYS)
    assert (report.fetched, report.n_left) == (KEYS[:25], 35)
    assert "no requests are left" in report.stopped
    assert server.paths() == [BATCH]


def test_a_server_that_is_down(file: Path) -> None:
    service = NeuronpediaApi(unused_address(), MODEL, SET)
    report = fetch(service, file, KEYS)
    assert (report.fetched, report.n_left, report.failed) == ((), 60, ())
    assert "cannot be reached" in report.stopped


def test_a_refused_key_stops_at_once(
    server: FeatureServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "sk-secret-2718")
    server.order(status(401, b"bad key sk-secret-2718"))
    report = fetch(neuronpedia(server), file, KEYS)
    assert server.seen[0].headers["x-api-key"] == "sk-secret-2718"
    assert len(server.seen) == 1
    assert "status 401: bad key ***" in report.stopped
    assert b"2718" not in file.read_bytes() + repr(report).encode()
    assert b"2718" not in pickle.dumps(plan(neuronpedia(server), file, KEYS))
    monkeypatch.setenv(KEY_VARIABLE, "clé")
    report = fetch(neuronpedia(server), file, KEYS)
    assert "holds characters that no key has" in report.stopped
    assert len(server.seen) == 1


def test_attention_features_have_a_source_set_of_their_own(
    server: FeatureServer, file: Path
) -> None:
    row = neuron_row(2, 1)
    server.add_rows(row | {"layer": "2-lorsa-8x"})
    service = NeuronpediaApi(server.url, MODEL, SET, "lorsa-8x")
    attention = FeatureKey(MODEL, "lorsa-8x", 2, 1, attention=True)
    assert fetch(service, file, [attention, key(1)]).fetched == (attention, key(1))
    assert [a["layer"] for a in json.loads(server.seen[0].body)] == [
        "2-lorsa-8x",
        "2-clt-hp",
    ]
    unnamed = plan(neuronpedia(server), file, [attention, key(2)])
    assert (unnamed.features, unnamed.n_unnamed) == ((key(2),), 1)


def test_names_cannot_leave_the_path(server: FeatureServer, file: Path) -> None:
    service = NeuronpediaApi(server.url, "../x?y#", "s/t")
    report = fetch(service, file, [FeatureKey("m", "s/t", 2, 1)])
    assert report.absent
    path = "/api/feature/..%2Fx%3Fy%23/2-s%2Ft/1"
    assert server.paths() == [BATCH, f"GET {path}"]


# Cancelled and killed


def test_cancelled_it_keeps_what_came(server: FeatureServer, file: Path) -> None:
    cancel = CancelToken()
    work = fetch_evidence(plan(neuronpedia(server), file, KEYS), cancel)
    host = server.url.removeprefix("http://")
    assert next(work) == Progress(0, 60, f"asking {host}")
    assert next(work) == Progress(25, 60, f"asking {host}")
    cancel.cancel()
    with pytest.raises(Cancelled):
        next(work)
    assert server.paths() == [BATCH]
    check_whole(file, KEYS[:25])
    assert fetch(neuronpedia(server), file, KEYS).fetched == KEYS[25:]


def test_dropped_in_the_middle_it_keeps_what_came(
    server: FeatureServer, file: Path
) -> None:
    work = fetch_evidence(plan(neuronpedia(server), file, KEYS), CancelToken())
    while next(work).done < 50:
        pass
    work.close()
    check_whole(file, KEYS[:50])


def test_a_plan_goes_to_another_process(server: FeatureServer, file: Path) -> None:
    for service in (
        neuronpedia(server),
        FeatureFiles(f"{server.url}/f", "paired"),
        PackedFeatures(f"{server.url}/p"),
    ):
        planned = plan(service, file, KEYS[:2])
        assert pickle.loads(pickle.dumps(planned)) == planned
    made = plan(neuronpedia(server), file, KEYS[:2])
    report = finish(fetch_evidence(made, CancelToken()))
    assert report.fetched == KEYS[:2]
    assert pickle.loads(pickle.dumps(report)) == report


# Feature files


def test_feature_files(server: FeatureServer, file: Path) -> None:
    service = FeatureFiles(f"{server.url}/f", "paired")
    report = fetch(service, file, KEYS[:12])
    assert report.fetched == KEYS[:10]
    assert report.absent == KEYS[10:12]
    check_whole(file, KEYS[:10])
    found = EvidenceStore(file).evidence(KEYS[7])
    assert found is not None
    assert found.density == 0.07
    assert found.origin.startswith(f"{server.url}/f/{cantor(2, 7)}.json, fetched ")
    assert len(server.seen) == 12


@pytest.mark.parametrize(
    ("numbering", "name"), [("paired", 52), ("decimal", 200007), ("as is", 7)]
)
def test_how_files_are_named(
    server: FeatureServer, file: Path, numbering: feature_web.Numbering, name: int
) -> None:
    fetch(FeatureFiles(f"{server.url}/n", numbering), file, [key(7)])
    assert server.paths() == [f"GET /n/{name}.json"]


def test_a_file_that_is_no_feature_fails_alone(
    server: FeatureServer, file: Path
) -> None:
    service = FeatureFiles(f"{server.url}/f", "paired")
    server.files[f"/f/{cantor(2, 1)}.json"] = b'{"examples_quantiles": 1}'
    server.files[f"/f/{cantor(2, 2)}.json"] = b'{"examples_quantiles": [NaN'
    server.order(page, path=f"/{cantor(2, 3)}.json")
    server.order(status(403), path=f"/{cantor(2, 4)}.json")
    server.order(zipped, path=f"/{cantor(2, 5)}.json")
    report = fetch(service, file, KEYS[:10])
    assert [failure.feature for failure in report.failed] == list(KEYS[1:5])
    reasons = [failure.reason for failure in report.failed]
    assert "examples_quantiles: expected `array`" in reasons[0]
    assert "the answer is text/html, not a JSON file" in reasons[2]
    assert "status 403" in reasons[3]
    check_whole(file, [KEYS[0], *KEYS[5:10]])


def test_a_server_that_fails_again_and_again_is_left_alone(
    server: FeatureServer, file: Path
) -> None:
    service = FeatureFiles(f"{server.url}/f", "paired")
    server.order(*[status(500)] * 100, path=f"/{cantor(2, 2)}.json")
    for number in range(4, 9):
        server.order(*[status(500)] * 5, path=f"/{cantor(2, number)}.json")
    report = fetch(service, file, KEYS[:10])
    assert report.fetched == (KEYS[0], KEYS[1], KEYS[3])
    assert [failure.feature for failure in report.failed] == [KEYS[2], *KEYS[4:9]]
    assert (report.stopped, report.n_left) == ("5 requests in a row failed", 1)
    server.seen.clear()
    report = fetch(service, file, KEYS[:10])
    assert report.fetched == KEYS[4:10]
    assert len(server.seen) == 5 + 6


def test_a_server_of_broken_files_is_no_broken_server(
    server: FeatureServer, file: Path
) -> None:
    for number in range(8):
        server.files[f"/f/{cantor(2, number)}.json"] = b"{}"
    report = fetch(FeatureFiles(f"{server.url}/f", "paired"), file, KEYS[:10])
    assert report.fetched == KEYS[8:10]
    assert len(report.failed) == 8
    assert report.stopped == ""


# Packed features


@pytest.fixture
def packed(server: FeatureServer, tmp_path: Path) -> PackedFeatures:
    """Eight features of layer 2, of which 3 has no record, and one of layer 5."""
    folder = tmp_path / "packed"
    folder.mkdir()
    made: list[Json | None] = [
        feature_json(activation_frequency=number / 100) for number in range(8)
    ]
    made[3] = None
    write_packed(folder, {2: made, 5: [feature_json()]})
    for path in folder.iterdir():
        server.files[f"/p/{path.name}"] = path.read_bytes()
    return PackedFeatures(f"{server.url}/p")


def test_neighbours_are_read_at_once(
    server: FeatureServer, packed: PackedFeatures, file: Path
) -> None:
    asked = (key(0, layer=5), key(7), key(1), key(3), key(2), key(9), key(0, layer=4))
    report = fetch(packed, file, asked)
    assert set(report.fetched) == {asked[0], asked[1], asked[2], asked[4]}
    assert set(report.absent) == {key(3), key(9), key(0, layer=4)}
    assert server.paths() == [
        "GET /p/index.json.gz",
        "GET /p/layer_2.bin",
        "GET /p/layer_5.bin",
    ]
    check_whole(file, report.fetched)
    found = EvidenceStore(file).evidence(key(7))
    assert found is not None
    assert found.density == 0.07
    assert found.origin.startswith(f"{server.url}/p/layer_2.bin[7], fetched ")


def test_what_lies_far_apart_is_read_by_itself(
    server: FeatureServer,
    packed: PackedFeatures,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feature_web, "_GAP", 300)
    asked = tuple(key(number) for number in (0, 1, 6, 7))
    assert fetch(packed, file, asked).fetched == asked
    index = json.loads(gzip.decompress(server.files["/p/index.json.gz"]))
    offsets = index["2"]["offsets"]
    assert [seen.headers["range"] for seen in server.seen[1:]] == [
        f"bytes=0-{offsets[2] - 1}",
        f"bytes={offsets[6]}-{offsets[8] - 1}",
    ]
    monkeypatch.setattr(feature_web, "_MOST_AT_ONCE", 300)
    file.unlink()
    server.seen.clear()
    assert fetch(packed, file, asked).fetched == asked
    assert len(server.seen) == 5
    check_whole(file, asked)


def test_a_server_that_knows_no_ranges(
    server: FeatureServer, packed: PackedFeatures, file: Path
) -> None:
    server.ignores_range = True
    assert len(fetch(packed, file, [key(1), key(2)]).fetched) == 2
    check_whole(file, [key(1), key(2)])


@pytest.mark.parametrize("fault", [status(500), reset, status(429)])
def test_a_range_that_fails_once(
    server: FeatureServer, packed: PackedFeatures, file: Path, fault: Any
) -> None:
    server.order(fault, path="/layer_2.bin")
    server.order(fault, path="/index.json.gz")
    assert len(fetch(packed, file, [key(1), key(2)]).fetched) == 2
    assert len(server.seen) == 4


def test_a_broken_record_fails_alone(
    server: FeatureServer, packed: PackedFeatures, file: Path
) -> None:
    index = json.loads(gzip.decompress(server.files["/p/index.json.gz"]))
    start = index["2"]["offsets"][1]
    data = bytearray(server.files["/p/layer_2.bin"])
    data[start + 20 : start + 30] = b"\xff" * 10
    server.files["/p/layer_2.bin"] = bytes(data)
    report = fetch(packed, file, [key(0), key(1), key(2)])
    ((feature, reason),) = report.failed
    assert feature == key(1)
    assert f"{server.url}/p/layer_2.bin[1]" in reason
    check_whole(file, [key(0), key(2)])


def test_broken_records_are_no_broken_server(
    server: FeatureServer,
    packed: PackedFeatures,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(feature_web, "_MOST_AT_ONCE", 1)
    length = len(server.files["/p/layer_2.bin"])
    server.files["/p/layer_2.bin"] = b"\xff" * length
    report = fetch(packed, file, [key(n) for n in (0, 1, 2, 4, 5, 6, 7)])
    assert len(report.failed) == 7
    assert report.stopped == ""


@pytest.mark.parametrize(
    ("name", "offsets", "told"),
    [
        ("layer_2.bin", [-5, 40], "no place of a record"),
        ("..", [0, 40], "no place of a record"),
        ("", [0, 40], "no place of a record"),
        ("layer_2.bin", [0, 2**40], "a record of 1,099,511,627,776 bytes"),
        ("layer_2.bin", [10**9, 10**9 + 9], "status 416"),
        ("layer_2.bin", [0, 2], "unreadable record"),
        ("../f/x?y", [0, 2], "/p/x%3Fy"),
    ],
)
def test_an_index_that_tells_nonsense(
    server: FeatureServer,
    packed: PackedFeatures,
    file: Path,
    name: str,
    offsets: list[int],
    told: str,
) -> None:
    index = {"2": {"filename": name, "offsets": offsets}}
    server.files["/p/index.json.gz"] = gzip.compress(as_bytes(index))
    report = fetch(packed, file, [key(0)])
    ((feature, reason),) = report.failed
    assert feature == key(0)
    assert told in reason


@pytest.mark.parametrize(
    "index",
    [
        None,
        b"",
        b"x",
        gzip.compress(b"[]", mtime=0),
        gzip.compress(b"{}", mtime=0)[:-9],
    ],
    ids=["none", "empty", "garbage", "a list", "cut off"],
)
def test_without_an_index_nothing_is_asked_for(
    server: FeatureServer, packed: PackedFeatures, file: Path, index: bytes | None
) -> None:
    del server.files["/p/index.json.gz"]
    if index is not None:
        server.files["/p/index.json.gz"] = index
    report = fetch(packed, file, [key(0), key(1)])
    assert (report.failed, report.absent, report.n_left) == ((), (), 2)
    assert report.stopped.startswith("no index of the features (")
    assert server.paths() == ["GET /p/index.json.gz"]


def test_an_index_that_the_server_zips_itself(
    server: FeatureServer, packed: PackedFeatures, file: Path
) -> None:
    plain = gzip.decompress(server.files["/p/index.json.gz"])
    server.order(
        instead(gzip.compress(plain), Content_Encoding="gzip"), path="/index.json.gz"
    )
    assert fetch(packed, file, [key(1)]).fetched == (key(1),)


# Real rows


@pytest.mark.shared
def test_real_rows_come_as_they_are(
    server: FeatureServer, file: Path, shared: Path
) -> None:
    files = sorted((shared / "features").glob("batch-*.json"))
    real = SaeDashboardBatches(files, name="real")
    for path in files:
        batch = json.loads(path.read_bytes())
        server.add_rows(*(_row(batch, feature) for feature in batch["features"]))
    server.order(cut_gzip, zipped)
    service = NeuronpediaApi(server.url, "gpt2-small", "res-jb")
    report = fetch(service, file, real.features)
    assert len(report.fetched) == 4
    store = EvidenceStore(file)
    for feature in real.features:
        expected, found = real.evidence(feature), store.evidence(feature)
        assert expected is not None
        assert found is not None
        assert [e.tokens for e in found.examples] == [
            e.tokens for e in expected.examples
        ]
        assert found.top_logits == expected.top_logits
        assert found.density == expected.density
    assert os.path.getsize(file) < sum(map(os.path.getsize, files)) / 2


def _row(batch: Json, feature: Json) -> Json:
    return feature | {
        "modelId": batch["model_id"],
        "layer": f"{batch['layer']}-{batch['sae_set']}",
        "index": str(feature["feature_index"]),
        "activations": [
            {
                "tokens": activation["tokens"],
                "values": activation["values"],
                "maxValue": max(activation["values"]),
                "binMin": activation["bin_min"],
                "binMax": activation["bin_max"],
            }
            for activation in feature["activations"]
        ],
    }
