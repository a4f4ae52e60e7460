"""How near to the best settings tuning comes when a fifth of the judgements are wrong.

Features are planted in one half of the documents and judged; of the judgements, 20 %
name another tier. The settings that tuning proposes are measured on features of other
words in the other half, against the best settings there: cut, routing and thresholds
chosen on those very features, in their favour.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.corpus_text import Corpus, Split
from benchmarks.planted_features import plant
from benchmarks.planted_tiers import KINDS
from glossator.evaluation.tuning import tune
from glossator.evaluation.tuning_grid import TuningGrid
from glossator.evaluation.tuning_rules import (
    Candidate,
    candidates,
    kept_thresholds,
    macro_f1,
    rule_of,
    tier_counts,
)
from glossator.evaluation.tuning_scores import (
    TUNED,
    JudgedEvidence,
    TuningSource,
    score_cuts,
)
from glossator.progress import CancelToken, drive
from glossator.protocol.evidence_scores import ScoringParts
from glossator.protocol.protocol_settings import ProtocolSettings

JUDGED, TRIED = 40, 50
"""Features of each kind."""
WRONG, NOISE = 0.2, 0.25
CLASSES = list(range(len(KINDS)))
GRID = TuningGrid(windows=TuningGrid().windows[:3])
"""Without whole examples, which take most of the time."""


@dataclass(frozen=True)
class Gap:
    proposed: float
    """Macro-F1 on features of other words and documents."""
    best: float
    default: float
    settings: ProtocolSettings


def tuning_gap(corpus: Corpus, parts: ScoringParts, *, seed: int) -> Gap:
    judged = _source(corpus.half("first"), "dev", JUDGED, seed=seed, wrong=WRONG)
    tried = _source(corpus.half("second"), "test", TRIED, seed=seed, wrong=0.0)
    cancel, default = CancelToken(), ProtocolSettings()
    report = drive(tune([judged], default, GRID, parts, cancel), lambda _: None)
    work = score_cuts([tried], GRID.cuts(default), parts, cancel)
    found = candidates(drive(work, lambda _: None), GRID, default)
    truth = np.array([TUNED.index(one.tier) for one in tried.judged])
    everyone = np.ones(len(truth), dtype=np.bool_)

    def measured(candidate: Candidate, settings: ProtocolSettings | None) -> float:
        thresholds = (
            candidate.fit(truth, everyone, CLASSES)
            if settings is None
            else kept_thresholds(settings, rule_of(settings))
        )
        counts = tier_counts(truth, candidate.tiers(thresholds))
        return float(macro_f1(counts, CLASSES)[0])

    chosen = report.proposed.settings
    same = next(one for one in found if _fits(one, chosen))
    return Gap(
        proposed=measured(same, chosen),
        best=max(measured(one, None) for one in found),
        default=measured(found[0], default),
        settings=chosen,
    )


def _source(
    corpus: Corpus, words: Split, count: int, *, seed: int, wrong: float
) -> TuningSource:
    rng = np.random.default_rng(seed)
    judged = []
    for kind in KINDS:
        for feature in plant(
            corpus, kind=kind, n=20, noise=NOISE, count=count, seed=seed, words=words
        ):
            others = [other for other in KINDS if other != kind]
            said = rng.choice(others) if rng.random() < wrong else kind
            tier = next(tier for tier in TUNED if tier == said)
            judged.append(JudgedEvidence(feature.evidence, tier))
    pool = tuple(one.evidence for one in judged)
    return TuningSource(tuple(judged), pool, len(pool))


def _fits(candidate: Candidate, chosen: ProtocolSettings) -> bool:
    held = candidate.settings
    return candidate.rule == rule_of(chosen) and all(
        getattr(held, name) == getattr(chosen, name)
        for name in (
            "n_examples",
            "examples",
            "weighted",
            "input_window",
            "output_window",
            "cross_window",
        )
    )
