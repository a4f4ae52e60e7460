"""The settings' page of keys: which key does what, and how that is changed."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QItemSelection, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from glossator_gui.actions.spec import ActionSpec
from glossator_gui.desktop.key_map import default_keys, owner, reserved
from glossator_gui.views.plain_text import WrappedLabel

_NAME = Qt.ItemDataRole.UserRole
_PORTABLE = QKeySequence.SequenceFormat.PortableText
_NATIVE = QKeySequence.SequenceFormat.NativeText
_MODIFIERS = (
    Qt.Key.Key_Control,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Alt,
    Qt.Key.Key_Meta,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_unknown,
)
_HINT = "Choose an action, then press the key that it is to have."


class KeyboardPage(QWidget):
    """Nothing is in force before the settings are saved."""

    def __init__(
        self,
        specs: Sequence[ActionSpec],
        keys: Mapping[str, tuple[str, ...]],
        parent: QWidget | None = None,
    ) -> None:
        """Build the page.

        Parameters
        ----------
        keys : of every action, as they are now.
        """
        super().__init__(parent)
        self._specs = {spec.name: spec for spec in specs}
        self._defaults = default_keys(specs)
        self.keys = dict(keys)
        self._wanted = ""
        self._build()
        self._fill()
        self._choose()

    def _build(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find an action or a key")
        self.search.setAccessibleName("Find an action or a key")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.model = QStandardItemModel()
        self.tree = QTreeView()
        self.tree.setModel(self.model)
        self.tree.setAccessibleName("Actions and their keys")
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setMinimumHeight(300)
        self.tree.selectionModel().selectionChanged.connect(self._on_selected)
        self.press = KeyField()
        self.press.pressed.connect(self._on_pressed)
        self.take = QPushButton("Take It from There")
        self.take.setToolTip("The other action goes without this key")
        self.take.clicked.connect(self._take)
        self.none = QPushButton("No Key")
        self.none.clicked.connect(lambda: self._put(self._name, ()))
        self.usual = QPushButton("Usual Keys")
        self.usual.setToolTip("Give this action the keys it came with")
        self.usual.clicked.connect(self._reset)
        self.all_usual = QPushButton("All as They Came")
        self.all_usual.clicked.connect(self._reset_all)
        self.told = WrappedLabel(_HINT, role="muted")
        row = QHBoxLayout()
        row.addWidget(QLabel("New key"))
        row.addWidget(self.press, 1)
        for button in (self.take, self.none, self.usual, self.all_usual):
            button.setAutoDefault(False)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        layout.addLayout(row)
        layout.addWidget(self.told)

    def _fill(self) -> None:
        self.model.setHorizontalHeaderLabels(["Action", "Menu", "Keys"])
        for spec in self._specs.values():
            name = QStandardItem(spec.plain_text)
            name.setData(spec.name, _NAME)
            self.model.appendRow([name, QStandardItem(spec.menu), QStandardItem()])
            self._show_row(self.model.rowCount() - 1)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)

    def choose(self, name: str) -> None:
        """Choose an action."""
        for row in range(self.model.rowCount()):
            if self.model.item(row).data(_NAME) == name:
                self.tree.setCurrentIndex(self.model.index(row, 0))

    @property
    def _name(self) -> str:
        """The chosen action; "" if none is."""
        index = self.tree.currentIndex()
        return str(self.model.item(index.row()).data(_NAME)) if index.isValid() else ""

    # -- changing -------------------------------------------------------------------

    def _on_selected(self, _now: QItemSelection, _before: QItemSelection) -> None:
        self._choose()

    def _choose(self) -> None:
        name = self._name
        self._say(_HINT)
        self.press.show_key("")
        self.press.setEnabled(bool(name))
        self.none.setEnabled(bool(name) and bool(self.keys[name]))
        changed = bool(name) and self.keys[name] != self._defaults[name]
        self.usual.setEnabled(changed)
        self.all_usual.setEnabled(self.keys != self._defaults)

    def _on_pressed(self, key: str) -> None:
        name, held_by = self._name, owner(self.keys, key)
        self.press.show_key(_printed(key))
        if reserved(key):
            self._say(f"{_printed(key)} belongs to lists, buttons and fields.")
        elif held_by is not None and held_by != name:
            self._say(
                f"{_printed(key)} is the key of “{self._specs[held_by].plain_text}”.",
                wanted=key,
            )
        else:
            self._put(name, (key, *self.keys[name][1:]))

    def _take(self) -> None:
        """Give the key to the chosen action; the one that had it goes without."""
        name, key = self._name, self._wanted
        held_by = owner(self.keys, key)
        if held_by is not None:
            rest = tuple(held for held in self.keys[held_by] if held != key)
            self._put(held_by, rest)
        self._put(name, (key, *self.keys[name][1:]))

    def _reset(self) -> None:
        name = self._name
        for key in self._defaults[name]:
            held_by = owner(self.keys, key)
            if held_by is not None and held_by != name:
                other = self._specs[held_by].plain_text
                self._say(f"{_printed(key)} is the key of “{other}” now.", wanted=key)
                return
        self._put(name, self._defaults[name])

    def _reset_all(self) -> None:
        self.keys = dict(self._defaults)
        for row in range(self.model.rowCount()):
            self._show_row(row)
        self._choose()

    def _put(self, name: str, keys: tuple[str, ...]) -> None:
        self.keys[name] = keys
        for row in range(self.model.rowCount()):
            if self.model.item(row).data(_NAME) == name:
                self._show_row(row)
        self._choose()

    # -- showing --------------------------------------------------------------------

    def _say(self, text: str, *, wanted: str = "") -> None:
        """Say what is in the way; `wanted` is a key that can be taken from another."""
        self._wanted = wanted
        self.take.setVisible(bool(wanted))
        self.told.setProperty("role", "muted" if text == _HINT else "warning")
        self.told.style().unpolish(self.told)
        self.told.style().polish(self.told)
        self.told.setText(text)

    def _show_row(self, row: int) -> None:
        name = str(self.model.item(row).data(_NAME))
        item = self.model.item(row, 2)
        item.setText(", ".join(_printed(key) for key in self.keys[name]))
        font = item.font()
        font.setBold(self.keys[name] != self._defaults[name])
        item.setFont(font)
        item.setToolTip("Changed" if font.bold() else "")

    def _filter(self, typed: str) -> None:
        words = typed.casefold().split()
        root = self.tree.rootIndex()
        for row in range(self.model.rowCount()):
            items = (self.model.item(row, column) for column in range(3))
            text = " ".join(item.text() for item in items).casefold()
            self.tree.setRowHidden(row, root, not all(word in text for word in words))


class KeyField(QLineEdit):
    """Takes the next key that is pressed; Tab and Escape stay the dialog's."""

    pressed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setPlaceholderText("Press a key")
        self.setAccessibleName("New key: press it")

    def show_key(self, text: str) -> None:
        self.setText(text)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab) or (
            key == Qt.Key.Key_Escape and plain
        ):
            super().keyPressEvent(event)
        elif key not in _MODIFIERS:
            self.pressed.emit(_key_of(event))


def _key_of(event: QKeyEvent) -> str:
    """The key with its modifiers; a typed sign counts as the sign, not as Shift+."""
    sequence = QKeySequence(event.keyCombination())
    sign = event.text()
    shift = Qt.KeyboardModifier.ShiftModifier
    if event.modifiers() == shift and sign.isprintable() and not sign.isalnum():
        sequence = QKeySequence(sign)
    return sequence.toString(_PORTABLE)


def _printed(key: str) -> str:
    return QKeySequence(key, _PORTABLE).toString(_NATIVE)
