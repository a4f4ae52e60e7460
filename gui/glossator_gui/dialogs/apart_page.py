"""Features that two methods call by different names, with what both saw."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from glossator.evaluation.comparison.apart import Apart
from glossator.evaluation.comparison.method_comparison import (
    ComparisonTable,
    measure_of,
    value_of,
)
from glossator.export.report.text import feature_title
from glossator_gui.look.theme import Theme
from glossator_gui.views.example_lines import ExampleLines
from glossator_gui.views.plain_text import WrappedLabel, number, one_line

_NONE = "No feature has two labels."
_LIST, _FEATURE = 330, 700


class ApartPage(QSplitter):
    feature_chosen = Signal(object)
    """FeatureKey, when a person clicks it or presses Enter on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._table: ComparisonTable | None = None
        self._apart: Sequence[Apart] = ()
        self.list = QListWidget()
        self.list.setAccessibleName("Features whose labels are furthest apart")
        self.list.setSpacing(2)
        self.title = WrappedLabel(role="title")
        self.sides = [_Side(), _Side()]
        self.examples = ExampleLines()
        self.promoted = WrappedLabel(role="muted", small=True)
        self._feature = QScrollArea()
        self._feature.setWidgetResizable(True)
        self._feature.setFrameShape(QFrame.Shape.NoFrame)
        self._feature.setAccessibleName("Both labels")
        self._feature.setWidget(self._both())
        self.addWidget(self.list)
        self.addWidget(self._feature)
        self.setSizes([_LIST, _FEATURE])
        self.setStretchFactor(1, 1)
        self.setChildrenCollapsible(False)
        self.list.currentRowChanged.connect(self._show_feature)
        self.list.itemClicked.connect(self._choose)
        self.list.itemActivated.connect(self._choose)

    def _both(self) -> QWidget:
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(16, 10, 16, 10)
        column.setSpacing(10)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        for at, side in enumerate(self.sides):
            grid.setColumnStretch(at, 1)
            for row, label in enumerate((side.method, side.label, side.scores)):
                grid.addWidget(label, row, at, Qt.AlignmentFlag.AlignTop)
        seen = WrappedLabel("The strongest examples that the methods saw", role="muted")
        column.addWidget(self.title)
        column.addLayout(grid)
        column.addSpacing(6)
        for widget in (seen, self.examples, self.promoted):
            column.addWidget(widget)
        column.addStretch(1)
        return both

    def set_theme(self, theme: Theme) -> None:
        self.examples.set_theme(theme)

    def show_apart(self, table: ComparisonTable, apart: Sequence[Apart]) -> None:
        self._table, self._apart = table, apart
        self.list.clear()
        for pair in apart:
            feature = pair.feature
            told = f"{pair.distance:.2f}   {feature_title(feature.feature)}"
            item = QListWidgetItem(f"{told} · {feature.tier}")
            self.list.addItem(item)
        if apart:
            self.list.setCurrentRow(0)
        else:
            self._show_feature(-1)

    def _show_feature(self, row: int) -> None:
        table = self._table
        if table is None or not 0 <= row < len(self._apart):
            self.title.setText(_NONE)
            for side in self.sides:
                side.say("", "", "")
            self.examples.show_examples((), 0.0)
            self.promoted.clear()
            return
        pair = self._apart[row]
        feature = pair.feature
        title = feature_title(feature.feature)
        self.title.setText(
            f"{title} · {feature.tier} · cosine distance {pair.distance:.2f}"
        )
        methods = (pair.one, pair.other)
        for side, method, label in zip(self.sides, methods, pair.labels, strict=True):
            side.say(method, label, _scores(table, pair, method))
        self.examples.show_examples(feature.shown, feature.largest)
        tokens = "  ".join(map(one_line, feature.promoted))
        self.promoted.setText(f"Promotes  {tokens}" if tokens else "")

    def _choose(self, item: QListWidgetItem) -> None:
        row = self.list.row(item)
        if 0 <= row < len(self._apart):
            self.feature_chosen.emit(self._apart[row].feature.feature)


class _Side:
    """What one of two methods says; texts by whomever."""

    def __init__(self) -> None:
        self.method = WrappedLabel(role="muted", small=True)
        self.label = WrappedLabel()
        self.scores = WrappedLabel(role="muted", small=True)
        font = self.label.font()
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self.label.setFont(font)

    def say(self, method: str, label: str, scores: str) -> None:
        self.method.setText(one_line(method))
        self.label.setText(label)
        self.scores.setText(scores)


def _scores(table: ComparisonTable, pair: Apart, method: str) -> str:
    told = []
    for score in pair.scores_of(method):
        value = value_of(score, measure_of(table, score.scorer))
        told.append(f"{score.scorer} {'–' if value is None else number(value)}")
    return " · ".join(told) or "not scored"
