"""What the label library knows of a project's features, as proposals."""

from collections.abc import Mapping, Sequence

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AddRevision, AnyEdit
from glossator.project.library.library_entry import LibraryEntry
from glossator.project.revision import LIBRARY, LabelRevision, feature_subject, now
from glossator.project.state import ProjectState

OFFER_TITLE = "labels from the library"

_MOST_OTHERS = 3
"""Other people's labels that a reason tells."""
_SHORT = 60
"""Characters of them, and of names."""


def lasting_features(state: ProjectState) -> dict[FeatureKey, str]:
    """Features that are the same in other projects, each with a graph that has it.

    Where a graph does not name its source set, a number says nothing elsewhere, unless
    it counts the features of the whole model.
    """
    found: dict[FeatureKey, str] = {}
    for entry in state.graphs.values():
        for feature in entry.graph.features:
            if feature.source_set or entry.graph.opaque_features:
                found.setdefault(feature, entry.graph.slug)
    return found


def open_features(state: ProjectState) -> list[FeatureKey]:
    """Features of which neither a person nor a file says anything here."""
    return [
        feature
        for feature in lasting_features(state)
        if state.review_state(feature) not in ("accepted", "imported")
    ]


def offer_edits(
    state: ProjectState,
    known: Mapping[FeatureKey, Sequence[LibraryEntry]],
    project_id: str,
) -> list[AnyEdit]:
    """Propose what is known of features, the newest of it.

    What was proposed so once is not proposed again, whatever became of it.

    Parameters
    ----------
    known : newest first.
    project_id : of the project itself, whose own words are no news to it.
    """
    edits: list[AnyEdit] = []
    for feature, entries in known.items():
        said = _by_text(state, feature, entries, project_id)
        if not said:
            continue
        first, *others = said
        if first.text == state.label(feature):
            continue
        revision = LabelRevision(
            text=first.text,
            status="proposed",
            method=LIBRARY,
            model=first.labeler_model,
            reason=reason_of(first, others),
            at=now(),
        )
        edits.append(AddRevision(feature_subject(feature), revision))
    return edits


def _by_text(
    state: ProjectState,
    feature: FeatureKey,
    entries: Sequence[LibraryEntry],
    project_id: str,
) -> list[LibraryEntry]:
    """Each text that may be proposed, with who said it last."""
    history = state.revisions.get(feature_subject(feature), [])
    offered = {h.revision.text for h in history if h.revision.method == LIBRARY}
    own = {(h.number, h.revision.text) for h in history}
    found: dict[str, LibraryEntry] = {}
    for entry in entries:
        ours = entry.project_id == project_id and (entry.revision, entry.text) in own
        if not ours and entry.text not in offered:
            found.setdefault(entry.text, entry)
    return [e for e in found.values() if state.may_propose(feature, e.text)]


def reason_of(entry: LibraryEntry, others: Sequence[LibraryEntry]) -> str:
    """Where a label comes from, and what else was said, in one sentence."""
    told = f"{_who(entry)} {'wrote' if entry.status == 'edited' else 'accepted'} it"
    if entry.at:
        told += f" on {entry.at[:10]}"
    if entry.project:
        told += f" in the project {_short(entry.project)}"
    words = " ".join(filter(None, (entry.method, entry.labeler_model)))
    if words and entry.method != LIBRARY:
        told += f", after {_short(words)}"
    if others:
        said = (f"“{_short(o.text)}” ({_who(o)})" for o in others[:_MOST_OTHERS])
        told += f"; others say {', '.join(said)}"
    if len(others) > _MOST_OTHERS:
        told += f" and {len(others) - _MOST_OTHERS} more"
    return f"{told}; graph {_short(entry.graph)}" if entry.graph else told


def _who(entry: LibraryEntry) -> str:
    return _short(entry.author) or "someone"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[: _SHORT - 1]}…"
