"""All actions by name: type a few letters of one, Enter does it."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.views.plain_text import small_font

_MOVES = (
    Qt.Key.Key_Up,
    Qt.Key.Key_Down,
    Qt.Key.Key_PageUp,
    Qt.Key.Key_PageDown,
)
_WIDTH, _HEIGHT = 620, 420
_PAD = 10
_NO_INDEX = QModelIndex()


@dataclass(frozen=True)
class PaletteEntry:
    """An action as the palette shows it."""

    name: str
    text: str
    menu: str
    keys: str
    why_not: str
    """Why it cannot be done now; "" if it can."""


@dataclass(frozen=True)
class Match:
    entry: PaletteEntry
    places: tuple[int, ...]
    """Of the letters that were typed, in the entry's text."""


def find(entries: Sequence[PaletteEntry], typed: str) -> list[Match]:
    """Entries that have the letters in that order, the nearest first.

    Letters that begin words, or follow one another, count for more; what cannot be
    done now comes after what can. Without letters the order stays.
    """
    wanted = "".join(typed.casefold().split())
    if not wanted:
        return [Match(entry, ()) for entry in entries]
    found: list[tuple[tuple[bool, int, int], Match]] = []
    for entry in entries:
        best = _fit(entry.text, wanted)
        if best is not None:
            score, places = best
            rank = (bool(entry.why_not), -score, len(entry.text))
            found.append((rank, Match(entry, places)))
    return [match for _, match in sorted(found, key=lambda one: one[0])]


def _fit(text: str, wanted: str) -> tuple[int, tuple[int, ...]] | None:
    """The best way to find the letters in a text: its score, and where they are."""
    folded = text.casefold()
    if len(folded) != len(text):
        folded = text.lower()
    begins = [at == 0 or not text[at - 1].isalnum() for at in range(len(text))]
    # best[at]: the best way so far whose last letter stands at `at`.
    best: dict[int, tuple[int, tuple[int, ...]]] = {-1: (0, ())}
    for letter in wanted:
        following: dict[int, tuple[int, tuple[int, ...]]] = {}
        for at, here in enumerate(folded):
            if here != letter:
                continue
            ways = [
                (score + (6 if begins[at] else 0) + (9 if at - 1 == last else 0), held)
                for last, (score, held) in best.items()
                if last < at
            ]
            if ways:
                score, held = max(ways, key=lambda way: way[0])
                following[at] = (score, (*held, at))
        best = following
        if not best:
            return None
    score, places = max(best.values(), key=lambda way: way[0])
    return score, places


class Palette(QDialog):
    """Above the window; Escape, or another window, closes it."""

    chosen = Signal(str)
    """An action's name; the palette is closed by then."""

    def __init__(
        self, entries: Sequence[PaletteEntry], parent: QWidget | None = None
    ) -> None:
        """Build the palette.

        Parameters
        ----------
        entries : in the order in which they are shown while nothing is typed.
        """
        super().__init__(parent)
        self.setWindowTitle("Do…")
        self._entries = entries
        self.field = QLineEdit()
        self.field.setPlaceholderText("Type to find an action")
        self.field.setAccessibleName("Find an action")
        self.field.setClearButtonEnabled(True)
        self.model = _Matches()
        self.list = QListView()
        self.list.setAccessibleName("Actions")
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Painter(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.clicked.connect(self._take)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)
        self.field.textChanged.connect(self._find)
        self.field.returnPressed.connect(lambda: self._take(self.list.currentIndex()))
        self.field.installEventFilter(self)
        self.resize(_WIDTH, _HEIGHT)
        self._find("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Move in the list while the field has the keyboard."""
        pressed = event.type() == QEvent.Type.KeyPress
        if pressed and isinstance(event, QKeyEvent) and event.key() in _MOVES:
            self.list.event(event)
            self._describe()
            return True
        return super().eventFilter(watched, event)

    def _find(self, typed: str) -> None:
        self.model.show(find(self._entries, typed))
        self.list.setCurrentIndex(self.model.index(0))
        self._describe()

    def _describe(self) -> None:
        """What Enter would do, for those who hear the field only."""
        match = self.model.at(self.list.currentIndex())
        self.field.setAccessibleDescription(_spoken(match.entry) if match else "")

    def _take(self, index: QModelIndex) -> None:
        match = self.model.at(index)
        if match is None or match.entry.why_not:
            return
        self.accept()
        self.chosen.emit(match.entry.name)


def _spoken(entry: PaletteEntry) -> str:
    parts = (entry.text, entry.keys, entry.menu, entry.why_not)
    return ", ".join(part for part in parts if part)


class _Matches(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self._matches: list[Match] = []

    def show(self, matches: list[Match]) -> None:
        self.beginResetModel()
        self._matches = matches
        self.endResetModel()

    def at(self, index: QModelIndex | QPersistentModelIndex) -> Match | None:
        return self._matches[index.row()] if index.isValid() else None

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NO_INDEX) -> int:
        return 0 if parent.isValid() else len(self._matches)

    def data(
        self,
        index: QModelIndex | QPersistentModelIndex,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> str | None:
        match = self.at(index)
        if match is None:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return match.entry.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return _spoken(match.entry)
        return None


class _Painter(QStyledItemDelegate):
    """Name with the letters that were found, menu or hindrance, keys at the right."""

    def sizeHint(
        self, option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, QFontMetrics(option.font).height() + 10)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        model = index.model()
        match = model.at(index) if isinstance(model, _Matches) else None
        if match is None:
            return
        entry, palette = match.entry, option.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole
        if selected:
            painter.fillRect(option.rect, palette.color(role.Highlight))
        plain = palette.color(role.HighlightedText if selected else role.Text)
        faint = plain if selected else palette.color(role.PlaceholderText)
        box = option.rect.adjusted(_PAD, 0, -_PAD, 0)
        painter.setPen(faint if entry.why_not else plain)
        left = _write_text(painter, box, match, option.font)
        painter.setPen(faint)
        painter.setFont(small_font(option.font))
        metrics = painter.fontMetrics()
        flag = Qt.AlignmentFlag
        painter.drawText(box, flag.AlignRight | flag.AlignVCenter, entry.keys)
        room = box.right() - metrics.horizontalAdvance(entry.keys) - _PAD - left
        rest = metrics.elidedText(
            entry.why_not or entry.menu, Qt.TextElideMode.ElideRight, max(room, 0)
        )
        side = QRect(left, box.top(), max(room, 0), box.height())
        painter.drawText(side, flag.AlignLeft | flag.AlignVCenter, rest)


def _write_text(painter: QPainter, box: QRect, match: Match, font: QFont) -> int:
    """Write the name, its found letters bold; where the next text may begin."""
    bold = QFont(font)
    bold.setBold(True)
    x = box.left()
    flag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    for at, letter in enumerate(match.entry.text):
        painter.setFont(bold if at in match.places else font)
        width = painter.fontMetrics().horizontalAdvance(letter)
        painter.drawText(QRect(x, box.top(), width + 2, box.height()), flag, letter)
        x += width
    return x + 2 * _PAD
