"""What can be done with the nodes that are selected on the canvas, as a menu there."""

from collections.abc import Mapping

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

_SECTIONS: tuple[tuple[str, ...], ...] = (
    ("edit", "pin", "group", "ungroup"),
    ("select_inputs", "select_outputs", "select_upstream", "select_downstream"),
    ("strongest_output", "strongest_input"),
    ("select_column", "select_row", "select_kind"),
    ("select_all", "invert_selection", "clear"),
    ("logit_difference",),
    ("fit_selection", "fit"),
)
"""Names of actions; a line between two sections."""


def canvas_menu(parent: QWidget, actions: Mapping[str, QAction]) -> QMenu:
    """The window's own actions, those that can be done now; deletes itself."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for names in _SECTIONS:
        menu.addSeparator()
        menu.addActions([actions[name] for name in names if actions[name].isEnabled()])
    return menu


def show_canvas_menu(
    parent: QWidget, actions: Mapping[str, QAction], at: QPoint
) -> None:
    canvas_menu(parent, actions).popup(at)
