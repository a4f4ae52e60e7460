"""Tokens stay as they are stored, from import to export, and are shown faithfully."""

import json
from pathlib import Path
from unicodedata import bidirectional

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glossator.evidence.example_text import example_text
from glossator.evidence.feature_evidence import ActivationExample
from glossator.evidence.token_text import (
    isolated,
    shown_tokens,
    visible_text,
    visible_token,
)
from glossator.export.network import visible
from glossator.export.target import ExportOptions
from glossator.export.targets import TARGETS
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.project.edits import AddRevision, AnyEdit, PutSupernode, Supernode
from glossator.project.node_text import node_name, node_title
from glossator.project.node_text import shown_tokens as prompt_tokens
from glossator.project.revision import GraphId, LabelRevision, feature_subject
from tests.core.annotated_graphs import annotated
from tests.core.graph_documents import graph_of
from tests.core.nasty_tokens import (
    NASTY_TOKENS,
    SPELLINGS,
    NastyToken,
    Spelling,
    nasty_graph,
)

TOKENS = [one.token for one in NASTY_TOKENS]
MARKS = "\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("nasty", NASTY_TOKENS, ids=lambda nasty: nasty.name)
def test_a_token_is_shown_by_itself(nasty: NastyToken) -> None:
    assert visible_token(nasty.token) == nasty.shown


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.name)
def test_the_tokens_of_a_text_are_shown(spelling: Spelling) -> None:
    """None is dropped: bytes are joined to characters, the rest is told."""
    graph = graph_of(nasty_graph(spelling.tokens))
    assert prompt_tokens(graph) == tuple(spelling.shown)
    assert shown_tokens(spelling.tokens) == tuple(spelling.shown)


def test_the_names_of_nodes_show_the_token_as_the_axis_does() -> None:
    made = annotated(nasty_graph(("▁Hi", "<0xE4>", "<0xBD>", "<0xA0>")))
    graph = made.graph
    titles = [node_title(graph, NodeIndex(at)) for at in range(4)]
    assert titles == ["Token ·Hi", "Token 你", "Token \\xbd", "Token \\xa0"]
    assert node_name(made.state, made.number, NodeIndex(0)) == "token ·Hi"


def test_bytes_of_one_character_are_one_piece_with_the_largest_activation() -> None:
    tokens = ("Hi", "<0xE4>", "<0xBD>", "<0xA0>", "<0xFF>", "!")
    activations = np.array([0.0, 1.0, 3.0, 2.0, 0.5, 0.0], dtype=np.float32)
    example = ActivationExample(tokens=tokens, activations=activations)
    pieces = example_text(example, whole=True).pieces
    assert [piece.text for piece in pieces] == ["Hi", "你", "<0xFF>", "!"]
    assert [piece.activation for piece in pieces] == [0.0, 3.0, 0.5, 0.0]


def test_a_mark_of_a_token_of_its_own_stands_on_the_text_before_it() -> None:
    tokens = ("नम", "स", "्ते")
    activations = np.array([1.0, 0.0, 0.0], dtype=np.float32)
    example = ActivationExample(tokens=tokens, activations=activations)
    assert "".join(p.text for p in example_text(example).pieces) == "नमस्ते"


# -- right to left ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at مرحبا (position 3)", "at <مرحبا> (position 3)"),
        ("مرحبا 123 عالم, x", "<مرحبا 123 عالم>, x"),
        ("שָׁ 5", "<שָׁ> 5"),
        ("a", "a"),
        ("مرحبا\nعالم", "<مرحبا>\n<عالم>"),
    ],
)
def test_what_is_read_from_right_to_left_is_isolated(text: str, shown: str) -> None:
    assert isolated(text).translate({0x2068: "<", 0x2069: ">"}) == shown


@given(st.text(st.characters() | st.sampled_from("אبعa1 .\u0301\n" + MARKS)))
def test_isolating_loses_nothing_and_is_done_once(text: str) -> None:
    shown = isolated(visible_token(text))
    assert isolated(shown) == shown
    assert visible_text(shown) == shown
    assert shown.translate(dict.fromkeys(map(ord, MARKS))) == visible_token(text)
    depth = 0
    for character in shown:
        depth += (character == "\u2068") - (character == "\u2069")
        assert depth in (0, 1)
        if bidirectional(character) in ("R", "AL"):
            assert depth == 1
    assert depth == 0


# -- import and export --------------------------------------------------------------


def exported(name: str, folder: Path) -> Path:
    """The graph with labels that are its tokens, as a target writes it."""
    before = annotated(nasty_graph())
    edits: list[AnyEdit] = [
        AddRevision(
            feature_subject(feature),
            LabelRevision(text=one.token, status="accepted", author="ana"),
        )
        for feature, one in zip(before.state.features(), NASTY_TOKENS, strict=True)
        if one.token
    ]
    edits.append(
        PutSupernode(GraphId(1), 1, Supernode(name=TOKENS[18], members=(0, 30)))
    )
    path = folder / f"made{TARGETS[name].suffix}"
    TARGETS[name].export(annotated(nasty_graph(), edits), path, ExportOptions())
    return path


@pytest.mark.parametrize("target", ["graph-json", "neuronpedia", "circuit-tracer"])
def test_a_graph_file_holds_the_tokens_as_they_were(
    target: str, tmp_path: Path
) -> None:
    path = exported(target, tmp_path)
    assert json.loads(path.read_bytes())["metadata"]["prompt_tokens"] == TOKENS
    graph = read_graph(path)
    assert list(graph.prompt_tokens) == TOKENS
    assert graph.prompt == "".join(TOKENS)
    labels = {label.text for label in graph.imported.labels.values()}
    assert labels >= {one.token for one in NASTY_TOKENS if one.token.strip()}


@pytest.mark.parametrize("target", ["graphml", "gexf", "node-link"])
def test_a_network_holds_them_as_far_as_its_form_can(
    target: str, tmp_path: Path
) -> None:
    """XML has no control characters: visible ones stand for them, and it is told."""
    path = exported(target, tmp_path)
    if target == "node-link":
        found = nx.node_link_graph(json.loads(path.read_bytes()), edges="links")
    else:
        read = nx.read_graphml if target == "graphml" else nx.read_gexf
        found = read(path)
    tokens = [found.nodes[f"n{at}"].get("token", "") for at in range(len(TOKENS))]
    assert tokens == list(map(visible, TOKENS))
    kept = [one for one in NASTY_TOKENS if visible(one.token) != one.token]
    assert {one.name for one in kept} == {"carriage return", "null", "escape"}


@pytest.mark.parametrize("target", ["csv", "jsonl"])
def test_a_table_gives_back_labels_of_such_text(target: str, tmp_path: Path) -> None:
    from glossator.project.importing.label_import import import_edits
    from glossator.project.importing.label_sources import read_labels

    state = annotated(nasty_graph()).state
    found = read_labels(exported(target, tmp_path), state)
    texts = {
        edit.subject: edit.revision.text
        for edit in import_edits(state, found)
        if isinstance(edit, AddRevision)
    }
    for feature, one in zip(state.features(), NASTY_TOKENS, strict=True):
        if one.token.strip():
            assert texts[feature_subject(feature)] == one.token, one.name


def test_a_snippet_is_python_and_holds_no_character_as_it_is(tmp_path: Path) -> None:
    source = exported("snippet", tmp_path).read_text()
    compile(source, "snippet", "exec")
    assert source.isprintable() or all(c.isprintable() or c == "\n" for c in source)
