"""How the window looks: its theme, and how large its text is."""

from collections.abc import Mapping
from functools import partial
from typing import get_args

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from glossator_gui.actions.spec import Handler
from glossator_gui.actions.view import THEME_ACTIONS
from glossator_gui.look.style_sheet import apply_theme
from glossator_gui.look.theme import ThemeChoice, resolve_theme

TEXT_SIZES = (80, 90, 100, 110, 125, 150, 175, 200)
"""Percent of what the platform proposes."""
_THEME, _SIZE = "theme", "text size"
_PLAIN = 100
_SAME = 0.01
_CHILDREN = Qt.FindChildOption.FindDirectChildrenOnly


class LookDesk(QObject):
    """Themes and text sizes, kept between starts."""

    theme_changed = Signal(object)
    """Theme; parts that paint by themselves follow it."""
    told = Signal(str)

    def __init__(self, settings: QSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._settings = settings
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self._app = app
        proposed = app.property("proposed text size")
        if proposed is None:
            # Another window of this process may have changed it since.
            proposed = app.font().pointSizeF()
            app.setProperty("proposed text size", proposed)
        self._points = float(proposed)
        hints = app.styleHints()
        hints.colorSchemeChanged.connect(self.start)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            **{
                spec.name: partial(self.choose_theme, choice)
                for choice, spec in THEME_ACTIONS.items()
            },
            "bigger_text": partial(self._step, 1),
            "smaller_text": partial(self._step, -1),
            "usual_text": partial(self._choose_size, _PLAIN),
        }

    @property
    def theme(self) -> ThemeChoice:
        stored = self._settings.value(_THEME)
        return next((c for c in get_args(ThemeChoice) if c == stored), "system")

    @property
    def text_size(self) -> int:
        """Percent."""
        try:
            stored = int(str(self._settings.value(_SIZE, _PLAIN)))
        except ValueError:
            return _PLAIN
        return stored if stored in TEXT_SIZES else _PLAIN

    def start(self) -> None:
        """Look as was chosen; what chose a text size for itself grows with the rest."""
        theme = resolve_theme(self.theme)
        font = self._app.font()
        before, now = font.pointSizeF(), self._points * self.text_size / 100
        sizes = {w: w.font().pointSizeF() for w in self._app.allWidgets()}
        if abs(now - before) > _SAME:
            font.setPointSizeF(now)
            self._app.setFont(font)
        apply_theme(self._app, theme)
        if abs(now - before) > _SAME:
            for window in self._app.topLevelWidgets():
                _grow(window, sizes, now / before)
        self.theme_changed.emit(theme)

    def choose_theme(self, choice: ThemeChoice) -> None:
        self._settings.setValue(_THEME, choice)
        self.start()

    def _step(self, by: int) -> None:
        at = TEXT_SIZES.index(self.text_size) + by
        self._choose_size(TEXT_SIZES[min(max(at, 0), len(TEXT_SIZES) - 1)])

    def _choose_size(self, percent: int) -> None:
        self._settings.setValue(_SIZE, percent)
        self.start()
        self.told.emit(f"Text at {percent} %")


def _grow(widget: QWidget, sizes: Mapping[QWidget, float], by: float) -> None:
    """Scale the text of what did not follow the application's, parents first."""
    font = widget.font()
    if 0 < font.pointSizeF() == sizes.get(widget):
        font.setPointSizeF(font.pointSizeF() * by)
        widget.setFont(font)
    for child in widget.findChildren(QWidget, options=_CHILDREN):
        _grow(child, sizes, by)
