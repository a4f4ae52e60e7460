"""How the window is arranged: panels, docks and splitters, kept between starts."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QSplitter,
    QWidget,
)

from glossator_gui.actions.spec import Handler

_VERSION = 1
"""Of the docks' names and places; another one's arrangement is not taken over."""
_GROUP = "layout"
_GEOMETRY, _DOCKS = f"{_GROUP}/geometry", f"{_GROUP}/docks"
_SPLITTERS = f"{_GROUP}/splitters"


def add_dock(
    window: QMainWindow, title: str, widget: QWidget, area: Qt.DockWidgetArea
) -> QDockWidget:
    """A panel beside the centre; it can be moved and set free, not closed."""
    dock = QDockWidget(title)
    dock.setObjectName(title)
    dock.setWidget(widget)
    dock.setFeatures(
        QDockWidget.DockWidgetFeature.DockWidgetMovable
        | QDockWidget.DockWidgetFeature.DockWidgetFloatable
    )
    window.addDockWidget(area, dock)
    return dock


class WindowLayout(QObject):
    """Arranges the panels: docks, and the parts of the centre's splitters."""

    maximised_changed = Signal(bool)

    def __init__(
        self,
        window: QMainWindow,
        settings: QSettings,
        centre: QWidget,
        docks: Sequence[QDockWidget],
        lay_out: Callable[[], None],
    ) -> None:
        """Take over the window's panels.

        Parameters
        ----------
        lay_out : gives docks the widths that they have at first.
        """
        super().__init__(window)
        self._window = window
        self._centre = centre
        self._settings = settings
        self._docks = list(docks)
        self._lay_out = lay_out
        self._hidden: list[QWidget] = []
        self._first = window.saveState(_VERSION)
        self._first_splits = {
            name: split.saveState() for name, split in self._splitters().items()
        }
        for dock in self._docks:
            dock.installEventFilter(self)

    def handlers(self) -> Mapping[str, Handler]:
        return {"maximise": self.toggle_maximised, "reset_layout": self.reset}

    # -- between starts -------------------------------------------------------------

    def restore_geometry(self) -> bool:
        """Take the window's place on the screen; False where none is known."""
        stored = self._settings.value(_GEOMETRY)
        return isinstance(stored, QByteArray) and self._window.restoreGeometry(stored)

    def restore(self) -> None:
        """Arrange docks and splitters as they were."""
        docks = self._settings.value(_DOCKS)
        if isinstance(docks, QByteArray):
            self._window.restoreState(docks, _VERSION)
        for name, split in self._splitters().items():
            state = self._settings.value(f"{_SPLITTERS}/{name}")
            if isinstance(state, QByteArray):
                split.restoreState(state)

    def save(self) -> None:
        """Keep the arrangement; of a window in which no project is open, the place."""
        self.show_all()
        self._settings.setValue(_GEOMETRY, self._window.saveGeometry())
        if not all(dock.isHidden() for dock in self._docks):
            self._settings.setValue(_DOCKS, self._window.saveState(_VERSION))
            for name, split in self._splitters().items():
                self._settings.setValue(f"{_SPLITTERS}/{name}", split.saveState())

    def reset(self) -> None:
        """Arrange everything as at the first start."""
        self.show_all()
        self._settings.remove(_GROUP)
        shown = [not dock.isHidden() for dock in self._docks]
        self._window.restoreState(self._first, _VERSION)
        for dock, was_shown in zip(self._docks, shown, strict=True):
            dock.setVisible(was_shown)
        for name, split in self._splitters().items():
            if name in self._first_splits:
                split.restoreState(self._first_splits[name])
        self._lay_out()

    def _splitters(self) -> dict[str, QSplitter]:
        """Those that have a name; where they stand is kept by it."""
        found = self._window.findChildren(QSplitter)
        return {split.objectName(): split for split in found if split.objectName()}

    # -- one panel alone ------------------------------------------------------------

    @property
    def is_maximised(self) -> bool:
        return bool(self._hidden)

    def toggle_maximised(self) -> None:
        """Give the panel with the keyboard all the room, or all panels theirs again."""
        focused = (QApplication.focusWidget(), self._window.focusWidget())
        inside = next((w for w in focused if w is not None), self._centre)
        self.toggle_maximised_at(inside)

    def toggle_maximised_at(self, inside: QWidget) -> None:
        """Likewise with the panel that a widget is in."""
        if self._hidden:
            self.show_all()
        else:
            self.maximise(inside)

    def maximise(self, inside: QWidget) -> None:
        """Give the panel that a widget is in all the room."""
        self.show_all()
        focus = QApplication.focusWidget()
        panels = [*self._docks, *self._centre_panels()]
        wanted = next(
            (p for p in panels if p is inside or p.isAncestorOf(inside)), None
        )
        if wanted is None:
            self.maximised_changed.emit(False)
            return
        others = [panel for panel in panels if panel is not wanted]
        if isinstance(wanted, QDockWidget):
            others.append(self._centre)
        self._hidden = [panel for panel in others if not panel.isHidden()]
        for panel in self._hidden:
            panel.hide()
        if focus is not None and wanted.isAncestorOf(focus):
            focus.setFocus()
        self.maximised_changed.emit(bool(self._hidden))

    def show_all(self) -> None:
        """Show what was hidden to give one panel all the room."""
        hidden, self._hidden = self._hidden, []
        for panel in hidden:
            panel.show()
        if hidden:
            self.maximised_changed.emit(False)

    def _centre_panels(self) -> list[QWidget]:
        """The parts of the centre's outermost splitter that is in sight."""
        found = self._centre.findChildren(QSplitter)
        split = next((s for s in found if s.isVisible()), None)
        parts = [split.widget(at) for at in range(split.count())] if split else []
        return [part for part in parts if part is not None] or [self._centre]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A double click on a dock's title gives it all the room, or takes it."""
        if (
            event.type() == QEvent.Type.MouseButtonDblClick
            and isinstance(watched, QDockWidget)
            and not watched.isFloating()
        ):
            self.toggle_maximised_at(watched)
            return True
        return super().eventFilter(watched, event)
