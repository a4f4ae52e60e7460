"""Finding nodes by what is written of them: labels, tokens, ids, notes, words."""

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from glossator.graph.attribution_graph import (
    BoolColumn,
    FeatureKey,
    IndexColumn,
    NodeIndex,
)
from glossator.project.finding.folded_text import folded, folded_words, spans
from glossator.project.node_text import shown_tokens
from glossator.project.revision import GraphId, Subject, feature_subject
from glossator.project.state import ProjectState

Field = Literal[
    "label",
    "feature",
    "node id",
    "caption",
    "token",
    "note",
    "verbalization",
    "tag",
    "supernode",
    "supernode note",
    "layer",
    "position",
]
"""Where a word was found."""

_Known: TypeAlias = tuple[str, str, object]
"""A feature's label, its note and its verbalizations."""

_AROUND = 36
"""Characters of an excerpt before the first word that was found, and twice after."""
_EXACT = re.compile(r"(?P<kind>[l@#])(?P<number>\d{1,9})")
_IDS = str.maketrans("/-", "__")


class Hit(NamedTuple):
    """Where a node was found."""

    node: NodeIndex
    field: Field
    excerpt: str
    """A part of the field's text, on one line."""
    spans: tuple[tuple[int, int], ...]
    """Characters of the excerpt that were looked for."""


class NodeTexts:
    """What can be found of the nodes of a graph.

    Nodes are told by words, of which all are to be found in one or another of the
    node's texts: parts of words do, in any case and with or without accents. Of ids
    the beginning of a number does; ``L12``, ``@3`` and ``#2`` are layer, position and
    tag.
    """

    def __init__(self, state: ProjectState, number: GraphId) -> None:
        self._number = number
        graph = state.graphs[number].graph
        self._graph = graph
        self._tokens = shown_tokens(graph)
        self._subjects = [feature_subject(feature) for feature in graph.features]
        tokens = [folded(token) for token in self._tokens]
        n = len(tokens)
        nodes = graph.nodes
        at = nodes.position.tolist()
        self._captions = [folded(caption) for caption in nodes.caption]
        self._ids = [f"_{folded(i).translate(_IDS)}" for i in nodes.node_id]
        self._at_node = [
            f"{caption}\n{tokens[place]}" if 0 <= place < n else caption
            for caption, place in zip(self._captions, at, strict=True)
        ]
        self._feature_ids = [f"_{str(f).translate(_IDS)}" for f in graph.features]
        self._known: list[_Known] = [("", "", ())] * len(self._subjects)
        self._labels = [""] * len(self._subjects)
        self._of_feature = [""] * len(self._subjects)
        self._tagged: dict[int, BoolColumn] = {}
        self._own: dict[int, str] = {}
        self._grouped: list[tuple[str, IndexColumn]] = []
        self.refresh(state)

    def refresh(self, state: ProjectState) -> None:
        """Take in what has changed; the rest is kept as it was made."""
        self._state = state
        for at, subject in enumerate(self._subjects):
            known = _known(state, subject)
            if known != self._known[at]:
                self._known[at] = known
                self._labels[at] = folded(known[0])
                said = (v.text for v in state.verbalizations.get(subject, ()))
                self._of_feature[at] = folded("\n".join((known[1], *said)))
        self._tagged = self._tags(state)
        self._own = {
            node: folded(state.label_at(self._number, node))
            for node in state.own_labels(self._number)
        }
        self._grouped = [
            (folded(f"{s.name}\n{s.note}"), np.array(s.members, dtype=np.int32))
            for s in state.supernodes.get(self._number, {}).values()
        ]

    def _tags(self, state: ProjectState) -> dict[int, BoolColumn]:
        tagged: dict[int, BoolColumn] = {}
        if state.tags:
            for at, subject in enumerate(self._subjects):
                for tag in state.tags.get(subject, ()):
                    nothing = np.zeros(len(self._subjects), dtype=bool)
                    tagged.setdefault(tag, nothing)[at] = True
        return {tag: self._at_nodes(column) for tag, column in tagged.items()}

    def _at_nodes(self, column: BoolColumn) -> BoolColumn:
        """A column of the features as one of the nodes."""
        numbers = self._graph.feature_number
        found: BoolColumn = np.append(column, False)[numbers]
        return found

    # -- which nodes ----------------------------------------------------------------

    def matching(self, query: str) -> BoolColumn:
        """Nodes in whose texts all words of a query are found; all for no word."""
        found, _ = self._search(folded_words(query))
        return found

    def find(self, query: str) -> IndexColumn:
        """The same nodes, none for no word.

        Those whose label or id has the words come first; then what matters more.
        """
        words = folded_words(query)
        if not words:
            return np.empty(0, dtype=np.int32)
        found, named = self._search(words)
        chosen = np.flatnonzero(found).astype(np.int32)
        nodes = self._graph.nodes
        order = np.lexsort(
            (
                nodes.layer[chosen],
                nodes.position[chosen],
                nodes.influence[chosen],
                ~named[chosen],
            )
        )
        return chosen[order]

    def _search(self, words: tuple[str, ...]) -> tuple[BoolColumn, BoolColumn]:
        """Nodes in whose texts all words are, and those whose label or id has them."""
        found = np.ones(len(self._graph), dtype=bool)
        named = found.copy()
        for word in words:
            by_name = self._in_label(word) | self._by_id(word)
            named &= by_name
            found &= by_name | self._in_text(word)
        return found, named

    def _in_text(self, word: str) -> BoolColumn:
        found = self._exactly(word) | _has(self._at_node, word)
        found |= self._at_nodes(_has(self._of_feature, word))
        for text, members in self._grouped:
            if word in text:
                found[members] = True
        return found

    def _in_label(self, word: str) -> BoolColumn:
        found = self._at_nodes(_has(self._labels, word))
        for node, label in self._own.items():
            found[node] = word in label
        others = ~self._graph.nodes.is_feature
        found[others] = _has(self._captions, word)[others]
        return found

    def _by_id(self, word: str) -> BoolColumn:
        """Nodes of whose id, or of whose feature's, a part begins so."""
        part = f"_{word.translate(_IDS)}"
        return _has(self._ids, part) | self._at_nodes(_has(self._feature_ids, part))

    def _exactly(self, word: str) -> BoolColumn:
        exact = _EXACT.fullmatch(word)
        if exact is None:
            return np.zeros(len(self._graph), dtype=bool)
        number = int(exact["number"])
        match exact["kind"]:
            case "l":
                found: BoolColumn = self._graph.nodes.layer == number
            case "@":
                found = self._graph.nodes.position == number
            case _:
                nowhere = np.zeros(len(self._graph), dtype=bool)
                found = self._tagged.get(number, nowhere)
        return found

    # -- where ----------------------------------------------------------------------

    def hit(self, node: NodeIndex, query: str) -> Hit:
        """Where a node is found: of its texts the first with the most of the words."""
        words = folded_words(query)
        best: tuple[Field, str] = ("node id", self._graph.nodes.node_id[node])
        most = 0
        for field, text, holds in self._texts(node):
            count = sum(map(holds, words))
            if count > most:
                best, most = (field, text), count
        field, text = best
        return _cut(node, field, text, words)

    def _texts(
        self, node: NodeIndex
    ) -> Iterator[tuple[Field, str, Callable[[str], bool]]]:
        """A node's texts, and of each whether it holds a word."""
        graph, state, nodes = self._graph, self._state, self._graph.nodes
        feature = graph.feature_of(node)
        caption = nodes.caption[node]
        label = state.label_at(self._number, node) if feature else caption
        yield "label", label, _holds(label)
        if feature is not None:
            yield "feature", str(feature), _begins(str(feature))
        yield "node id", nodes.node_id[node], _begins(nodes.node_id[node])
        yield "caption", caption, _holds(caption)
        position = int(nodes.position[node])
        if position < len(self._tokens):
            token = self._tokens[position]
            yield "token", token, _holds(token)
        if feature is not None:
            yield from self._of_a_feature(feature)
        for supernode in state.supernodes.get(self._number, {}).values():
            if node in supernode.members:
                yield "supernode", supernode.name, _holds(supernode.name)
                yield "supernode note", supernode.note, _holds(supernode.note)
        layer = f"L{int(nodes.layer[node])}"
        yield "layer", layer, _is(layer)
        yield "position", f"@{position}", _is(f"@{position}")

    def _of_a_feature(
        self, feature: FeatureKey
    ) -> Iterator[tuple[Field, str, Callable[[str], bool]]]:
        subject = feature_subject(feature)
        note = self._state.notes.get(subject, "")
        yield "note", note, _holds(note)
        for said in self._state.verbalized(feature):
            yield "verbalization", said.text, _holds(said.text)
        for tag in self._state.tags.get(subject, ()):
            yield "tag", f"#{tag}", _is(f"#{tag}")


def _known(state: ProjectState, subject: Subject) -> _Known:
    last = state.last_revision(subject)
    label = last.text if last is not None and last.shown else ""
    note = state.notes.get(subject, "")
    return label, note, state.verbalizations.get(subject, ())


def _has(texts: list[str], word: str) -> BoolColumn:
    return np.fromiter((word in text for text in texts), dtype=bool, count=len(texts))


def _holds(text: str) -> Callable[[str], bool]:
    return folded(text).__contains__


def _is(name: str) -> Callable[[str], bool]:
    return lambda word: word == folded(name)


def _begins(identity: str) -> Callable[[str], bool]:
    parts = f"_{folded(identity).translate(_IDS)}"
    return lambda word: f"_{word.translate(_IDS)}" in parts


def _cut(node: NodeIndex, field: Field, text: str, words: tuple[str, ...]) -> Hit:
    """The part of a text around the first word that is found in it."""
    line = " ".join(text.split())
    places = spans(line, words)
    first = places[0][0] if places else 0
    start = max(0, first - _AROUND)
    end = min(len(line), first + 2 * _AROUND)
    before = "…" if start else ""
    excerpt = before + line[start:end] + ("…" if end < len(line) else "")
    shift = len(before) - start
    shown = [(a + shift, min(b, end) + shift) for a, b in places if a < end]
    return Hit(node, field, excerpt, tuple(shown))
