"""Labels from elsewhere: projects, graphs, tables, addresses of a graph's page."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from glossator.errors import InputError
from glossator.graph.attribution_graph import AttributionGraph, NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.graph.json_file.link_annotations import link_annotations, names_in_links
from glossator.graph.json_file.neuronpedia_url import LinkState, parse_link, valid_slug
from glossator.graph.zipped import GZIP_MAGIC
from glossator.project.importing.found_labels import (
    FoundLabels,
    FoundMarks,
    Gathering,
    NodeKey,
    check_same_source,
)
from glossator.project.importing.label_files import is_json_lines
from glossator.project.importing.label_tables import gather_table
from glossator.project.importing.verbalization_files import (
    gather_verbalizations,
    holds_verbalizations,
)
from glossator.project.open_files import is_project_file, state_of
from glossator.project.project import Project
from glossator.project.revision import GraphId, feature_subject, node_subject
from glossator.project.state import ProjectGraph, ProjectState

_ADDRESS_STARTS = (b"http://", b"https://")
_MOST_OF_ADDRESS = 2**24
"""Bytes of a file that holds an address."""


def read_labels(source: str | Path, state: ProjectState) -> FoundLabels:
    """Read labels for a project from a file, or from the address of a graph's page.

    A file may be another project, a graph JSON, a table (CSV or JSON lines), JSON lines
    of verbalizations, or text that is such an address. Nothing is fetched: an address
    holds the state itself.

    Raises
    ------
    InputError, ProjectError
        if it cannot be read, or is of another model, source set or graph.
    """
    if not state.graphs:
        raise InputError("the project holds no graph that labels could be of")
    if isinstance(source, str) and _is_address(source):
        return _of_address(source, state)
    path = Path(source)
    gathered = Gathering(state, path.name)
    start = _start_of(path)
    if is_project_file(path):
        project = Project(path, read_only=True)
        project.close()
        _gather_state(gathered, project.state, path)
    elif start.startswith(_ADDRESS_STARTS):
        with path.open(encoding="utf-8", errors="replace") as file:
            return _of_address(file.read(_MOST_OF_ADDRESS).lstrip("\ufeff"), state)
    elif not is_json_lines(path) and start.startswith((GZIP_MAGIC, b"{")):
        graph = read_graph(path)
        other, number = state_of(graph, path)
        _gather_state(gathered, other, path, {number: graph.imported.labels})
    elif holds_verbalizations(path):
        gather_verbalizations(gathered, path)
    else:
        gather_table(gathered, path)
    return gathered.found()


def _is_address(source: str) -> bool:
    if "://" in source:
        return True
    return parse_link(source) is not None and not os.path.exists(source)


def _start_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise InputError(error.strerror or str(error), source=path) from error
    except ValueError as error:  # A null byte, in what was pasted.
        raise InputError(f"neither an address nor a file ({error})") from error


# -- graphs and projects ------------------------------------------------------------


def _gather_state(
    gathered: Gathering,
    other: ProjectState,
    path: Path,
    named: Mapping[GraphId, Iterable[NodeIndex]] | None = None,
) -> None:
    """Take what another state says of features and graphs that are here too.

    Parameters
    ----------
    named : nodes for which the source itself names a label; where it does not, labels
        that nodes of the project have of their own stay.
    """
    check_same_source(gathered.state, other.model, other.source_set, source=path)
    for feature in other.features():
        subject = feature_subject(feature)
        revision = other.last_revision(subject)
        shown = revision if revision is not None and revision.shown else None
        note, judged = other.notes.get(subject, ""), other.judged_tier(feature)
        gathered.add_feature(feature, shown, note, judged)
        if feature in gathered.known:
            if other.review_state(feature) == "rejected":
                gathered.refused[feature] = None
            gathered.verbalizations += [
                (feature, said) for said in other.verbalized(feature)
            ]
    for number, entry in other.graphs.items():
        own = other.own_labels(number)
        twin = twin_of(gathered.state, entry.graph)
        if twin is not None:
            _gather_nodes(
                gathered, other, entry, twin, {*own, *(named or {}).get(number, ())}
            )
            _gather_node_notes(gathered, other, entry, twin)
            _gather_marks(gathered, other, entry, twin)
        elif own or other.pins.get(number) or other.supernodes.get(number):
            gathered.problems.append(
                f"The project holds no graph {entry.graph.slug!r} of this prompt: its "
                "pins, supernodes and labels of single nodes are left out."
            )


class Twin(NamedTuple):
    """A graph of the project that is the same as one elsewhere."""

    number: GraphId
    nodes: Mapping[NodeIndex, NodeIndex]
    """Of the graph elsewhere, those that are here too."""


def twin_of(state: ProjectState, graph: AttributionGraph) -> Twin | None:
    """Find the same graph in the project: of the same name and prompt."""
    for entry in state.graphs.values():
        if entry.graph.original == graph.original:
            nodes = [NodeIndex(at) for at in range(len(graph))]
            return Twin(entry.id, dict(zip(nodes, nodes, strict=True)))
    for entry in state.graphs.values():
        ours = entry.graph
        same_name = valid_slug(ours.slug) == valid_slug(graph.slug)
        if same_name and ours.prompt_tokens == graph.prompt_tokens:
            here = {key: NodeIndex(at) for at, key in enumerate(_node_keys(ours))}
            there = enumerate(_node_keys(graph))
            nodes_here = {NodeIndex(at): here[key] for at, key in there if key in here}
            return Twin(entry.id, nodes_here)
    return None


def _node_keys(graph: AttributionGraph) -> list[tuple[str, int]]:
    """Ids by which nodes are the same; nodes of two kinds may share one."""
    return list(zip(graph.nodes.node_id, graph.nodes.kind.tolist(), strict=True))


def _gather_nodes(
    gathered: Gathering,
    other: ProjectState,
    entry: ProjectGraph,
    twin: Twin,
    nodes: Iterable[NodeIndex],
) -> None:
    """Take labels of nodes that are labelled otherwise than their features."""
    for node in sorted(nodes):
        revision = other.revision_at(entry.id, node)
        if revision is None or not revision.shown:
            continue
        feature = entry.graph.feature_of(node)
        differs = feature is None or revision.text != other.label(feature)
        if node not in twin.nodes:
            if differs:
                gathered.miss(entry.graph.nodes.node_id[node])
            continue
        key = NodeKey(twin.number, twin.nodes[node])
        if differs or gathered.has_own(key):
            gathered.labels[key] = revision


def _gather_node_notes(
    gathered: Gathering, other: ProjectState, entry: ProjectGraph, twin: Twin
) -> None:
    for there, here in twin.nodes.items():
        note = other.notes.get(node_subject(entry.id, there))
        if note:
            gathered.notes.setdefault(NodeKey(twin.number, here), note)


def _gather_marks(
    gathered: Gathering, other: ProjectState, entry: ProjectGraph, twin: Twin
) -> None:
    ids = entry.graph.nodes.node_id
    pins = other.pins.get(entry.id, ())
    supernodes = []
    for supernode in other.supernodes.get(entry.id, {}).values():
        members = [NodeIndex(member) for member in supernode.members]
        gathered.miss(*(ids[node] for node in members if node not in twin.nodes))
        here = tuple(twin.nodes[node] for node in members if node in twin.nodes)
        if here:
            supernodes.append(
                msgspec.structs.replace(supernode, members=here, position=None)
            )
        else:
            gathered.miss(*supernode.unresolved)
    gathered.miss(*(ids[pin] for pin in pins if pin not in twin.nodes))
    pins_here = tuple(twin.nodes[pin] for pin in pins if pin in twin.nodes)
    gathered.marks.append(FoundMarks(twin.number, pins_here, tuple(supernodes)))


# -- addresses ----------------------------------------------------------------------


def _of_address(address: str, state: ProjectState) -> FoundLabels:
    link = parse_link(address.strip())
    if link is None:
        raise InputError(
            f"{address.strip()[:60]!r} is not the address of a graph's page: it names "
            "no graph (slug=…)"
        )
    name = f"the link to {link.slug}"
    gathered = Gathering(state, name, problems=list(link.problems))
    if link.subgraph:
        told = (
            f"it names the state {link.subgraph!r}, saved on Neuronpedia and not in "
            "the link; open it there and copy the link of what you see"
        )
        if not (link.pins or link.supernodes or link.labels):
            raise InputError(told, source=name)
        gathered.problems.append(f"{name}: {told}. What the link itself holds is used.")
    entry = _graph_of(link, state)
    said, unknown = link_annotations(link, entry.graph)
    other, number = state_of(replace(entry.graph, imported=said), Path(name))
    _gather_state(gathered, other, Path(name), {number: said.labels})
    gathered.miss(*unknown, *said.unresolved_pins)
    return gathered.found()


def _graph_of(link: LinkState, state: ProjectState) -> ProjectGraph:
    """Find the project's graph that a link is of."""
    if link.model not in ("", state.model) and "/" not in state.model:
        raise InputError(
            f"a graph of {link.model}, but the project is of {state.model}",
            source=f"the link to {link.slug}",
        )
    for entry in state.graphs.values():
        if link.slug in names_in_links(entry.graph):
            return entry
    names = ", ".join(entry.graph.slug for entry in state.graphs.values())
    raise InputError(
        f"no graph {link.slug!r} in the project; it holds {names}",
        source=f"the link to {link.slug}",
    )
