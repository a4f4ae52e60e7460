"""What is said of the nodes of a graph, kept up with every change."""

import random
from pathlib import Path
from typing import get_args

import pytest

from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.feature_ids import cantor
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetNote,
    SetPins,
    SetResult,
    Supernode,
)
from glossator.project.node_annotations import NodeAnnotations
from glossator.project.node_text import node_labels, node_tiers
from glossator.project.project import Change, Project
from glossator.project.revision import (
    GraphId,
    LabelRevision,
    Status,
    feature_subjects,
    node_subject,
)
from glossator.protocol.decision import TIERS
from tests.core.graph_documents import (
    embedding_node,
    feature_node,
    graph_of,
    logit_node,
    tracer_graph,
)
from tests.core.labelled_features import result


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A graph some of whose nodes came with a label by hand or baked in."""
    nodes = [
        embedding_node(10, 1),
        *(feature_node(2, 9, position) for position in (1, 2, 3)),
        feature_node(3, 5, 2, clerp="baked"),
        *(feature_node(4, index, 3) for index in range(4)),
        logit_node(" Austin", 0.75),
    ]
    clerps = [[f"2_{cantor(2, 9)}_2", "by hand"]]
    project = Project(tmp_path / "a.gloss")
    document = tracer_graph(nodes, [], state={"clerps": clerps})
    project.add_graph(graph_of(document), tmp_path / "a.json")
    return project


def any_edit(project: Project, number: GraphId, dice: random.Random) -> AnyEdit:
    graph = project.state.graphs[number].graph
    features = feature_subjects(graph)
    node = NodeIndex(dice.randrange(len(graph)))
    subject = dice.choice([*features, node_subject(number, node)])
    match dice.randrange(6):
        case 0:
            return SetResult(dice.choice(features), result(dice.choice(TIERS)))
        case 1:
            return SetPins(number, (node,))
        case 2:
            return PutSupernode(number, 1, Supernode(name="a", members=(node,)))
        case 3:
            return SetNote(subject, str(node))
        case _:
            status: Status = dice.choice(get_args(Status))
            text = dice.choice(["by hand", "capitals", "cities"])
            return AddRevision(subject, LabelRevision(text=text, status=status))


@pytest.mark.parametrize("seed", range(4))
def test_it_says_what_the_project_says_after_every_change(
    project: Project, seed: int
) -> None:
    (number,) = project.state.graphs
    said = NodeAnnotations(project.state, number)

    def follow(change: Change) -> None:
        said.refresh(change.subjects)

    project.on_change(follow)
    dice = random.Random(seed)
    for _ in range(100):
        what = dice.random()
        if what < 0.2:
            project.undo()
        elif what < 0.3:
            project.redo()
        else:
            n = dice.randrange(1, 4)
            project.apply("say", [any_edit(project, number, dice) for _ in range(n)])
        assert said.labels == node_labels(project.state, number)
        assert said.tiers == node_tiers(project.state, number)
        kept = project.state.kept_nodes(number)
        assert said.kept().tolist() == kept.tolist()


def test_lists_are_new_only_where_something_is_another(project: Project) -> None:
    (number,) = project.state.graphs
    said = NodeAnnotations(project.state, number)
    subject = feature_subjects(project.state.graphs[number].graph)[-1]
    labels, tiers = said.labels, said.tiers
    project.apply("note", [SetNote(subject, "why")])
    said.refresh([subject])
    assert said.labels is labels
    assert said.tiers is tiers
    project.apply("tier", [SetResult(subject, result("cross"))])
    said.refresh([subject])
    assert said.labels is labels
    assert said.tiers is not tiers
    assert "cross" not in tiers
