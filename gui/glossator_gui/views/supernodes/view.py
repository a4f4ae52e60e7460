"""The supernodes: their boxes, the links of the chosen ones, and proposed groups."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from glossator.project.supernodes.supernode_graph import SupernodeBox, SupernodeLink
from glossator_gui.look.theme import Theme
from glossator_gui.views.cell_table import CellTable
from glossator_gui.views.supernodes.board import Board
from glossator_gui.views.supernodes.gestures import Gestures
from glossator_gui.views.supernodes.link_arrow import share_text
from glossator_gui.views.supernodes.proposal_list import ProposalList

_HEAD = ("", "Box", "Share")
_SIDE = 250
"""Width of what stands beside the boxes, in pixels."""


class SupernodeView(QWidget):
    """Puts the board together with what is told beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.board = Board()
        self.gestures = Gestures(self.board)
        self.proposals = ProposalList()
        self.links_heading = QLabel()
        self.links_heading.setTextFormat(Qt.TextFormat.PlainText)
        self.links = CellTable("Links of the selected boxes", wide=(1,))
        self._links: list[SupernodeLink] = []
        self._of_links = QWidget()
        column = QVBoxLayout(self._of_links)
        column.setContentsMargins(8, 6, 8, 6)
        column.setSpacing(6)
        column.addWidget(self.links_heading)
        column.addWidget(self.links)
        side = QSplitter(Qt.Orientation.Vertical)
        side.addWidget(self.proposals)
        side.addWidget(self._of_links)
        side.setChildrenCollapsible(False)
        side.setSizes([300, 160])
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(self.board)
        self._split.addWidget(side)
        self._split.setStretchFactor(0, 1)
        self._split.setStretchFactor(1, 0)
        self._split.setCollapsible(0, False)
        self._split.setSizes([2 * _SIDE, _SIDE])
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._split)
        self.setFocusProxy(self.board)
        self._show_links()

    def show_boxes(
        self,
        boxes: Sequence[SupernodeBox],
        links: Sequence[SupernodeLink],
        n_links: int | None = None,
    ) -> None:
        """Show boxes and the strongest links between them, strongest first.

        Parameters
        ----------
        n_links : how many there are in all.
        """
        self.board.show_boxes(boxes, links, n_links)
        self._links = list(links)
        self._show_links()

    def set_selected(self, keys: Sequence[str]) -> None:
        """Mark boxes without telling anyone; the last one gets the keyboard."""
        self.board.set_selected(keys)
        self._show_links()

    def set_theme(self, theme: Theme) -> None:
        self.board.set_theme(theme)

    def fit(self) -> None:
        self.board.fit()

    def show_proposals(self) -> None:
        """Open what stands beside the boxes, if it was closed, and go there."""
        boxes, side = self._split.sizes()
        if not side:
            self._split.setSizes([boxes - _SIDE, _SIDE])
        self.proposals.go()

    def _show_links(self) -> None:
        """Inputs and outputs of what is chosen, strongest first."""
        chosen = set(self.board.selected)
        rows = []
        for link in self._links:
            if (link.source in chosen) == (link.target in chosen):
                continue
            inwards = link.target in chosen
            other = self.board.boxes.get(link.source if inwards else link.target)
            if other is not None:
                rows.append(
                    [
                        "from" if inwards else "to",
                        other.box.title,
                        share_text(link),
                    ]
                )
        self.links.show_rows(_HEAD, rows, words=(0, 1))
        self._of_links.setVisible(bool(chosen))
        if chosen:
            self.links_heading.setText(self._heading(len(chosen)))

    def _heading(self, n_chosen: int) -> str:
        current = self.board.current
        if n_chosen > 1 or current is None:
            return f"Links of {n_chosen} boxes"
        title = self.board.boxes[current].title
        room = self._of_links.width() - 24
        text = f"Links of {title}"
        metrics = self.links_heading.fontMetrics()
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room, 160))
