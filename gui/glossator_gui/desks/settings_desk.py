"""The user's settings: read at the start, shown, stored, put to use."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QWidget

from glossator.errors import InputError
from glossator.preferences import (
    Preferences,
    read_preferences,
    use_device,
    write_preferences,
)
from glossator_gui.actions.spec import Handler
from glossator_gui.desktop.key_map import KeyMap
from glossator_gui.dialogs.settings_dialog import SettingsDialog
from glossator_gui.session import Session


class SettingsDesk(QObject):
    """A file that is broken stays as it is until a person saves settings."""

    def __init__(self, session: Session, keys: KeyMap, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._keys = keys
        self.session = session
        self._problem = ""

    def handlers(self) -> Mapping[str, Handler]:
        return {"settings": self.ask}

    def start(self) -> None:
        """Go by the stored settings; what is wrong with them is told once."""
        try:
            self._use(read_preferences().checked())
        except InputError as error:
            self._problem = str(error)
            text = f"Your settings could not be read; the defaults are used. {error}"
            # The window has to be there first.
            QTimer.singleShot(0, lambda: self.session.failed.emit(text))

    def ask(self) -> None:
        """Show the settings."""
        problem = (
            f"The stored settings could not be read: {self._problem}\n"
            "These are the defaults; saving replaces the file."
        )
        dialog = SettingsDialog(
            self.session.preferences,
            problem if self._problem else "",
            self._window,
            keys=self._keys.all(),
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.save_requested.connect(lambda wanted: self._save(wanted, dialog))
        dialog.open()

    def _save(self, wanted: Preferences, dialog: SettingsDialog) -> None:
        try:
            write_preferences(wanted)
        except InputError as error:
            dialog.show_problem(str(error))
            return
        self._problem = ""
        self._keys.put(dialog.keyboard.keys)
        self._use(wanted)
        dialog.accept()
        self.session.told.emit("Settings saved.")

    def _use(self, preferences: Preferences) -> None:
        # What the environment says goes on where nothing was chosen.
        if preferences.device != self.session.preferences.device:
            use_device(preferences.device)
        self.session.put_preferences(preferences)
