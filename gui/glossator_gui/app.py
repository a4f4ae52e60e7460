"""Start the window."""

import sys
import traceback
from types import TracebackType

import pyqtgraph
from PySide6.QtWidgets import QApplication

from glossator.project.project import Project
from glossator_gui.dialogs.messages import show_failure
from glossator_gui.main_window import MainWindow


def run(project: Project | None, *, start_run: bool) -> int:
    """Show a project until the window is closed; the exit code.

    Parameters
    ----------
    start_run : run the protocol over all features at once.
    """
    app = application()
    window = MainWindow()
    _show_crashes(window)
    window.show()
    if project is not None:
        window.session.take(project)
        if start_run:
            window.run.run_all()
    return app.exec()


def application() -> QApplication:
    """The one application object."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    app = QApplication([sys.argv[0]])
    app.setApplicationName("glossator")
    app.setApplicationDisplayName("Glossator")
    pyqtgraph.setConfigOptions(antialias=False)
    return app


def _show_crashes(window: MainWindow) -> None:
    """Tell of an error nobody caught, and go on: everything applied is on disk."""

    def hook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        traceback.print_exception(kind, error, trace)
        if not isinstance(error, KeyboardInterrupt):
            show_failure(
                window,
                f"Something went wrong that should not have: "
                f"{kind.__name__}: {error}\n\nEverything you did so far is saved.",
            )

    sys.excepthook = hook
