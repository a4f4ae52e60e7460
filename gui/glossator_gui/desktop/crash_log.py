"""What went wrong, kept where a person can find it after the window is gone."""

import faulthandler
import logging
import platform
import sys
import threading
import traceback
from datetime import datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TextIO

from PySide6.QtCore import QObject, Signal

import glossator
from glossator_gui.views.plain_text import one_line

LOG_NAME = "window.log"
CRASH_NAME = "crash.log"
SECRET = " | "
"""Ahead of what may hold words, labels or paths of the person's, in a line."""

_BYTES = 256 * 1024
_KEPT = 3
log = logging.getLogger("glossator.window")


class CrashLog(QObject):
    """Writes errors that nobody caught, and crashes of the interpreter, to a file."""

    crashed = Signal(str)
    """One sentence on an error in whatever thread; the traceback is in the file."""

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        """Begin to write; where the folder cannot be written, errors go to stderr."""
        super().__init__(parent)
        self.folder = folder
        self._file: TextIO | None = None
        self._handler: RotatingFileHandler | None = None
        self._hooks = sys.excepthook, threading.excepthook
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _rotate(folder / CRASH_NAME)
            self._file = (folder / CRASH_NAME).open("a", encoding="utf-8")
            self._handler = RotatingFileHandler(
                folder / LOG_NAME,
                maxBytes=_BYTES,
                backupCount=_KEPT,
                encoding="utf-8",
                delay=True,
            )
        except OSError as error:
            sys.stderr.write(f"glossator: no log in {folder} ({error.strerror})\n")
        # Who runs Python with faults on already wants them elsewhere.
        self._faults = self._file is not None and not faulthandler.is_enabled()
        if self._faults and self._file is not None:
            faulthandler.enable(self._file)
        if self._handler is not None:
            self._handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
            log.addHandler(self._handler)
            log.setLevel(logging.INFO)
            log.propagate = False
        sys.excepthook = self._on_error
        threading.excepthook = self._on_thread_error
        log.info("start: Glossator %s, Python %s", glossator.__version__, _python())

    def close(self) -> None:
        """Put back what caught errors before."""
        sys.excepthook, threading.excepthook = self._hooks
        if self._handler is not None:
            log.removeHandler(self._handler)
            self._handler.close()
        if self._faults:
            faulthandler.disable()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _on_error(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        traceback.print_exception(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            return
        lines = traceback.format_exception(kind, error, trace)
        self._write("".join(lines))
        log.error("error: %s%s%s", kind.__name__, SECRET, one_line(str(error)))
        self.crashed.emit(f"{kind.__name__}: {error}")

    def _on_thread_error(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_error(args.exc_type, args.exc_value, args.exc_traceback)

    def _write(self, text: str) -> None:
        if self._file is None:
            return
        at = datetime.now().astimezone().isoformat(timespec="seconds")
        self._file.write(f"-- {at} Glossator {glossator.__version__}\n{text}\n")
        self._file.flush()


def _python() -> str:
    return f"{platform.python_version()} on {platform.system()}"


def _rotate(path: Path) -> None:
    """Begin a new file where the old one is large, and keep some old ones."""
    try:
        if path.stat().st_size < _BYTES:
            return
    except FileNotFoundError:
        return
    for number in range(_KEPT - 1, 0, -1):
        old = path.with_name(f"{path.name}.{number}")
        if old.exists():
            old.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


def tail(path: Path, lines: int) -> list[str]:
    """The last lines of a file; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _BYTES))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    return text.splitlines()[-lines:]
