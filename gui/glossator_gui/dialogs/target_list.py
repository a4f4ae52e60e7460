"""The targets of an export as a list, each with what it is for."""

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from glossator.export.targets import Target
from glossator_gui.views.plain_text import small_font

_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Graph",
        (
            "graph-json",
            "neuronpedia",
            "circuit-tracer",
            "graphml",
            "gexf",
            "node-link",
        ),
    ),
    ("Labels", ("csv", "jsonl", "scores", "verbalizations", "snippet")),
    ("Figures and Report", ("svg", "png", "pdf", "html")),
)
_NAME_ROLE = Qt.ItemDataRole.UserRole
_PURPOSE_ROLE = Qt.ItemDataRole.UserRole + 1
_SIDE, _ABOVE, _HEADING_ABOVE = 10, 3, 8
_MOST_WIDTH = 560


class TargetList(QListWidget):
    """One target is chosen, always; headings are passed over."""

    def __init__(
        self, targets: Mapping[str, Target], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName("Export as")
        self.setItemDelegate(_TargetPainter(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._items: dict[str, QListWidgetItem] = {}
        for heading, names in _grouped(targets):
            self._add_heading(heading)
            for name in names:
                self._add_target(name, targets[name])
        self.setMinimumWidth(self._widest())

    def choose(self, name: str) -> None:
        """Choose a target; the first one where it is not known."""
        first = next(iter(self._items.values()))
        self.setCurrentItem(self._items.get(name, first))

    def chosen(self) -> str:
        """Name of the chosen target."""
        name: str = self.currentItem().data(_NAME_ROLE)
        return name

    def sizeHint(self) -> QSize:
        heights = (self.sizeHintForRow(row) for row in range(self.count()))
        return QSize(self.minimumWidth(), sum(heights) + 2 * self.frameWidth() + 6)

    def moveCursor(
        self,
        action: QAbstractItemView.CursorAction,
        modifiers: Qt.KeyboardModifier,
    ) -> QModelIndex:
        """Home and Page Up would end at a heading, and so nowhere."""
        index = super().moveCursor(action, modifiers)
        if index.isValid() and index.data(_NAME_ROLE) is None:
            return index.siblingAtRow(index.row() + 1)
        return index

    def _add_heading(self, text: str) -> None:
        item = QListWidgetItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.addItem(item)

    def _add_target(self, name: str, target: Target) -> None:
        purpose = target.purpose[:1].upper() + target.purpose[1:]
        item = QListWidgetItem(target.title)
        item.setData(_NAME_ROLE, name)
        item.setData(_PURPOSE_ROLE, purpose)
        spoken = f"{target.title}: {purpose}"
        item.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
        self.addItem(item)
        self._items[name] = item

    def _widest(self) -> int:
        metrics = QFontMetrics(small_font(self.font()))
        widest = max(
            metrics.horizontalAdvance(item.data(_PURPOSE_ROLE))
            for item in self._items.values()
        )
        room = 2 * _SIDE + self.verticalScrollBar().sizeHint().width() + 8
        return min(widest + room, _MOST_WIDTH)


def _grouped(targets: Mapping[str, Target]) -> list[tuple[str, list[str]]]:
    """Names of targets under headings; what has no place yet comes last."""
    known = {name for _, names in _GROUPS for name in names}
    groups = [
        (heading, [name for name in names if name in targets])
        for heading, names in (
            *_GROUPS,
            ("Others", tuple(name for name in targets if name not in known)),
        )
    ]
    return [(heading, names) for heading, names in groups if names]


class _TargetPainter(QStyledItemDelegate):
    """Two lines a target, one a heading."""

    def __init__(self, view: QListWidget) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        small = QFontMetrics(small_font(self._view.font())).height()
        if index.data(_NAME_ROLE) is None:
            above = _HEADING_ABOVE if index.row() else _ABOVE
            return QSize(0, small + above + _ABOVE)
        return QSize(0, QFontMetrics(self._bold()).height() + small + 2 * _ABOVE)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        place: QRect = option.rect
        area = place.adjusted(_SIDE, _ABOVE, -_SIDE, -_ABOVE)
        palette = self._view.palette()
        muted = palette.color(QPalette.ColorRole.PlaceholderText)
        small = small_font(self._view.font())
        painter.save()
        if index.data(_NAME_ROLE) is None:
            small.setCapitalization(QFont.Capitalization.AllUppercase)
            small.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 106)
            painter.setFont(small)
            painter.setPen(muted)
            bottom = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            painter.drawText(area, bottom, index.data())
        else:
            strong = palette.color(QPalette.ColorRole.Text)
            if option.state & QStyle.StateFlag.State_Selected:
                painter.fillRect(place, palette.color(QPalette.ColorRole.Highlight))
                strong = muted = palette.color(QPalette.ColorRole.HighlightedText)
            painter.setFont(self._bold())
            painter.setPen(strong)
            top = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
            painter.drawText(area, top, index.data())
            painter.setFont(small)
            painter.setPen(muted)
            bottom = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
            purpose = QFontMetrics(small).elidedText(
                index.data(_PURPOSE_ROLE), Qt.TextElideMode.ElideRight, area.width()
            )
            painter.drawText(area, bottom, purpose)
        painter.restore()

    def _bold(self) -> QFont:
        font = QFont(self._view.font())
        font.setWeight(QFont.Weight.DemiBold)
        return font
