"""Why the model prefers one token to another: which two, and what makes it so."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from glossator.graph.attribution_graph import AttributionGraph, NodeIndex
from glossator.graph.logit_difference import (
    LogitDifference,
    logit_difference,
    logit_nodes,
)
from glossator.layout.graph_text import logit_text
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.dialogs.difference_dialog import DifferenceDialog
from glossator_gui.jobs import ComputationSlot
from glossator_gui.session import Session
from glossator_gui.views.plain_text import one_line


class _Found(NamedTuple):
    graph: AttributionGraph
    difference: LogitDifference


class DifferenceDesk(QObject):
    """Computes the difference of two logits, and has the graph's desk show it."""

    def __init__(self, session: Session, graph: GraphDesk, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self._desk = graph
        self.computing = ComputationSlot(self)
        self.computing.succeeded.connect(self._on_computed)
        self.computing.failed.connect(session.failed)

    def handlers(self) -> Mapping[str, Handler]:
        return {"logit_difference": self.ask}

    def close(self) -> None:
        self.computing.end()

    def ask(self) -> None:
        """Take two selected logits; else ask which."""
        graph = self.session.graph
        if graph is None:
            return
        logits = logit_nodes(graph)
        if len(logits) < 2:
            self.session.told.emit("The graph has fewer than two logits.")
            return
        chosen = [node for node in self.session.selection if node in logits]
        if len(chosen) == 2 == len(self.session.selection):
            self.show(chosen[0], chosen[1])
            return
        names = [_name(graph, node) for node in logits]
        dialog = DifferenceDialog(names, self._window)
        dialog.chosen.connect(lambda a, b: self.show(logits[a], logits[b]))
        dialog.open()

    def show(self, plus: NodeIndex, minus: NodeIndex) -> None:
        """Show what makes the first more likely than the second."""
        if self.session.graph is not None:
            self.computing.start(partial(_computed, self.session.graph, plus, minus))

    def _on_computed(self, found: _Found) -> None:
        if found.graph is self.session.graph:
            self._desk.show_difference(found.difference)


def _computed(graph: AttributionGraph, plus: NodeIndex, minus: NodeIndex) -> _Found:
    return _Found(graph, logit_difference(graph, plus, minus))


def _name(graph: AttributionGraph, node: NodeIndex) -> str:
    token = one_line(logit_text(graph, node)) or "Logit"
    return f"{token}  ({float(graph.nodes.probability[node]):.1%})"
