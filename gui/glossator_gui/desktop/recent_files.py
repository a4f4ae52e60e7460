"""Projects that were open before, and the menu that leads back to them."""

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QMenu, QWidget

from glossator_gui.views.plain_text import one_line, plain_tooltip

_MOST = 10
_KEY = "recent"


class RecentFiles(QObject):
    """The last ten projects, the latest first; kept between starts."""

    changed = Signal()

    def __init__(self, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings

    @property
    def paths(self) -> tuple[Path, ...]:
        stored = self._settings.value(_KEY)
        # One string comes back as such, none as None.
        names = [stored] if isinstance(stored, str) else stored
        if not isinstance(names, list):
            return ()
        return tuple(Path(str(name)) for name in names if name)[:_MOST]

    def add(self, path: Path) -> None:
        place = path.absolute()
        self._put([place, *(known for known in self.paths if known != place)])

    def remove(self, paths: Collection[Path]) -> None:
        self._put([known for known in self.paths if known not in paths])

    def clear(self) -> None:
        self._put([])

    def _put(self, paths: list[Path]) -> None:
        self._settings.setValue(_KEY, [str(path) for path in paths[:_MOST]])
        self.changed.emit()


class RecentMenu(QMenu):
    """Opens one of them; a digit chooses. What is gone is greyed, and says so."""

    open_requested = Signal(object)
    """Path."""

    def __init__(self, recent: RecentFiles, parent: QWidget | None = None) -> None:
        super().__init__("Open &Recent", parent)
        self._recent = recent
        self.setToolTipsVisible(True)
        # Whether a file is still there is looked up when it matters.
        self.aboutToShow.connect(self.fill)
        recent.changed.connect(self._show_whether_any)
        self._show_whether_any()

    def fill(self) -> None:
        self.clear()
        paths = self._recent.paths
        for at, path in enumerate(paths):
            name = one_line(shown_name(path, paths)).replace("&", "&&")
            present = path.is_file()
            missing = "" if present else "  (missing)"
            action = self.addAction(f"&{(at + 1) % 10}  {name}{missing}")
            action.setToolTip(plain_tooltip("Project", str(path)))
            action.setEnabled(present)
            action.triggered.connect(
                lambda *, chosen=path: self.open_requested.emit(chosen)
            )
        self.addSeparator()
        gone = [path for path in paths if not path.is_file()]
        forget = self.addAction("&Remove Missing")
        forget.setEnabled(bool(gone))
        forget.triggered.connect(lambda: self._recent.remove(gone))
        self.addAction("&Clear List").triggered.connect(self._recent.clear)

    def _show_whether_any(self) -> None:
        self.menuAction().setEnabled(bool(self._recent.paths))


def shown_name(path: Path, others: tuple[Path, ...]) -> str:
    """The file's name; with its folder where another has the same name."""
    alike = sum(other.name == path.name for other in others) > 1
    return f"{path.stem} — {path.parent}" if alike else path.stem
