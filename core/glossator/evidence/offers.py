"""Which services a graph names that could be asked for its features' evidence.

Nothing here touches the network. Addresses inside a file are anyone's: they become
offers, with their host shown, and nothing is asked before a person agrees.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

import msgspec
import numpy as np

from glossator.evidence.evidence_store import EvidenceStore
from glossator.evidence.feature_service import FeatureService
from glossator.evidence.feature_web import (
    FeatureFiles,
    Numbering,
    PackedFeatures,
    feature_number,
)
from glossator.evidence.neuronpedia_api import NeuronpediaApi
from glossator.graph.attribution_graph import AttributionGraph, FeatureKey, NodeKind
from glossator.graph.json_file.neuronpedia_url import SITE
from glossator.settings import evidence_folder

ANTHROPIC = "https://transformer-circuits.pub/2025/attribution-graphs/features"
CIRCUIT_TRACER = "https://d1fk9w8oratjix.cloudfront.net/features"
"""Features of circuit-tracer's first graphs."""
HUGGING_FACE = "https://huggingface.co"

_ON_NEURONPEDIA = {
    "mntss/gemma-scope-transcoders": ("gemma-2-2b", "gemmascope-transcoder-16k"),
    "mntss/clt-gemma-2-2b-2.5M": ("gemma-2-2b", "clt-hp"),
    "mwhanna/qwen3-4b-transcoders": ("qwen3-4b", "transcoder-hp"),
}
"""Model and source set there, by the repository of the transcoders."""
_OLD_GEMMA = ("gemma-2-2b", "gemmascope-transcoder-16k")
"""Of graphs from before source sets had names."""
_NAME = re.compile(r"[\w.-]+", re.ASCII)
_REPOSITORY = re.compile(
    r"(?P<name>[\w-][\w.-]*/[\w-][\w.-]*)(//(?P<folder>[\w./-]+))?(@(?P<at>[\w./-]+))?",
    re.ASCII,
)
"""``user/repo//folder@revision``."""


class _Details(msgspec.Struct):
    feature_json_base_url: str | None = None
    neuronpedia_source_set: str | None = None
    neuronpedia_lorsa_source_set: str | None = None


class _Info(msgspec.Struct):
    neuronpedia_source_set: str | None = None
    source_urls: list[str] | None = None
    transcoder_set: str | None = None


class _Metadata(msgspec.Struct):
    scan: str
    schema_version: int | None = None
    feature_details: _Details | None = None
    info: _Info | None = None


class _Document(msgspec.Struct):
    metadata: _Metadata


@dataclass(frozen=True)
class Offer:
    """A service that could be asked."""

    service: FeatureService
    reason: str
    """Which field of the graph names it."""

    @property
    def host(self) -> str:
        return _host(self.service)

    @property
    def store(self) -> Path:
        """Where what it gives is kept."""
        address = self.service.address
        digest = hashlib.sha256(address.encode()).hexdigest()[:12]
        name = re.sub(r"[^\w.]+", "-", address.partition("://")[2]).strip("-.")
        return evidence_folder() / f"{name[:80]}-{digest}.evidence"


@dataclass(frozen=True)
class FetchPlan:
    """What would be asked, to be shown before it is; it can be pickled."""

    service: FeatureService
    store: Path
    features: tuple[FeatureKey, ...]
    """To ask for."""
    n_stored: int
    """Asked before, whether the service knew them or not."""
    n_unnamed: int
    """That the service cannot have."""
    n_requests: int
    """About; as those below."""
    n_bytes: int

    @property
    def host(self) -> str:
        return _host(self.service)

    @property
    def text(self) -> str:
        """One sentence for the person who is to agree."""
        stored = f" ({self.n_stored:,} stored already)" if self.n_stored else ""
        if not self.features:
            return f"There is nothing to ask {self.host} for{stored}."
        key = "with your API key" if self.service.sends_key else "without a key"
        return (
            f"Ask {self.host} for {_counted(len(self.features), 'feature')}{stored}: "
            f"about {_counted(self.n_requests, 'request')} and "
            f"{max(1, round(self.n_bytes / 1e6)):,} MB, {key}."
        )


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _host(service: FeatureService) -> str:
    return urlsplit(service.address).netloc


def plan_fetch(
    offer: Offer, features: Sequence[FeatureKey], store: Path | None = None
) -> FetchPlan:
    """Count what is to be fetched; nothing is.

    Parameters
    ----------
    store : another file than the offer's to keep it in; it need not exist.

    Raises
    ------
    EvidenceError
        if the file exists and cannot be used.
    """
    place = store or offer.store
    served = [feature for feature in features if offer.service.serves(feature)]
    asked = EvidenceStore(place).without(served) if place.exists() else tuple(served)
    cost = offer.service.cost(asked)
    return FetchPlan(
        service=offer.service,
        store=place,
        features=asked,
        n_stored=len(served) - len(asked),
        n_unnamed=len(features) - len(served),
        n_requests=cost.requests,
        n_bytes=cost.n_bytes,
    )


def offers_of(graph: AttributionGraph, *, site: str = SITE) -> tuple[Offer, ...]:
    """Services in the order in which to ask, each once.

    Parameters
    ----------
    site : Neuronpedia's address, or that of a copy.
    """
    metadata = _metadata(graph)
    found: dict[FeatureService, Offer] = {}
    for offer in (
        *_own_files(graph, metadata),
        *_neuronpedia(graph, metadata, site),
        *_packed(graph, metadata),
        *_viewers_files(graph, metadata),
    ):
        found.setdefault(offer.service, offer)
    return tuple(found.values())


def _metadata(graph: AttributionGraph) -> _Metadata:
    """The fields that name services; empty where they are not of their types."""
    try:
        return msgspec.json.decode(graph.original, type=_Document).metadata
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:  # what Python's own writers emit is no strict JSON
        return msgspec.convert(json.loads(graph.original), _Document).metadata
    except (msgspec.ValidationError, ValueError, RecursionError):
        return _Metadata(scan="")


def _own_files(graph: AttributionGraph, metadata: _Metadata) -> Iterator[Offer]:
    named = metadata.feature_details and metadata.feature_details.feature_json_base_url
    base = _web_address(named or "")
    numbering = _numbering(graph)
    if base and numbering:
        reason = "metadata.feature_details.feature_json_base_url names it"
        yield Offer(FeatureFiles(base, numbering), reason)


def _neuronpedia(
    graph: AttributionGraph, metadata: _Metadata, site: str
) -> Iterator[Offer]:
    if graph.opaque_features:
        return
    details = metadata.feature_details or _Details()
    attention = details.neuronpedia_lorsa_source_set or ""
    for model, source_set, reason in _neuronpedia_names(metadata):
        if all(map(_NAME.fullmatch, (model, source_set))):
            yield Offer(NeuronpediaApi(site, model, source_set, attention), reason)


def _neuronpedia_names(metadata: _Metadata) -> Iterator[tuple[str, str, str]]:
    """Model, source set, and which field says so."""
    details = metadata.feature_details or _Details()
    info = metadata.info or _Info()
    model, of_scan = _ON_NEURONPEDIA.get(metadata.scan, (metadata.scan, ""))
    if details.neuronpedia_source_set:
        named = details.neuronpedia_source_set
        field = "metadata.feature_details.neuronpedia_source_set"
        yield model, named, f"{field} names {named!r}"
    if info.neuronpedia_source_set:
        named = info.neuronpedia_source_set.rpartition("/")[2]
        yield model, named, f"metadata.info.neuronpedia_source_set names {named!r}"
    for url in info.source_urls or []:
        place = _place(url)
        parts = place.path.strip("/").split("/") if place else []
        on_site = place and place.hostname in ("neuronpedia.org", "www.neuronpedia.org")
        if on_site and len(parts) == 2:
            reason = f"metadata.info.source_urls names {'/'.join(parts)!r}"
            yield parts[0], parts[1], reason
    if info.transcoder_set in _ON_NEURONPEDIA:
        reason = f"metadata.info.transcoder_set is {info.transcoder_set!r}"
        yield *_ON_NEURONPEDIA[info.transcoder_set], reason
    if of_scan:
        yield model, of_scan, f"metadata.scan is {metadata.scan!r}"
    if metadata.scan == _OLD_GEMMA[0] and not metadata.schema_version:
        yield *_OLD_GEMMA, f"metadata.scan is {metadata.scan!r}, without a schema"


def _packed(graph: AttributionGraph, metadata: _Metadata) -> Iterator[Offer]:
    if graph.opaque_features:
        return
    info = metadata.info or _Info()
    for url in info.source_urls or []:
        place = _place(url)
        if place and place.hostname in ("huggingface.co", "hf.co"):
            yield from _of_repository(place.path.strip("/"), "info.source_urls names")
    yield from _of_repository(info.transcoder_set or "", "info.transcoder_set is")
    yield from _of_repository(metadata.scan, "scan is")


def _of_repository(name: str, field: str) -> Iterator[Offer]:
    match = _REPOSITORY.fullmatch(name)
    if match is None or ".." in name:
        return
    folder = f"{match['folder'].strip('/')}/" if match["folder"] else ""
    revision = quote(match["at"] or "main", safe="")
    base = f"{HUGGING_FACE}/{match['name']}/resolve/{revision}/{folder}features"
    yield Offer(PackedFeatures(base), f"metadata.{field} {name!r}")


def _viewers_files(graph: AttributionGraph, metadata: _Metadata) -> Iterator[Offer]:
    """Where the viewers look by themselves for graphs that name no place."""
    if not _NAME.fullmatch(metadata.scan) or metadata.scan.startswith("."):
        return
    reason = f"metadata.scan is {metadata.scan!r}"
    if graph.opaque_features:
        yield Offer(FeatureFiles(f"{ANTHROPIC}/{metadata.scan}", "as is"), reason)
    elif _numbering(graph) == "decimal":
        base = f"{CIRCUIT_TRACER}/{metadata.scan}"
        yield Offer(FeatureFiles(base, "decimal"), reason)


def _numbering(graph: AttributionGraph) -> Numbering | None:
    """How the graph numbers its features; None where it follows no rule."""
    nodes = graph.nodes
    numbers = {
        (int(nodes.layer[at]), int(nodes.index[at])): int(nodes.wire_feature[at])
        for at in np.flatnonzero(nodes.kind == NodeKind.FEATURE).tolist()
    }
    rules: tuple[Numbering, ...] = ("paired", "decimal", "as is")
    for rule in rules:
        if all(feature_number(rule, *key) == n for key, n in numbers.items()):
            return rule
    return None


def _web_address(url: str) -> str:
    """An address that may be asked, in ASCII and as a base; "" where it is none."""
    place = _place(url.strip())
    if place is None or place.username or place.password or place.query:
        return ""
    try:
        host = (place.hostname or "").encode("idna").decode()
        port = f":{place.port}" if place.port else ""
    except (UnicodeError, ValueError):
        return ""
    path = quote(place.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
    return f"{place.scheme}://{host}{port}{path}" if host else ""


def _place(url: str) -> SplitResult | None:
    try:
        place = urlsplit(url)
    except ValueError:
        return None
    return place if place.scheme in ("http", "https") and place.netloc else None
