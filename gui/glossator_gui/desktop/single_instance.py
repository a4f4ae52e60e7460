"""One window a user: a second start hands its files to the first, and ends.

They meet at a local socket in the user's own folder, which others cannot reach; there
is no port.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from glossator.settings import window_socket

_CONNECT_MS = 1_000
_ANSWER_MS = 10_000
"""For a window that is there to say that it is: it may be reading a large graph."""
_LONGEST = 90
"""Bytes of a socket's path: systems allow 104, and Qt adds some as it makes it."""
_MOST = 1 << 20
"""Bytes of a list of files."""
_WELCOME = b"glossator\n"


class _Wish(msgspec.Struct):
    """What another start is for."""

    files: list[str]
    demo: bool


def hand_over(files: Sequence[Path], *, demo: bool) -> bool:
    """Have the window that is there show files, or the demo; False if there is none."""
    socket = _reached(_place())
    if socket is None:
        return False
    wish = _Wish([str(path.absolute()) for path in files], demo)
    socket.write(msgspec.json.encode(wish) + b"\n")
    socket.waitForBytesWritten(_ANSWER_MS)
    socket.waitForDisconnected(_ANSWER_MS)
    return True


class SingleInstance(QObject):
    """The window that answers to those who start after it."""

    asked = Signal(object, bool)
    """Paths, none if the other start named no file; whether it is for the demo."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connected)

    def listen(self) -> bool:
        """Take the place; what a killed window left there is cleared away.

        False where another window has it, or there can be none.
        """
        place = _place()
        if not place or _connected(place) is not None:
            return False
        QLocalServer.removeServer(place)
        return self._server.listen(place)

    def close(self) -> None:
        self._server.close()

    def _on_connected(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(socket.deleteLater)
            socket.write(_WELCOME)

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > _MOST:
                socket.abort()
            return
        try:
            wish = msgspec.json.decode(socket.readLine().data(), type=_Wish)
        except msgspec.MsgspecError:
            socket.abort()
            return
        socket.disconnectFromServer()
        self.asked.emit([Path(name) for name in wish.files], wish.demo)


def _reached(place: str) -> QLocalSocket | None:
    """A connection to the window at a place, once it has answered like one."""
    socket = _connected(place) if place else None
    if socket is None:
        return None
    while not socket.canReadLine():
        if not socket.waitForReadyRead(_ANSWER_MS):
            return None
    return socket if socket.readLine().data() == _WELCOME else None


def _connected(place: str) -> QLocalSocket | None:
    """A connection; none where nobody listens, whatever was left there."""
    socket = QLocalSocket()
    socket.connectToServer(place)
    return socket if socket.waitForConnected(_CONNECT_MS) else None


def _place() -> str:
    """Where they meet; "" where the user's folder is too deep for a socket."""
    path = window_socket()
    if sys.platform == "win32":  # a pipe's name; one a folder of settings
        return f"glossator-{path.parent.as_posix().casefold().replace('/', '-')}"
    if len(os.fsencode(path)) > _LONGEST:
        return ""
    path.parent.mkdir(parents=True, exist_ok=True)
    return str(path)
