"""What Find and filters look through, made once a graph and kept up with changes."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from glossator.project.finding.find import NodeTexts
from glossator.project.revision import GraphId
from glossator_gui.jobs import ComputationSlot
from glossator_gui.session import Session


class SearchTexts(QObject):
    """The texts of the session's graphs."""

    ready = Signal()
    """Those that were asked for beforehand are here."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._held: dict[GraphId, NodeTexts] = {}
        self._stale: set[GraphId] = set()
        self._making: GraphId | None = None
        self._slot = ComputationSlot(self)
        self._slot.succeeded.connect(self._on_made)
        self._slot.failed.connect(lambda _: self._on_made(None))
        session.opened.connect(self._forget)
        session.changed.connect(lambda change: self._stale.update(self._held))

    def close(self) -> None:
        self._slot.end()

    @property
    def preparing(self) -> bool:
        return self._making is not None

    def prepare(self, number: GraphId) -> bool:
        """Whether they are here; else they are made aside, and `ready` tells."""
        if number in self._held:
            return True
        if self._making != number:
            self._making = number
            self._slot.start(partial(NodeTexts, self.session.state, number))
        return False

    def of(self, number: GraphId) -> NodeTexts:
        """The texts of a graph as they are now."""
        texts = self._held.get(number)
        if texts is None:
            texts = self._held[number] = NodeTexts(self.session.state, number)
        elif number in self._stale:
            texts.refresh(self.session.state)
        self._stale.discard(number)
        return texts

    def _on_made(self, texts: NodeTexts | None) -> None:
        """None where the project changed while it was read: `of` makes them then."""
        number, self._making = self._making, None
        if number is not None:
            if texts is not None:
                self._held[number] = texts
                self._stale.add(number)
            self.ready.emit()

    def _forget(self) -> None:
        self._making = None
        self._held.clear()
        self._stale.clear()
