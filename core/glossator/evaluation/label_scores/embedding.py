"""Score labels without a language model: how like a label is to the texts it is of.

The label is embedded as it is, without an instruction before it: MiniLM was not trained
for one, and ranks worse with it.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from glossator.evaluation.label_scores.excerpt import Excerpt, lacking
from glossator.evaluation.label_scores.label_score import (
    LabelToScore,
    NotScored,
    Outcome,
    Scoring,
)
from glossator.evaluation.label_scores.reckoning import likeness_score
from glossator.llm.chat_model import ChatPrompt
from glossator.progress import CancelToken, Progress
from glossator.protocol.embedder import Embedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.embeddings import Embeddings, embed_texts

_BREAKS = str.maketrans("⏎↵", "  ")
"""Signs for line breaks, which an embedder does not know."""


@dataclass(frozen=True)
class EmbeddingSettings:
    reach: int | None = 8
    """Tokens taken on either side of the top token; None takes the text as stored."""
    instruction: str = ""
    """Stands before a label."""


class _Query(NamedTuple):
    text: str
    documents: list[tuple[Excerpt, str]]


@dataclass(frozen=True)
class EmbeddingScorer:
    """Cosine with the text at the top token; of X in ``say X``, with what follows."""

    embedder: Embedder
    store: EmbeddingStore
    settings: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    name: str = "embedding"

    def asked(self, batch: Sequence[LabelToScore]) -> list[ChatPrompt]:
        """Nothing."""
        return []

    def scores(
        self, batch: Sequence[LabelToScore], cancel: CancelToken
    ) -> Generator[Progress, None, list[Scoring]]:
        queries = [self._query(label) for label in batch]
        distinct = {
            text
            for query in queries
            for text in (query.text, *(text for _, text in query.documents))
            if text
        }
        embeddings = yield from embed_texts(distinct, self.embedder, self.store, cancel)
        return [
            self._score(label, query, embeddings)
            for label, query in zip(batch, queries, strict=True)
        ]

    def _query(self, label: LabelToScore) -> _Query:
        examples, reach = label.examples, self.settings.reach
        if reach is None:
            whole = (*examples.positives, *examples.negatives)
            documents = [(one, "".join(one.texts)) for one in whole]
            return _Query(self.settings.instruction + label.text, documents)
        claim, left, negatives = label.text, -reach, examples.negatives
        if label.said is not None:
            claim, left, negatives = label.said, 1, examples.others
        documents = [
            (one, one.around_top(left, reach).translate(_BREAKS).strip())
            for one in (*examples.positives, *negatives)
        ]
        return _Query(self.settings.instruction + claim.strip(), documents)

    def _score(
        self, label: LabelToScore, query: _Query, embeddings: Embeddings
    ) -> Scoring:
        """Of the texts that there are: after a top token there may be none."""
        held = [(one, text) for one, text in query.documents if text]
        lack = lacking([one for one, _ in held])
        if lack:
            return NotScored(scorer=self.name, reason=lack)
        if not query.text:
            return NotScored(scorer=self.name, reason="the label holds no text.")
        likeness = (
            embeddings.of([text for _, text in held]) @ embeddings.of([query.text])[0]
        )
        outcomes = [
            Outcome(
                text_id=one.text_id,
                positive=one.positive,
                likeness=cosine,
                quantile=one.quantile,
            )
            for (one, _), cosine in zip(held, likeness.tolist(), strict=True)
        ]
        return likeness_score(self.name, label.text, outcomes, model=self.embedder.name)
