"""Densities of features, read from the evidence bit by bit."""

from collections.abc import Iterable
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from glossator.graph.attribution_graph import FeatureKey
from glossator_gui.session import Session

_SLICE_S = 0.02
"""For so long the window waits at a time."""


class Densities(QObject):
    """Remembers the share of tokens on which each feature is active."""

    advanced = Signal(int)
    """How many features still are to be read; 0 when all that were asked for are."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._known: dict[FeatureKey, float | None] = {}
        self._missing: list[FeatureKey] = []
        self._next = QTimer(self, interval=0)
        self._next.timeout.connect(self._read_some)
        session.evidence_changed.connect(self._forget)

    def __call__(self, feature: FeatureKey) -> float | None:
        """None where it is not known, or was not read yet."""
        return self._known.get(feature)

    def read(self, features: Iterable[FeatureKey]) -> bool:
        """Whether all of them are read; else they are now, and `advanced` tells."""
        self._missing = [f for f in features if f not in self._known]
        if self._missing:
            self._next.start()
        else:
            self._next.stop()
        return not self._missing

    @property
    def reading(self) -> bool:
        return bool(self._missing)

    def close(self) -> None:
        self._next.stop()

    def _read_some(self) -> None:
        end = monotonic() + _SLICE_S
        while self._missing and monotonic() < end:
            feature = self._missing.pop()
            evidence = self.session.evidence(feature)
            self._known[feature] = evidence.density if evidence else None
        if not self._missing:
            self._next.stop()
        self.advanced.emit(len(self._missing))

    def _forget(self) -> None:
        self._next.stop()
        self._known.clear()
        self._missing.clear()
