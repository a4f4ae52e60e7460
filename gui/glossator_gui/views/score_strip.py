"""How much the graph, and what is pinned or grouped of it, explains: two scores."""

import textwrap

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from glossator.graph.scores import COMPLETENESS, REPLACEMENT, GraphScores
from glossator_gui.views.plain_text import plain_tooltip

_TIP_COLUMNS = 64
_PINNED = (
    "Pinned: of the pinned and grouped nodes alone, each feature that is not pinned "
    "counting as error."
)
_PRUNED = "Measured on the file, which was pruned: higher than of the whole model."


class ScoreStrip(QWidget):
    """Replacement and completeness score; the definition is in the tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.replacement = QLabel()
        self.completeness = QLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 10, 6)
        row.setSpacing(18)
        for label in (self.replacement, self.completeness):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("role", "muted")
            row.addWidget(label)

    def clear(self) -> None:
        """Show nothing while there is no graph, or its scores are being computed."""
        self.replacement.clear()
        self.completeness.clear()

    def set_busy(self) -> None:
        """What is shown is being computed anew."""
        for label in (self.replacement, self.completeness):
            if label.text() and not label.text().endswith("…"):
                label.setText(f"{label.text()} …")

    def show_scores(self, graph: GraphScores, kept: GraphScores) -> None:
        for label, name, meaning, whole, part in (
            (
                self.replacement,
                "Replacement",
                REPLACEMENT,
                graph.replacement,
                kept.replacement,
            ),
            (
                self.completeness,
                "Completeness",
                COMPLETENESS,
                graph.completeness,
                kept.completeness,
            ),
        ):
            of_kept = "" if part is None else f" · pinned {_number(part)}"
            label.setText(f"{name} {_number(whole)}{of_kept}")
            reasons = [_PINNED, graph.reason or _PRUNED]
            if graph.reason == "" and kept.reason:
                reasons.append(kept.reason)
            lines = [textwrap.fill(reason, _TIP_COLUMNS) for reason in reasons]
            heading = textwrap.fill(meaning, _TIP_COLUMNS)
            label.setToolTip(plain_tooltip(heading, "\n".join(lines)))
            label.setAccessibleName(label.text())


def _number(score: float | None) -> str:
    return "n/a" if score is None else f"{score:.2f}"
