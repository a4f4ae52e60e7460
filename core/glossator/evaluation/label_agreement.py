"""How far two people agree on the same features.

Chance-corrected agreement is Cohen's kappa (J. Cohen, "A coefficient of agreement for
nominal scales", Educational and Psychological Measurement 20, 1960); the share of equal
answers stands beside it with its interval, since kappa is low where nearly all answers
are of one kind, however well people agree.
"""

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import NamedTuple

from glossator.evaluation.label_scores.label_score import Interval
from glossator.evaluation.label_scores.statistics import wilson
from glossator.progress import CancelToken, Progress
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.embeddings import embed_texts
from glossator.settings import embeddings_file


class TextPair(NamedTuple):
    """What two people call the same thing."""

    ours: str
    theirs: str

    @property
    def equal(self) -> bool:
        """Whether they differ in case and spaces at most."""
        return _plain(self.ours) == _plain(self.theirs)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


@dataclass(frozen=True)
class Agreement:
    """How often two people gave the same answer."""

    n: int
    """Things that both answered."""
    equal: int
    kappa: float | None = None
    """In [-1, 1], 0 for chance; None where both always said one and the same thing, or
    where answers are no categories."""

    @property
    def share(self) -> float | None:
        return self.equal / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        return wilson(self.equal, self.n)


def agreement_on_kinds(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Of answers that are categories, ours and theirs."""
    n = len(pairs)
    equal = sum(ours == theirs for ours, theirs in pairs)
    ours = Counter(one for one, _ in pairs)
    theirs = Counter(other for _, other in pairs)
    by_chance = sum(ours[kind] * theirs[kind] for kind in ours)
    # In whole numbers, so that certainty is seen as such.
    if n == 0 or by_chance == n * n:
        return Agreement(n, equal)
    return Agreement(n, equal, (n * equal - by_chance) / (n * n - by_chance))


def agreement_on_texts(pairs: Sequence[TextPair]) -> Agreement:
    """Of labels, by their words."""
    return Agreement(len(pairs), sum(pair.equal for pair in pairs))


def label_similarities(
    pairs: Sequence[TextPair], cancel: CancelToken
) -> Generator[Progress, None, tuple[float, ...]]:
    """Cosine of the embeddings of each pair, in [-1, 1], by the packaged embedder.

    Raises
    ------
    Cancelled
        between two batches of texts.
    """
    if not pairs:
        return ()
    embedder = SentenceEmbedder()
    texts = {text for pair in pairs for text in pair}
    with closing(EmbeddingStore(embeddings_file(), embedder.name)) as store:
        embeddings = yield from embed_texts(texts, embedder, store, cancel)
    ours = embeddings.of([pair.ours for pair in pairs])
    theirs = embeddings.of([pair.theirs for pair in pairs])
    return tuple((ours * theirs).sum(axis=1).tolist())
