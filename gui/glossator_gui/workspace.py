"""The centre of the window: the graph, its supernodes, a node's inputs and outputs."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.actions.spec import Handler
from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.desks.supernode_desk import SupernodeDesk
from glossator_gui.look.theme import Theme
from glossator_gui.session import Session
from glossator_gui.views.elided_label import ElidedLabel
from glossator_gui.views.notice import Notice
from glossator_gui.views.plain_text import one_line

_NO_EVIDENCE = (
    "No evidence yet: labelling by hand and grouping work. For scores and examples add "
    "circuit-tracer feature JSON, Neuronpedia features or SAEDashboard batches."
)


class Workspace(QWidget):
    """Puts the views of one graph together, and chooses the graph."""

    evidence_requested = Signal()

    def __init__(
        self, session: Session, graph: GraphDesk, supernodes: SupernodeDesk
    ) -> None:
        super().__init__()
        self.session = session
        self._graph = graph
        self._supernodes = supernodes
        self.graphs = QComboBox()
        self.graphs.setAccessibleName("Graph")
        self.graphs.setMinimumContentsLength(14)
        self.graphs.activated.connect(self._on_graph_chosen)
        self.prompt = ElidedLabel()
        self.notice = Notice(graph.legend)
        self.notice.button.clicked.connect(self.evidence_requested)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(graph.page, "Graph")
        self.tabs.addTab(supernodes.view, "Supernodes")
        self.tabs.setCornerWidget(supernodes.scores, Qt.Corner.TopRightCorner)
        # A page has its size only once it is shown; the layout depends on it.
        self.tabs.currentChanged.connect(
            lambda: QTimer.singleShot(0, supernodes.show_boxes)
        )
        supernodes.counted.connect(self._show_count)
        supernodes.wanted.connect(self.show_supernodes)
        graph.canvas.group_held.connect(supernodes.group_held)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.tabs)
        split.addWidget(graph.connections)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([560, 300])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._controls())
        layout.addWidget(self.notice)
        layout.addWidget(split, 1)
        session.opened.connect(self._on_opened)
        session.graph_shown.connect(self._on_graph_shown)
        session.evidence_changed.connect(self._show_notice)

    def _controls(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 6, 10, 6)
        row.setSpacing(8)
        row.addWidget(self.graphs)
        row.addWidget(self.prompt, 1)
        row.addWidget(self._graph.pruning)
        row.addWidget(self._graph.link_pruning)
        return row

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "focus_graph": self.show_canvas,
            "focus_supernodes": self.show_supernodes,
            "next_graph": self.next_graph,
        }

    def set_theme(self, theme: Theme) -> None:
        self._graph.set_theme(theme)
        self._supernodes.set_theme(theme)

    def put_above(self, bar: QWidget) -> None:
        """Put a bar above the pages."""
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        layout.insertWidget(layout.count() - 1, bar)

    # -- what the session says ------------------------------------------------------

    def _on_opened(self) -> None:
        self.graphs.clear()
        for number, entry in self.session.state.graphs.items():
            self.graphs.addItem(entry.graph.slug, number)
        self.graphs.setCurrentIndex(self.graphs.findData(self.session.graph_id))
        self.graphs.setEnabled(self.graphs.count() > 1)

    def _on_graph_shown(self) -> None:
        graph = self.session.graph
        self.graphs.setCurrentIndex(self.graphs.findData(self.session.graph_id))
        self.prompt.show_text(one_line(graph.prompt) if graph else "")
        self._show_notice()

    def _show_count(self, supernodes: int) -> None:
        self.tabs.setTabText(1, f"Supernodes ({supernodes})")

    def _show_notice(self) -> None:
        graph, session = self.session.graph, self.session
        if graph is None:
            self.notice.say("", button=False)
        elif session.evidence_problems:
            self.notice.say(session.evidence_problems[0], button=True)
        else:
            said = [*graph.warnings]
            if not session.has_evidence:
                said.append(_NO_EVIDENCE)
            text = " ".join(said) or graph.description
            self.notice.say(text, button=not session.has_evidence)

    # -- gestures -------------------------------------------------------------------

    def _on_graph_chosen(self, at: int) -> None:
        self.session.show_graph(self.graphs.itemData(at))

    def show_canvas(self) -> None:
        """Go to the graph."""
        self.tabs.setCurrentWidget(self._graph.page)
        self._graph.canvas.setFocus()

    def show_supernodes(self) -> None:
        """Go to the supernodes."""
        self.tabs.setCurrentWidget(self._supernodes.view)
        self._supernodes.view.setFocus()

    def next_graph(self) -> None:
        """Show the project's next graph."""
        if self.graphs.count() > 1:
            self._on_graph_chosen(
                (self.graphs.currentIndex() + 1) % self.graphs.count()
            )
