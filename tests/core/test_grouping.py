"""Supernodes: made, named, changed, dissolved."""

from pathlib import Path

import pytest

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import AddRevision, AnyEdit, PutSupernode, SetPins
from glossator.project.effects import show_edit
from glossator.project.open_files import state_of
from glossator.project.revision import GraphId, LabelRevision, feature_subject
from glossator.project.state import ProjectState
from glossator.project.supernodes.grouping import (
    add_edits,
    colour_edits,
    expand_edits,
    free_name,
    group_edits,
    held_edits,
    lay_out_anew_edits,
    merge_edits,
    next_number,
    note_edits,
    place_edits,
    rename_edits,
    split_edits,
    suggested_name,
    take_out_edits,
    ungroup_edits,
)
from tests.core.graph_documents import graph_of, tracer_graph

ONE = GraphId(1)


@pytest.fixture
def state() -> ProjectState:
    """Two supernodes, (2, 3) and (4), and pins 4, 2."""
    document = tracer_graph(
        state={
            "pinnedIds": ["2_9_2", "0_7_1"],
            "supernodes": [["A", "0_7_1", "2_9_1", "no_such_id"], ["B", "2_9_2"]],
        }
    )
    return state_of(graph_of(document), Path("g.json"))[0]


def make(state: ProjectState, edits: list[AnyEdit]) -> None:
    for edit in edits:
        show_edit(state, edit, 100)


def nodes(*at: int) -> list[NodeIndex]:
    return [NodeIndex(node) for node in at]


def members(state: ProjectState) -> dict[str, tuple[int, ...]]:
    return {group.name: group.members for group in state.supernodes[ONE].values()}


def test_a_group_takes_nodes_from_others_and_pins_them(state: ProjectState) -> None:
    make(state, group_edits(state, ONE, nodes(5, 2, 5), "C"))
    assert members(state) == {"A": (3,), "B": (4,), "C": (5, 2)}
    assert state.pins[ONE] == (4, 2, 5)
    assert state.supernode_of(ONE, NodeIndex(2)) == 3


def test_a_group_that_loses_its_last_node_goes(state: ProjectState) -> None:
    make(state, group_edits(state, ONE, nodes(4, 0), "C"))
    assert members(state) == {"A": (2, 3), "C": (4, 0)}


def test_a_group_with_members_nobody_knows_stays(state: ProjectState) -> None:
    """They are carried through to the export."""
    make(state, group_edits(state, ONE, nodes(2, 3), "C"))
    assert members(state) == {"A": (), "B": (4,), "C": (2, 3)}
    assert state.supernodes[ONE][1].unresolved == ("no_such_id",)


def test_untouched_groups_and_pins_make_no_edit(state: ProjectState) -> None:
    edits = group_edits(state, ONE, nodes(0), "C")
    assert [type(edit) for edit in edits] == [PutSupernode, SetPins]


def test_numbers_rise(state: ProjectState) -> None:
    assert next_number(state, ONE) == 3
    make(state, ungroup_edits(ONE, 1))
    assert next_number(state, ONE) == 3
    assert next_number(state, GraphId(2)) == 1


def test_free_names(state: ProjectState) -> None:
    assert free_name(state, ONE, "new") == "new"
    assert free_name(state, ONE, "A") == "A (2)"
    make(state, group_edits(state, ONE, nodes(0), "A (2)"))
    assert free_name(state, ONE, "A") == "A (3)"
    assert free_name(state, GraphId(2), "A") == "A"


def test_suggested_names(state: ProjectState) -> None:
    assert suggested_name(state, ONE, nodes(2, 3, 4)) == "supernode"
    seven, nine = state.features()
    for feature, text in ((seven, "rare"), (nine, "common")):
        revision = LabelRevision(text=text, status="accepted")
        make(state, [AddRevision(feature_subject(feature), revision)])
    assert suggested_name(state, ONE, nodes(2, 3, 4)) == "common"
    assert suggested_name(state, ONE, nodes(0, 2)) == "rare"


def test_rename_and_ungroup(state: ProjectState) -> None:
    make(state, rename_edits(state, ONE, 1, "renamed"))
    assert members(state) == {"renamed": (2, 3), "B": (4,)}
    assert state.supernodes[ONE][1].unresolved == ("no_such_id",)
    make(state, ungroup_edits(ONE, 1))
    assert members(state) == {"B": (4,)}
    assert state.pins[ONE] == (4, 2), "the nodes stay pinned"


def test_nodes_are_put_into_a_supernode(state: ProjectState) -> None:
    make(state, add_edits(state, ONE, nodes(4, 5, 2), 1))
    assert members(state) == {"A": (2, 3, 4, 5)}, "B has lost its last node"
    assert state.pins[ONE] == (4, 2, 5)
    assert add_edits(state, ONE, nodes(2, 4), 1) == []


def test_nodes_are_taken_out_and_stay_pinned(state: ProjectState) -> None:
    make(state, take_out_edits(state, ONE, nodes(2, 4, 0)))
    assert members(state) == {"A": (3,)}
    assert state.pins[ONE] == (4, 2)
    assert take_out_edits(state, ONE, nodes(0)) == []


def test_a_part_is_split_off_in_the_same_colour(state: ProjectState) -> None:
    make(state, colour_edits(state, ONE, [1], 4))
    make(state, split_edits(state, ONE, nodes(3), "C"))
    assert members(state) == {"A": (2,), "B": (4,), "C": (3,)}
    assert [held.colour for held in state.supernodes[ONE].values()] == [4, 0, 4]


def test_supernodes_are_merged_into_the_first(state: ProjectState) -> None:
    make(state, note_edits(state, ONE, 1, "one"))
    make(state, note_edits(state, ONE, 2, "two"))
    make(state, colour_edits(state, ONE, [1], 7))
    make(state, merge_edits(state, ONE, [2, 1]))
    (held,) = state.supernodes[ONE].values()
    assert (held.name, held.members) == ("B", (4, 2, 3))
    assert (held.colour, held.note) == (7, "two\n\none")
    assert held.unresolved == ("no_such_id",)
    assert merge_edits(state, ONE, [2, 2]) == []


def test_held_nodes_make_a_group_or_join_one(state: ProjectState) -> None:
    make(state, held_edits(state, ONE, nodes(0, 5)))
    assert members(state) == {"A": (2, 3), "B": (4,), "supernode": (0, 5)}
    make(state, held_edits(state, ONE, nodes(1, 2, 3, 4)))
    assert members(state) == {"A": (2, 3, 1, 4), "supernode": (0, 5)}
    make(state, held_edits(state, ONE, nodes(0, 1)))
    assert members(state)["supernode (2)"] == (0, 1), "a part of one does not name it"


def test_places_folds_and_their_end(state: ProjectState) -> None:
    make(state, place_edits(state, ONE, 2, (3.0, -4.0)))
    make(state, expand_edits(state, ONE, [1, 2], expanded=True))
    held = state.supernodes[ONE]
    assert (held[2].position, held[1].position) == ((3.0, -4.0), None)
    assert held[1].expanded
    assert held[2].expanded
    (edit,) = lay_out_anew_edits(state, ONE)
    make(state, [edit])
    assert state.supernodes[ONE][2].position is None
    assert state.supernodes[ONE][2].expanded
