"""What a window holds on to, to be compared with what it held before."""

import gc
import multiprocessing
import os
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import (
    QEvent,
    QMessageLogContext,
    QObject,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtGui import QTextFrame
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

from glossator_gui.jobs import COMPUTATION

_UNTIL_HEARD_MS = 20
"""The window looks for the end of a computation more often than that."""
_IGNORED = "This plugin does not support"
"""Begins what the offscreen platform says of windows."""


def held(window: QWidget) -> Counter[str]:
    """Widgets, objects, timers that run, threads and processes, by what they are."""
    settle()
    found: Counter[str] = Counter()
    found.update(f"widget {type(w).__name__}" for w in QApplication.allWidgets())
    inside = [o for o in window.findChildren(QObject) if not isinstance(o, QTextFrame)]
    found.update(f"{type(o).__name__} of {type(o.parent()).__name__}" for o in inside)
    timers = (t for t in window.findChildren(QTimer) if not t.isSingleShot())
    found["timers that run"] = sum(timer.isActive() for timer in timers)
    # A dock that was dragged out is one, and belongs to the window all the same.
    tops = [w for w in QApplication.topLevelWidgets() if not isinstance(w, QDockWidget)]
    found.update(f"top level {type(w).__name__} {w.accessibleName()!r}" for w in tops)
    found["threads"] = threading.active_count()
    found["processes"] = len(multiprocessing.active_children())
    return found


def settle() -> None:
    """Let everything come to an end that was begun."""
    for _ in range(3):
        while at_work := [t for t in threading.enumerate() if t.name == COMPUTATION]:
            for thread in at_work:
                thread.join()
            QTest.qWait(_UNTIL_HEARD_MS)
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()


def resident_mb() -> float:
    """Memory of this process; 0 where the system does not tell so."""
    told = Path("/proc/self/statm")
    if not told.is_file():
        return 0.0
    pages = int(told.read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Errors nobody caught, and warnings of Qt, as they come."""
    said: list[str] = []

    def hear(kind: QtMsgType, where: QMessageLogContext, text: str) -> None:
        if not text.startswith(_IGNORED):
            said.append(f"{kind.name}: {text}")

    def catch(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        said.append("".join(traceback.format_exception(kind, error, trace)))

    hook, handler = sys.excepthook, qInstallMessageHandler(hear)
    sys.excepthook = catch
    try:
        yield said
    finally:
        sys.excepthook = hook
        qInstallMessageHandler(handler)
