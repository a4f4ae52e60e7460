"""Reading a project's state from its file."""

from pathlib import Path

import msgspec

from glossator.errors import ProjectError
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.graph_file import parse_graph
from glossator.project.edits import AddRevision, JudgedTier, Recheck, Supernode
from glossator.project.effects import show_edit
from glossator.project.revision import Declined, GraphId, LabelRevision, Subject
from glossator.project.state import ProjectGraph, ProjectState
from glossator.project.store import Store
from glossator.protocol.decision import ProtocolResult
from glossator.verbalize.verbalization import Verbalization


def load_state(state: ProjectState, store: Store) -> None:
    """Fill an empty state with what the file holds.

    Raises
    ------
    ProjectError
        if a record cannot be read.
    """
    meta = store.meta()
    state.model = meta.get("model", "")
    state.source_set = meta.get("source_set", "")
    for row in store.graphs():
        graph = parse_graph(row.original, source=f"{store.path}: {row.slug}")
        state.graphs[row.id] = ProjectGraph(row.id, Path(row.path), graph)
    try:
        _load_features(state, store)
        _load_graphs(state, store)
    except msgspec.MsgspecError as error:
        raise ProjectError(f"{store.path}: a stored record is broken ({error})") from (
            error
        )


def _load_features(state: ProjectState, store: Store) -> None:
    """What is said of features and single nodes."""
    for number, subject, data in store.rows(
        "SELECT id, subject, data FROM revision ORDER BY id"
    ):
        revision = msgspec.json.decode(data, type=LabelRevision)
        show_edit(state, AddRevision(Subject(subject), revision), int(number))
    for of, data in store.values("result"):
        state.results[of] = msgspec.json.decode(data, type=ProtocolResult)
    for of, data in store.values("mark"):
        state.marks[of] = "skipped" if data else ""
    state.notes.update(store.values("note"))
    for of, data in store.values("tags"):
        state.tags[of] = msgspec.json.decode(data, type=tuple[int, ...])
    state.flags.update(of for of, _ in store.values("flag"))
    for of, data in store.values("recheck"):
        state.rechecks[of] = msgspec.json.decode(data, type=tuple[Recheck, ...])
    for of, data in store.values("judgement"):
        state.judgements[of] = msgspec.convert(data, type=JudgedTier)
    for of, data in store.values("declined"):
        state.declined[of] = msgspec.json.decode(data, type=Declined)
    for of, data in store.values("verbalization"):
        state.verbalizations[of] = msgspec.json.decode(
            data, type=tuple[Verbalization, ...]
        )


def _load_graphs(state: ProjectState, store: Store) -> None:
    """What belongs to one graph."""
    for graph_id, data in store.rows("SELECT graph, data FROM pins"):
        state.pins[GraphId(int(graph_id))] = tuple(
            msgspec.json.decode(data, type=list[NodeIndex])
        )
    for graph_id, key, data in store.rows(
        "SELECT graph, number, data FROM supernode ORDER BY graph, number"
    ):
        held = state.supernodes.setdefault(GraphId(int(graph_id)), {})
        held[int(key)] = msgspec.json.decode(data, type=Supernode)
    for graph, data in store.refused_groups():
        state.refused_groups[graph] = msgspec.json.decode(
            data, type=tuple[tuple[int, ...], ...]
        )
