"""Menus, tool bar and keys, made from the table of actions."""

from collections.abc import Mapping

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar

from glossator_gui.actions.spec import Handler, tip_with_key
from glossator_gui.actions.table import ACTIONS


def build_actions(
    window: QMainWindow, handlers: Mapping[str, Handler]
) -> dict[str, QAction]:
    """Make the menus and the tool bar; every action needs a handler."""
    bar = QToolBar("Main")
    bar.setObjectName("main tool bar")
    bar.setMovable(False)
    window.addToolBar(bar)
    menus: dict[str, QMenu] = {}
    actions: dict[str, QAction] = {}
    for spec in ACTIONS:
        if spec.menu not in menus:
            menus[spec.menu] = window.menuBar().addMenu(spec.menu)
        if spec.separator:
            menus[spec.menu].addSeparator()
        action = QAction(spec.text, window)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setCheckable(spec.checkable)
        action.setToolTip(tip_with_key(spec))
        action.setStatusTip(spec.tip)
        action.triggered.connect(handlers[spec.name])
        menus[spec.menu].addAction(action)
        if spec.on_tool_bar:
            bar.addAction(action)
        actions[spec.name] = action
    return actions
