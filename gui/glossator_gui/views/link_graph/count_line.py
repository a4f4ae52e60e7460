"""The line that says how much of a graph is drawn, and why no more."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from glossator.graph.attribution_graph import AttributionGraph
from glossator.layout.drawn_links import DrawnLinks, LinkChoice
from glossator.layout.link_graph import GraphLayout
from glossator_gui.look.theme import Theme
from glossator_gui.views.link_graph.camera import Frame


class CountLine(QLabel):
    """Lies in a corner of the canvas, and lets the mouse through."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._whole = ""
        self._room = 0
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    @property
    def whole(self) -> str:
        """What it says where there is room for it."""
        return self._whole

    def set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(
            f"color: {theme.muted}; background: {theme.surface}; padding: 2px 6px;"
            "border-radius: 3px;"
        )

    def tell(self, text: str) -> None:
        self._whole = text
        self._fit()

    def stand_in(self, frame: Frame) -> None:
        """Keep to the top left of the nodes' frame."""
        self.move(round(frame.left) + 4, round(frame.top) + 2)
        self._room = round(frame.width) - 24
        self._fit()

    def _fit(self) -> None:
        metrics, right = self.fontMetrics(), Qt.TextElideMode.ElideRight
        self.setText(metrics.elidedText(self._whole, right, max(self._room, 40)))
        self.setAccessibleName(self._whole)
        self.adjustSize()


def count_text(
    graph: AttributionGraph,
    layout: GraphLayout,
    base: DrawnLinks,
    focused: DrawnLinks,
    choice: LinkChoice,
    *,
    of_selection: bool,
) -> str:
    """How many nodes and links are drawn, and why no more."""
    drawn = len(np.union1d(base.links, focused.links))
    text = (
        f"{len(layout.shown):,} of {len(graph):,} nodes, "
        f"{drawn:,} of {len(graph.links):,} links shown"
    )
    why = [
        f"share {100 * choice.least_share:.3g} % or more" if choice.least_share else "",
        f"{choice.top_k} in and {choice.top_k} out a node" if choice.top_k else "",
        "the strongest" if base.capped or focused.capped else "",
    ]
    reasons = ", ".join(reason for reason in why if reason)
    if reasons:
        text += f" ({reasons})"
    if focused.found:
        whose = "of the selection" if of_selection else "among the pins"
        text += f" · {whose} {len(focused.links):,} of {focused.found:,}"
    return text
