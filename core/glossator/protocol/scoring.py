"""Score features: embed their windows, place each score in its null."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress
from glossator.protocol.correlation import (
    correlation,
    jackknife_error,
    unit_vectors,
    weighted_correlation,
)
from glossator.protocol.decision import FeatureScores, ProtocolResult, WindowScore
from glossator.protocol.embedder import Embedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.null_distribution import (
    MIN_FEATURES,
    Null,
    draw_null,
    read_shipped_null,
    shipped_null,
)
from glossator.protocol.protocol_settings import (
    MIN_EXAMPLES,
    WINDOW_NAMES,
    ProtocolSettings,
    WindowName,
)
from glossator.protocol.routing import CalibratedRouting, LiteralRouting
from glossator.protocol.windows import FeatureWindows, WindowTexts


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Unit vectors of distinct texts."""

    vectors: Float[ndarray, "n_texts d_embed"]
    row: dict[str, int]

    def of(self, texts: Sequence[str]) -> Float[ndarray, "n_windows d_embed"]:
        return self.vectors[[self.row[text] for text in texts]]


Nulls = Mapping[WindowName, Null | None]


def embed_texts(
    texts: Iterable[str],
    embedder: Embedder,
    store: EmbeddingStore,
    cancel: CancelToken,
) -> Generator[Progress, None, Embeddings]:
    """Embed each distinct text once; what the store holds is not embedded again.

    Raises
    ------
    Cancelled
        between two batches; what was embedded until then is in the store.
    """
    distinct = sorted(set(texts))
    known = store.load(distinct)
    missing = [text for text in distinct if text not in known]
    done = len(known)
    yield Progress(done, len(distinct), "embedding windows")
    for batch in embedder.embed(missing) if missing else ():
        part = [missing[at] for at in batch.at]
        store.add(part, batch.vectors)
        cancel.check()
        known.update(zip(part, batch.vectors, strict=True))
        done += len(part)
        yield Progress(done, len(distinct), "embedding windows")
    rows = [known[text] for text in distinct]
    stacked = np.stack(rows) if rows else np.empty((0, 1), dtype=np.float32)
    return Embeddings(
        unit_vectors(stacked), {text: at for at, text in enumerate(distinct)}
    )


def find_nulls(
    features: Sequence[FeatureWindows],
    embeddings: Embeddings,
    embedder: str,
    settings: ProtocolSettings,
) -> Nulls:
    """Null of each window: drawn from the features at hand, or the shipped one."""
    nulls: dict[WindowName, Null | None] = {}
    for name in WINDOW_NAMES:
        vectors = [
            embeddings.of(feature.windows[name].texts)
            for feature in features
            if feature.windows[name].texts
        ]
        if len(vectors) >= max(MIN_FEATURES, settings.n_examples):
            nulls[name] = draw_null(
                vectors,
                n_max=settings.n_examples,
                draws=settings.null_draws,
                seed=settings.seed,
            )
        else:
            nulls[name] = shipped_null(
                read_shipped_null(), settings.window(name), embedder
            )
    return nulls


def score_feature(
    windows: FeatureWindows, embeddings: Embeddings, nulls: Nulls
) -> FeatureScores:
    """All three window scores, whatever the routing will look at."""
    scores = {
        name: _window_score(windows.windows[name], embeddings, nulls[name])
        for name in WINDOW_NAMES
    }
    return FeatureScores(
        n_examples=windows.n_examples,
        n_distinct=windows.n_distinct,
        n_special=windows.n_special,
        input=scores["input"],
        output=scores["output"],
        cross=scores["cross"],
    )


def _window_score(
    window: WindowTexts, embeddings: Embeddings, null: Null | None
) -> WindowScore | None:
    n = len(window.texts)
    if n < MIN_EXAMPLES:
        return None
    unit = embeddings.of(window.texts)
    raw = correlation(unit)
    cell = null.by_n.get(n) if null else None
    return WindowScore(
        n_used=n,
        raw=raw,
        weighted=weighted_correlation(unit, np.array(window.activations)),
        jackknife_error=jackknife_error(unit),
        null_mean=cell.mean if cell else None,
        null_sd=cell.sd if cell else None,
        z=cell.z(raw) if cell else None,
        p=cell.p(raw) if cell else None,
    )


def decide(
    scores: FeatureScores, settings: ProtocolSettings, embedder: str, nulls: Nulls
) -> ProtocolResult:
    """Both routings' tiers of a feature."""
    origins = {null.origin for null in nulls.values() if null is not None}
    return ProtocolResult(
        scores=scores,
        calibrated=CalibratedRouting(settings.z_threshold).decide(scores),
        literal=LiteralRouting(settings.raw_threshold).decide(scores),
        routing=settings.routing,
        embedder=embedder,
        null_origin="; ".join(sorted(origins)) or "none",
    )


def null_pool(
    features: Sequence[FeatureKey], settings: ProtocolSettings, *, size: int = 200
) -> list[FeatureKey]:
    """Features whose windows the null is drawn from: a seeded sample of those at hand.

    The same whatever the scope of a run, so that a feature's z does not depend on
    which others were selected with it.
    """
    ordered = sorted(features)
    if len(ordered) <= size:
        return ordered
    rng = np.random.default_rng(settings.seed)
    return [ordered[at] for at in rng.choice(len(ordered), size=size, replace=False)]
