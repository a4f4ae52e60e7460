"""What the colours of the graph mean."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from glossator.protocol.decision import TIERS, Tier
from glossator_gui.look.theme import LIGHT, Theme

_DOT = 9
_GAP = 12


class Legend(QWidget):
    """Dots with their names, in one line: the tiers of the graph, or the two signs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._tiers: tuple[Tier, ...] = ()
        self._by_share = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for _, name in self._entries())

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def show_tiers(self, tiers: Sequence[Tier | None]) -> None:
        """Explain the tiers that occur among these."""
        held = set(tiers)
        self._tiers = tuple(tier for tier in TIERS if tier in held)
        self._by_share = False
        self._renew()

    def show_shares(self) -> None:
        """Explain the colours of shares of the selected node's input and output."""
        self._by_share = True
        self._renew()

    def _renew(self) -> None:
        self.setAccessibleName("Colours: " + ", ".join(self.names))
        self.updateGeometry()
        self.update()

    def _entries(self) -> list[tuple[str, str]]:
        theme = self._theme
        if self._by_share:
            return [(theme.positive, "raises"), (theme.negative, "lowers")]
        return [(theme.tiers[tier], tier) for tier in self._tiers]

    def sizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        widths = (metrics.horizontalAdvance(name) for name in self.names)
        width = sum(text + _DOT + 5 + _GAP for text in widths)
        return QSize(max(width - _GAP, 0), metrics.height() + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, middle = 0.0, self.height() / 2
        for colour, name in self._entries():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawEllipse(QRectF(left, middle - _DOT / 2, _DOT, _DOT))
            painter.setPen(QColor(self._theme.muted))
            width = self.fontMetrics().horizontalAdvance(name)
            place = QRectF(left + _DOT + 5, 0, width + 2, self.height())
            side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(place, side, name)
            left += _DOT + 5 + width + _GAP
        painter.end()
