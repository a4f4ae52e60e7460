"""A user's defaults, for projects that say nothing of their own, and this machine's."""

import sys
from collections.abc import Mapping

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from glossator.errors import InputError
from glossator.preferences import DeviceChoice, Preferences
from glossator_gui.actions.table import ACTIONS
from glossator_gui.desktop.key_map import default_keys
from glossator_gui.dialogs.keyboard_page import KeyboardPage
from glossator_gui.dialogs.keys_page import KeysPage
from glossator_gui.dialogs.label_settings_box import LabelSettingsBox
from glossator_gui.dialogs.protocol_box import ProtocolBox
from glossator_gui.dialogs.room import make_room
from glossator_gui.dialogs.storage_page import StoragePage
from glossator_gui.views.plain_text import WrappedLabel, printable

_DEVICES: tuple[tuple[DeviceChoice, str], ...] = (
    ("", "The best there is"),
    ("cuda", "NVIDIA or AMD (cuda)"),
    ("mps", "Apple (mps)"),
    ("cpu", "Processor (cpu)"),
)
_ABOUT = (
    "These are your defaults. A project that was run or labelled before keeps what was "
    "chosen for it."
)
_WIDTH = 1080


class SettingsDialog(QDialog):
    save_requested = Signal(object)
    """Preferences, checked. Whoever stores them accepts the dialog."""

    def __init__(
        self,
        preferences: Preferences,
        problem: str = "",
        parent: QWidget | None = None,
        *,
        keys: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        """Build the dialog.

        Parameters
        ----------
        problem : what is wrong with the stored ones, which saving replaces.
        keys : of every action, where they are not those of the table.
        """
        super().__init__(parent)
        self.setWindowTitle("Settings")
        self._preferences = preferences
        self.protocol = ProtocolBox("Protocol", preferences.protocol)
        self.device = _device_box(preferences.device)
        self.labelling = LabelSettingsBox(preferences.labelling)
        labelling = preferences.labelling
        self.keys = KeysPage([labelling.llm, labelling.frontier])
        self.keyboard = KeyboardPage(ACTIONS, keys or default_keys(ACTIONS))
        self.storage = StoragePage(
            preferences.embeddings_mb, library=preferences.library
        )
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setAccessibleName("Pages of the settings")
        self.tabs.addTab(self._protocol_page(), "Protocol")
        self.tabs.addTab(_page(self.labelling), "Labels")
        self.tabs.addTab(_page(self.keys), "Server Keys")
        self.tabs.addTab(_page(self.storage), "Storage")
        self.tabs.addTab(_page(self.keyboard), "Keyboard")
        self.problem = WrappedLabel(problem, role="warning")
        self.problem.setVisible(bool(problem))
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole.AcceptRole
        self.save = self.buttons.addButton("Save", role)
        self.save.setProperty("primary", True)
        self.save.setDefault(True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self._on_accepted)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addWidget(WrappedLabel(_ABOUT, role="muted"))
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        self.resize(_WIDTH, 0)
        for part in (self.labelling, self.keys, self.storage):
            self.finished.connect(part.end)

    def _protocol_page(self) -> QWidget:
        machine = QGroupBox("This machine")
        form = QFormLayout(machine)
        form.addRow("Models run on", self.device)
        columns = QWidget()
        layout = QHBoxLayout(columns)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.protocol, 1)
        layout.addWidget(machine, 1, Qt.AlignmentFlag.AlignTop)
        return _page(columns)

    def preferences(self) -> Preferences:
        """As they stand in the dialog, not checked yet."""
        return msgspec.structs.replace(
            self._preferences,
            protocol=self.protocol.settings(),
            labelling=self.labelling.settings(),
            device=self.device.currentData(),
            embeddings_mb=self.storage.limit.value(),
            library=self.storage.library.isChecked(),
        )

    def show_problem(self, text: str) -> None:
        self.problem.setText(printable(text))
        self.problem.show()
        make_room(self)

    def _on_accepted(self) -> None:
        wanted = self.preferences()
        page = 0
        try:
            wanted.protocol.checked()
            page = 1
            wanted.labelling.checked()
        except InputError as error:
            self.tabs.setCurrentIndex(page)
            self.show_problem(str(error))
            return
        self.save_requested.emit(wanted)


def _device_box(chosen: DeviceChoice) -> QComboBox:
    """Devices that this kind of machine may have, and the one that was chosen."""
    combo = QComboBox()
    apple = sys.platform == "darwin"
    for device, text in _DEVICES:
        foreign = device == ("cuda" if apple else "mps")
        if not foreign or device == chosen:
            combo.addItem(text, device)
    combo.setCurrentIndex(combo.findData(chosen))
    return combo


def _page(content: QWidget) -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 12, 0, 0)
    layout.addWidget(content)
    layout.addStretch(1)
    return page
