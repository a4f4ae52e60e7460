"""Verbalizations of a project: added once, taken out, never lost."""

import msgspec

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import SetVerbalizations
from glossator.project.effects import show_edit
from glossator.project.revision import feature_subject
from glossator.project.state import ProjectState
from glossator.project.verbalizations import removal_edits, verbalization_edits
from glossator.verbalize.verbalization import Paragraphs, Verbalization, paragraphs

FEATURE = FeatureKey("model", "set", 3, 7)
OTHER = FeatureKey("model", "set", 3, 8)
FIRST = Verbalization(text="Capitals.", about="feature", origin="here", at="2026-01-01")
SECOND = Verbalization(text="Capitals.", about="feature", origin="here", sample=1)


def stated(*found: tuple[FeatureKey, Verbalization]) -> ProjectState:
    state = ProjectState()
    for edit in verbalization_edits(state, found):
        show_edit(state, edit, 1)
    return state


def test_samples_are_kept_apart_in_the_order_they_came() -> None:
    state = stated((FEATURE, FIRST), (OTHER, FIRST), (FEATURE, SECOND))
    assert state.verbalized(FEATURE) == (FIRST, SECOND)
    assert state.verbalized(OTHER) == (FIRST,)


def test_what_is_there_is_not_added_again_whenever_it_was_made() -> None:
    state = stated((FEATURE, FIRST))
    later = msgspec.structs.replace(FIRST, at="2026-02-02")
    assert verbalization_edits(state, [(FEATURE, later), (FEATURE, later)]) == []
    assert verbalization_edits(state, [(OTHER, later), (OTHER, later)]) == [
        SetVerbalizations(feature_subject(OTHER), (later,))
    ]


def test_taking_one_out_leaves_the_others() -> None:
    state = stated((FEATURE, FIRST), (FEATURE, SECOND))
    assert removal_edits(state, FEATURE, [FIRST]) == [
        SetVerbalizations(feature_subject(FEATURE), (SECOND,))
    ]


def test_half_a_surrogate_pair_can_be_stored() -> None:
    odd = Verbalization(text="a\ud800b", about="example", origin="x", example="\udc00")
    state = stated((FEATURE, odd))
    (said,) = state.verbalized(FEATURE)
    assert (said.text, said.example) == ("a\ufffdb", "\ufffd")


def test_paragraphs_are_told_apart_by_blank_lines_alone() -> None:
    assert paragraphs("A.\nB.") == Paragraphs("A.\nB.", "", "")
    assert paragraphs(" A. \n\n B. ") == Paragraphs("A.", "B.", "")
    assert paragraphs("A.\n\nB.\n\nC.\n\nD.") == Paragraphs("A.", "B.", "C.\n\nD.")
    assert paragraphs("") == Paragraphs("", "", "")
