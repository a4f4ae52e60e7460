"""Take the pictures of the user guide and the README from the real window.

Run ``make pictures``; nothing of the user's own projects or settings is touched.
"""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from glossator.graph.attribution_graph import NodeIndex
from glossator.project.edits import AnyEdit, PutSupernode, Supernode
from glossator.project.reviewing.review import accept_edits, flag_edits, tag_edits
from glossator.project.supernodes.grouping import next_number
from glossator_gui.app import application
from glossator_gui.main_window import MainWindow

PICTURES = Path(__file__).parent / "images"
SIZE = (1480, 920)
_OWN_FOLDERS = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(dict.fromkeys(_OWN_FOLDERS, folder))
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        os.environ["LOGNAME"] = "ana"
        app = application()
        window = MainWindow()
        window.resize(*SIZE)
        window.show()
        window.open_demo()
        _wait_for_run(app, window)
        window.choose_theme("light")
        _review_some(window)
        take_all(window)
        window.close()


def take_all(window: MainWindow) -> None:
    """One picture after another, each from the state that the one before left."""
    review(window)
    for theme in ("light", "dark"):
        with themed(window, theme):
            save(window, f"window-{theme}")
    save(window, "guide-window")
    graph(window)
    table(window)
    supernodes(window)
    quality(window)


def review(window: MainWindow) -> None:
    press(window, "focus_queue", "next", "next_unlabelled")
    save(window.review.panel.window(), "guide-review", of=window.review.panel)


def graph(window: MainWindow) -> None:
    press(window, "more_hops")
    save(window, "guide-graph", of=window.workspace)
    press(window, "fewer_hops")


def table(window: MainWindow) -> None:
    press(window, "focus_table")
    QTest.keyClicks(window.table.view.filter.words, "say")
    QTest.qWait(2000)
    save(window, "guide-table", of=window.workspace)
    press(window, "focus_graph")


def supernodes(window: MainWindow) -> None:
    session = window.session
    number = session.graph_id
    assert number is not None
    session.apply("group", _circuit(window))
    press(window, "focus_supernodes", "propose_supernodes")
    QTest.qWait(3000)
    save(window, "guide-supernodes", of=window.workspace)


def quality(window: MainWindow) -> None:
    press(window, "quality")
    (dialog,) = [d for d in window.findChildren(QDialog) if d.isVisible()]
    save(dialog, "guide-quality")
    dialog.close()


def press(window: MainWindow, *actions: str) -> None:
    for name in actions:
        window.actions_by_name[name].trigger()
        QTest.qWait(300)


def save(window: QWidget, name: str, *, of: QWidget | None = None) -> None:
    QTest.qWait(700)
    (of or window).grab().save(str(PICTURES / f"{name}.png"))


@contextmanager
def themed(window: MainWindow, theme: Literal["light", "dark"]) -> Iterator[None]:
    window.choose_theme(theme)
    yield
    window.choose_theme("light")


def _wait_for_run(app: QApplication, window: MainWindow) -> None:
    started = time.monotonic()
    while time.monotonic() - started < 3 or window.run.slot.running:
        app.processEvents()
        time.sleep(0.01)


def _review_some(window: MainWindow) -> None:
    """As after some minutes of work."""
    session = window.session
    for at, feature in enumerate(session.state.features()[:60]):
        label = session.state.label(feature)
        if label:
            words = label if at % 3 else f"{label} in lists"
            edits = accept_edits(session.state, feature, words, "ana", seconds=7.0 + at)
            session.apply("accept", edits)
        if at % 9 == 0:
            session.apply("flag", flag_edits(session.state, feature))
        if at % 7 == 0:
            edits = tag_edits(session.state, feature, 1 + at % 9)
            session.apply("tag", edits)


def _circuit(window: MainWindow) -> list[AnyEdit]:
    """A few supernodes by token and depth, so that there is something to see."""
    session = window.session
    graph, number = session.graph, session.graph_id
    assert graph is not None
    assert number is not None
    nodes = graph.nodes
    edits: list[AnyEdit] = []
    fresh = next_number(session.state, number)
    for (token, low, high), colour in _GROUPS.items():
        members = tuple(
            NodeIndex(int(node))
            for node in range(len(graph))
            if nodes.is_feature[node]
            and graph.token_at(int(nodes.position[node])).strip() == token
            and low <= int(nodes.layer[node]) <= high
        )
        if members:
            name = f"{token}, layers {low} to {high}"
            made = Supernode(name=name, members=members[:12], colour=colour)
            edits.append(PutSupernode(number, fresh, made))
            fresh += 1
    return edits


_GROUPS: Mapping[tuple[str, int, int], int] = {
    ("muscle", 0, 12): 4,
    ("breathe", 0, 12): 6,
    ("breathe", 13, 28): 6,
    ("the", 0, 5): 0,
    ("the", 6, 12): 0,
    ("the", 15, 24): 1,
    ("the", 25, 29): 2,
}


if __name__ == "__main__":
    main()
