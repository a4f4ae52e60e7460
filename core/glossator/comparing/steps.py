"""The two steps of a comparison: a method labels all features, a scorer scores that."""

from collections.abc import Generator, Sequence

from glossator.comparing.draw import DrawnFeature
from glossator.evaluation.comparison.method_comparison import Mode
from glossator.evaluation.label_scores.baselines import BesideBaselines
from glossator.evaluation.label_scores.label_score import LabelToScore, Scorer
from glossator.labelers.label import Label, Labeler, NoLabel, Scored
from glossator.labelers.methods import Method, MethodParts
from glossator.llm.chat_model import ChatModel
from glossator.progress import CancelToken, Progress
from glossator.project.revision import feature_subject
from glossator.protocol.protocol_settings import ProtocolSettings


def labeler_of(
    method: Method, protocol: ProtocolSettings, model: ChatModel | None
) -> Labeler:
    """Of the examples that it is given all may be seen: the others are gone already."""
    chat = model if "chat model" in method.needs else None
    return method.make(MethodParts(protocol, chat, hold_out=False))


def fitting(method: Method, features: Sequence[DrawnFeature]) -> list[Scored]:
    """Those of the features that a method labels by their tier."""
    return [f.scored for f in features if f.scored.result.tier in method.tiers]


def labelled(
    method: Method,
    labeler: Labeler,
    features: Sequence[DrawnFeature],
    cancel: CancelToken,
) -> Generator[Progress, None, list[Label | NoLabel]]:
    """What a method says of each feature.

    Raises
    ------
    Cancelled, ModelError
        as the labeler does.
    """
    found = yield from labeler.labels(fitting(method, features), cancel)
    coming = iter(found)
    return [
        next(coming)
        if one.scored.result.tier in method.tiers
        else NoLabel(method.name, f"does not label {one.scored.result.tier} features.")
        for one in features
    ]


def to_score(
    features: Sequence[DrawnFeature], texts: Sequence[str | None]
) -> list[LabelToScore]:
    """Labels with the texts to score them on; None is no label."""
    return [
        LabelToScore(
            one.scored.evidence.feature,
            text,
            one.examples,
            one.scored.result.tier,
            feature_subject(one.scored.evidence.feature),
        )
        for one, text in zip(features, texts, strict=True)
        if text is not None
    ]


def with_baselines(scorer: Scorer, mode: Mode, *, wanted: bool, seed: int) -> Scorer:
    """The source has no baselines."""
    if not wanted or mode == "as in the source":
        return scorer
    return BesideBaselines(scorer, seed)
