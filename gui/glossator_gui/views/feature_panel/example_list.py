"""Activation examples, each token shaded by its activation."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
)
from PySide6.QtWidgets import QFrame, QListView, QWidget

from glossator.evidence.example_text import example_text
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.evidence.token_text import CleanExample
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.feature_panel.example_delegate import ExampleDelegate
from glossator_gui.views.feature_panel.example_rows import ExampleModel
from glossator_gui.views.feature_panel.shaded_text import is_cut, running_text

_TOGGLE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
_PAGES = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)
_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class ExampleList(QListView):
    """As tall as its examples: it is scrolled by what surrounds it."""

    current_moved = Signal(QRect)
    """Place of the example that the keyboard went to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: FeatureEvidence | None = None
        self._senses: Mapping[CleanExample, int] = {}
        self._model = ExampleModel(self)
        self.delegate = ExampleDelegate(self)
        self.setModel(self._model)
        self.setItemDelegate(self.delegate)
        self.setAccessibleName("Activation examples")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QListView { border: none; background: transparent; }")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.clicked.connect(self._on_clicked)
        self.set_theme(LIGHT)

    def show_evidence(
        self,
        evidence: FeatureEvidence | None,
        senses: Mapping[CleanExample, int] | None = None,
    ) -> None:
        """The same evidence again leaves what is expanded as it is.

        `senses` numbers the sense of each example that is of one.
        """
        senses = senses or {}
        same = evidence is not None and evidence is self._shown
        if same and senses == self._senses:
            return
        if not same:
            self.delegate.expanded.clear()
        self._shown, self._senses = evidence, senses
        self._model.show_evidence(evidence, senses)
        self.delegate.maximum = self._model.maximum
        self.delegate.senses = self._model.senses
        self._relayout()

    def set_theme(self, theme: Theme) -> None:
        self.delegate.set_theme(theme)
        self.viewport().update()

    def toggle(self, row: int) -> None:
        """Show the whole example, or its surroundings of the top token again."""
        example = self._model.rows[row]
        if not isinstance(example, ActivationExample):
            return
        if row in self.delegate.expanded:
            self.delegate.expanded.remove(row)
        elif is_cut(example_text(example)):
            self.delegate.expanded.add(row)
        self._relayout()

    def _on_clicked(self, index: QModelIndex) -> None:
        self.toggle(index.row())

    def _relayout(self) -> None:
        self.delegate.forget_layouts()
        self.scheduleDelayedItemsLayout()
        self._fit()

    def _fit(self) -> None:
        width = self.viewport().width()
        rows = self._model.rows
        height = sum(
            self.delegate.height(row, at, width) for at, row in enumerate(rows)
        )
        if height != self.height():
            self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._relayout()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        tab = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        if event.reason() in tab and not self.currentIndex().isValid():
            self._step(1)

    def _step(self, step: int) -> None:
        """Go to the next example; Qt's own step gets stuck at a heading."""
        rows = self._model.rows
        at = self.currentIndex().row() + step
        while 0 <= at < len(rows) and not isinstance(rows[at], ActivationExample):
            at += step
        if 0 <= at < len(rows):
            index = self._model.index(at, 0)
            self.setCurrentIndex(index)
            self.current_moved.emit(self.visualRect(index))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        current = self.currentIndex()
        if event.key() in _TOGGLE and current.isValid():
            self.toggle(current.row())
        elif event.key() in _STEPS:
            self._step(_STEPS[Qt.Key(event.key())])
        elif event.key() in _PAGES:
            event.ignore()
        elif event.matches(QKeySequence.StandardKey.Copy) and current.isValid():
            row = self._model.rows[current.row()]
            if isinstance(row, ActivationExample):
                text = running_text(example_text(row, whole=True))
                QGuiApplication.clipboard().setText(text)
        else:
            super().keyPressEvent(event)
