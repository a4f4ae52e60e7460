"""Supernodes: made, named, dissolved."""

from pathlib import Path

import pytest

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import AddRevision, AnyEdit, PutSupernode, SetPins
from glossator.project.effects import show_edit
from glossator.project.grouping import (
    free_name,
    group_edits,
    next_number,
    rename_edits,
    suggested_name,
    ungroup_edits,
)
from glossator.project.open_files import state_of
from glossator.project.revision import GraphId, LabelRevision, feature_subject
from glossator.project.state import ProjectState
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
