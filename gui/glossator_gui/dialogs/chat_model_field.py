"""Name a language model: whose it is, and what goes there."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from glossator.errors import InputError
from glossator.llm.api_keys import NoKey, ServerKey, find_key
from glossator.llm.providers import PROVIDERS, Server, server_named
from glossator.llm.server_address import host_of, is_loopback
from glossator_gui.jobs import ComputationSlot
from glossator_gui.views.plain_text import WrappedLabel, one_line

_PAUSE_MS = 400
"""Without typing, after which it is looked up whether there is a key."""
_LINES = 3
_HERE = "It runs on this machine: nothing goes over the network."
_HUB = "Read from the hub’s cache; fetched over the network if it is not there."
_UNNAMED = "Name a provider, the address of a server, or a folder with a model."
_NOT_ASKED = "No language model is asked."


class ChatModelField(QWidget):
    """A provider, an address, a folder or a name on the hub; and a server's model."""

    changed = Signal()

    def __init__(
        self, name: str, named: str, model: str, parent: QWidget | None = None
    ) -> None:
        """Build the field.

        Parameters
        ----------
        name : what a screen reader calls it.
        named : whose model, as in `LabelSettings.llm`.
        model : which of the server's.
        """
        super().__init__(parent)
        self._name = name
        self.of = QComboBox()
        self.of.setEditable(True)
        self.of.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.of.setAccessibleName(f"{name}: provider, address or folder")
        for provider in PROVIDERS:
            self.of.addItem(provider.name)
            at = self.of.count() - 1
            self.of.setItemData(at, provider.address, Qt.ItemDataRole.ToolTipRole)
        self.of.setCurrentIndex(-1)
        self.of.setEditText(one_line(named))
        line = self.of.lineEdit()
        if line is not None:
            line.setPlaceholderText("provider, address or folder")
        self.browse = QPushButton("Browse…")
        self.browse.setAccessibleName(f"{name}: browse for a folder")
        self.browse.setAutoDefault(False)
        self.model = QLineEdit(one_line(model))
        self.model.setAccessibleName(f"{name}: its name at the server")
        self.hint = WrappedLabel(role="muted", small=True)
        # The dialog keeps its size, whatever the hint says.
        self.hint.setMinimumHeight(_LINES * self.fontMetrics().lineSpacing())
        self._server: Server | None = None
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._looking = ComputationSlot(self)
        self._arrange()
        self.setFocusProxy(self.of)
        self.of.currentTextChanged.connect(self._on_changed)
        self.model.textChanged.connect(self.changed)
        self.browse.clicked.connect(self._browse)
        self._pause.timeout.connect(self._look_up_key)
        self._looking.succeeded.connect(self._on_key)
        self._looking.failed.connect(partial(self._say, role="warning"))
        self._show_state()

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(2, 1)
        grid.addWidget(self.of, 0, 0)
        grid.addWidget(self.browse, 0, 1)
        grid.addWidget(self.model, 0, 2)
        grid.addWidget(self.hint, 1, 0, 1, 3)

    @property
    def named(self) -> str:
        return self.of.currentText().strip()

    @property
    def model_name(self) -> str:
        """Of the server; "" of a model that runs here."""
        return self.model.text().strip() if self._is_server() else ""

    def set_needed(self, needed: bool) -> None:
        """Say whether a model is asked at all."""
        self.setEnabled(needed)
        self._show_state()

    def end(self) -> None:
        """Hear no more of a key that is being looked up."""
        self._pause.stop()
        self._looking.end()

    def _on_changed(self) -> None:
        self._show_state()
        self.changed.emit()

    def _is_server(self) -> bool:
        try:
            return server_named(self.named) is not None
        except InputError:
            return True

    def _show_state(self) -> None:
        self._pause.stop()
        self._server = None
        problem = ""
        try:
            self._server = server_named(self.named)
        except InputError as error:
            problem = error.message
        is_server = problem != "" or self._server is not None
        self.model.setEnabled(self.isEnabled() and is_server)
        here = self._server is not None and is_loopback(self._server.address)
        name = "the server’s only one" if here else "name of the model"
        self.model.setPlaceholderText(name if is_server else "")
        if not self.isEnabled():
            self._say(_NOT_ASKED)
        elif problem:
            self._say(problem, role="warning")
        elif self._server is not None:
            self._say(_where(self._server))
            self._pause.start()
        elif not self.named:
            self._say(_UNNAMED)
        else:
            self._say(_HERE if Path(self.named).is_dir() else _HUB)

    def _look_up_key(self) -> None:
        if self._server is not None:
            self._looking.start(partial(_looked_up, self._server))

    def _on_key(self, found: tuple[Server, ServerKey | NoKey]) -> None:
        server, key = found
        if server == self._server and self.isEnabled():
            lacking = isinstance(key, NoKey) and not is_loopback(server.address)
            told = f"{_where(server)} {_key_sentence(server, key)}"
            self._say(told, role="warning" if lacking else "muted")

    def _say(self, text: str, *, role: str = "muted") -> None:
        self.hint.setText(one_line(text))
        self.hint.setProperty("role", role)
        self.hint.style().polish(self.hint)

    def _browse(self) -> None:
        dialog = QFileDialog(self, self._name, self.named)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.of.setEditText)
        dialog.open()


def _key_sentence(server: Server, key: ServerKey | NoKey) -> str:
    """Where the key to a server comes from; never the key."""
    if isinstance(key, ServerKey):
        return f"The key is read from {key.origin}."
    if is_loopback(server.address):
        return "No key is sent."
    return f"There is no key: {key.reason}."


def _where(server: Server) -> str:
    if is_loopback(server.address):
        shown = server.address
        return f"Examples of features are sent to a server on this machine ({shown})."
    return f"Examples of features are sent to {host_of(server.address)}."


def _looked_up(server: Server) -> tuple[Server, ServerKey | NoKey]:
    return server, find_key(server)
