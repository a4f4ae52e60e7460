"""Start the real program: the command's main, the real window, the real demo."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog

import glossator.cli


@pytest.fixture(autouse=True)
def display(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one application, and its platform counts as a display."""
    monkeypatch.setattr(glossator.cli, "display_available", lambda: True)


@pytest.fixture
def choose_file(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Answer the next dialog of the operating system that asks for a file."""

    def choose(path: Path) -> None:
        monkeypatch.setattr(
            QFileDialog, "getSaveFileName", lambda *_args, **_options: (str(path), "")
        )

    return choose
