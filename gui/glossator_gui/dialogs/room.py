"""Dialogs that get longer where something comes that was not there."""

from PySide6.QtWidgets import QDialog


def make_room(dialog: QDialog) -> None:
    """Grow as far as what is shown needs at this width; never shrink."""
    layout = dialog.layout()
    if layout is not None:
        layout.activate()
        needed = layout.totalHeightForWidth(dialog.width())
        dialog.resize(dialog.width(), max(dialog.height(), needed))
