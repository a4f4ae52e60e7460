"""Which services a graph's metadata names, and what a person is told before asking."""

import socket
from pathlib import Path
from typing import Any

import pytest

from glossator.errors import EvidenceError
from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.feature_service import Absent, FeatureService
from glossator.evidence.feature_web import FeatureFiles, PackedFeatures
from glossator.evidence.neuronpedia_api import KEY_VARIABLE, NeuronpediaApi
from glossator.evidence.offers import Offer, offers_of, plan_fetch
from glossator.graph.attribution_graph import AttributionGraph, FeatureKey
from glossator.graph.graph_file import parse_graph, read_graph
from glossator.settings import evidence_folder
from tests.core.graph_documents import (
    Json,
    anthropic_graph,
    as_bytes,
    attribute_graph,
    decimal_graph,
    feature_node,
    graph_of,
    tracer_graph,
    tracer_nodes,
)

SITE = "https://www.neuronpedia.org"
HUB = "https://huggingface.co"
CLT = NeuronpediaApi(SITE, "gemma-2-2b", "clt-hp")
CLT_PACKED = PackedFeatures(f"{HUB}/mntss/clt-gemma-2-2b-2.5M/resolve/main/features")
KEYS = tuple(FeatureKey("gemma-2-2b", "clt-hp", 2, n) for n in range(60))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def services(graph: AttributionGraph) -> list[FeatureService]:
    return [offer.service for offer in offers_of(graph)]


def made(*, info: Json | None = None, **metadata: Any) -> AttributionGraph:
    return graph_of(tracer_graph(**{"info": info or {}, **metadata}))


# Fields


def test_a_base_url_comes_first() -> None:
    base = "https://example.org:8443/features/"
    graph = made(
        feature_details={
            "feature_json_base_url": base,
            "neuronpedia_source_set": "clt-hp",
        }
    )
    first, second = offers_of(graph)
    assert first.service == FeatureFiles("https://example.org:8443/features", "paired")
    assert first.host == "example.org:8443"
    assert first.reason == ("metadata.feature_details.feature_json_base_url names it")
    assert second.service == CLT


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        (
            {"feature_details": {"neuronpedia_source_set": "clt-hp"}},
            "metadata.feature_details.neuronpedia_source_set names 'clt-hp'",
        ),
        (
            {"info": {"neuronpedia_source_set": "gemma-2-2b/clt-hp"}},
            "metadata.info.neuronpedia_source_set names 'clt-hp'",
        ),
        (
            {"info": {"source_urls": ["https://neuronpedia.org/gemma-2-2b/clt-hp"]}},
            "metadata.info.source_urls names 'gemma-2-2b/clt-hp'",
        ),
        (
            {"info": {"transcoder_set": "mntss/clt-gemma-2-2b-2.5M"}},
            "metadata.info.transcoder_set is 'mntss/clt-gemma-2-2b-2.5M'",
        ),
        (
            {"scan": "mntss/clt-gemma-2-2b-2.5M"},
            "metadata.scan is 'mntss/clt-gemma-2-2b-2.5M'",
        ),
    ],
)
def test_neuronpedia_by_each_field(metadata: Json, reason: str) -> None:
    offer = offers_of(made(**metadata))[0]
    assert offer.service == CLT
    assert offer.reason == reason
    assert offer.host == "www.neuronpedia.org"


def test_each_service_is_offered_once_for_its_first_reason() -> None:
    graph = made(
        info={
            "neuronpedia_source_set": "clt-hp",
            "transcoder_set": "mntss/clt-gemma-2-2b-2.5M",
            "source_urls": [
                "https://neuronpedia.org/gemma-2-2b/clt-hp",
                "https://huggingface.co/mntss/clt-gemma-2-2b-2.5M",
            ],
        }
    )
    assert services(graph) == [CLT, CLT_PACKED]
    assert [offer.reason.split()[0] for offer in offers_of(graph)] == [
        "metadata.info.neuronpedia_source_set",
        "metadata.info.source_urls",
    ]


def test_attention_features_have_a_source_set_of_their_own() -> None:
    details = {
        "neuronpedia_source_set": "clt-hp",
        "neuronpedia_lorsa_source_set": "lorsa-8x",
    }
    (offer,) = offers_of(made(feature_details=details))
    assert offer.service == NeuronpediaApi(SITE, "gemma-2-2b", "clt-hp", "lorsa-8x")


@pytest.mark.parametrize(
    ("scan", "path"),
    [
        ("user/repo", "user/repo/resolve/main"),
        ("user/repo@v1.2", "user/repo/resolve/v1.2"),
        ("user/repo//sub/dir", "user/repo/resolve/main/sub/dir"),
        ("user/repo//sub@a/b", "user/repo/resolve/a%2Fb/sub"),
    ],
)
def test_repositories_as_circuit_tracer_writes_them(scan: str, path: str) -> None:
    assert services(made(scan=scan)) == [PackedFeatures(f"{HUB}/{path}/features")]


@pytest.mark.parametrize(
    "scan",
    [
        "/home/me/repo",
        "./repo",
        "../a/b",
        "user/..",
        "user/repo//../../x",
        "user/repo/three",
        "user/repo?x=1",
        "user/repo#x",
        "user/ré",
        "custom-1234",
        "a b",
        "",
    ],
)
def test_scans_that_name_no_repository(scan: str) -> None:
    assert services(made(scan=scan)) == []


def test_graphs_of_anthropic() -> None:
    document = anthropic_graph()
    scan = document["metadata"]["scan"]
    document["metadata"]["info"] = {"neuronpedia_source_set": None}
    base = "https://transformer-circuits.pub/2025/attribution-graphs/features"
    graph = graph_of(document)
    assert services(graph) == [FeatureFiles(f"{base}/{scan}", "as is")]
    # Their numbers mean nothing on Neuronpedia, whatever the file says.
    document["metadata"]["info"] = {
        "neuronpedia_source_set": "clt-hp",
        "transcoder_set": "mntss/clt-gemma-2-2b-2.5M",
    }
    document["metadata"]["feature_details"] = {
        "feature_json_base_url": "https://x.org/f"
    }
    first, second = services(graph_of(document))
    assert first == FeatureFiles("https://x.org/f", "as is")
    assert second == FeatureFiles(f"{base}/{scan}", "as is")


def test_graphs_of_before_schemas() -> None:
    document = decimal_graph()
    document["metadata"]["info"] = {}
    first, second = services(graph_of(document))
    assert first == NeuronpediaApi(SITE, "gemma-2-2b", "gemmascope-transcoder-16k")
    assert second == FeatureFiles(
        "https://d1fk9w8oratjix.cloudfront.net/features/gemma-2-2b", "decimal"
    )


def test_numbers_that_follow_no_rule_name_no_files() -> None:
    nodes = [*tracer_nodes(), feature_node(1, 5, 1, feature=77)]
    details = {"feature_json_base_url": "https://x.org/f"}
    graph = graph_of(tracer_graph(nodes, info={}, feature_details=details))
    assert services(graph) == []


def test_a_graph_that_names_nothing() -> None:
    assert services(made()) == []
    assert services(graph_of(attribute_graph())) == []


def test_neuronpedia_elsewhere() -> None:
    graph = made(info={"neuronpedia_source_set": "clt-hp"})
    (offer,) = offers_of(graph, site="http://localhost:3000")
    assert offer.host == "localhost:3000"


# Anyone's addresses


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://x.org/f",
        "javascript:alert(1)",
        "//x.org/f",
        "x.org/f",
        "https://",
        "https:///f",
        "https://[::1/f",
        "https://x.org:99999/f",
        "https://me:secret@x.org/f",
        "https://x.org/f?to=http://y.org",
        "https://x..org/f",
        "",
    ],
)
def test_addresses_that_are_not_asked(url: str) -> None:
    assert services(made(feature_details={"feature_json_base_url": url})) == []


def test_a_host_that_only_looks_like_another_is_spelled_out() -> None:
    url = "https://www.neuronpediа.org/a b"  # the last a is Cyrillic
    (offer,) = offers_of(made(feature_details={"feature_json_base_url": url}))
    assert offer.host.startswith("www.xn--neuronpedi-")
    assert offer.service.address.endswith("/a%20b")
    assert "neuronpedia.org" not in plan_fetch(offer, KEYS).text


@pytest.mark.parametrize(
    "urls",
    [
        ["https://evil.org/neuronpedia.org/gemma-2-2b/clt-hp"],
        ["https://neuronpedia.org.evil.org/gemma-2-2b/clt-hp"],
        ["https://neuronpedia.org/gemma-2-2b"],
        ["https://neuronpedia.org/gemma-2-2b/clt-hp/7"],
        ["https://neuronpedia.org/gemma 2/clt-hp"],
        ["https://huggingface.co/"],
        ["https://huggingface.co/mntss"],
        ["http://["],
        [""],
    ],
)
def test_source_urls_that_name_nothing(urls: list[str]) -> None:
    assert services(made(info={"source_urls": urls})) == []


@pytest.mark.parametrize("name", ["../admin", "a/b", "a?b", "x\n", "é"])
def test_source_sets_that_are_no_names(name: str) -> None:
    details = {"neuronpedia_source_set": name}
    assert services(made(feature_details=details)) == []


def test_metadata_of_other_types_names_nothing() -> None:
    graph = made(feature_details={"feature_json_base_url": ["https://x.org"]})
    assert services(graph) == []


def test_a_file_that_is_no_strict_json() -> None:
    document = tracer_graph()
    document["nodes"][2]["activation"] = float("nan")
    assert services(parse_graph(as_bytes(document), source="x")) == [CLT, CLT_PACKED]


# Plans


def offer_of(service: FeatureService) -> Offer:
    return Offer(service, "a test")


def test_the_plan_tells_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer = offer_of(CLT)
    plan = plan_fetch(offer, KEYS)
    assert plan.text == (
        "Ask www.neuronpedia.org for 60 features: about 3 requests and 4 MB, "
        "without a key."
    )
    assert plan.store == offer.store
    assert plan.store.parent == evidence_folder()
    assert not evidence_folder().exists()
    monkeypatch.setenv(KEY_VARIABLE, "sk-1")
    assert plan_fetch(offer, KEYS[:1]).text == (
        "Ask www.neuronpedia.org for 1 feature: about 1 request and 1 MB, "
        "with your API key."
    )
    other = offer_of(FeatureFiles("https://x.org/f", "paired"))
    assert plan_fetch(other, KEYS).text == (
        "Ask x.org for 60 features: about 60 requests and 4 MB, without a key."
    )


def test_the_plan_leaves_out_what_is_stored() -> None:
    offer = offer_of(CLT)
    store = EvidenceStore.create(offer.store, "x", "y")
    store.add([Absent(feature, "") for feature in KEYS[:59]])
    plan = plan_fetch(offer, KEYS)
    assert (plan.features, plan.n_stored) == (KEYS[59:], 59)
    assert "for 1 feature (59 stored already): about 1 request" in plan.text
    store.add([Absent(KEYS[59], "")])
    assert plan_fetch(offer, KEYS).text == (
        "There is nothing to ask www.neuronpedia.org for (60 stored already)."
    )


def test_the_plan_leaves_out_what_has_no_name_there() -> None:
    attention = FeatureKey("gemma-2-2b", "lorsa", 2, 1, attention=True)
    for service in (CLT, CLT_PACKED, FeatureFiles("https://x.org", "paired")):
        plan = plan_fetch(offer_of(service), [*KEYS, attention])
        assert (plan.features, plan.n_unnamed) == (KEYS, 1)


def test_a_store_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    path = tmp_path / "x.evidence"
    path.write_text("no database")
    with pytest.raises(EvidenceError, match=r"x\.evidence"):
        plan_fetch(offer_of(CLT), KEYS, path)


def test_services_do_not_share_a_store() -> None:
    stores = {
        offer_of(service).store.name
        for service in (
            CLT,
            CLT_PACKED,
            NeuronpediaApi(SITE, "gemma-2-2b", "clt"),
            NeuronpediaApi("http://localhost:3000", "gemma-2-2b", "clt-hp"),
            FeatureFiles("https://x.org/" + "y" * 500, "paired"),
            FeatureFiles("https://x.org/" + "y" * 501, "paired"),
        )
    }
    assert len(stores) == 6
    assert all("/" not in name and len(name) < 110 for name in stores)


# Real graphs


@pytest.mark.shared
def test_real_graphs_name_their_services(shared: Path) -> None:
    found: dict[str, set[tuple[str, ...]]] = {}
    for path in sorted((shared / "graphs").glob("*/*.json")):
        graph = read_graph(path)
        offers = offers_of(graph)
        plan = plan_fetch(offers[0], graph.features)
        assert len(plan.features) == len(graph.features)
        hosts = tuple(offer.host for offer in offers)
        found.setdefault(path.parent.name, set()).add(hosts)
    assert found == {
        "haiku": {("transformer-circuits.pub",)},
        "gemma-clt": {("www.neuronpedia.org", "huggingface.co")},
        "gemma-plt": {("www.neuronpedia.org", "d1fk9w8oratjix.cloudfront.net")},
    }
