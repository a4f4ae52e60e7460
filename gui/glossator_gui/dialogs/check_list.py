"""Choose several of a list; what cannot be chosen says why."""

from collections.abc import Collection, Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from glossator_gui.views.plain_text import one_line, plain_tooltip

_NAME = Qt.ItemDataRole.UserRole
_NARROW = 200
"""Pixels; longer texts are cut short, and told by a tooltip."""


class CheckList(QListWidget):
    """What was chosen before it could not be is chosen again once it can be."""

    changed = Signal()

    def __init__(
        self,
        name: str,
        choices: Mapping[str, str],
        wanted: Collection[str],
        parent: QWidget | None = None,
    ) -> None:
        """Build the list.

        Parameters
        ----------
        name : what a screen reader calls it.
        choices : what each choice is, by its name; "" where the name says it.
        wanted : choices that are checked as far as they can be.
        """
        super().__init__(parent)
        self._choices = choices
        self._wanted = set(wanted)
        self._lacking: Mapping[str, str] = {}
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setSpacing(1)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        for choice in choices:
            item = QListWidgetItem(self)
            item.setData(_NAME, choice)
        self.setCurrentRow(0)
        self._show()
        self.itemChanged.connect(self._on_item_changed)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Names in the order of the list."""
        return tuple(
            name
            for name in self._choices
            if name in self._wanted and name not in self._lacking
        )

    def set_lacking(self, reasons: Mapping[str, str]) -> None:
        """Say why some cannot be chosen, a few words each."""
        if dict(reasons) != dict(self._lacking):
            self._lacking = dict(reasons)
            self._show()

    def item_of(self, name: str) -> QListWidgetItem:
        return self.item(list(self._choices).index(name))

    def sizeHint(self) -> QSize:
        space = 2 * self.spacing()
        rows = (self.sizeHintForRow(row) + space for row in range(self.count()))
        return QSize(_NARROW, sum(rows) + 2 * self.frameWidth() + 4)

    def _show(self) -> None:
        self.blockSignals(True)
        flag = Qt.ItemFlag
        for name, text in self._choices.items():
            item, reason = self.item_of(name), self._lacking.get(name, "")
            parts = (f"{name} ({reason})" if reason else name, text)
            shown = one_line(" · ".join(part for part in parts if part))
            checked = not reason and name in self._wanted
            fixed = flag.ItemIsUserCheckable | flag.ItemIsSelectable
            item.setFlags(fixed if reason else fixed | flag.ItemIsEnabled)
            item.setText(shown)
            item.setToolTip(plain_tooltip(f"{name}:", shown))
            item.setCheckState(
                Qt.CheckState.Checked if checked else Qt.CheckState.Unchecked
            )
        self.blockSignals(False)
        self.viewport().update()

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        name = str(item.data(_NAME))
        if item.checkState() == Qt.CheckState.Checked:
            self._wanted.add(name)
        else:
            self._wanted.discard(name)
        self.changed.emit()
