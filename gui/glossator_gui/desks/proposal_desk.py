"""Proposed supernodes: found in the background, accepted or refused one by one."""

from functools import partial

from PySide6.QtCore import QObject, QTimer

from glossator.graph.attribution_graph import AttributionGraph
from glossator.project.supernodes.grouping import free_name, group_edits
from glossator.project.supernodes.supernode_proposals import (
    GroupingInput,
    ProposedSupernode,
    embed_labels,
    grouping_input,
    propose_supernodes,
    refuse_edits,
)
from glossator.protocol.embeddings import Embeddings
from glossator_gui.jobs import ComputationSlot
from glossator_gui.project_job import ProjectJob
from glossator_gui.session import Session
from glossator_gui.views.supernodes.proposal_list import ProposalList, ProposalRow

_PAUSE_MS = 250


class ProposalDesk(QObject):
    """Connects the list of proposals with the session."""

    def __init__(
        self, session: Session, view: ProposalList, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.view = view
        self.job = ProjectJob("Comparing labels", session, self)
        self.job.slot.succeeded.connect(self._on_embedded)
        self.job.slot.failed.connect(
            lambda why: session.failed.emit(f"Labels cannot be compared: {why}.")
        )
        self.job.slot.running_changed.connect(view.set_busy)
        self.finding = ComputationSlot(self)
        self.finding.succeeded.connect(self._on_found)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._find)
        self._proposals: tuple[ProposedSupernode, ...] = ()
        self._embeddings: Embeddings | None = None
        session.graph_shown.connect(self._on_graph_shown)
        session.opened.connect(self._forget_embeddings)
        view.shown.connect(self._on_shown)
        view.accepted.connect(self._on_accepted)
        view.refused.connect(self._on_refused)
        view.similar_requested.connect(self.compare_labels)

    def close(self) -> None:
        self._pause.stop()
        self.finding.end()

    @property
    def proposals(self) -> tuple[ProposedSupernode, ...]:
        """As shown, the most influential first."""
        return self._proposals

    def refresh(self) -> None:
        """Propose anew, once there is nothing new for a moment."""
        self._pause.start()

    def compare_labels(self) -> None:
        """Embed the labels, to propose groups of labels of like meaning."""
        number = self.session.graph_id
        if number is None or self.job.slot.running:
            return
        labels = grouping_input(self.session.state, number).labels
        if len(labels) > 1:
            self.job.slot.start(embed_labels, labels)
        else:
            self.session.told.emit("There are no labels to compare yet.")

    def _find(self) -> None:
        number = self.session.graph_id
        if number is not None:
            given = grouping_input(self.session.state, number)
            self.finding.start(partial(_found, given, self._embeddings))

    def _on_found(
        self, found: tuple[AttributionGraph, tuple[ProposedSupernode, ...]]
    ) -> None:
        graph, proposals = found
        if graph is self.session.graph:
            self._show(proposals)

    def _on_embedded(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings
        self._find()

    def _forget_embeddings(self) -> None:
        self._embeddings = None

    def _on_graph_shown(self) -> None:
        self._proposals = ()
        self.view.show_searching()

    def _show(self, proposals: tuple[ProposedSupernode, ...]) -> None:
        self._proposals = proposals
        self.view.show_rows(
            [
                ProposalRow(p.name, len(p.members), p.influence, p.kind, p.reason)
                for p in proposals
            ]
        )

    def _on_shown(self, row: int) -> None:
        self.session.select([int(node) for node in self._proposals[row].members])

    def _on_accepted(self, row: int) -> None:
        number, chosen = self.session.graph_id, self._proposals[row]
        if number is None:
            return
        state = self.session.state
        name = free_name(state, number, chosen.name)
        edits = group_edits(state, number, chosen.members, name)
        if self.session.apply(f"group {name!r}", edits) is not None:
            self._go_on(chosen)

    def _on_refused(self, row: int) -> None:
        number, chosen = self.session.graph_id, self._proposals[row]
        if number is None:
            return
        edits = refuse_edits(self.session.state, number, chosen.members)
        title = f"refuse group {chosen.name!r}"
        if self.session.apply(title, edits) is not None:
            self._go_on(chosen)

    def _go_on(self, decided: ProposedSupernode) -> None:
        """Without the one that was decided on, until they are found anew."""
        self._show(tuple(p for p in self._proposals if p is not decided))


def _found(
    given: GroupingInput, embeddings: Embeddings | None
) -> tuple[AttributionGraph, tuple[ProposedSupernode, ...]]:
    """The proposals, and the graph that they are for."""
    return given.graph, propose_supernodes(given, embeddings)
