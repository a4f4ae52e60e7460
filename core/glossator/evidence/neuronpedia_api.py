"""Neuronpedia's HTTP API: many rows in one answer, and one row in full.

``reference``: hijohnnylin/neuronpedia ``apps/webapp/app/api/features/route.ts``,
``api/feature/[modelId]/[layer]/[index]/route.ts``, ``lib/db/neuron.ts``.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from glossator.errors import EvidenceError, WebError
from glossator.evidence.evidence_file import decode
from glossator.evidence.feature_service import Absent, Answer, Cost, Failed, Record
from glossator.evidence.neuronpedia import row_evidence, row_feature
from glossator.graph.attribution_graph import FeatureKey
from glossator.web_answer import ApiKey, NotFound, Unavailable
from glossator.web_request import WebClient

KEY_VARIABLE = "NEURONPEDIA_API_KEY"
_KEY_HEADER = "x-api-key"
_BATCH = 25
"""Rows in one answer, as Neuronpedia's own pages ask for."""
_MOST_EXAMPLES = 100
"""In a batch; rows of SAEDashboard have 35 to 52."""
_ROW_BYTES = 75_000
"""Of such rows, about."""


@dataclass(frozen=True)
class NeuronpediaApi:
    """The features of a model and a source set."""

    site: str
    """As ``https://www.neuronpedia.org``."""
    model: str
    source_set: str
    attention_set: str = ""
    """"" where Neuronpedia has no attention features of the model."""

    @property
    def title(self) -> str:
        return f"Neuronpedia: {self.model} {self.source_set}"

    @property
    def address(self) -> str:
        return f"{self.site}/{_path(self.model, self.source_set)}"

    @property
    def sends_key(self) -> bool:
        return bool(os.environ.get(KEY_VARIABLE, "").strip())

    def serves(self, feature: FeatureKey) -> bool:
        return bool(self._set_of(feature))

    def cost(self, features: Sequence[FeatureKey]) -> Cost:
        return Cost(-(-len(features) // _BATCH), len(features) * _ROW_BYTES)

    def fetch(
        self, features: Sequence[FeatureKey], web: WebClient
    ) -> Iterator[Sequence[Answer]]:
        """Ask for many at once, and singly for what that does not bring whole."""
        key = ApiKey.from_environment(_KEY_HEADER, KEY_VARIABLE)
        for start in range(0, len(features), _BATCH):
            batch = features[start : start + _BATCH]
            rows = self._rows(batch, web, key)
            if rows:
                yield [self._record(feature, row) for feature, row in rows.items()]
            for feature in batch:
                if feature not in rows:
                    yield [self._single(feature, web, key)]

    def _rows(
        self, features: Sequence[FeatureKey], web: WebClient, key: ApiKey | None
    ) -> Mapping[FeatureKey, bytes]:
        """Rows that decode and hold examples, in whatever order they come."""
        asked = {self.named(feature): feature for feature in features}
        body = [
            {
                "modelId": self.model,
                "layer": self._source(feature),
                "index": feature.index,
                "maxActsToReturn": _MOST_EXAMPLES,
            }
            for feature in features
        ]
        url = f"{self.site}/api/features"
        try:
            data = web.post(url, msgspec.json.encode(body), key=key)
            rows = decode(data, list[msgspec.Raw], source=url)
        except Unavailable:
            raise
        except (WebError, EvidenceError):
            return {}
        found: dict[FeatureKey, bytes] = {}
        for row in map(bytes, rows):
            try:
                feature = asked.get(row_feature(row, url))
                if feature and row_evidence(row, feature, url).examples:
                    found[feature] = row
            except EvidenceError:
                continue
        return found

    def _single(
        self, feature: FeatureKey, web: WebClient, key: ApiKey | None
    ) -> Answer:
        place = _path(self.model, self._source(feature), str(feature.index))
        url = f"{self.site}/api/feature/{place}"
        try:
            data = web.get(url, key=key)
        except NotFound:
            return Absent(feature, self._page(feature))
        except Unavailable:
            raise
        except WebError as error:
            return Failed(feature, str(error), answered=False)
        # What Neuronpedia said, with success, before it said 404.
        if data.strip() == b"null":
            return Absent(feature, self._page(feature))
        try:
            told = row_feature(data, url)
        except EvidenceError as error:
            return Failed(feature, str(error), answered=True)
        if told != self.named(feature):
            return Failed(feature, f"{url}: a row of {told} came", answered=True)
        return self._record(feature, data)

    def _record(self, feature: FeatureKey, row: bytes) -> Record:
        return Record(feature, "neuronpedia row", row, self._page(feature))

    def _set_of(self, feature: FeatureKey) -> str:
        return self.attention_set if feature.attention else self.source_set

    def named(self, feature: FeatureKey) -> FeatureKey:
        """The feature as Neuronpedia calls it."""
        source_set = self._set_of(feature)
        return FeatureKey(self.model, source_set, feature.layer, feature.index)

    def _source(self, feature: FeatureKey) -> str:
        return f"{feature.layer}-{self._set_of(feature)}"

    def _page(self, feature: FeatureKey) -> str:
        """Where a person sees the feature."""
        place = _path(self.model, self._source(feature), str(feature.index))
        return f"{self.site}/{place}"


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)
