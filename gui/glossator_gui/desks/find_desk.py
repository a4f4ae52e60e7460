"""Find: words, the nodes in whose texts they stand, and the way through these."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Signal

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.node_text import node_name
from glossator.project.revision import GraphId
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.search_texts import SearchTexts
from glossator_gui.look.theme import Theme
from glossator_gui.session import Session
from glossator_gui.views.find_bar import FindBar, FoundRow

_REFRESH_MS = 80


class FindDesk(QObject):
    """Connects the bar with the session."""

    found_changed = Signal(list)
    """Nodes that are found, to be marked wherever they are shown."""
    gone_to = Signal(int)
    """A found node was selected and is to be brought in sight."""

    def __init__(
        self, session: Session, texts: SearchTexts, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.bar = FindBar()
        self.found: list[int] = []
        """From the first to the last, as Next goes through them."""
        self._texts = texts
        self._query = ""
        self._asked_step = 0
        """Taken once the texts are read."""
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self.refresh)
        texts.ready.connect(self._on_ready)
        session.graph_shown.connect(self.refresh)
        session.changed.connect(self._on_changed)
        session.concealed_changed.connect(self.refresh)
        session.selected.connect(self._show_place)
        self.bar.query_changed.connect(self._on_query)
        self.bar.step_wanted.connect(self.step)
        self.bar.row_chosen.connect(self.go_to)
        self.bar.all_wanted.connect(self.select_found)
        self.bar.closed.connect(self._on_closed)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "find": self.open,
            "find_next": lambda: self.step(1),
            "find_previous": lambda: self.step(-1),
            "select_found": self.select_found,
        }

    def set_theme(self, theme: Theme) -> None:
        self.bar.set_theme(theme)

    def open(self) -> None:
        """Show the bar; what was last looked for is still there."""
        self.bar.open()
        self.refresh()

    # -- what is found --------------------------------------------------------------

    def _on_query(self, query: str) -> None:
        if query != self._query:
            self._query = query
            self.refresh()

    def _on_changed(self) -> None:
        if self.bar.isVisible() and not self._refresh.isActive():
            self._refresh.start()

    def _on_ready(self) -> None:
        self.refresh()
        asked, self._asked_step = self._asked_step, 0
        if asked and self.bar.isVisible():
            self.step(asked)

    def refresh(self) -> None:
        """Look for the words again."""
        self._refresh.stop()
        number = self.session.graph_id
        if not self.bar.isVisible():
            return
        if number is None or not self._query.strip():
            self._show([])
        elif self._texts.prepare(number):
            self._show(self._not_concealed(number))
        else:
            # What was found before may be of another graph.
            self._show([])
            self.bar.show_count("Reading the graph's texts…")

    def _not_concealed(self, number: GraphId) -> list[int]:
        """Nodes that are found, but those whose words would tell a hidden label."""
        found: list[int] = self._texts.of(number).find(self._query).tolist()
        concealed = self.session.concealed
        if not concealed:
            return found
        graph = self.session.state.graphs[number].graph
        return [n for n in found if graph.feature_of(NodeIndex(n)) not in concealed]

    def _show(self, found: list[int]) -> None:
        self.found = found
        self.bar.show_found(len(found), self._row)
        self._show_place()
        self.found_changed.emit(found)

    def _row(self, at: int) -> FoundRow:
        number = self.session.graph_id
        assert number is not None
        node = NodeIndex(self.found[at])
        hit = self._texts.of(number).hit(node, self._query)
        name = node_name(self.session.state, number, node)
        return FoundRow(name, hit.field, hit.excerpt, hit.spans)

    def _place(self) -> int:
        """Of the focus among what is found; -1 where it is not."""
        focus = self.session.focus
        return self.found.index(focus) if focus in self.found else -1

    def _show_place(self) -> None:
        if not self.bar.isVisible():
            return
        place, n = self._place(), len(self.found)
        if not self._query.strip():
            text = ""
        elif not n:
            text = "Nothing found"
        else:
            text = f"{place + 1:,} of {n:,}" if place >= 0 else f"{n:,} found"
        self.bar.show_count(text)
        self.bar.mark(place)

    def _on_closed(self) -> None:
        self.found = []
        self.found_changed.emit([])

    # -- the way through ------------------------------------------------------------

    def step(self, by: int) -> None:
        """Go to the next that is found, or the one before; round the ends."""
        if not self.bar.isVisible():
            self.open()
        number = self.session.graph_id
        if number is not None and not self._texts.prepare(number):
            self._asked_step = by
        elif self.found:
            place = self._place()
            first = 0 if by > 0 else len(self.found) - 1
            at = (place + by) % len(self.found) if place >= 0 else first
            self.go_to(at)

    def go_to(self, at: int) -> None:
        """Select what is found, by its place."""
        node = self.found[at]
        self.session.select([node])
        self.gone_to.emit(node)

    def select_found(self) -> None:
        """Select everything that is found."""
        if self.found:
            self.session.select(self.found)
            self.session.told.emit(f"Selected all that was found: {len(self.found):,}.")
