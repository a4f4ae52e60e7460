"""The report: read back with a parser of HTML, whatever the texts."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest

import glossator
from glossator.evidence.feature_evidence import CombinedEvidence
from glossator.evidence.open_source import open_evidence
from glossator.evidence.token_text import visible_token
from glossator.export.report.features import MAX_WITH_EVIDENCE
from glossator.export.report.page import export_html
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.graph.scores import graph_scores, pinned_scores
from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetNote,
    SetPins,
    SetResult,
    Supernode,
)
from glossator.project.open_files import state_of
from glossator.project.reviewing.review import accept_edits
from glossator.project.revision import GraphId, LabelRevision, feature_subject
from glossator.protocol.decision import TIERS, Tier
from glossator_resources import demo_folder
from tests.core.annotated_graphs import NASTY, ONE, annotated, demo, result
from tests.core.graph_documents import (
    Json,
    as_bytes,
    feature_json,
    feature_node,
    tracer_graph,
    tracer_nodes,
)

_VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Texts, tags and attributes of a page; every tag must be closed in order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.source = path.read_text(encoding="utf-8")
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.by_class: dict[str, list[str]] = {}
        self._open: list[tuple[str, str, list[str]]] = []
        self.feed(self.source)
        self.close()
        assert self._open == []

    @property
    def text(self) -> str:
        """All that is read, blanks as one."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag not in _VOID:
            held = dict(attributes).get("class") or ""
            self._open.append((tag, held, []))

    def handle_startendtag(
        self, tag: str, attributes: list[tuple[str, str | None]]
    ) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]

    def handle_endtag(self, tag: str) -> None:
        opened, classes, words = self._open.pop()
        assert opened == tag
        for name in classes.split():
            self.by_class.setdefault(name, []).append("".join(words))

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] == "style":
            return
        self.words.append(data)
        for _, _, words in self._open:
            words.append(data)


def report(graph: AnnotatedGraph, folder: Path) -> Page:
    path = folder / "report.html"
    export_html(graph, path, ExportOptions())
    return Page(path)


def with_evidence(graph: AnnotatedGraph, folder: Path, **files: Json) -> AnnotatedGraph:
    """Evidence as circuit-tracer's feature files, ``f0_7`` for feature 7 of layer 0."""
    evidence = folder / "evidence"
    evidence.mkdir()
    for layer_index, document in files.items():
        layer, index = (int(part) for part in layer_index[1:].split("_"))
        number = next(
            int(graph.graph.nodes.wire_feature[node])
            for feature in graph.graph.features
            if (feature.layer, feature.index) == (layer, index)
            for node in graph.graph.nodes_of(feature)
        )
        (evidence / f"{number}.json").write_bytes(as_bytes(document))
    return replace(graph, evidence=CombinedEvidence((open_evidence(evidence),)))


def labelled(text: str, **more: Any) -> AnnotatedGraph:
    """Feature 0/7 with a label, the others with none."""
    document = tracer_graph()
    seven, _ = annotated(document).graph.features
    revision = LabelRevision(text=text, status="edited", **more)
    return annotated(document, [AddRevision(feature_subject(seven), revision)])


# -- what it says ----------------------------------------------------------------------


def test_labels_and_where_they_come_from(tmp_path: Path) -> None:
    page = report(demo(), tmp_path)
    assert "everywhere" in page.by_class["label"]
    assert "here alone" in page.by_class["label"]  # of one node
    assert "refused" not in page.text
    assert 'written by ann, "the" 2nd' in page.text
    assert "gpt-x" in page.text
    assert "for tier input" in page.text  # when it was made; now it is cross
    assert "5 of 5 say -ing" in page.text
    assert "2026-01-02 03:04 UTC" in page.text
    assert "-look again" in page.text
    assert "accepted by ann" in page.text


def test_counts_of_the_review_and_of_who_labelled(tmp_path: Path) -> None:
    page = report(demo(), tmp_path)
    assert "2 accepted or written by a person" in page.text
    assert "1 rejected" in page.text
    assert "1 without a label" in page.text
    assert '1 ann, "the" 2nd' in page.text


def test_the_most_influential_feature_comes_first(tmp_path: Path) -> None:
    """0/7 has influence 0.2, 2/9 has 0.6, 1/30 has none."""
    titles = re.findall(r"layer \d+ · feature \d+", report(demo(), tmp_path).text)
    assert titles == [
        "layer 0 · feature 7",
        "layer 2 · feature 9",
        "layer 1 · feature 30",
    ]


def test_tiers_and_scores_of_windows(tmp_path: Path) -> None:
    page = report(demo(), tmp_path)
    assert "2 of 4 features are scored." in page.text
    assert "cross 18 0.50 – 3.2 –" in page.text
    assert "output too few" in page.text
    assert "−1.5" in page.text


def tiered(tiers: Sequence[Tier], n_graphs: int) -> AnnotatedGraph:
    """A feature a tier and layer; further graphs lack the first two features."""
    nodes = [feature_node(at, 7, 1) for at in range(len(tiers))]
    graph = annotated(tracer_graph(nodes, []))
    state = graph.state
    for at, (feature, tier) in enumerate(zip(state.features(), tiers, strict=True)):
        made = result(tier, 4.0)
        p = None if tier == "insufficient" else 0.001 * (at + 1)
        scores = msgspec.structs.replace(made.scores, p=p)
        state.results[feature_subject(feature)] = msgspec.structs.replace(
            made, scores=scores
        )
    for number in range(2, n_graphs + 1):
        other = annotated(tracer_graph(nodes[2:], [])).state.graphs[ONE]
        state.graphs[GraphId(number)] = replace(other, id=GraphId(number))
    return replace(graph, number=GraphId(n_graphs))


def test_tiers_against_what_is_supposed(tmp_path: Path) -> None:
    tiers: list[Tier] = ["input", "input", "input", "insufficient", "cross", "output"]
    page = report(tiered([*tiers, "output", "output"], 1), tmp_path)
    section = page.text[page.text.index("features are scored.") :]
    assert section.startswith(
        "features are scored. input 3 output 3 cross 1 insufficient 1 Tiers by"
    )
    assert (
        "7 features are called input, output or cross; of these about 0.8 % (0.056) "
        "are expected to be so by chance (Benjamini–Hochberg)."
    ) in section
    assert "Input rarer with depth? 100 % of 3 0 % of 1 0 % of 3 0.0" in section
    assert page.by_class["answer"][0].startswith("Yes: −")
    assert "obscure most frequent in the middle? 0 % of 3" in section.lower()
    assert page.by_class["answer"][3] == "Not testable: no feature is obscure."
    assert "Of 8 layers, up to the highest in the graphs: early 0–2," in section
    assert "This graph" not in page.text
    assert len(page.by_class["tests"]) == 1


def test_tiers_of_all_graphs_beside_those_of_this_one(tmp_path: Path) -> None:
    tiers: list[Tier] = ["input", "input", "input", "cross", "cross", "output"]
    page = report(tiered(tiers, 3), tmp_path)
    this, whole = page.text[page.text.index("This graph") :].split("All 3 graphs of")
    assert this.startswith("This graph 4 of 4 features are scored. input 1 output 1")
    assert whole.startswith(" the project 6 of 6 features are scored. input 3 output 1")
    assert "Not testable: 4 features with a tier, fewer than 5." in this
    assert "Input rarer with depth? 100 % of 2 50 % of 2 0 % of 2" in whole
    assert "Of 6 layers" in this
    assert page.tags.count("svg") == 2, "one chart, of this graph"
    checked_alone(page)


def test_tiers_where_only_other_graphs_are_scored(tmp_path: Path) -> None:
    graph = tiered(["input"] * 6, 2)
    for feature in graph.graph.features:
        del graph.state.results[feature_subject(feature)]
    page = report(graph, tmp_path)
    assert "No feature of this graph is scored yet" in page.text
    assert "This graph" not in page.text
    assert "All 2 graphs of the project 2 of 6 features are scored." in page.text


def test_scores_of_the_graph_and_its_pinned_part(tmp_path: Path) -> None:
    graph = demo()
    page = report(graph, tmp_path)
    pinned = np.zeros(len(graph.graph), dtype=bool)
    pinned[list(graph.state.pins[ONE])] = True
    both = graph_scores(graph.graph), pinned_scores(graph.graph, pinned)
    replacement = [f"{score.replacement:.2f}" for score in both]
    completeness = [f"{score.completeness:.2f}" for score in both]
    assert replacement != completeness
    assert f"features alone. {' '.join(replacement)} Completeness" in page.text
    assert f"on the logits. {' '.join(completeness)} Link graph" in page.text
    bare = report(annotated(tracer_graph()), tmp_path)
    assert "Nothing is pinned." in bare.text
    assert "–" in bare.by_class["number"]


def test_supernodes_with_members_and_summed_links(tmp_path: Path) -> None:
    edits: list[AnyEdit] = [
        PutSupernode(ONE, 1, Supernode(name="capital words", members=(2, 3))),
        PutSupernode(ONE, 2, Supernode(name="say Austin", members=(6,))),
        PutSupernode(ONE, 3, Supernode(name="gone", members=(), unresolved=("9_9_9",))),
        SetPins(ONE, (NodeIndex(4),)),
    ]
    nodes = tracer_nodes()
    nodes[2]["clerp"] = "a label"
    page = report(annotated(tracer_graph(nodes), edits), tmp_path)
    section = page.text[page.text.index("Summed links in") :]
    for expected in (
        "capital words",
        "a label 0/7 at The",
        "2/9 2/9 at The",
        "say Austin",
        "gone No node of this graph. 1 named by the file, not in the graph",
        "2/9 pinned node",
        "+75.0 % capital words",  # 3 of the 4 that the pinned node gets
        "+75.0 % 2/9",
        "+75.0 % 2/9 say Austin",
    ):
        assert expected in section, expected


def test_provenance_names_the_file_and_not_its_folder(tmp_path: Path) -> None:
    graph = demo()
    state = graph.state
    state.graphs[ONE] = replace(
        state.graphs[ONE], path=Path("/home/someone/secret/made.json")
    )
    page = report(graph, tmp_path)
    assert "made.json" in page.text
    assert "secret" not in page.source
    assert hashlib.sha256(graph.graph.original).hexdigest() in page.text
    assert f"Glossator {glossator.__version__}" in page.text
    assert "calibrated routing, threshold 3" in page.text


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    page = report(annotated(tracer_graph()), tmp_path)
    for sentence in (
        "No feature of this graph has a label.",
        "No feature of this graph has a label or a note.",
        "No feature of this graph is scored yet",
        "Nothing is grouped or pinned in this graph.",
        "2 without a label",
        "Evidence none",
    ):
        assert sentence in page.text, sentence
    assert "details" not in page.tags
    assert page.tags.count("svg") == 1
    assert (
        "No source of evidence knows this feature."
        in report(labelled("x"), tmp_path).text
    )


# -- evidence --------------------------------------------------------------------------


def test_examples_with_their_top_token(tmp_path: Path) -> None:
    examples = {
        "Top activations": [
            (["A", " big", " dog", " ran"], [0.0, 2.0, 4.0, 0.0]),
            *(([f"n{at}", " cat"], [0.0, 1.0]) for at in range(6)),
        ],
        "Subsample": [(["A", " big", " dog", " ran"], [0.0, 2.0, 4.0, 0.0])],
    }
    document = feature_json(examples, top_logits=[" cat", " ▁dog"])
    page = report(with_evidence(labelled("x"), tmp_path, f0_7=document), tmp_path)
    assert page.by_class["text"][0] == "A big dog ran"
    assert len(page.by_class["text"]) == 5
    assert page.by_class["top"][0] == " dog"
    assert page.by_class["s8"][0] == " dog"
    assert page.by_class["s4"][0] == " big"
    assert "·cat" in page.by_class["token"]
    assert "7 examples · active on 1 % of tokens · largest activation 4.00" in page.text


def test_evidence_that_cannot_be_read_spoils_nothing_else(tmp_path: Path) -> None:
    graph = demo()
    good = feature_json()
    graph = with_evidence(graph, tmp_path, f2_9=good, f0_7=good)
    number = graph.graph.nodes.wire_feature[2]
    (tmp_path / "evidence" / f"{number}.json").write_text('{"examples_quantiles": 3}')
    path = tmp_path / "report.html"
    done = export_html(graph, path, ExportOptions())
    page = Page(path)
    assert "Its evidence cannot be read" in page.text
    assert any("0/7" in note for note in done.notes)
    assert "A big dog" in page.by_class["text"]


def test_evidence_is_left_out_where_too_many_are_labelled(tmp_path: Path) -> None:
    n = MAX_WITH_EVIDENCE + 1
    nodes = [feature_node(0, at, 1, clerp=f"label {at}") for at in range(n)]
    page = report(annotated(tracer_graph(nodes, [])), tmp_path)
    assert page.text.count("No source of evidence knows this feature.") == n - 1
    assert page.text.count("too many features are labelled") == 1
    assert {f"label {at}" for at in range(n)} <= set(page.by_class["label"])


# -- the file --------------------------------------------------------------------------


def checked_alone(page: Page) -> None:
    """Nothing runs, and nothing is fetched."""
    allowed = (
        "html head meta title style body main header nav section figure figcaption"
    )
    allowed += " h1 h2 h3 p ul li a dl dt dd table thead tbody tr th td div span b i br"
    allowed += " bdi details summary svg g path text use defs"
    assert set(page.tags) <= set(allowed.split())
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in (
            "src",
            "srcset",
            "action",
            "data",
            "formaction",
            "style",
        ) or (name == "style" and "url(" not in value.replace("url(#", ""))
        if name.endswith("href"):
            assert value.startswith("#")
    assert "@import" not in page.source
    for svg in re.findall(r"<svg .*?</svg>", page.source, flags=re.DOTALL):
        ElementTree.fromstring(svg)
    ids = [value for name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    for name, value in page.attributes:
        if name.endswith("href"):
            assert value[1:] in ids


def test_the_file_stands_alone(tmp_path: Path) -> None:
    page = report(demo(), tmp_path)
    assert page.source.startswith("<!doctype html>")
    assert page.tags.count("svg") == 3
    checked_alone(page)


def nasty_graph(folder: Path, text: str) -> AnnotatedGraph:
    """The same text wherever others write."""
    nodes = tracer_nodes()
    nodes[6]["clerp"] = text
    document = tracer_graph(
        nodes,
        slug=text,
        prompt=text,
        prompt_tokens=[text, "a", "b"],
        description=text,
        scan=text,
    )
    seven, nine = annotated(document).graph.features
    revision = LabelRevision(
        text=text,
        status="accepted",
        author=text,
        method=text,
        model=text,
        tier=text,
        reason=text,
        at=text,
    )
    scored = result("cross", 3.0)
    said = msgspec.structs.replace(scored.calibrated, reason=text)
    scored = msgspec.structs.replace(
        scored, calibrated=said, null_origin=text, embedder=text
    )
    graph = annotated(
        document,
        [
            AddRevision(feature_subject(seven), revision),
            SetNote(feature_subject(nine), text),
            SetResult(feature_subject(seven), scored),
            PutSupernode(ONE, 1, Supernode(name=text, members=(2, 6))),
        ],
    )
    evidence = feature_json({text: [([text, " b"], [2.0, 0.0])]}, top_logits=[text])
    return with_evidence(graph, folder, f0_7=evidence)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</title></style></svg><!-- {{ 7 * 7 }} {% raw %}",
        "javascript:alert(1)&lt;b&gt;",
        "]]><![CDATA[",
        "\x00\x1b[31m\u202eevil\u2066",
        NASTY,
        "日本語 مرحبا 👩‍👩‍👧 ☃",
    ],
)
def test_any_text_is_text(tmp_path: Path, text: str) -> None:
    page = report(nasty_graph(tmp_path, text), tmp_path)
    checked_alone(page)
    shown = " ".join(
        visible_token(line)
        for line in text.strip().replace("\r\n", "\n").split("\n")
        if line
    )
    shown = " ".join(shown.split())
    assert page.text.count(shown) >= 15
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\u2066]", page.source)


def test_a_report_replaces_a_file_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text("before")
    written = export_html(demo(), path, ExportOptions())
    assert written.paths == (path,)
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


# -- the demo, real graphs -------------------------------------------------------------


def test_the_demo_in_full(tmp_path: Path) -> None:
    path = demo_folder() / "graphs" / "capital-of-france.json"
    state, number = state_of(read_graph(path), path)
    source = open_evidence(demo_folder() / "features")
    graph = AnnotatedGraph(state, number, CombinedEvidence((source,)))
    features = state.features()
    edits: list[AnyEdit] = []
    for at, feature in enumerate(features):
        edits += accept_edits(state, feature, f"label number {at}", "ann")
        tier: Tier = TIERS[at % 4]
        edits.append(SetResult(feature_subject(feature), result(tier, 4.0)))
    done = annotated(cast(Json, json.loads(graph.graph.original)), edits)
    page = report(replace(done, evidence=graph.evidence), tmp_path)
    labels = {f"label number {at}" for at in range(len(features))}
    assert labels <= set(page.by_class["label"])
    assert len(page.by_class["text"]) > 3 * len(features)
    assert len(page.source) < 5e6
    checked_alone(page)
    charts = re.findall(r"<svg .*?</svg>", page.source, flags=re.DOTALL)
    assert len(charts) == 2
    assert "Layer" in charts[1]


@pytest.mark.shared
@pytest.mark.parametrize(
    "name", ["haiku/rabbit-poem.json", "gemma-plt/gemma-small-big-en.json"]
)
def test_real_graphs(shared: Path, tmp_path: Path, name: str) -> None:
    path = shared / "graphs" / name
    state, number = state_of(read_graph(path), path)
    page = report(AnnotatedGraph(state, number), tmp_path)
    checked_alone(page)
    shown = {" ".join(label.split()) for label in page.by_class["label"]}
    labels: Sequence[str] = [
        label for feature in state.features() if (label := state.label(feature))
    ]
    assert {" ".join(visible_token(label.strip()).split()) for label in labels} <= shown
    for supernode in state.supernodes[number].values():
        assert " ".join(supernode.name.split()) in page.text
    assert len(page.source) < 5e6
