"""Menus, tool bar and keys, made from the table of actions."""

from collections.abc import Mapping

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QMainWindow, QMenu, QToolBar

from glossator_gui.actions.spec import ActionSpec, Handler, hindrance
from glossator_gui.actions.table import ACTIONS
from glossator_gui.desktop.key_map import KeyMap
from glossator_gui.views.printed_key import print_key

_PORTABLE = QKeySequence.SequenceFormat.PortableText
_NATIVE = QKeySequence.SequenceFormat.NativeText


class WindowActions:
    """The actions of a window; their keys follow the key map."""

    def __init__(
        self, window: QMainWindow, handlers: Mapping[str, Handler], keys: KeyMap
    ) -> None:
        """Make the menus and the tool bar; every action needs a handler."""
        self.by_name: dict[str, QAction] = {}
        self.menus: dict[str, QMenu] = {}
        """By title; those of submenus by "Menu > Submenu"."""
        self._keys = keys
        self._specs = {spec.name: spec for spec in ACTIONS}
        self._why_not: dict[str, str] = {}
        self._window = window
        self._groups: dict[str, QActionGroup] = {}
        bar = QToolBar("Main")
        bar.setObjectName("main tool bar")
        bar.setMovable(False)
        window.addToolBar(bar)
        for spec in ACTIONS:
            action = self._make(spec, handlers[spec.name])
            self.by_name[spec.name] = action
            menu = self._menu(spec)
            if spec.separator:
                menu.addSeparator()
            menu.addAction(action)
            if spec.on_tool_bar:
                bar.addAction(action)
        self._show_keys()
        keys.changed.connect(self._show_keys)

    def _make(self, spec: ActionSpec, handler: Handler) -> QAction:
        action = QAction(spec.text, self._window)
        action.setObjectName(spec.name)
        action.setCheckable(spec.checkable)
        action.setStatusTip(spec.tip)
        action.triggered.connect(handler)
        if spec.one_of:
            group = self._groups.get(spec.one_of)
            if group is None:
                group = self._groups[spec.one_of] = QActionGroup(self._window)
            group.addAction(action)
        return action

    def _menu(self, spec: ActionSpec) -> QMenu:
        menu = self.menus.get(spec.menu)
        if menu is None:
            menu = self.menus[spec.menu] = self._window.menuBar().addMenu(spec.menu)
        if not spec.submenu:
            return menu
        name = f"{spec.menu} > {spec.submenu}"
        if name not in self.menus:
            self.menus[name] = menu.addMenu(spec.submenu)
        return self.menus[name]

    def _show_keys(self) -> None:
        for spec in ACTIONS:
            keys = self._keys.keys(spec.name)
            action = self.by_name[spec.name]
            action.setShortcuts([QKeySequence(key, _PORTABLE) for key in keys])
            self._show_tip(spec)
        for button in self._window.findChildren(QAbstractButton):
            name = button.property("action")
            if name in self.by_name:
                print_key(button, self.printed_key(name))

    def _show_tip(self, spec: ActionSpec) -> None:
        printed = self.printed_key(spec.name)
        tip = (spec.tip or spec.plain_text) + (f" ({printed})" if printed else "")
        why_not = self._why_not.get(spec.name, "")
        text = f"{tip}\n{why_not}." if why_not else tip
        self.by_name[spec.name].setToolTip(text)

    def printed_key(self, name: str) -> str:
        """The key of an action as this platform prints it; "" if it has none."""
        keys = self._keys.keys(name)
        return QKeySequence(keys[0], _PORTABLE).toString(_NATIVE) if keys else ""

    def why_not(self, name: str) -> str:
        """Why an action cannot be done now; "" if it can."""
        return self._why_not.get(name, "")

    def enable(self, *, project: bool, selection: bool, read_only: bool) -> None:
        """Leave what can be done; the rest says why not."""
        for spec in ACTIONS:
            self.hinder(
                spec,
                hindrance(
                    spec, project=project, selection=selection, read_only=read_only
                ),
            )

    def name_step(self, name: str, title: str) -> None:
        """Say what undo or redo would do; without a title there is nothing to do."""
        action, spec = self.by_name[name], self._specs[name]
        action.setText(f"{spec.text} {title}".strip())
        action.setIconText(spec.text)
        if not title and not self._why_not[name]:
            self.hinder(spec, f"There is nothing to {name}")

    def insert_menu(self, before: str, menu: QMenu) -> None:
        """Put a submenu above an action."""
        spec = self._specs[before]
        self.menus[spec.menu].insertMenu(self.by_name[before], menu)

    def hinder(self, spec: ActionSpec, why_not: str) -> None:
        """Enable an action, or say why it cannot be done."""
        if self._why_not.get(spec.name) != why_not:
            self._why_not[spec.name] = why_not
            self.by_name[spec.name].setEnabled(not why_not)
            self._show_tip(spec)
