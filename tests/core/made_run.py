"""A run over evidence made by rule, with the real embedder."""

import random
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from glossator.errors import EvidenceError
from glossator.evidence.feature_evidence import (
    ActivationExample,
    EvidenceSource,
    FeatureEvidence,
    LogitEffect,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress, drive
from glossator.protocol.embedder import EmbeddedBatch, Embedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.null_store import NullStore
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.run import (
    FeatureOutcome,
    RunProgress,
    RunReport,
    run_protocol,
    tier_labelers,
)

MODEL, SOURCE = "gpt2-small", "res-jb"
SETTINGS = ProtocolSettings(null_draws=100, n_examples=5)
_WORDS = (
    "river stone lamp paper cloud engine violin harbour pepper window candle meadow "
    "ladder button rocket garden pencil anchor basket feather mirror"
)
WORDS = _WORDS.split()


def key(index: int, layer: int = 1) -> FeatureKey:
    return FeatureKey(MODEL, SOURCE, layer, index)


ALL = [key(index) for index in range(33)]
UNKNOWN, UNREADABLE, SCARCE = key(97), key(98), key(99)
EVERY_KIND = [*ALL, UNKNOWN, UNREADABLE, SCARCE]
INPUT, OUTPUT = key(0), key(1)


@dataclass
class Counting:
    """An embedder that counts what it is asked for."""

    inner: Embedder
    texts: Counter[str] = field(default_factory=Counter)
    n_batches: int = 0

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def model(self) -> str:
        return self.inner.model

    @property
    def device(self) -> str:
        return self.inner.device

    def embed(self, texts: Sequence[str]) -> Iterator[EmbeddedBatch]:
        for batch in self.inner.embed(texts):
            self.texts.update(texts[at] for at in batch.at)
            self.n_batches += 1
            yield batch


@dataclass
class Stopping(Counting):
    """Asks the run to stop when it has embedded so many batches."""

    cancel: CancelToken = field(default_factory=CancelToken)
    after: int = 1

    def embed(self, texts: Sequence[str]) -> Iterator[EmbeddedBatch]:
        for batch in super().embed(texts):
            if self.n_batches == self.after:
                self.cancel.cancel()
            yield batch


@dataclass
class Made:
    """Evidence by rule: of every three features one fires on a word, one before a
    word, one anywhere; the last of all have too few examples, none, or are broken.
    """

    asked: list[FeatureKey] = field(default_factory=list)
    name: str = "made"
    n_examples: int = 5

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        self.asked.append(feature)
        if feature == UNKNOWN:
            return None
        if feature == UNREADABLE:
            raise EvidenceError("unreadable record", source="made", field="[99]")
        n = 2 if feature == SCARCE else self.n_examples
        rng = random.Random(feature.index)
        return FeatureEvidence(
            feature,
            tuple(self._example(feature.index, rng) for _ in range(n)),
            "made",
            tuple(LogitEffect(f" {word}", None) for word in rng.sample(WORDS, 4)),
        )

    def _example(self, index: int, rng: random.Random) -> ActivationExample:
        tokens = [f" {word}" for word in rng.choices(WORDS, k=11)]
        if index % 3 == 0:
            tokens[3:6] = [" bit", " of", f" {WORDS[index // 3 % len(WORDS)]}"]
        elif index % 3 == 1:
            tokens[6:9] = [f" {WORDS[index // 3 % len(WORDS)]}", " is", " here"]
        values = np.zeros(11, np.float32)
        values[5] = 1 + rng.random()
        return ActivationExample(tuple(tokens), values)


@dataclass(frozen=True)
class Finished:
    """What a run found and how it went."""

    report: RunReport
    outcomes: tuple[FeatureOutcome, ...]
    steps: tuple[Progress, ...]

    def of(self, feature: FeatureKey) -> FeatureOutcome:
        (found,) = (o for o in self.outcomes if o.feature == feature)
        return found

    def stages(self) -> list[str]:
        return stages(self.steps)


def stages(steps: Sequence[Progress]) -> list[str]:
    return list(dict.fromkeys(step.what for step in steps))


@dataclass
class Stores:
    """The files in which a run keeps what may be computed again."""

    folder: Path
    embeddings: EmbeddingStore = field(init=False)
    nulls: NullStore = field(init=False)

    def __post_init__(self) -> None:
        path = self.folder / "embeddings.sqlite"
        self.embeddings = EmbeddingStore(path, "all-MiniLM-L6-v2")
        self.nulls = NullStore(self.folder / "nulls")

    def parts(self, embedder: Embedder) -> ScoringParts:
        return ScoringParts(embedder, self.embeddings, self.nulls)


def start(
    embedder: Embedder,
    stores: Stores,
    scope: Sequence[FeatureKey] = ALL,
    *,
    at_hand: Sequence[FeatureKey] = ALL,
    settings: ProtocolSettings = SETTINGS,
    source: EvidenceSource | None = None,
    cancel: CancelToken | None = None,
) -> Generator[Progress, None, RunReport]:
    return run_protocol(
        scope,
        at_hand,
        source or Made(n_examples=settings.n_examples),
        stores.parts(embedder),
        tier_labelers(settings),
        settings,
        cancel or CancelToken(),
    )


def finish(work: Generator[Progress, None, RunReport]) -> Finished:
    steps: list[Progress] = []
    report = drive(work, lambda progress: steps.append(progress))
    return Finished(report, outcomes_in(steps), tuple(steps))


def outcomes_in(steps: Sequence[Progress]) -> tuple[FeatureOutcome, ...]:
    return sum((s.outcomes for s in steps if isinstance(s, RunProgress)), ())
