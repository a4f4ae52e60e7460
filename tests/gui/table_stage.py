"""A project with something in every column, and the desks of table, filter and find."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QMainWindow, QTabWidget, QVBoxLayout, QWidget

from glossator.project.edits import (
    AddRevision,
    AnyEdit,
    PutSupernode,
    SetFlag,
    SetNote,
    SetPins,
    SetResult,
    SetTags,
    SetVerbalizations,
    Supernode,
)
from glossator.project.revision import GraphId, LabelRevision, Subject
from glossator.verbalize.verbalization import Verbalization
from glossator_gui.desks.filter_desk import FilterDesk
from glossator_gui.desks.find_desk import FindDesk
from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.desks.search_texts import SearchTexts
from glossator_gui.desks.table_desk import TableDesk
from glossator_gui.session import Session
from tests.core.graph_documents import (
    Json,
    as_bytes,
    batch_feature,
    dashboard_batch,
    embedding_node,
    feature_node,
    logit_node,
    tracer_graph,
)
from tests.core.labelled_features import result

ONE = GraphId(1)
TOKEN, EARLY, AGAIN, LATE, DEEP, LOGIT = range(6)
F7, F9, F12 = Subject("f:0:7"), Subject("f:2:9"), Subject("f:12:345")

EDITS: tuple[AnyEdit, ...] = (
    AddRevision(F7, LabelRevision(text="seen twice", status="proposed", method="np")),
    AddRevision(F9, LabelRevision(text="capitals", status="accepted", author="bo")),
    SetNote(F9, "fires after Dallas"),
    SetTags(F9, (2, 7)),
    SetFlag(F12, True),
    SetResult(F9, result("cross")),
    SetResult(F12, result("obscure")),
    SetVerbalizations(
        F12, (Verbalization(text="A needle, maybe.", about="feature", origin="nla"),)
    ),
    SetPins(ONE, (AGAIN,)),
    PutSupernode(ONE, 1, Supernode(name="Texas", members=(LATE, DEEP))),
)


def document() -> object:
    nodes = [
        embedding_node(10, 1),
        feature_node(0, 7, 1, influence=0.4, activation=4.0),
        feature_node(0, 7, 2, influence=0.3, activation=3.0),
        feature_node(2, 9, 2, influence=0.9, activation=12.5),
        feature_node(12, 345, 2, influence=0.2, activation=0.5),
        logit_node(" Austin", 0.75),
    ]
    return document_of(nodes)


def document_of(nodes: Sequence[Json]) -> object:
    """A graph of the same model and source."""
    info = {"neuronpedia_source_set": "res-jb"}
    return tracer_graph(nodes, [], scan="gpt2-small", info=None, feature_details=info)


class TableStage(QMainWindow):
    """The three desks and the canvas; what the window does beside them is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.session = session = Session(self)
        self.graph = GraphDesk(session, self)
        self.tabs = QTabWidget()
        self.tabs.addTab(self.graph.page, "Graph")
        self.texts = SearchTexts(session, self)
        self.filters = FilterDesk(session, self.texts, self)
        self.finding = FindDesk(session, self.texts, self)
        self.table = TableDesk(session, self.tabs, self.filters, self)
        self.finding.found_changed.connect(self.table.show_found)
        self.told: list[str] = []
        session.told.connect(self.told.append)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.addWidget(self.finding.bar)
        column.addWidget(self.tabs)
        self.setCentralWidget(middle)
        self.resize(1000, 600)

    def open(self, folder: Path, *edits: AnyEdit) -> None:
        """Open the graph with the edits, and evidence that knows F7's density."""
        path, evidence = folder / "made.json", folder / "batch.json"
        path.write_bytes(as_bytes(document()))
        evidence.write_bytes(
            as_bytes(dashboard_batch(batch_feature(7, frac_nonzero=0.25)))
        )
        self.session.open_files([path])
        self.session.add_evidence(evidence)
        self.session.apply("prepare", edits)

    def end(self) -> None:
        self.filters.close()
        self.texts.close()
        self.session.take(None)
        self.close()
        self.deleteLater()
