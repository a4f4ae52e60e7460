"""Which features are compared, what their labels are made of, what these are scored on.

All methods get the same examples of a feature and no other; all labels of it are scored
on the same texts. The seed decides which, whatever order the project has.
"""

from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from glossator.comparing.given import CompareInput
from glossator.evaluation.comparison.method_comparison import Mode
from glossator.evaluation.label_scores.as_in_source import sample_as_in_source
from glossator.evaluation.label_scores.cutting import (
    CutSettings,
    NegativePool,
    cut_examples,
)
from glossator.evaluation.label_scores.excerpt import ScoredExamples
from glossator.evaluation.label_scores.label_score import NotScored
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.held_out import held_out
from glossator.labelers.label import Scored
from glossator.labelling.tasks import Task, TaskEvidence
from glossator.progress import CancelToken, Progress

_POOL = 120
"""Features that negatives are taken from, at least."""
_TOLD = 25


@dataclass(frozen=True, eq=False)
class DrawnFeature:
    scored: Scored
    """With the examples that labels are made of, and no other."""
    examples: ScoredExamples
    """What labels are scored on."""


@dataclass(frozen=True)
class Draw:
    features: Mapping[Mode, tuple[DrawnFeature, ...]]
    left_out: Mapping[str, int]
    """Features that were drawn and are of no use, by reason."""


def draw_features(
    given: CompareInput, evidence: TaskEvidence, cancel: CancelToken
) -> Generator[Progress, None, Draw]:
    """Draw features with examples enough, and part what is known of them.

    Both modes go by the same features, as far as the source's rule takes them.

    Raises
    ------
    Cancelled
        on request.
    InputError
        if the source's rule cannot be followed with so few features.
    """
    settings = given.settings
    order = sorted(given.tasks, key=lambda task: str(task.feature))
    Random(settings.seed).shuffle(order)
    first = order[: max(_POOL, settings.n_features)]
    known = yield from _read(first, evidence, cancel)
    pool = NegativePool(one.evidence for one in known.values())
    whole: list[FeatureEvidence] = []
    drawn: list[DrawnFeature] = []
    left_out: Counter[str] = Counter()
    for task in order:
        if len(drawn) == settings.n_features:
            break
        cancel.check()
        one = known.get(task.feature) or evidence.scored(task)
        if one is None:
            left_out["its evidence is gone or cannot be read."] += 1
            continue
        cut = cut_examples(one.evidence, pool, CutSettings(seed=settings.seed))
        if isinstance(cut, NotScored):
            left_out[cut.reason] += 1
            continue
        whole.append(one.evidence)
        train = held_out(one.evidence).train
        drawn.append(DrawnFeature(one._replace(evidence=train), cut))
    features: dict[Mode, tuple[DrawnFeature, ...]] = {}
    for mode in settings.modes:
        features[mode] = (
            tuple(drawn)
            if mode == "repaired"
            else _as_in_source(whole, drawn, settings.seed)
        )
    return Draw(features, left_out)


def _read(
    tasks: Sequence[Task], evidence: TaskEvidence, cancel: CancelToken
) -> Generator[Progress, None, dict[FeatureKey, Scored]]:
    """The evidence of features, as far as there is any."""
    known: dict[FeatureKey, Scored] = {}
    for at, task in enumerate(tasks):
        cancel.check()
        if at % _TOLD == 0:
            yield Progress(at, len(tasks), "reading evidence")
        found = evidence.scored(task)
        if found is not None:
            known[task.feature] = found
    return known


def _as_in_source(
    whole: Sequence[FeatureEvidence], drawn: Sequence[DrawnFeature], seed: int
) -> tuple[DrawnFeature, ...]:
    """By the source's own rule, of the same features."""
    sample = sample_as_in_source(whole, seed)
    return tuple(
        DrawnFeature(
            one.scored._replace(evidence=sample.splits[feature].train),
            sample.examples[feature],
        )
        for one in drawn
        if (feature := one.scored.evidence.feature) in sample.examples
    )
