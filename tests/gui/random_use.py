"""A person without a plan: seeded gestures on everything that the window offers."""

import random
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QInputMethodEvent,
    QKeySequence,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QGraphicsView,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)

from glossator.project.project import Project
from glossator_gui.actions.table import ACTIONS
from glossator_gui.actions.view import THEME_ACTIONS
from glossator_gui.main_window import MainWindow
from tests.core.kill_writer import visible
from tests.gui.random_answers import TYPED, Answers, what_waits
from tests.gui.random_mouse import point_in, use_mouse
from tests.gui.used_project import found_by_a_run

_FILES = "asks with the system's file dialog, which has an event loop of its own"
LEFT_OUT = {
    "open": _FILES,
    "add_graph": _FILES,
    "add_evidence": _FILES,
    "add_evidence_folder": _FILES,
    "save_as": _FILES,
    "demo": "runs the real embedder in a process",
    "tour": "opens the demo",
    "quit": "ends the use",
}
"""Actions that are not tried, and why."""

RESTYLES = (
    *(spec.name for spec in THEME_ACTIONS.values()),
    *("bigger_text", "smaller_text", "usual_text"),
)
"""Actions that style every widget anew, which takes a while: tried rarely."""

_REMEMBERED = 50
_NONE = Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_CONTROL = Qt.KeyboardModifier.ControlModifier
_LEFT = Qt.MouseButton.LeftButton
_BARE_KEYS = (
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp),
    *(Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Space, Qt.Key.Key_Return),
    *(Qt.Key.Key_Escape, Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_G),
)
_SIZES = ((1480, 940), (1000, 700), (820, 600), (1920, 1080))


_PartT = TypeVar("_PartT", bound=QWidget)


class Gesture(Protocol):
    def __call__(self) -> str:
        """Do it, and say what was done; "" where it was not possible."""


class RandomUse:
    """Does one thing after the other in a window; the seed says which."""

    def __init__(self, window: MainWindow, seed: int, project: Path) -> None:
        self.window = window
        self.project = project
        self.done: deque[str] = deque(maxlen=_REMEMBERED)
        """What was done last."""
        self._drawn = random.Random(seed)
        self._answers = Answers(self._drawn, self.done, LEFT_OUT)
        self._serial = 0
        self._run: int | None = None
        self._within = False
        # Whatever waits inside a gesture would wait for ever: nobody else is there.
        self._rescue = QTimer(window, interval=30)
        self._rescue.timeout.connect(self._leave_inner_loop)
        self._rescue.start()
        keys = [key for spec in ACTIONS for key in spec.keys]
        left_out = {k for s in ACTIONS if s.name in LEFT_OUT for k in s.keys}
        left_out |= {k for s in ACTIONS if s.name in RESTYLES for k in s.keys}
        self._keys = sorted(set(keys) - left_out)
        names = [spec.name for spec in ACTIONS]
        self._quick = [n for n in names if n not in LEFT_OUT and n not in RESTYLES]
        self._gestures: dict[str, tuple[int, Gesture]] = {
            "canvas": (22, self._on_canvas),
            "boxes": (10, self._on_boxes),
            "key": (16, self._press_key),
            "shortcut": (14, self._press_shortcut),
            "action": (10, self._trigger),
            "type": (7, self._type),
            "row": (6, self._click_row),
            "button": (4, self._click_button),
            "choice": (3, self._choose),
            "slide": (2, self._slide),
            "tab": (2, self._change_tab),
            "undo": (1, self._undo_some),
            "redo": (1, self._redo_some),
            "run": (3, self._store_batch),
            "size": (1, self._resize),
            "look": (1, self._restyle),
            "copy": (1, self._save_copy),
            "again": (1, self._open_again),
        }

    def step(self) -> None:
        """One gesture, and an answer to whatever it asked."""
        names = list(self._gestures)
        weights = [weight for weight, _ in self._gestures.values()]
        (name,) = self._drawn.choices(names, weights)
        self._within = True
        try:
            self.done.append(name)
            self.done[-1] = f"{name}: {self._gestures[name][1]()}"
        finally:
            self._within = False
        QApplication.processEvents()
        self._answers.to_all()

    def every_action(self) -> None:
        """A run over all features, then each quick action once, as in the table."""
        session = self.window.session
        found = found_by_a_run(self._drawn, session.state.features(), 0)
        session.apply("run protocol", found)
        for name in self._quick:
            self._within = True
            self.done.append(f"action: {name}")
            self.window.actions_by_name[name].trigger()
            self._within = False
            QApplication.processEvents()
            self._answers.to_all()

    def end(self) -> None:
        """Go away, and leave the window as anybody would find it."""
        self._rescue.stop()
        self._rescue.deleteLater()

    def _leave_inner_loop(self) -> None:
        inner = what_waits()
        if self._within and inner is not None:
            inner.close()

    # -- the mouse ------------------------------------------------------------------

    def _on_canvas(self) -> str:
        return self._use_mouse(self.window.graph.canvas, "focus_graph")

    def _on_boxes(self) -> str:
        return self._use_mouse(self.window.supernodes.view, "focus_supernodes")

    def _use_mouse(self, part: QWidget, go_there: str) -> str:
        if not part.isVisible():
            self.window.actions_by_name[go_there].trigger()
            QApplication.processEvents()
        shown = [v for v in part.findChildren(QGraphicsView) if v.isVisible()]
        if not shown:
            return ""
        area = self._drawn.choice(shown).viewport()
        return use_mouse(self._drawn, area)

    def _click_row(self) -> str:
        views = [v for v in self._shown(QAbstractItemView) if v.model() is not None]
        if not views:
            return ""
        view = self._drawn.choice(views)
        area: QWidget = view.viewport()
        if isinstance(view, QHeaderView) or self._drawn.random() < 0.1:
            headers = [h for h in view.findChildren(QHeaderView) if h.isVisible()]
            area = headers[0].viewport() if headers else area
        at, held = (
            point_in(self._drawn, area),
            self._drawn.choice((_NONE, _SHIFT, _CONTROL)),
        )
        twice = self._drawn.random() < 0.1
        (QTest.mouseDClick if twice else QTest.mouseClick)(area, _LEFT, held, at)
        return f"{_name(view)} at {at.x()}, {at.y()} {held.name}"

    def _click_button(self) -> str:
        buttons = [b for b in self._shown(QAbstractButton) if b.isEnabled()]
        if not buttons:
            return ""
        button = self._drawn.choice(buttons)
        said = f"{_name(button)} {button.text()!r}"
        QTest.mouseClick(button, _LEFT, pos=button.rect().center())
        return said

    def _change_tab(self) -> str:
        bars = self._shown(QTabBar)
        if not bars:
            return ""
        bar = self._drawn.choice(bars)
        tab = self._drawn.randrange(bar.count())
        QTest.mouseClick(bar, _LEFT, pos=bar.tabRect(tab).center())
        return f"{_name(bar)} {tab}"

    def _resize(self) -> str:
        size = self._drawn.choice(_SIZES)
        self.window.resize(*size)
        return str(size)

    # -- the keyboard ---------------------------------------------------------------

    def _press_key(self) -> str:
        target = QApplication.focusWidget() or self.window
        key = self._drawn.choice(_BARE_KEYS)
        held = self._drawn.choice((_NONE, _NONE, _SHIFT))
        said = f"{key.name} {held.name} in {_name(target)}"
        QTest.keyClick(target, key, held)
        return said

    def _press_shortcut(self) -> str:
        target = QApplication.focusWidget() or self.window
        key = self._drawn.choice(self._keys)
        said = f"{key} in {_name(target)}"
        QTest.keySequence(target, QKeySequence(key))
        return said

    def _trigger(self) -> str:
        return self._trigger_of(self._quick)

    def _restyle(self) -> str:
        return self._trigger_of(RESTYLES)

    def _trigger_of(self, names: Sequence[str]) -> str:
        actions = self.window.actions_by_name
        name = self._drawn.choice([n for n in names if actions[n].isEnabled()])
        self.done[-1] = f"action: {name}"
        actions[name].trigger()
        return name

    def _type(self) -> str:
        lines, texts = self._shown(QLineEdit), self._shown(QPlainTextEdit)
        of_a_kind = self._drawn.choice((lines, texts, texts))
        fields = [f for f in of_a_kind if f.isEnabled() and not f.isReadOnly()]
        if not fields:
            return ""
        field = self._drawn.choice(fields)
        field.setFocus()
        text = self._drawn.choice(TYPED)
        self._serial += 1
        if text.isascii():
            QTest.keyClicks(field, text)
        else:  # as it comes from an input method
            composed = QInputMethodEvent()
            composed.setCommitString(text)
            QApplication.sendEvent(field, composed)
        QTest.keyClicks(field, f" {self._serial}")
        end = self._drawn.choice((Qt.Key.Key_Return, Qt.Key.Key_Escape, None))
        if end is not None:
            QTest.keyClick(field, end)
        return f"{text!r} into {_name(field)}, {end.name if end else 'left'}"

    def _choose(self) -> str:
        boxes = [b for b in self._shown(QComboBox) if b.isEnabled() and b.count()]
        if not boxes:
            return ""
        box = self._drawn.choice(boxes)
        box.setFocus()
        QTest.keyClick(box, Qt.Key.Key_Home)
        for _ in range(self._drawn.randrange(box.count())):
            QTest.keyClick(box, Qt.Key.Key_Down)
        return f"{_name(box)} {box.currentText()!r}"

    def _slide(self) -> str:
        sliders = [
            slider
            for slider in self._shown(QAbstractSlider)
            if slider.isEnabled() and not isinstance(slider, QScrollBar)
        ]
        if not sliders:
            return ""
        slider = self._drawn.choice(sliders)
        slider.setFocus()
        key = self._drawn.choice(
            (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp, Qt.Key.Key_Left, Qt.Key.Key_End)
        )
        QTest.keyClick(slider, key)
        return f"{_name(slider)} {key.name}"

    # -- what goes in otherwise -----------------------------------------------------

    def _undo_some(self) -> str:
        return self._travel("undo")

    def _redo_some(self) -> str:
        return self._travel("redo")

    def _travel(self, name: str) -> str:
        times = self._drawn.choice((1, 1, 2, 6))
        for _ in range(times):
            self.window.actions_by_name[name].trigger()
        return str(times)

    def _store_batch(self) -> str:
        """A batch of a run arrives, in a step of its own or in the run's."""
        features = self.window.session.state.features()
        if not features:
            return ""
        self._serial += 1
        some = self._drawn.sample(features, min(len(features), 6))
        edits = found_by_a_run(self._drawn, some, self._serial)
        into = self._run if self._drawn.random() < 0.6 else None
        self._run = self.window.session.apply("run protocol", edits, into=into)
        return f"{len(some)} features into {into}"

    def _save_copy(self) -> str:
        project = self.window.session.project
        if project is None:
            return ""
        target = self.project.with_name("copy.gloss")
        target.unlink(missing_ok=True)
        project.save_copy(target)
        copy = Project(target, read_only=True)
        assert visible(copy.state) == visible(project.state)
        assert copy.verify() == []
        copy.close()
        return "is the same"

    def _open_again(self) -> str:
        self._run = None
        self.window.review.flush()
        self.window.session.take(None)
        QApplication.processEvents()
        self.window.open_files([self.project])
        return ""

    def _shown(self, kind: type[_PartT]) -> list[_PartT]:
        """Parts of the window, outside of its dialogs, that can be seen."""
        found = self.window.findChildren(kind)
        return [w for w in found if w.isVisible() and w.window() is self.window]


def _name(widget: QWidget) -> str:
    named = widget.accessibleName() or widget.objectName()
    return f"{type(widget).__name__} {named!r}" if named else type(widget).__name__
