"""A comparison of methods made by rule: how good each one's labels are is known."""

import random
from collections.abc import Mapping

import msgspec

from glossator.evaluation.comparison.method_comparison import (
    AskedFor,
    ComparedFeature,
    ComparisonSettings,
    ComparisonTable,
    Distance,
    GivenLabel,
    MethodComparison,
    MethodScore,
    MethodTitle,
    Mode,
    NotGiven,
    Said,
)
from glossator.evaluation.label_scores.label_score import (
    Baseline,
    LabelScore,
    Outcome,
    Spent,
)
from glossator.evaluation.label_scores.reckoning import judged_score, likeness_score
from glossator.evidence.example_text import ExampleText, Piece
from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.decision import Tier

MODEL, SOURCE = "gpt2-small", "res-jb"
RATES: Mapping[str, float] = {"good": 0.85, "same": 0.85, "poor": 0.6}
"""Chance that a text is judged rightly by a label of a method."""
SCORERS = ("detection", "embedding")
_N_TEXTS = 20
_TIERS: tuple[Tier, ...] = ("input", "output", "cross")


def made_comparison(
    *,
    n_features: int = 24,
    rates: Mapping[str, float] = RATES,
    modes: tuple[Mode, ...] = ("repaired",),
    declines: str = "poor",
) -> MethodComparison:
    """Methods of which one declines every eighth feature."""
    return MethodComparison(
        settings=ComparisonSettings(
            methods=tuple(rates), scorers=SCORERS, modes=modes, n_features=n_features
        ),
        methods=tuple(MethodTitle(name=name, title=f"{name} labels") for name in rates),
        tables=tuple(
            ComparisonTable(
                mode=mode,
                features=tuple(
                    made_feature(index, rates, declines) for index in range(n_features)
                ),
                asked=tuple(_asked(name, n_features) for name in rates),
            )
            for mode in modes
        ),
        label_model="writer",
        scoring_model="judge",
        embedder="all-MiniLM-L6-v2",
        n_candidates=200,
    )


def made_feature(
    index: int, rates: Mapping[str, float], declines: str
) -> ComparedFeature:
    said = tuple(_said(name, index, declines) for name in rates)
    labels = [one for one in said if isinstance(one, GivenLabel)]
    return ComparedFeature(
        feature=FeatureKey(MODEL, SOURCE, index % 12, index),
        tier=_TIERS[index % 3],
        said=said,
        scores=tuple(
            MethodScore(method=one.method, score=score)
            for one in labels
            for score in made_scores(one.text, index, rates[one.method])
        ),
        distances=tuple(
            Distance(one=one.method, other=other.method, distance=index / n)
            for n in [30]
            for at, one in enumerate(labels)
            for other in labels[at + 1 :]
        ),
        shown=(example_of(index),),
        largest=5.0,
        promoted=(" bridge", " river"),
    )


def _said(name: str, index: int, declines: str) -> Said:
    if name == declines and index % 8 == 7:
        return NotGiven(method=name, reason="the answer is prose.")
    label = "rivers" if name in ("good", "same") else f"thing {index}"
    return GivenLabel(method=name, text=label, model="writer")


def made_scores(label: str, index: int, rate: float) -> list[LabelScore]:
    """Each of a detection and of an embedding, alike for equal rates."""
    rng = random.Random(f"{index} {rate}")
    outcomes = [
        Outcome(
            text_id=str(at),
            positive=at % 2 == 0,
            answer=(at % 2 == 0) == (rng.random() < rate),
            likeness=rng.random() + (rate - 0.5) * (at % 2 == 0),
        )
        for at in range(_N_TEXTS)
    ]
    judged = [
        Outcome(text_id=o.text_id, positive=o.positive, answer=o.answer)
        for o in outcomes
    ]
    ranked = [
        Outcome(text_id=o.text_id, positive=o.positive, likeness=o.likeness)
        for o in outcomes
    ]
    detection = judged_score(
        "detection", label, judged, model="judge", prompt_hash="1", spent=Spent(calls=4)
    )
    by_chance = judged_score(
        "detection",
        "another",
        [Outcome(text_id=o.text_id, positive=o.positive, answer=True) for o in judged],
        model="judge",
        prompt_hash="1",
        spent=Spent(),
    )
    beside = (
        Baseline(name="another label", score=by_chance),
        Baseline(name="top token", score=by_chance),
    )
    return [
        _with(detection, beside),
        likeness_score("embedding", label, ranked, model="all-MiniLM-L6-v2"),
    ]


def _with(score: LabelScore, beside: tuple[Baseline, ...]) -> LabelScore:
    return msgspec.structs.replace(score, outcomes=(), baselines=beside)


def example_of(index: int) -> ExampleText:
    before = Piece("they walked along the ", 0.0, top=False)
    top = Piece(f"river {index}", 5.0, top=True)
    return ExampleText((before, top, Piece(" bank", 1.0, top=False)), True, False)


def _asked(name: str, n: int) -> AskedFor:
    return AskedFor(
        method=name,
        spent=Spent(
            calls=n, prompt_tokens=1000 * n, answer_tokens=20 * n, cost=0.02 * n
        ),
    )
