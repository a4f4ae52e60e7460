"""From described vectors to verbalizations of features."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, drive
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.settings import embeddings_file
from glossator.verbalize.agreement import agreements
from glossator.verbalize.description import Description, Sampling
from glossator.verbalize.gathering import Member
from glossator.verbalize.vectors import GivenVector
from glossator.verbalize.verbalization import Reconstruction, Verbalization

Said: TypeAlias = tuple[FeatureKey | None, Verbalization]
"""None: of a random direction."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """Vectors whose texts are written."""

    members: tuple[Member, ...]
    descriptions: tuple[Description, ...]
    """`vector` counts the members."""

    def given_for(self, description: Description) -> GivenVector:
        return self.members[description.vector].given


class Finishing:
    """Adds to texts what is known of them besides."""

    def __init__(
        self, origin: str, layer: int, sampling: Sampling, cancel: CancelToken
    ) -> None:
        self._origin = origin
        self._layer = layer
        self._sampling = sampling
        self._cancel = cancel
        self._embedder: SentenceEmbedder | None = None

    def measured(
        self, chunk: Chunk, scores: Sequence[Reconstruction | None]
    ) -> list[Said]:
        """With the agreement of each vector's samples, where there are several.

        Raises
        ------
        InputError
            if the embedder cannot be loaded.
        Cancelled
            between two batches.
        """
        texts = [
            [d.text for d in chunk.descriptions if d.vector == vector]
            for vector in range(len(chunk.members))
        ]
        if self._sampling.n_samples < 2:
            return self._made(chunk, scores, [None] * len(texts))
        self._embedder = self._embedder or SentenceEmbedder()
        store = EmbeddingStore(embeddings_file(), self._embedder.name)
        try:
            work = agreements(texts, self._embedder, store, self._cancel)
            found = drive(work, lambda progress: None)
        finally:
            store.close()
        return self._made(chunk, scores, [agreement.whole for agreement in found])

    def plain(self, chunk: Chunk) -> list[Said]:
        """With what was told with the texts, and nothing that takes time."""
        told = [description.reconstruction for description in chunk.descriptions]
        return self._made(chunk, told, [None] * len(chunk.members))

    def _made(
        self,
        chunk: Chunk,
        scores: Sequence[Reconstruction | None],
        agreement: Sequence[float | None],
    ) -> list[Said]:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return [
            (
                chunk.members[said.vector].feature,
                Verbalization(
                    text=said.text,
                    about=chunk.given_for(said).about,
                    origin=self._origin,
                    example=chunk.given_for(said).example,
                    layer=self._layer,
                    sample=said.sample,
                    temperature=self._sampling.temperature,
                    ending=said.ending,
                    reconstruction=score,
                    agreement=agreement[said.vector],
                    norm=chunk.given_for(said).norm,
                    extrapolates=chunk.given_for(said).extrapolates,
                    at=now,
                ),
            )
            for said, score in zip(chunk.descriptions, scores, strict=True)
        ]
