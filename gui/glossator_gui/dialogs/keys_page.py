"""Keys to servers: where each comes from now, and storing one in the keyring."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from glossator.errors import InputError
from glossator.llm.api_keys import (
    KeyringError,
    NoKey,
    delete_key,
    find_key,
    key_variables,
    store_key,
    stored_key,
)
from glossator.llm.providers import PROVIDERS, Server, server_named
from glossator.llm.server_address import host_of
from glossator_gui.jobs import ComputationSlot
from glossator_gui.views.plain_text import WrappedLabel, one_line, plain_tooltip

_WHAT = (
    "A key in the environment goes first, then the one that the keyring of this "
    "system has for the host. No key is written to a project, a log or an export, and "
    "none is sent to another host."
)
_HEAD = ("Server", "Host", "Variable", "Key now", "New key for the keyring")
_NAME_WIDTH = 170


class KeyState(NamedTuple):
    """What is known of a server's key; never the key."""

    variable: str
    """That holds it, or may."""
    told: str
    why: str
    """More of it; "" where there is no more."""
    is_stored: bool
    """Whether the keyring has one."""
    keyring_problem: str


class KeysPage(QWidget):
    """A row a provider that wants a key, and one for any other server."""

    def __init__(self, used: Sequence[str], parent: QWidget | None = None) -> None:
        """Build the page.

        Parameters
        ----------
        used : whose models are asked by default, as in `LabelSettings.llm`.
        """
        super().__init__(parent)
        self._work = ComputationSlot(self)
        self._changing: _KeyRow | None = None
        self._failed = ""
        """Why the last key was not stored or deleted."""
        self.problem = WrappedLabel(role="warning")
        self.problem.hide()
        self.rows = [_KeyRow(name, self, fixed=True) for name in _shown_servers(used)]
        self.other = _KeyRow("", self, fixed=False)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(len(_HEAD) - 1, 1)
        for column, text in enumerate(_HEAD):
            head = QLabel(text)
            head.setProperty("role", "muted")
            grid.addWidget(head, 0, column)
        for at, row in enumerate([*self.rows, self.other], start=1):
            row.add_to(grid, at)
            row.store_requested.connect(partial(self._store, row))
            row.delete_requested.connect(partial(self._delete, row))
        self.other.address_changed.connect(self.look_up)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(WrappedLabel(_WHAT, role="muted"))
        layout.addWidget(self.problem)
        layout.addLayout(grid)
        layout.addStretch(1)
        self._work.succeeded.connect(self._on_known)
        self._work.failed.connect(self._on_failed)
        self.look_up()

    def look_up(self) -> None:
        """Find out anew where the keys come from."""
        self._work.start(partial(_known, self._servers()))

    def end(self) -> None:
        """Hear no more of the keyring."""
        self._work.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in a field of this page is not the dialog's."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _servers(self) -> tuple[Server, ...]:
        rows = [*self.rows, self.other]
        return tuple(row.server for row in rows if row.server is not None)

    def _store(self, row: "_KeyRow", key: str) -> None:
        if row.server is not None:
            host = host_of(row.server.address)
            self._change(row, partial(_stored, host, key, self._servers()))

    def _delete(self, row: "_KeyRow") -> None:
        if row.server is not None:
            host = host_of(row.server.address)
            self._change(row, partial(_deleted, host, self._servers()))

    def _change(self, row: "_KeyRow", work: "partial[dict[Server, KeyState]]") -> None:
        self._changing, self._failed = row, ""
        for one in (*self.rows, self.other):
            one.set_busy()
        self._work.start(work)

    def _on_known(self, states: dict[Server, KeyState]) -> None:
        if self._changing is not None:
            self._changing.key.clear()
            self._changing = None
        problems = [s.keyring_problem for s in states.values() if s.keyring_problem]
        told = f"Keys cannot be stored: {problems[0]}." if problems else self._failed
        self.problem.setText(one_line(told))
        self.problem.setVisible(bool(told))
        for row in (*self.rows, self.other):
            row.show_state(states.get(row.server) if row.server else None)

    def _on_failed(self, text: str) -> None:
        self._changing, self._failed = None, text
        self.look_up()


class _KeyRow(QObject):
    """The widgets of one server."""

    store_requested = Signal(str)
    delete_requested = Signal()
    address_changed = Signal()

    def __init__(self, name: str, page: QWidget, *, fixed: bool) -> None:
        """Build the row; where it is not fixed, the person names the server."""
        super().__init__(page)
        self.server = server_named(name) if name else None
        self._fixed = fixed
        shown = one_line(name)
        self.name = QLineEdit(page)
        self.name.setHidden(fixed)
        self.name.setPlaceholderText("another address")
        self.name.setAccessibleName("Another server")
        self.name.setMinimumWidth(_NAME_WIDTH)
        self._label = QLabel(shown, page)
        self._label.setHidden(not fixed)
        self._host = QLabel()
        self._variable = QLabel()
        self._state = QLabel()
        self.key = QLineEdit()
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setAccessibleName(f"New key for {shown or 'another server'}")
        self.store = QPushButton("Store")
        self.store.setAccessibleName(f"Store the key for {shown or 'another server'}")
        self.delete = QPushButton("Delete")
        self.delete.setAccessibleName(
            f"Delete the key for {shown or 'another server'} from the keyring"
        )
        for button in (self.store, self.delete):
            button.setAutoDefault(False)
        for label in (self._label, self._host, self._variable, self._state):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._can_store = self._is_stored = False
        self.key.textChanged.connect(self._enable)
        self.key.returnPressed.connect(self.store.click)
        self.store.clicked.connect(
            lambda: self.store_requested.emit(self.key.text().strip())
        )
        self.delete.clicked.connect(self.delete_requested)
        self.name.editingFinished.connect(self._on_named)
        self._show_host()
        self._enable()

    def add_to(self, grid: QGridLayout, at: int) -> None:
        first = self._label if self._fixed else self.name
        cells = (
            first,
            self._host,
            self._variable,
            self._state,
            self.key,
            self.store,
            self.delete,
        )
        for column, widget in enumerate(cells):
            grid.addWidget(widget, at, column)

    @property
    def told(self) -> str:
        """Where its key comes from, as it is shown."""
        return self._state.text()

    def show_state(self, state: KeyState | None) -> None:
        self._can_store = state is not None and not state.keyring_problem
        self._is_stored = state is not None and state.is_stored
        self._variable.setText(state.variable if state else "")
        self._state.setText(one_line(state.told) if state else "")
        why = state.why if state else ""
        self._state.setToolTip(plain_tooltip("More of it:", why) if why else "")
        self._enable()

    def set_busy(self) -> None:
        """The keyring is at work."""
        self._can_store = self._is_stored = False
        self._enable()

    def _enable(self) -> None:
        self.key.setEnabled(self._can_store)
        self.store.setEnabled(self._can_store and bool(self.key.text().strip()))
        self.delete.setEnabled(self._is_stored)

    def _on_named(self) -> None:
        try:
            self.server = server_named(self.name.text())
            lacking = (
                "" if self.server or not self.name.text().strip() else "no address"
            )
        except InputError as error:
            self.server, lacking = None, error.message
        self.name.setCursorPosition(0)
        self.show_state(None)
        self._state.setText(one_line(lacking))
        self._show_host()
        if self.server is not None:
            self.address_changed.emit()

    def _show_host(self) -> None:
        self._host.setText(
            one_line(host_of(self.server.address)) if self.server else ""
        )


def _shown_servers(used: Sequence[str]) -> list[str]:
    """Names of providers that want a key, and servers in use that are none of these."""
    names = [provider.name for provider in PROVIDERS if provider.key_variable]
    for name in used:
        if name and name.lower() not in names and _is_server(name):
            names.append(name)
    return [name for name in names if _is_server(name)]


def _is_server(name: str) -> bool:
    try:
        return server_named(name) is not None
    except InputError:
        return False


def _known(servers: Sequence[Server]) -> dict[Server, KeyState]:
    return {server: _state(server) for server in servers}


def _state(server: Server) -> KeyState:
    stored, problem = False, ""
    try:
        stored = bool(stored_key(host_of(server.address)))
    except KeyringError as error:
        problem = error.message
    variable = key_variables(server)[0]
    try:
        found = find_key(server)
    except InputError as error:
        return KeyState(variable, "cannot be used", str(error), stored, problem)
    if isinstance(found, NoKey):
        return KeyState(variable, "none", found.reason, stored, problem)
    if found.origin not in key_variables(server):
        return KeyState(variable, f"from {found.origin}", "", stored, problem)
    also = "The keyring has one, too; it is not used." if stored else ""
    return KeyState(found.origin, "from the environment", also, stored, problem)


def _stored(host: str, key: str, servers: Sequence[Server]) -> dict[Server, KeyState]:
    store_key(host, key)
    return _known(servers)


def _deleted(host: str, servers: Sequence[Server]) -> dict[Server, KeyState]:
    delete_key(host)
    return _known(servers)
