"""Start the window."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pyqtgraph
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from glossator.errors import NotWritable
from glossator.project.open_files import open_files
from glossator.project.project import Project
from glossator.settings import log_folder, projects_folder
from glossator_gui.desktop.crash_log import CrashLog
from glossator_gui.desktop.single_instance import SingleInstance, hand_over
from glossator_gui.dialogs.messages import show_failure
from glossator_gui.main_window import MainWindow
from glossator_resources import icon_file


def run(files: Sequence[Path], *, demo: bool = False) -> int:
    """Show files, or the demo, until the window is closed; the exit code.

    Where a window of this user is open already, it shows them.

    Raises
    ------
    GlossatorError
        if the files cannot be opened; no window is shown then.
    """
    app = application()
    if hand_over(files, demo=demo):
        return 0
    project = _opened(files)
    window = MainWindow()
    crashes = CrashLog(log_folder(), window)
    crashes.crashed.connect(lambda text: _show_crash(window, text))
    instance = SingleInstance(window)
    instance.asked.connect(window.files.take_over)
    instance.listen()
    window.show()
    if project is not None:
        window.session.take(project)
    elif files:
        window.open_files(files)
    if demo:
        window.open_demo()
    try:
        return app.exec()
    finally:
        instance.close()
        crashes.close()


def _opened(files: Sequence[Path]) -> Project | None:
    """The project of files; none where the window has to ask how to open it."""
    if not files:
        return None
    try:
        return open_files(files, projects=projects_folder())
    except NotWritable:
        return None


def application() -> QApplication:
    """The one application object."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    app = QApplication([sys.argv[0]])
    app.setApplicationName("glossator")
    app.setApplicationDisplayName("Glossator")
    app.setDesktopFileName("glossator")
    app.setWindowIcon(QIcon(str(icon_file("glossator"))))
    pyqtgraph.setConfigOptions(antialias=False)
    return app


def _show_crash(window: MainWindow, text: str) -> None:
    """Tell of an error nobody caught, and go on: everything applied is on disk."""
    if QApplication.activeModalWidget() is None:  # one is enough
        show_failure(
            window,
            f"Something went wrong that should not have: {text}\n\n"
            "Everything you did so far is saved. Help › Show Crash Log has more.",
        )
