"""A card that explains a part of the window, and the frame around that part."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.views.plain_text import WrappedLabel

_WIDTH = 380
_GAP = 14
_PEN = 3
_KEYS = {
    Qt.Key.Key_Escape: "skipped",
    Qt.Key.Key_Right: "next",
    Qt.Key.Key_Left: "back",
}


class TourCard(QFrame):
    """Stands beside the part it is about, and follows it."""

    next_requested = Signal()
    back_requested = Signal()
    skip_requested = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("tour-card")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self._window = window
        self._target: QWidget | None = None
        self._frame = _Frame(window)
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setProperty("role", "title")
        self.text = WrappedLabel()
        self.place = QLabel()
        self.place.setProperty("role", "muted")
        self.skip = QPushButton("Leave Tour")
        self.back = QPushButton("Back")
        self.next = QPushButton("Next")
        self.next.setProperty("primary", True)
        self.skip.clicked.connect(self.skip_requested)
        self.back.clicked.connect(self.back_requested)
        self.next.clicked.connect(self.next_requested)
        row = QHBoxLayout()
        row.addWidget(self.place)
        row.addStretch(1)
        for button in (self.skip, self.back, self.next):
            button.setAutoDefault(True)
            row.addWidget(button)
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addLayout(row)
        self._settle = QTimer(self, singleShot=True, interval=0)
        self._settle.timeout.connect(self._stand)
        window.installEventFilter(self)
        self.hide()

    def show_step(
        self, title: str, text: str, at: int, count: int, target: QWidget | None
    ) -> None:
        """Explain a part of the window; `at` is counted from 0."""
        if self._target is not None and self._target is not self._window:
            self._target.removeEventFilter(self)
        self._target = target
        if target is not None and target is not self._window:
            target.installEventFilter(self)
        self.title.setText(title)
        self.text.setText(text)
        self.place.setText(f"{at + 1} of {count}")
        self.back.setEnabled(at > 0)
        self.next.setText("Done" if at == count - 1 else "Next")
        self.setAccessibleName(f"Tour, {at + 1} of {count}: {title}")
        self.setAccessibleDescription(text)
        self._frame.show()
        self.show()
        self._stand()
        self.take_keyboard()

    def take_keyboard(self) -> None:
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_tour(self) -> None:
        self._frame.hide()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        moved = (
            QEvent.Type.Resize,
            QEvent.Type.Move,
            QEvent.Type.Show,
            QEvent.Type.Hide,
            QEvent.Type.LayoutRequest,
        )
        if event.type() in moved and self.isVisible():
            self._settle.start()
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Arrows and Escape are the tour's while it has the keyboard."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _KEYS
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match _KEYS.get(Qt.Key(event.key())):
            case "skipped":
                self.skip_requested.emit()
            case "next":
                self.next_requested.emit()
            case "back" if self.back.isEnabled():
                self.back_requested.emit()
            case _:
                super().keyPressEvent(event)

    # -- where it stands ------------------------------------------------------------

    def _stand(self) -> None:
        if not self.isVisible():
            return
        area = self._window.rect()
        room = self._target_box()
        width = min(
            _WIDTH * max(self.fontMetrics().height() / 16, 1), area.width() - 20
        )
        self.setFixedWidth(int(width))
        self.setFixedHeight(self._column.totalHeightForWidth(int(width)))
        self.move(_beside(room, self.size().width(), self.size().height(), area))
        self._frame.setGeometry(area)
        self._frame.show_box(room)
        self._frame.raise_()
        self.raise_()

    def _target_box(self) -> QRect:
        """The part's place in the window; none where it is not in sight."""
        target = self._target
        if target is None or not target.isVisibleTo(self._window):
            return QRect()
        corner = target.mapTo(self._window, QPoint(0, 0))
        box = QRect(corner, target.size()).intersected(self._window.rect())
        return box.adjusted(-2, -2, 2, 2)


def _beside(box: QRect, width: int, height: int, area: QRect) -> QPoint:
    """Where a card is out of the way: right, left, below, above, or in the middle."""
    top = min(max(box.top(), _GAP), area.bottom() - height - _GAP)
    left = min(max(box.left(), _GAP), area.right() - width - _GAP)
    if box.isValid():
        if area.right() - box.right() > width + 2 * _GAP:
            return QPoint(box.right() + _GAP, top)
        if box.left() > width + 2 * _GAP:
            return QPoint(box.left() - width - _GAP, top)
        if area.bottom() - box.bottom() > height + 2 * _GAP:
            return QPoint(left, box.bottom() + _GAP)
        if box.top() > height + 2 * _GAP:
            return QPoint(left, box.top() - height - _GAP)
        return QPoint(box.right() - width - _GAP, box.bottom() - height - _GAP)
    return QPoint((area.width() - width) // 2, (area.height() - height) // 2)


class _Frame(QWidget):
    """Leaves the part bright and the rest dim; clicks go through."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._box = QRect()
        self.hide()

    def show_box(self, box: QRect) -> None:
        self._box = box
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        rest = QRegion(self.rect())
        if self._box.isValid():
            rest = rest.subtracted(QRegion(self._box))
        painter.setClipRegion(rest)
        shade = QColor(self.palette().color(self.palette().ColorRole.Shadow))
        shade.setAlphaF(0.28)
        painter.fillRect(self.rect(), shade)
        if self._box.isValid():
            painter.setClipping(False)
            accent = self.palette().color(self.palette().ColorRole.Highlight)
            painter.setPen(QPen(accent, _PEN))
            inset = _PEN // 2 + 1
            painter.drawRect(self._box.adjusted(inset, inset, -inset, -inset))
