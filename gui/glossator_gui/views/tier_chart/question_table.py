"""What is supposed of tiers and layers, and whether these features bear it out."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from glossator.evaluation.layer_questions import p_words, percent
from glossator.evaluation.tier_report import share_text
from glossator.evaluation.tiers_by_layer import LayerTest
from glossator_gui.views.plain_text import WrappedLabel, plain_tooltip

_HEADER = ("Do tiers lie where supposed?", "Early", "Middle", "Late", "", "")
_P_TIP = (
    "Chance of seeing this or more if tiers and layers had nothing to do with each "
    "other.\nOne-sided, of each question by itself."
)


class QuestionTable(QWidget):
    """A row a question: shares by third of the layers, p, and the answer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[list[QLabel]] = []
        self._thirds = WrappedLabel("Testing…", role="muted", small=True)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(len(_HEADER) - 1, 1)
        for column, text in enumerate(_HEADER):
            if text:
                head = _cell(column)
                head.setText(text)
                head.setProperty("role", "muted" if column else "title")
                self._grid.addWidget(head, 0, column)
        self._grid.addWidget(self._thirds, 0, len(_HEADER) - 2, 1, 2)

    def show_tests(self, tests: Sequence[LayerTest], thirds: str) -> None:
        """`thirds` says which layers are early, middle and late."""
        self._thirds.setText(thirds)
        while len(self._rows) < len(tests):
            self._add_row()
        for cells, test in zip(self._rows, tests, strict=True):
            shares = [
                percent(hits / total) if total else "–"
                for hits, total in zip(test.hits, test.totals, strict=True)
            ]
            p = "–" if test.p is None else p_words(test.p)
            texts = [test.question, *shares, p, test.answer]
            for cell, text in zip(cells, texts, strict=True):
                cell.setText(text)
                cell.setToolTip(plain_tooltip(test.question, test.sentence))
            for cell, hits, total in zip(
                cells[1:4], test.hits, test.totals, strict=True
            ):
                cell.setToolTip(plain_tooltip(test.question, share_text(hits, total)))
            cells[4].setToolTip(_P_TIP)
            cells[0].setAccessibleDescription(test.sentence)

    def texts(self) -> list[list[str]]:
        """Question, shares, p and answer of each row."""
        return [[cell.text() for cell in cells] for cells in self._rows]

    def _add_row(self) -> None:
        row = len(self._rows) + 1
        cells = [_cell(column) for column in range(len(_HEADER))]
        for column, cell in enumerate(cells):
            self._grid.addWidget(cell, row, column)
        self._rows.append(cells)


def _cell(column: int) -> QLabel:
    if column == len(_HEADER) - 1:
        return WrappedLabel()
    cell = QLabel()
    cell.setTextFormat(Qt.TextFormat.PlainText)
    flag = Qt.AlignmentFlag
    side = flag.AlignLeft if column in (0, 4) else flag.AlignRight
    cell.setAlignment(side | flag.AlignTop)
    return cell
