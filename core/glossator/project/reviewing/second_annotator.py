"""What another person said of the same features, held against what is said here.

Nothing of it enters the project.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from glossator.evaluation.label_agreement import (
    Agreement,
    TextPair,
    agreement_on_kinds,
    agreement_on_texts,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import JudgedTier
from glossator.project.importing.found_labels import FoundLabels
from glossator.project.revision import LabelRevision
from glossator.project.state import ProjectState


@dataclass(frozen=True)
class SecondOpinion:
    """One feature on which either person said something that the other did, too."""

    feature: FeatureKey
    ours: str = ""
    """A person's label here; "" without one."""
    theirs: str = ""
    our_tier: JudgedTier | None = None
    their_tier: JudgedTier | None = None
    refused_here: bool = False
    refused_there: bool = False

    @property
    def labels(self) -> TextPair | None:
        """Both labels, where there are two."""
        both = self.ours and self.theirs
        return TextPair(self.ours, self.theirs) if both else None

    @property
    def tiers(self) -> tuple[str, str] | None:
        if self.our_tier is None or self.their_tier is None:
            return None
        return self.our_tier, self.their_tier

    @property
    def decisions(self) -> tuple[str, str] | None:
        """What became of the label here and there: accepted or rejected."""
        ours = _decision(self.ours, refused=self.refused_here)
        theirs = _decision(self.theirs, refused=self.refused_there)
        return (ours, theirs) if ours and theirs else None

    @property
    def differs(self) -> bool:
        """Whether the two people disagree in anything that both answered."""
        texts, tiers, decided = self.labels, self.tiers, self.decisions
        return (
            (texts is not None and not texts.equal)
            or (tiers is not None and tiers[0] != tiers[1])
            or (decided is not None and decided[0] != decided[1])
        )


def _decision(label: str, *, refused: bool) -> str:
    if refused:
        return "rejected"
    return "accepted" if label else ""


@dataclass(frozen=True)
class SecondAnnotator:
    """All that another person's file tells beside this project."""

    source: str
    opinions: tuple[SecondOpinion, ...]

    @property
    def pairs(self) -> tuple[TextPair, ...]:
        """Labels of the features that both labelled."""
        return tuple(pair for one in self.opinions if (pair := one.labels) is not None)

    @property
    def on_labels(self) -> Agreement:
        return agreement_on_texts(self.pairs)

    @property
    def on_tiers(self) -> Agreement:
        return agreement_on_kinds([t for one in self.opinions if (t := one.tiers)])

    @property
    def on_decisions(self) -> Agreement:
        return agreement_on_kinds([d for one in self.opinions if (d := one.decisions)])


def second_annotator(state: ProjectState, found: FoundLabels) -> SecondAnnotator:
    """Hold another's file against the project.

    Labels that nobody decided on are left out on either side.
    """
    labels = {
        label.key: label.revision.text
        for label in found.labels
        if isinstance(label.key, FeatureKey) and _is_a_persons(label.revision)
    }
    judged = {one.feature: one.tier for one in found.judgements}
    refused = frozenset(found.refused)
    opinions = [
        SecondOpinion(
            feature,
            ours=_own_label(state, feature),
            theirs=labels.get(feature, ""),
            our_tier=state.judged_tier(feature),
            their_tier=judged.get(feature),
            refused_here=state.review_state(feature) == "rejected",
            refused_there=feature in refused,
        )
        for feature in state.features()
    ]
    return SecondAnnotator(found.source, tuple(_answered_twice(opinions)))


def _answered_twice(opinions: Sequence[SecondOpinion]) -> list[SecondOpinion]:
    return [one for one in opinions if one.labels or one.tiers or one.decisions]


def _is_a_persons(revision: LabelRevision) -> bool:
    """A table without statuses is taken for a person's."""
    return revision.by_person or (revision.status == "imported" and not revision.method)


def _own_label(state: ProjectState, feature: FeatureKey) -> str:
    accepted = state.review_state(feature) == "accepted"
    return state.label(feature) if accepted else ""
