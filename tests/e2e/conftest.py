"""Start the real program: the command's main, the real window, the real demo."""

import pytest
from PySide6.QtWidgets import QApplication

import glossator.commands.window


@pytest.fixture(autouse=True)
def display(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is one application, and its platform counts as a display."""
    monkeypatch.setattr(glossator.commands.window, "display_available", lambda: True)
