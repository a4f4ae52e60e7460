"""Label scores as the protocol's source took them, flaws and all.

To be shown beside the others, never in their place. 40 features at random of those with
15 active examples; labels from the strongest five, the test is the next ten; nothing is
cleaned nor left out for repeating another, and texts are taken whole. Negatives are one
text each of ten others of the features, with the activations it has there, so that
`Fuzz` marks what the other feature is active on. Five texts a prompt, asked once. The
score is the share of right answers out of all 20, failures wrong, which is
`LabelScore.as_wrong`; of the embedding scorer it is the gap alone, with an instruction
before the label.

What differs is the wording of the prompts, which is ours, and the draws of the random
numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from glossator.errors import InputError
from glossator.evaluation.label_scores.cutting import common_tokens
from glossator.evaluation.label_scores.embedding import EmbeddingSettings
from glossator.evaluation.label_scores.excerpt import Excerpt, ScoredExamples
from glossator.evaluation.label_scores.judging import JudgingSettings
from glossator.evaluation.label_scores.label_score import (
    Interval,
    LabelScore,
    Scoring,
)
from glossator.evaluation.label_scores.statistics import share, wilson
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.held_out import Split, example_id

N_FEATURES = 40
N_TRAIN = 5
N_TEST = 10
N_NEGATIVES = 10
_FEWEST = N_TRAIN + N_TEST

JUDGING = JudgingSettings(batch=5, ask_again=False, verbatim=True)
EMBEDDING = EmbeddingSettings(
    reach=None,
    # As delphi's EmbeddingScorer (Apache-2.0) has it: the figures depend on it.
    instruction=(
        "Instruct: Retrieve sentences that could be related to the explanation.\nQuery:"
    ),
)


@dataclass(frozen=True, eq=False)
class SourceSample:
    """The features that are scored, and on what."""

    seed: int
    splits: Mapping[FeatureKey, Split]
    """What labels are made of, and the test."""
    examples: Mapping[FeatureKey, ScoredExamples]


def sample_as_in_source(
    evidence: Iterable[FeatureEvidence], seed: int = 0
) -> SourceSample:
    """Choose the features, part their examples by rank, and draw the negatives.

    Parameters
    ----------
    seed : of all draws.

    Raises
    ------
    InputError
        if there are too few features with enough examples to take negatives from.
    """
    random = Random(seed)
    held = {one.feature: one for one in evidence}
    fit = sorted(
        (feature for feature, one in held.items() if len(_active(one)) >= _FEWEST),
        key=str,
    )
    if len(fit) <= N_NEGATIVES:
        raise InputError(
            f"{len(fit)} features have {_FEWEST} active examples; "
            f"at least {N_NEGATIVES + 1} are needed",
            source="scores as in the source",
        )
    chosen = random.sample(fit, min(N_FEATURES, len(fit)))
    active = {feature: _active(held[feature]) for feature in chosen}
    splits = {
        feature: Split(
            train=replace(held[feature], examples=own[:N_TRAIN]),
            test=own[N_TRAIN:_FEWEST],
        )
        for feature, own in active.items()
    }
    examples: dict[FeatureKey, ScoredExamples] = {}
    for feature, split in splits.items():
        others = random.sample([key for key in chosen if key != feature], N_NEGATIVES)
        negatives = tuple(
            _whole(random.choice(active[other]), positive=False) for other in others
        )
        examples[feature] = ScoredExamples(
            positives=tuple(_whole(one, positive=True) for one in split.test),
            negatives=negatives,
            others=negatives,
            tokens=common_tokens(split.train.examples),
        )
    return SourceSample(seed, splits, examples)


@dataclass(frozen=True)
class NegativeGaps:
    """Labels that are less like their feature's texts than like others'."""

    n: int
    """Labels with a gap."""
    share: float | None
    interval: Interval | None


def negative_gaps(scores: Sequence[Scoring]) -> NegativeGaps:
    """Count them among embedding scores."""
    gaps = [
        one.gap for one in scores if isinstance(one, LabelScore) and one.gap is not None
    ]
    n_negative = sum(gap < 0 for gap in gaps)
    return NegativeGaps(
        len(gaps), share(n_negative, len(gaps)), wilson(n_negative, len(gaps))
    )


def _active(evidence: FeatureEvidence) -> tuple[ActivationExample, ...]:
    """As stored, strongest first."""
    return tuple(one for one in evidence.examples if one.activation > 0)


def _whole(example: ActivationExample, *, positive: bool) -> Excerpt:
    return Excerpt(
        text_id=example_id(example),
        texts=example.tokens,
        activations=tuple(example.activations.tolist()),
        top=example.top,
        positive=positive,
    )
