"""What helps: the palette, the keys, the logs, diagnostics, what this is."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, QSettings, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QMainWindow

import glossator
from glossator.settings import log_folder
from glossator_gui.actions.build import WindowActions
from glossator_gui.actions.spec import Handler
from glossator_gui.actions.table import ACTIONS
from glossator_gui.desks.look_desk import LookDesk
from glossator_gui.desks.status_desk import StatusDesk
from glossator_gui.desktop.crash_log import CRASH_NAME, LOG_NAME, tail
from glossator_gui.desktop.diagnostics import Situation, diagnostics
from glossator_gui.desktop.key_map import KeyMap
from glossator_gui.dialogs.cheat_sheet import CheatSheet
from glossator_gui.dialogs.messages import show_message
from glossator_gui.dialogs.palette import Palette, PaletteEntry
from glossator_gui.dialogs.text_dialog import TextDialog
from glossator_gui.session import Session

_RECENT = "palette/recent"
_REMEMBERED = 8
_LINES = 2_000
_NATIVE = QKeySequence.SequenceFormat.NativeText


class HelpDesk(QObject):
    """Shows dialogs; changes nothing."""

    def __init__(
        self,
        session: Session,
        settings: QSettings,
        keys: KeyMap,
        look: LookDesk,
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._keys = keys
        self._look = look
        self._actions: WindowActions | None = None
        self._status: StatusDesk | None = None
        self.session = session

    def use(self, actions: WindowActions, status: StatusDesk) -> None:
        """Offer these actions in the palette, and tell of this status."""
        self._actions, self._status = actions, status

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "palette": self.show_palette,
            "keys": self.show_keys,
            "log": self.show_log,
            "crash_log": self.show_crash_log,
            "diagnostics": self.show_diagnostics,
            "about_graph": self.show_graph_notes,
            "about": self.show_about,
        }

    # -- the palette ----------------------------------------------------------------

    def show_palette(self) -> None:
        palette = Palette(self._entries(), self._window)
        palette.chosen.connect(self._do)
        self._open(palette)

    def _entries(self) -> list[PaletteEntry]:
        """All actions, those done last from here first."""
        actions = self._actions
        if actions is None:
            return []
        recent = self._recent()
        order = {name: at for at, name in enumerate(recent)}
        specs = sorted(ACTIONS, key=lambda spec: order.get(spec.name, len(order)))
        return [
            PaletteEntry(
                spec.name,
                actions.by_name[spec.name].text().rstrip("…"),
                f"{spec.menu} › {spec.submenu}" if spec.submenu else spec.menu,
                actions.printed_key(spec.name),
                actions.why_not(spec.name),
            )
            for spec in specs
            if spec.name != "palette"
        ]

    def _recent(self) -> list[str]:
        return str(self._settings.value(_RECENT) or "").split()

    def _do(self, name: str) -> None:
        if self._actions is None:
            return
        others = [known for known in self._recent() if known != name]
        self._settings.setValue(_RECENT, " ".join([name, *others][:_REMEMBERED]))
        self._actions.by_name[name].trigger()

    # -- keys -----------------------------------------------------------------------

    def show_keys(self) -> None:
        self._open(CheatSheet(self._sections(), self._window))

    def _sections(self) -> list[tuple[str, list[tuple[str, str]]]]:
        sections: dict[str, list[tuple[str, str]]] = {}
        for spec in ACTIONS:
            keys = self._keys.keys(spec.name)
            if keys:
                printed = "   ".join(
                    QKeySequence(key).toString(_NATIVE) for key in keys
                )
                sections.setdefault(spec.menu, []).append((spec.plain_text, printed))
        return list(sections.items())

    # -- what happened --------------------------------------------------------------

    def show_log(self) -> None:
        self._show_file(LOG_NAME, "Log", "What happened in the window, the last below.")

    def show_crash_log(self) -> None:
        self._show_file(
            CRASH_NAME,
            "Crash Log",
            "Errors that should not have happened, and where in the program they did.",
        )

    def _show_file(self, name: str, title: str, about: str) -> None:
        path = log_folder() / name

        def text(*, details: bool) -> str:
            return "\n".join(tail(path, _LINES)) or "Nothing is logged."

        told = f"{about}\n{path}"
        self._open(
            TextDialog(title, told, text, folder=path.parent, parent=self._window)
        )

    def show_diagnostics(self) -> None:
        """Show what can be copied into a report of a problem."""
        situation = self._situation()

        def text(*, details: bool) -> str:
            return diagnostics(situation, details=details)

        self._open(
            TextDialog(
                "Diagnostics",
                "For a report of a problem. Nothing is sent; copy it where you like.",
                text,
                tick="With prompts, labels in errors, and whole paths",
                parent=self._window,
            )
        )

    def _situation(self) -> Situation:
        project, status = self.session.project, self._status
        running = status.running if status else ()
        return Situation(
            state=self.session.state,
            path=project.path if project else None,
            read_only=self.session.read_only,
            device=status.device if status else "",
            settings=(
                ("Theme", self._look.theme),
                ("Text size", f"{self._look.text_size} %"),
                ("Keys changed", str(self._keys.n_own)),
                ("Window", f"{self._window.width()}×{self._window.height()}"),
                ("Jobs under way", ", ".join(running) or "none"),
            ),
            log_folder=log_folder(),
        )

    # -- what this is ---------------------------------------------------------------

    def show_graph_notes(self) -> None:
        graph = self.session.graph
        if graph is not None:
            source = graph.source_set or "not named"
            parts = [
                f"{graph.slug}\nModel {graph.model}, source {source}",
                f"{len(graph)} nodes, {len(graph.links)} links",
                graph.description,
                *graph.warnings,
            ]
            text = "\n\n".join(part for part in parts if part)
            show_message(self._window, "About this graph", text)

    def show_about(self) -> None:
        show_message(
            self._window,
            "About Glossator",
            f"Glossator {glossator.__version__}\n\n"
            "A workbench for labelling attribution graphs. Works without a network.",
        )

    def _open(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
