"""The real window, its real events: from an event that is posted to the paint after it.

``python -m benchmarks.window.our_window GRAPH`` measures one graph in this process and
prints the samples as JSON.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QPointF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from benchmarks.window.samples import CANVAS, Samples, memory_of
from glossator_gui.app import application
from glossator_gui.main_window import MainWindow

OPENINGS = 3
GESTURES = 60
_SECONDS = 90
_NONE = Qt.MouseButton.NoButton
_LEFT = Qt.MouseButton.LeftButton
_PLAIN = Qt.KeyboardModifier.NoModifier


class Paints(QObject):
    """Counts the paints of a widget."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


class Bench:
    """A window with a canvas of a known size, and a clock for what is done in it."""

    def __init__(self) -> None:
        self.window = MainWindow()
        self.session = self.window.session
        self.canvas = self.window.graph.canvas
        self.surface = self.canvas._canvas.surface
        self._paints = Paints(self.surface)
        self._queue = Paints(self.window.review.queue.list.viewport())
        self.window.show()
        self.window.activateWindow()
        self.settle()

    def enlarge(self) -> None:
        """Make the window as large as its canvas needs to be."""
        for _ in range(3):
            missing = QSize(*CANVAS) - self.surface.size()
            self.window.resize(self.window.size() + missing)
            self.settle()

    def settle(self, seconds: float = 0.15) -> None:
        """Let everything happen that was put off."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            QApplication.processEvents()

    def milliseconds(
        self, act: Callable[[], object], until: Callable[[], bool]
    ) -> float:
        start = time.perf_counter()
        act()
        while not until():
            QApplication.processEvents()
            if time.perf_counter() - start > _SECONDS:
                raise RuntimeError("nothing was painted")
        return (time.perf_counter() - start) * 1000

    def to_paint(self, act: Callable[[], object]) -> float:
        """Milliseconds from an act to the end of the canvas's next paint."""
        seen = self._paints.count
        return self.milliseconds(act, lambda: self._paints.count > seen)

    def to_next_item(self, act: Callable[[], object]) -> float:
        """Milliseconds until queue and canvas show that another feature is focused."""
        feature = self.session.feature
        seen, shown = self._paints.count, self._queue.count
        return self.milliseconds(
            act,
            lambda: (
                self.session.feature != feature
                and self._paints.count > seen
                and self._queue.count > shown
            ),
        )

    # -- opening --------------------------------------------------------------------

    def open(self, graph: Path) -> float:
        """Seconds from the file to the canvas's first paint, in a window that is up."""
        self.session.take(None)
        for project in Path(os.environ["XDG_DATA_HOME"]).rglob("*.gloss"):
            project.unlink()
        self.settle()
        seen = self._paints.count
        taken = self.milliseconds(
            lambda: self.window.open_files([graph]),
            lambda: self.session.graph is not None and self._paints.count > seen,
        )
        return taken / 1000

    # -- gestures -------------------------------------------------------------------

    def move(self, at: QPointF, held: Qt.MouseButton) -> None:
        self._post(QEvent.Type.MouseMove, at, _NONE, held)

    def press(self, at: QPointF) -> None:
        self._post(QEvent.Type.MouseButtonPress, at, _LEFT, _LEFT)

    def release(self, at: QPointF) -> None:
        self._post(QEvent.Type.MouseButtonRelease, at, _LEFT, _NONE)

    def _post(
        self,
        kind: QEvent.Type,
        at: QPointF,
        button: Qt.MouseButton,
        held: Qt.MouseButton,
    ) -> None:
        seen = QPointF(self.surface.mapToGlobal(at))
        event = QMouseEvent(kind, at, seen, button, held, _PLAIN)
        QCoreApplication.postEvent(self.surface, event)

    def click(self, at: QPointF) -> None:
        self.press(at)
        self.release(at)

    def turn_wheel(self, at: QPointF, notches: int) -> None:
        event = QWheelEvent(
            at,
            QPointF(self.surface.mapToGlobal(at)),
            QPoint(),
            QPoint(0, 120 * notches),
            _NONE,
            _PLAIN,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QCoreApplication.postEvent(self.surface, event)

    def points(self, n: int) -> list[QPointF]:
        """Of visible nodes, no two the same; the same in every run."""
        layout = self.canvas._canvas.layout_
        assert layout is not None
        rng = np.random.default_rng(5)
        nodes = rng.choice(layout.shown, min(n, len(layout.shown)), replace=False)
        found = [self.canvas._canvas.point_of(int(node)) for node in nodes]
        return [point for point in found if point is not None]

    def hover(self) -> list[float]:
        taken = []
        for at in self.points(GESTURES):
            hovered = self.canvas._hovered
            if self.canvas._canvas.node_at(at, 20.0) == hovered:
                continue
            taken.append(self.to_paint(partial(self.move, at, _NONE)))
        return taken

    def select(self) -> list[float]:
        taken = []
        for at in self.points(GESTURES):
            if self.canvas._canvas.node_at(at, 20.0) == self.canvas.focus:
                continue
            taken.append(self.to_paint(partial(self.click, at)))
            self.settle(0.02)
        return taken

    def pin(self) -> list[float]:
        keys = self.window.actions_by_name["pin"].shortcut()
        taken = []
        for _ in range(GESTURES // 3):
            taken.append(self.to_paint(lambda: QTest.keySequence(self.canvas, keys)))
            self.settle(0.06)
        return taken

    def pan(self) -> list[float]:
        """A drag in a circle, its every move until it is painted."""
        middle = QPointF(CANVAS[0] / 2, CANVAS[1] / 2)
        self.press(middle)
        self.move(middle + QPointF(30, 0), _LEFT)
        self.settle(0.05)
        taken = []
        for angle in np.linspace(0, 4 * np.pi, GESTURES).tolist():
            at = middle + QPointF(30 + 250 * np.sin(angle), 150 * np.cos(angle) - 150)
            taken.append(self.to_paint(partial(self.move, at, _LEFT)))
        self.release(middle)
        self.settle(0.05)
        return taken

    def zoom(self) -> list[float]:
        at = QPointF(CANVAS[0] * 0.4, CANVAS[1] * 0.6)
        return [
            self.to_paint(partial(self.turn_wheel, at, step))
            for step in [1] * 8 + [-1] * 14 + [1] * 8
        ]

    def prune(self) -> list[float]:
        slider = self.window.graph.pruning
        return [
            self.to_paint(partial(slider.set_percent, percent))
            for percent in (60, 70, 50, 75, 55, 100)
        ]

    def accept(self) -> list[float]:
        """One key a feature that has a label; the queue goes on by itself."""
        keys = self.window.actions_by_name["accept"].shortcut()
        queue = self.window.review.queue
        taken: list[float] = []
        while len(taken) < GESTURES:
            # The last of the queue has no next one.
            waiting = queue.model.features[:-1]
            labelled = (f for f in waiting if self.session.state.label(f))
            feature = next(labelled, None)
            if feature is None:
                break
            self.session.select_features([feature])
            queue.list.setFocus()
            self.settle(0.12)
            taken.append(
                self.to_next_item(partial(QTest.keySequence, queue.list, keys))
            )
        return taken


def measure(graph: Path) -> Samples:
    """All there is to measure of a graph, beginning with a window that is up."""
    bench = Bench()
    bench.open(graph)
    bench.enlarge()
    samples: Samples = {"first_paint_s": [bench.open(graph) for _ in range(OPENINGS)]}
    bench.settle(1.0)
    gestures: dict[str, Callable[[], list[float]]] = {
        "hover": bench.hover,
        "select": bench.select,
        "pan": bench.pan,
        "zoom": bench.zoom,
        "pin": bench.pin,
        "prune": bench.prune,
        "accept": bench.accept,
    }
    for name, gesture in gestures.items():
        samples[name] = gesture()
        bench.window.graph.canvas.fit()
        bench.settle()
    if held := memory_of(os.getpid()):
        samples["memory_mb"] = [held]
    bench.window.close()
    return samples


@contextmanager
def own_folders() -> Iterator[None]:
    """Nothing of the user's is read, nothing written there."""
    with tempfile.TemporaryDirectory() as home:
        for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            os.environ[name] = str(Path(home) / name)
        yield


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("graph", type=Path)
    with own_folders():
        application()
        print(json.dumps(measure(parser.parse_args().graph)))


if __name__ == "__main__":
    main()
