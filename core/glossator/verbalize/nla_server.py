"""A self-hosted NLA server (Neuronpedia's ``apps/nla``): vectors out, texts in.

``GET /``, ``POST /describe`` and ``POST /score``. The server draws texts by itself: a
seed has no effect there, and it removes tags before it answers.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from jaxtyping import Float
from numpy import ndarray

from glossator import json_document
from glossator.errors import VerbalizeError, WebError
from glossator.progress import CancelToken, Progress
from glossator.verbalize.description import (
    Description,
    Sampling,
    Vectors,
    check_vectors,
)
from glossator.verbalize.reconstruction import error_explained, known_baseline
from glossator.verbalize.verbalization import Reconstruction
from glossator.web_answer import ApiKey, shown_address
from glossator.web_request import WebClient

KEY_VARIABLE = "NLA_SERVER_SECRET"
"""Environment variable of the key, where the server wants one."""

_HEADER = "X-SECRET-KEY"
PATIENCE = 900.0
"""Seconds: a large model writes a whole batch before the first byte comes."""
_ROWS = 16
"""Vectors a request: what a person who cancels waits for."""

RecordT = TypeVar("RecordT")


class _Limits(msgspec.Struct):
    max_new_tokens: int | None = None
    max_describe_batch: int | None = None
    max_description_chars: int | None = None


class _Status(msgspec.Struct):
    d_model: int
    extraction_layer: int
    verbalizer_model: str = ""
    source_model: str | None = None
    reconstructor_available: bool = False
    limits: _Limits = msgspec.field(default_factory=_Limits)


class _Score(msgspec.Struct):
    mse: float | None = None
    cosine_similarity: float | None = None


class _Result(_Score, kw_only=True):
    description: str


class _Results(msgspec.Struct):
    results: list[_Result]

    def of(self, n_vectors: int) -> list[_Result]:
        if len(self.results) != n_vectors:
            raise VerbalizeError(
                f"{len(self.results)} texts for {n_vectors} vectors", field="results"
            )
        return self.results


@dataclass(frozen=True)
class NlaServer:
    """A verbalizer, and where it has one a reconstructor, on another machine."""

    address: str
    _web: WebClient
    _status: _Status

    @classmethod
    def connect(cls, address: str, web: WebClient) -> "NlaServer":
        """Ask a server what it reads.

        Parameters
        ----------
        address : as in ``http://host:5009``; the key is read from `KEY_VARIABLE`.
        web : with a timeout of `PATIENCE`.

        Raises
        ------
        WebError
            if there is no such server, or it wants another key.
        VerbalizeError
            if it does not tell layer and width.
        """
        if urlsplit(address).scheme not in ("http", "https"):
            raise VerbalizeError(f"{address!r} is no address of a server")
        root = address.rstrip("/")
        url = f"{root}/"
        return cls(root, web, _decoded(web.get(url, key=_key()), _Status, url))

    @property
    def name(self) -> str:
        model = self._status.verbalizer_model or "NLA server"
        return f"{model} at {shown_address(self.address)}"

    @property
    def base_model(self) -> str:
        return self._status.source_model or ""

    @property
    def layer(self) -> int:
        return self._status.extraction_layer

    @property
    def d_model(self) -> int:
        return self._status.d_model

    @property
    def reconstructs(self) -> bool:
        """Whether `score` is to be had."""
        return self._status.reconstructor_available

    def describe(
        self,
        vectors: Vectors,
        *,
        layer: int,
        sampling: Sampling,
        cancel: CancelToken,
        extrapolate: str = "",
    ) -> Generator[Progress, None, tuple[Description, ...]]:
        """Let the server write texts, as `VectorVerbalizer.describe` says.

        Raises
        ------
        VerbalizeError
            if a vector is not of a kind that the verbalizer reads.
        WebError
            if the server does not answer, or not what was asked.
        Cancelled
            between two requests.
        """
        check_vectors(vectors, layer, extrapolate, self)
        sampling = sampling.checked()
        rows = [*product(range(len(vectors)), range(sampling.n_samples))]
        limits = self._status.limits
        size = max(1, min(_ROWS, limits.max_describe_batch or _ROWS))
        tokens = sampling.max_new_tokens
        asked = {
            "temperature": sampling.temperature,
            "max_new_tokens": min(tokens, limits.max_new_tokens or tokens),
            "stream": False,
        }
        found: list[Description] = []
        for start in range(0, len(rows), size):
            yield Progress(start, len(rows), "putting vectors into words")
            cancel.check()
            batch = rows[start : start + size]
            given = [vectors[vector].tolist() for vector, _ in batch]
            results = self._asked("describe", {"activations": given, **asked}, _Results)
            found += [
                Description(
                    *row,
                    result.description.strip(),
                    reconstruction=self._reconstruction(result),
                    extrapolates=extrapolate,
                )
                for row, result in zip(batch, results.of(len(batch)), strict=True)
            ]
        yield Progress(len(rows), len(rows), "putting vectors into words")
        return tuple(found)

    def score(self, texts: Sequence[str], vectors: Vectors) -> list[Reconstruction]:
        """Let the server tell of each text how much it says of its vector.

        Raises
        ------
        WebError
            if the server has no reconstructor, or does not answer.
        """
        return [
            self._scored(text, vector)
            for text, vector in zip(texts, vectors, strict=True)
        ]

    def _scored(self, text: str, vector: Float[ndarray, " d_model"]) -> Reconstruction:
        cut = text[: self._status.limits.max_description_chars]
        asked = {"description": cut, "activation": vector.tolist()}
        found = self._reconstruction(self._asked("score", asked, _Score))
        if found is None:
            raise WebError(f"{self.address}/score: no score")
        return found

    def _asked(self, route: str, asked: object, record: type[RecordT]) -> RecordT:
        url = f"{self.address}/{route}"
        data = self._web.post(url, msgspec.json.encode(asked), key=_key())
        return _decoded(data, record, url)

    def _reconstruction(self, told: _Score) -> Reconstruction | None:
        if told.mse is None or told.cosine_similarity is None:
            return None
        reference = known_baseline(self.base_model, self.layer)
        return Reconstruction(
            cosine=told.cosine_similarity,
            mse=told.mse,
            fve=error_explained(told.mse, reference.variance if reference else None),
        )


def _key() -> ApiKey | None:
    return ApiKey.from_environment(_HEADER, KEY_VARIABLE)


def _decoded(data: bytes, record: type[RecordT], url: str) -> RecordT:
    source = shown_address(url)
    return json_document.decode(data, record, source=source, error=VerbalizeError)
