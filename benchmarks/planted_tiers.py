"""How well the protocol finds the tiers of planted features, against raw thresholds.

One setting for every n and every share of noise. The raw thresholds are tuned on the
very features they are measured on, in their favour: the best single one, and the best
three (one a window), each for its n and noise; same windows, same rule for ties.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import f1_score

from benchmarks.corpus_text import Corpus, Split
from benchmarks.planted_features import PlantedFeature, PlantedKind, plant
from glossator.progress import CancelToken, drive
from glossator.protocol.decision import FeatureScores, ProtocolResult, Tier
from glossator.protocol.evidence_scores import (
    ScoringParts,
    cut_evidence,
    find_nulls,
    score_evidence,
)
from glossator.protocol.protocol_settings import WINDOW_NAMES, ProtocolSettings
from glossator.protocol.routing import decide

KINDS: tuple[PlantedKind, ...] = ("input", "output", "cross", "obscure")
SEVERAL_SENSES: tuple[PlantedKind, ...] = (
    "polysemantic",
    "polysemantic words",
    "polysemantic mixed",
)
SIZES = (20, 10, 5)
NOISES = (0.0, 0.25, 0.5)
PER_KIND = 50
_CLASS = "kinds of "
"""In the description of what was planted."""
_STEPS = 40
"""Raw thresholds tried a window: the quantiles of the scores at hand."""


@dataclass(frozen=True)
class Cell:
    """One number of examples and one share of noise."""

    n: int
    noise: float
    macro_f1: float
    f1: dict[str, float]
    """By kind."""
    best_single: float
    """Macro-F1 of the best single raw threshold."""
    best_three: float
    called_polysemantic: dict[str, float]
    """Share that is said to have several senses, by kind; of topics, those that are
    one word and those that are a class of words ("kinds of container") apart.
    """


@dataclass(frozen=True)
class Scored:
    """Planted features of one kind with what the protocol says of them."""

    kind: PlantedKind
    of_classes: tuple[bool, ...]
    """Whether a feature's topic, or one of its topics, is a whole class of words."""
    results: tuple[ProtocolResult, ...]

    def called_polysemantic(self, *, of_classes: bool | None = None) -> float:
        """Share of the features, or of those of classes, or of the others."""
        called = [
            "senses" in result.shown_tier
            for result, of in zip(self.results, self.of_classes, strict=True)
            if of_classes in (None, of)
        ]
        return float(np.mean(called)) if called else math.nan


def score_planted(
    corpus: Corpus,
    parts: ScoringParts,
    settings: ProtocolSettings,
    *,
    noise: float,
    seed: int,
    words: Split,
    count: int = PER_KIND,
) -> list[Scored]:
    """Score planted features of all kinds; the null is drawn from the four simple ones,
    the features at hand.
    """
    planted = {
        kind: plant(
            corpus,
            kind=kind,
            n=settings.n_examples,
            noise=noise,
            count=count,
            seed=seed,
            words=words,
        )
        for kind in (*KINDS, *SEVERAL_SENSES)
    }
    simple = [feature for kind in KINDS for feature in planted[kind]]
    pool = [cut_evidence(feature.evidence, settings).windows for feature in simple]
    cancel = CancelToken()
    nulls = drive(find_nulls(pool, parts, settings, cancel), lambda progress: None)

    def results(features: Sequence[PlantedFeature]) -> tuple[ProtocolResult, ...]:
        known = [cut_evidence(feature.evidence, settings) for feature in features]
        work = score_evidence(known, nulls, parts, settings, cancel)
        scores = drive(work, lambda progress: None)
        name, origin = parts.embedder.name, nulls.origin
        return tuple(decide(score, settings, name, origin) for score in scores)

    return [
        Scored(
            kind,
            tuple(_CLASS in feature.description for feature in features),
            results(features),
        )
        for kind, features in planted.items()
    ]


def measure(scored: Sequence[Scored], *, n: int, noise: float) -> Cell:
    simple = [part for part in scored if part.kind in KINDS]
    truth = [part.kind for part in simple for _ in part.results]
    found = [result.calibrated.tier for part in simple for result in part.results]
    scores = [result.scores for part in simple for result in part.results]
    single, three = best_raw(scores, truth)
    return Cell(
        n=n,
        noise=noise,
        macro_f1=_macro_f1(truth, found),
        f1={
            kind: float(
                f1_score(truth, found, labels=[kind], average="macro", zero_division=0)
            )
            for kind in KINDS
        },
        best_single=single,
        best_three=three,
        called_polysemantic=_called(scored),
    )


def _called(scored: Sequence[Scored]) -> dict[str, float]:
    called: dict[str, float] = {}
    for part in scored:
        called[part.kind] = part.called_polysemantic()
        if part.kind in ("cross", "polysemantic"):
            called[f"{part.kind}, words"] = part.called_polysemantic(of_classes=False)
            called[f"{part.kind}, classes"] = part.called_polysemantic(of_classes=True)
    return called


def _macro_f1(truth: Sequence[str], found: Sequence[Tier]) -> float:
    return float(
        f1_score(truth, found, labels=list(KINDS), average="macro", zero_division=0)
    )


def best_raw(
    scores: Sequence[FeatureScores], truth: Sequence[str]
) -> tuple[float, float]:
    """Macro-F1 of the best single raw threshold, and of the best three."""
    raw = np.array(
        [
            [held.raw if (held := s.of(w)) else -1.0 for w in WINDOW_NAMES]
            for s in scores
        ]
    )
    number: dict[str, int] = {kind: at for at, kind in enumerate(KINDS)}
    true = np.array([number[kind] for kind in truth])
    single = max(
        _raw_f1(raw, np.full(3, threshold), true) for threshold in np.unique(raw)
    )
    steps = np.linspace(0.0, 1.0, _STEPS)
    grids = [np.quantile(raw[:, window], steps) for window in range(3)]
    three = max(_raw_f1(raw, np.array(found), true) for found in product(*grids))
    return single, max(single, three)


def _raw_f1(
    raw: NDArray[np.float64], thresholds: NDArray[np.float64], true: NDArray[np.int64]
) -> float:
    """Macro-F1 of literal routing: of input and output the larger, else cross."""
    passed = raw >= thresholds
    sides = np.where(passed[:, :2], raw[:, :2], -np.inf)
    found = np.where(passed[:, 2], 2, 3)
    found = np.where(passed[:, :2].any(axis=1), sides.argmax(axis=1), found)
    table = np.bincount(true * 4 + found, minlength=16).reshape(4, 4)
    hits = np.diagonal(table)
    whole = table.sum(axis=0) + table.sum(axis=1)
    return float(np.mean(2 * hits / np.maximum(whole, 1)))


def format_cells(cells: Sequence[Cell]) -> str:
    lines = [
        "macro-F1, and F1 by kind, against raw thresholds tuned on the same features",
        "  n  noise  ours    input output  cross obscure  best tau  best three",
    ]
    for cell in cells:
        each = "".join(f"{cell.f1[kind]:7.2f}" for kind in KINDS)
        lines.append(
            f"{cell.n:3d}  {cell.noise:5.0%} {cell.macro_f1:5.3f}  {each} "
            f"{cell.best_single:9.3f}  {cell.best_three:10.3f}"
        )
    names = list(cells[0].called_polysemantic)
    lines += ["", "share said to have several senses"]
    lines.append(
        f"{'':22}" + "".join(f"  {c.n}, {c.noise:.0%}".rjust(9) for c in cells)
    )
    for name in names:
        shares = "".join(f"{cell.called_polysemantic[name]:9.2f}" for cell in cells)
        lines.append(f"{name:22}{shares}")
    return "\n".join(lines)


def planted_cells(
    corpus: Corpus,
    parts: ScoringParts,
    *,
    seed: int,
    words: Split,
    settings: ProtocolSettings | None = None,
) -> list[Cell]:
    """Every n and share of noise with the shipped setting."""
    base = settings or ProtocolSettings()
    cells = []
    for n, noise in product(SIZES, NOISES):
        of_n = msgspec.structs.replace(base, n_examples=n)
        scored = score_planted(corpus, parts, of_n, noise=noise, seed=seed, words=words)
        cells.append(measure(scored, n=n, noise=noise))
    return cells
