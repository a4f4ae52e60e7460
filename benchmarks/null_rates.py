"""How often unrelated windows pass as related: the null's false-positive rate.

The null is drawn from features of one half of the documents; the sets it is tried on
are drawn from other features in the other half. Of those sets, 5 % and 1 % should have
a p of at most 0.05 and 0.01.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus_text import Corpus
from benchmarks.planted_features import random_features
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.progress import CancelToken, drive
from glossator.protocol.embeddings import embed_texts
from glossator.protocol.evidence_scores import ScoringParts, find_nulls
from glossator.protocol.null_distribution import DrawnNull, draw_nulls
from glossator.protocol.nulls import POOL, largest_z, pool_windows
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    WindowName,
)
from glossator.protocol.windows import cut_windows

SETS = 20_000
TEST_FEATURES = 2_000
NOMINAL = (0.05, 0.01)
SIZES = (20, 10, 5)


@dataclass(frozen=True)
class Rate:
    window: WindowName | None
    """None: any of the three, by the largest z."""
    n: int
    mean: float
    sd: float
    rates: tuple[float, ...]
    """At `NOMINAL`."""
    z3: float
    """Share of the sets with z >= 3."""


def false_positive_rates(
    corpus: Corpus, parts: ScoringParts, *, seed: int
) -> list[Rate]:
    """Rates by window and number of windows, each on `SETS` sets."""
    settings = ProtocolSettings()
    n_max = settings.n_examples
    first, second = corpus.half("first"), corpus.half("second")
    built = random_features(first, count=POOL, n=n_max, seed=seed)
    cancel = CancelToken()
    pool = [cut_windows(evidence, settings) for evidence in built]
    nulls = drive(find_nulls(pool, parts, settings, cancel), lambda progress: None)
    tried = random_features(second, count=TEST_FEATURES, n=n_max, seed=seed + 1)
    sets = _sets(tried, parts, settings, seed=seed + 2)
    rates = []
    for n in SIZES:
        null_z, set_z = [], []
        for name in WINDOW_NAMES:
            null, drawn = nulls.of[name], sets[name].scores(n)
            assert isinstance(null, DrawnNull)
            cell = null.of_n(n)
            assert cell is not None
            p = np.array([cell.p(score) for score in drawn])
            z = cell.z_of(drawn)
            rates.append(_rate(name, n, cell.mean, cell.sd, p, z))
            null_z.append(null.scores(n))
            set_z.append(z)
        largest, most = largest_z(null_z), np.max(set_z, axis=0)
        as_large = len(largest) - np.searchsorted(largest, most)
        p = (as_large + 1) / (len(largest) + 1)
        mean, sd = float(largest.mean()), float(largest.std())
        rates.append(_rate(None, n, mean, sd, p, most))
    return rates


def _sets(
    tried: Sequence[FeatureEvidence],
    parts: ScoringParts,
    settings: ProtocolSettings,
    *,
    seed: int,
) -> dict[WindowName, DrawnNull]:
    held = pool_windows([cut_windows(e, settings) for e in tried], settings)
    assert held is not None
    work = embed_texts(
        held.distinct_texts(), parts.embedder, parts.embeddings, CancelToken()
    )
    embeddings = drive(work, lambda progress: None)
    features = [
        {name: embeddings.of(texts) for name, texts in windows.items()}
        for windows in held.texts
    ]
    return draw_nulls(features, n_max=settings.n_examples, draws=SETS, seed=seed)


def _rate(
    window: WindowName | None,
    n: int,
    mean: float,
    sd: float,
    p: NDArray[np.float64],
    z: NDArray[np.float64],
) -> Rate:
    rates = tuple(float((p <= level).mean()) for level in NOMINAL)
    return Rate(window, n, mean, sd, rates, float((z >= 3).mean()))


def format_rates(rates: Sequence[Rate]) -> str:
    lines = ["window         n    mean      sd   p <= 5 %   p <= 1 %    z >= 3"]
    for rate in rates:
        cells = "".join(f"{share:11.2%}" for share in rate.rates)
        lines.append(
            f"{rate.window or 'largest z':12}{rate.n:4d}{rate.mean:8.4f}{rate.sd:8.4f}"
            f"{cells}{rate.z3:10.2%}"
        )
    return "\n".join(lines)
