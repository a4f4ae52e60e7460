"""Neuronpedia's public NLA service: texts or features out, explanations in.

It takes no vector of one's own. What is sent leaves this machine: the text of an
example, or a feature's place. Whoever sends a text again gets the same sample, for the
service keeps it; 120 requests an hour are answered.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from glossator import json_document
from glossator.errors import VerbalizeError
from glossator.verbalize.reconstruction import error_explained
from glossator.verbalize.verbalization import Reconstruction
from glossator.web_answer import ApiKey, Wanted, shown_address
from glossator.web_request import WebClient

SITE = "https://www.neuronpedia.org"
KEY_VARIABLE = "NEURONPEDIA_API_KEY"
MOST_CHARACTERS = 16_384
"""Of a text."""
MOST_POSITIONS = 16
"""That one request may ask for."""

_HEADER = "x-api-key"
_EVENTS = Wanted("events", re.compile(r"text/event-stream"), is_json=False)
_MOST_BYTES = 2**24
_DONE = "[DONE]"
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")

RecordT = TypeVar("RecordT")


class NlaSource(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that the service runs."""

    model: str = msgspec.field(name="modelId")
    id: str
    """As in ``kitft-l41``."""
    name: str = msgspec.field(name="displayName", default="")
    layer: int = msgspec.field(name="layerNum")
    baseline: float | None = msgspec.field(name="norm", default=None)
    """Variance that errors are held against."""
    verbalizer: str | None = msgspec.field(name="av", default=None)
    reconstructor: str | None = msgspec.field(name="ar", default=None)


class RemoteToken(msgspec.Struct, frozen=True):
    """A token of a text, as the service's own tokenizer cuts it."""

    token: str
    position: int


class RemoteText(msgspec.Struct, frozen=True, kw_only=True):
    """What the service says of one vector."""

    description: str
    position: int = -1
    """Of the token; -1 for a feature's own vector."""
    token: str = ""
    norm: float | None = msgspec.field(name="l2_norm", default=None)
    """Of the activation, as it was."""
    mse: float | None = None
    cosine: float | None = msgspec.field(name="cosine_similarity", default=None)

    def reconstruction(self, source: NlaSource) -> Reconstruction | None:
        if self.mse is None or self.cosine is None:
            return None
        return Reconstruction(
            cosine=self.cosine,
            mse=self.mse,
            fve=error_explained(self.mse, source.baseline),
        )


class _Sources(msgspec.Struct):
    sources: list[NlaSource]


class _Tokens(msgspec.Struct):
    tokens: list[RemoteToken]


class _Explained(msgspec.Struct):
    results: list[RemoteText]
    layer: int | None = msgspec.field(name="layer_index", default=None)


class _Event(msgspec.Struct):
    description: str | None = None
    error: str | None = None
    mse: float | None = None
    cosine_similarity: float | None = None


@dataclass(frozen=True)
class NeuronpediaNla:
    """The service, asked with the key of `KEY_VARIABLE` where there is one.

    Every method raises WebError where the service does not answer, and VerbalizeError
    where it takes no such thing or answers something else.
    """

    web: WebClient
    site: str = SITE

    def sources(self) -> tuple[NlaSource, ...]:
        """What it runs at the moment."""
        url = f"{self.site}/api/nla/sources"
        found = _decoded(self.web.get(url, key=_key()), _Sources, url)
        return tuple(found.sources)

    def tokens(self, text: str, source: NlaSource) -> tuple[RemoteToken, ...]:
        """Cut a text; positions count these tokens, of which ``<bos>`` is the first."""
        asked = {"text": _bounded(text), "completion_tokens": 0}
        return tuple(self._asked("completion", source, asked, _Tokens).tokens)

    def explain(
        self,
        text: str,
        positions: Sequence[int],
        source: NlaSource,
        *,
        temperature: float = 0.7,
    ) -> tuple[RemoteText, ...]:
        """What the activations at some of a text's tokens say, by position."""
        if not 1 <= len(set(positions)) <= MOST_POSITIONS or min(positions) < 0:
            raise VerbalizeError(
                f"{len(set(positions))} positions, expected 1 to {MOST_POSITIONS}",
                field="positions",
            )
        wanted = sorted(set(positions))
        asked = {
            "text": _bounded(text),
            "positions": wanted,
            "temperature": temperature,
        }
        found = self._asked("explain", source, asked, _Explained)
        if [one.position for one in found.results] != wanted:
            told = [one.position for one in found.results]
            raise VerbalizeError(
                f"texts for positions {told}, asked for {wanted}",
                source=self.site,
                field="results",
            )
        return tuple(found.results)

    def explain_feature(
        self, repository: str, folder: str, index: int, source: NlaSource
    ) -> RemoteText:
        """What a decoder row says, of a dictionary on the model hub.

        Parameters
        ----------
        repository, folder : where its weights lie, as SAELens stores them.
        index : number of the feature there.
        """
        for field, part in (("repository", repository), ("folder", folder)):
            if not _SAFE.fullmatch(part):
                raise VerbalizeError(f"{part!r} is no path on the hub", field=field)
        asked = {
            "hfRepoId": repository,
            "hfFolderId": folder,
            "index": index,
            "modelId": source.model,
            "nlaSourceId": source.id,
        }
        url = f"{self.site}/api/nla/explain-saelens"
        body = msgspec.json.encode(asked)
        data = self.web.post(url, body, _EVENTS, key=_key(), limit=_MOST_BYTES)
        return _last_event(data, url)

    def _asked(
        self,
        route: str,
        source: NlaSource,
        asked: dict[str, object],
        record: type[RecordT],
    ) -> RecordT:
        url = f"{self.site}/api/nla/{route}"
        body = {"modelId": source.model, "nlaSourceId": source.id, **asked}
        data = self.web.post(url, msgspec.json.encode(body), key=_key())
        return _decoded(data, record, url)


def _last_event(data: bytes, url: str) -> RemoteText:
    """The event that holds the whole text; those before it grow towards it."""
    found: RemoteText | None = None
    ended = False
    for line in data.decode("utf-8", errors="replace").splitlines():
        told = line.removeprefix("data:").strip()
        if not line.startswith("data:") or not told:
            continue
        if told == _DONE:
            ended = True
            continue
        event = _decoded(told.encode(), _Event, url)
        if event.error is not None:
            raise VerbalizeError(event.error, source=shown_address(url))
        if event.description is not None:
            found = RemoteText(
                description=event.description.strip(),
                mse=event.mse,
                cosine=event.cosine_similarity,
            )
    if found is None or not ended:
        raise VerbalizeError("the answer breaks off", source=shown_address(url))
    return found


def _bounded(text: str) -> str:
    if not text or len(text) > MOST_CHARACTERS:
        raise VerbalizeError(
            f"{len(text)} characters, expected 1 to {MOST_CHARACTERS}", field="text"
        )
    return text


def _key() -> ApiKey | None:
    return ApiKey.from_environment(_HEADER, KEY_VARIABLE)


def _decoded(data: bytes, record: type[RecordT], url: str) -> RecordT:
    source = shown_address(url)
    return json_document.decode(data, record, source=source, error=VerbalizeError)
