"""Five minutes on the demo: what the parts of the window are for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from glossator.demo import demo_project
from glossator.errors import GlossatorError, NotWritable
from glossator.settings import cache_folder
from glossator_gui.session import Session
from glossator_gui.views.tour_card import TourCard

_STEP = "tour/step"


@dataclass(frozen=True)
class TourStep:
    """One thing to know."""

    title: str
    text: str
    """With the keys of actions as ``{name}``."""
    target: Callable[[], QWidget | None] = lambda: None
    """The part that it is about."""
    prepare: Callable[[], None] = lambda: None
    """Brings the part into sight."""


class PrintedKey(Protocol):
    def __call__(self, name: str) -> str:
        """The key of an action."""


class Tour(QObject):
    """Goes through the steps on a copy of the demo that is thrown away at the end."""

    ran_out = Signal()
    """The copy is new: the protocol was never run over it."""

    def __init__(
        self,
        session: Session,
        settings: QSettings,
        steps: Sequence[TourStep],
        printed_key: PrintedKey,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self.session = session
        self._settings = settings
        self._steps = steps
        self._printed_key = printed_key
        self._window = window
        self._before: Path | None = None
        self._at = -1
        self.card = TourCard(window)
        self.card.next_requested.connect(self.go_on)
        self.card.back_requested.connect(self.go_back)
        self.card.skip_requested.connect(self.leave)
        session.opened.connect(self._on_opened)

    @property
    def running(self) -> bool:
        return self._at >= 0

    def start(self) -> None:
        """Begin, or go on where it was left; while it runs, go to its card."""
        if self.running:
            self.card.take_keyboard()
            return
        project = self.session.project
        before = project.path if project and not self.session.read_only else None
        if not self._open_copy():
            return
        self._before = before
        self._show(self._stored_step())

    def go_on(self) -> None:
        if self._at + 1 < len(self._steps):
            self._show(self._at + 1)
        else:
            self._settings.remove(_STEP)
            self._end(keep=False)

    def go_back(self) -> None:
        self._show(max(self._at - 1, 0))

    def leave(self) -> None:
        """Stop here; the next start goes on from this step."""
        self._settings.setValue(_STEP, self._at)
        self._end(keep=True)

    def _stored_step(self) -> int:
        try:
            at = int(str(self._settings.value(_STEP, 0)))
        except ValueError:
            return 0
        return at if 0 <= at < len(self._steps) else 0

    def _show(self, at: int) -> None:
        self._at = at
        step = self._steps[at]
        step.prepare()
        text = step.text.format_map(_Keys(self._printed_key))
        self.card.show_step(step.title, text, at, len(self._steps), step.target())

    # -- the copy -------------------------------------------------------------------

    def _open_copy(self) -> bool:
        path = _copy_path()
        try:
            project = demo_project(path)
        except NotWritable:
            self.session.failed.emit("The tour is under way in another window.")
            return False
        except GlossatorError as error:
            self.session.failed.emit(str(error))
            return False
        self.session.take(project, scratch=True)
        if not project.state.results:
            self.ran_out.emit()
        return True

    def _on_opened(self) -> None:
        if self.running and not self.session.scratch:
            self._settings.setValue(_STEP, self._at)
            self._close_card()

    def _end(self, *, keep: bool) -> None:
        self._close_card()
        self.session.take(None)
        if not keep:
            _copy_path().unlink(missing_ok=True)
        if self._before is not None:
            self.session.open_files([self._before])

    def _close_card(self) -> None:
        self._at = -1
        self.card.close_tour()


class _Keys(dict[str, str]):
    """Keys of actions, looked up as a text asks for them."""

    def __init__(self, printed_key: PrintedKey) -> None:
        super().__init__()
        self._printed_key = printed_key

    def __missing__(self, name: str) -> str:
        return self._printed_key(name) or "no key"


def _copy_path() -> Path:
    return cache_folder() / "tour" / "demo.gloss"
