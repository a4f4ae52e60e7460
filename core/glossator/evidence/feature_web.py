"""Feature JSON of Anthropic's and circuit-tracer's viewers, by address.

Two layouts, as in `feature_folder`: one ``{number}.json`` a feature, or an index and
one file a layer, of which the records wanted are read alone (circuit-tracer
``frontend/assets/feature_examples/init-feature-examples.js``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import quote

from glossator.errors import EvidenceError, WebError
from glossator.evidence.evidence_file import decode, unzipped
from glossator.evidence.feature_folder import (
    INDEX_NAME,
    PackedIndex,
    Place,
    check_place,
    find_record,
    unpacked,
)
from glossator.evidence.feature_service import Absent, Answer, Cost, Failed, Record
from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.feature_ids import cantor
from glossator.graph.zipped import GZIP_MAGIC
from glossator.web_answer import BINARY_FILE, JSON_FILE, NotFound, Unavailable
from glossator.web_request import WebClient

Numbering = Literal["paired", "decimal", "as is"]
"""How a file is named by layer and index: Cantor's pairing; layer times 100,000 and
the index; or the index, which is a global id."""

_FILE_BYTES = 75_000
_INDEX_BYTES = 10_000_000
_GAP = 64 * 2**10
"""Bytes read for nothing rather than asking once more."""
_MOST_AT_ONCE = 16 * 2**20


def feature_number(numbering: Numbering, layer: int, index: int) -> int:
    if numbering == "paired":
        return cantor(layer, index)
    return index + (layer * 10**5 if numbering == "decimal" else 0)


@dataclass(frozen=True)
class FeatureFiles:
    """One file a feature, ``{base}/{number}.json``."""

    base: str
    numbering: Numbering

    @property
    def title(self) -> str:
        return "Feature files"

    @property
    def address(self) -> str:
        return self.base

    @property
    def sends_key(self) -> bool:
        return False

    def serves(self, feature: FeatureKey) -> bool:
        return not feature.attention

    def cost(self, features: Sequence[FeatureKey]) -> Cost:
        return Cost(len(features), len(features) * _FILE_BYTES)

    def fetch(
        self, features: Sequence[FeatureKey], web: WebClient
    ) -> Iterator[Sequence[Answer]]:
        for feature in features:
            number = feature_number(self.numbering, feature.layer, feature.index)
            url = f"{self.base}/{number}.json"
            try:
                data = web.get(url, JSON_FILE)
            except NotFound:
                yield [Absent(feature, url)]
            except Unavailable:
                raise
            except WebError as error:
                yield [Failed(feature, str(error), answered=False)]
            else:
                yield [Record(feature, "feature JSON", data, url)]


class _Placed(NamedTuple):
    feature: FeatureKey
    place: Place


@dataclass(frozen=True)
class PackedFeatures:
    """``index.json.gz`` and ``layer_*.bin`` in a folder."""

    base: str

    @property
    def title(self) -> str:
        return "Packed features"

    @property
    def address(self) -> str:
        return self.base

    @property
    def sends_key(self) -> bool:
        return False

    def serves(self, feature: FeatureKey) -> bool:
        return not feature.attention

    def cost(self, features: Sequence[FeatureKey]) -> Cost:
        n = len(features)
        return Cost(1 + n, _INDEX_BYTES + n * _FILE_BYTES) if n else Cost(0, 0)

    def fetch(
        self, features: Sequence[FeatureKey], web: WebClient
    ) -> Iterator[Sequence[Answer]]:
        index = self._index(web) if features else {}
        known: list[Answer] = []
        placed: list[_Placed] = []
        for feature in features:
            place = find_record(index, feature)
            if place is None:
                known.append(Absent(feature, f"{self.base}/{INDEX_NAME}"))
                continue
            try:
                check_place(place, self._where(place, feature))
            except EvidenceError as error:
                known.append(Failed(feature, str(error), answered=True))
            else:
                placed.append(_Placed(feature, place))
        if known:
            yield known
        for stretch in _stretches(placed):
            yield self._records(stretch, web)

    def _index(self, web: WebClient) -> PackedIndex:
        """Raises Unavailable: without it there is nothing to ask for."""
        url = f"{self.base}/{INDEX_NAME}"
        try:
            data = web.get(url, BINARY_FILE)
            # Some servers unzip, by saying that it is zipped for the transfer.
            if data.startswith(GZIP_MAGIC):
                data = unzipped(data, source=url)
            return decode(data, PackedIndex, source=url)
        except (WebError, EvidenceError) as error:
            raise Unavailable(f"no index of the features ({error})") from error

    def _records(self, stretch: Sequence[_Placed], web: WebClient) -> list[Answer]:
        first = stretch[0].place
        url = f"{self.base}/{quote(first.filename, safe='')}"
        stop = max(place.stop for _, place in stretch)
        try:
            data = web.get_part(url, first.start, stop)
        except Unavailable:
            raise
        except WebError as error:
            return [
                Failed(feature, str(error), answered=False) for feature, _ in stretch
            ]
        return [
            self._unpacked(
                feature,
                data[place.start - first.start : place.stop - first.start],
                self._where(place, feature),
            )
            for feature, place in stretch
        ]

    def _unpacked(self, feature: FeatureKey, record: bytes, where: str) -> Answer:
        try:
            return Record(feature, "feature JSON", unpacked(record, where), where)
        except EvidenceError as error:
            return Failed(feature, str(error), answered=True)

    def _where(self, place: Place, feature: FeatureKey) -> str:
        return f"{self.base}/{quote(place.filename, safe='')}[{feature.index}]"


def _stretches(placed: Sequence[_Placed]) -> Iterator[list[_Placed]]:
    """Records that lie near one another, to be read at once."""
    stretch: list[_Placed] = []
    for item in sorted(placed, key=lambda item: item.place):
        if stretch:
            first, last = stretch[0].place, stretch[-1].place
            near = (
                item.place.filename == last.filename
                and item.place.start - last.stop <= _GAP
                and item.place.stop - first.start <= _MOST_AT_ONCE
            )
            if not near:
                yield stretch
                stretch = []
        stretch.append(item)
    if stretch:
        yield stretch
