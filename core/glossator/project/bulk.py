"""The edits of one gesture over many features."""

from collections.abc import Sequence

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AnyEdit, SetFlag, SetNote, SetTags
from glossator.project.reviewing.review import accept_edits, reject_edits, skip_edits
from glossator.project.revision import feature_subject
from glossator.project.state import ProjectState


def accept_all(
    state: ProjectState, features: Sequence[FeatureKey], author: str
) -> list[AnyEdit]:
    """Accept the labels that wait for it; features without one are passed over."""
    edits: list[AnyEdit] = []
    for feature in features:
        label = state.label(feature)
        if label and state.review_state(feature) != "accepted":
            edits += accept_edits(state, feature, label, author)
    return edits


def label_all(
    state: ProjectState, features: Sequence[FeatureKey], text: str, author: str
) -> list[AnyEdit]:
    """Give features the same label, accepted."""
    return [e for f in features for e in accept_edits(state, f, text, author)]


def reject_all(
    state: ProjectState, features: Sequence[FeatureKey], author: str
) -> list[AnyEdit]:
    """Refuse the labels that there are."""
    return [e for f in features for e in reject_edits(state, f, author)]


def skip_all(features: Sequence[FeatureKey]) -> list[AnyEdit]:
    return [e for f in features for e in skip_edits(f)]


def flag_all(state: ProjectState, features: Sequence[FeatureKey]) -> list[AnyEdit]:
    """Flag features; if all of them are flagged, take the flags off."""
    subjects = [feature_subject(feature) for feature in features]
    flagged = not all(subject in state.flags for subject in subjects)
    return [SetFlag(subject, flagged) for subject in subjects]


def tag_all(
    state: ProjectState, features: Sequence[FeatureKey], tag: int
) -> list[AnyEdit]:
    """Put a tag (one of `TAGS`) on features; if all bear it, take it off."""
    held = {s: set(state.tags.get(s, ())) for s in map(feature_subject, features)}
    everywhere = all(tag in tags for tags in held.values())
    return [
        SetTags(subject, tuple(sorted(tags - {tag} if everywhere else tags | {tag})))
        for subject, tags in held.items()
    ]


def note_all(
    state: ProjectState, features: Sequence[FeatureKey], text: str
) -> list[AnyEdit]:
    """Add a line to the notes of features."""
    edits: list[AnyEdit] = []
    for subject in map(feature_subject, features):
        before = state.notes.get(subject, "")
        edits.append(SetNote(subject, f"{before}\n{text}" if before else text))
    return edits
