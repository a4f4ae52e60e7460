"""The label library in the window: what it holds, exported, imported, forgotten."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from glossator.errors import GlossatorError
from glossator.export.target_file import write_whole
from glossator.project.library.label_library import LabelLibrary, LibraryCount
from glossator.project.library.library_entry import entry_lines, read_entries
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.library_dialog import LibraryDialog
from glossator_gui.dialogs.messages import ask_whether
from glossator_gui.session import Session
from glossator_gui.views.plain_text import one_line


class _Act(Protocol):
    def __call__(self) -> str:
        """Do something; what is then told."""
        ...


class LibraryDesk(QObject):
    """Shows the library of the session; what it gains is proposed at once."""

    def __init__(
        self, session: Session, library: LabelLibrary, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.library = library

    def handlers(self) -> Mapping[str, Handler]:
        return {"library": self.ask}

    def ask(self) -> None:
        """Show what the library holds."""
        dialog = LibraryDialog(
            self.library.path,
            wanted=self.session.preferences.library,
            parent=self._window,
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.export_requested.connect(lambda path: self._export(dialog, path))
        dialog.import_requested.connect(lambda path: self._import(dialog, path))
        dialog.forget_requested.connect(lambda count: self._forget(dialog, count))
        self._do(dialog, lambda: "")
        dialog.open()

    def _export(self, dialog: LibraryDialog, path: Path) -> None:
        def export() -> str:
            entries = self.library.entries()
            write_whole(path, entry_lines(entries))
            return f"{len(entries):,} label(s) written to {path}"

        self._do(dialog, export)

    def _import(self, dialog: LibraryDialog, path: Path) -> None:
        def add() -> str:
            entries = read_entries(path)
            n_added = self.library.add(entries)
            self.session.join_library()
            here = len(entries) - n_added
            return f"{n_added:,} label(s) added, {here:,} are here already"

        self._do(dialog, add)

    def _forget(self, dialog: LibraryDialog, count: LibraryCount) -> None:
        def forget() -> str:
            chosen = [
                entry
                for entry in self.library.entries(count.model)
                if entry.source_set == count.source_set
                and entry.project == count.project
            ]
            self.library.forget(chosen)
            return f"{len(chosen):,} label(s) forgotten"

        ask_whether(
            dialog,
            f"Forget {count.n_labels:,} label(s) of the project "
            f"{one_line(count.project) or 'without a name'}? The project keeps them.",
            "Forget",
            lambda: self._do(dialog, forget),
        )

    def _do(self, dialog: LibraryDialog, act: _Act) -> None:
        """Do something with the library, and show what it holds then."""
        try:
            told = act()
            dialog.show_counts(self.library.counts())
        except GlossatorError as error:
            told = str(error)
        if told:
            dialog.say(told)
