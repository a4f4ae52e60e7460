"""A new user labels the demo by keyboard: run, label, group, export, undo, redo."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from glossator.graph.graph_file import read_graph
from glossator.project.project import Project
from glossator.settings import projects_folder
from tests.e2e.user import User, start

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LABELS = [f"my label {n}" for n in range(10)]
GROUPS = ["say a capital", "names of places", "grammar"]


@pytest.mark.model
@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_run_label_group_export_by_keyboard(tmp_path: Path) -> None:
    target = tmp_path / "annotated.json"
    seen: dict[str, object] = {}

    def work(user: User) -> None:
        window = user.window
        session = window.session
        user.wait_for(
            lambda: bool(session.state.results) and not window.run.slot.running
        )
        seen["scored"] = len(session.state.results)
        seen["features"] = len(session.state.features())
        user.choose_queue("cross")
        for label in LABELS:
            user.press(Qt.Key.Key_E)
            user.type(label)
            user.press(Qt.Key.Key_Return)
        user.choose_queue("proposed")
        for name in GROUPS:
            user.press(Qt.Key.Key_Down)
            user.press(Qt.Key.Key_Down, SHIFT)
            user.press(Qt.Key.Key_Down, SHIFT)
            user.press(Qt.Key.Key_G, CTRL)
            user.name_it(name)
        user.press(Qt.Key.Key_E, CTRL)
        user.press(Qt.Key.Key_Home)
        user.press(Qt.Key.Key_Return)
        user.press(Qt.Key.Key_A, CTRL)
        user.type(str(target))
        user.press(Qt.Key.Key_Return)
        user.wait_for(lambda: not window.export.slot.running)
        user.press(Qt.Key.Key_Z, CTRL)
        seen["after undo"] = len(user.supernodes())
        user.press(Qt.Key.Key_Z, CTRL, SHIFT)
        seen["after redo"] = len(user.supernodes())

    assert start(["demo"], work) == 0
    assert seen["scored"] == seen["features"]
    assert (seen["after undo"], seen["after redo"]) == (2, 3)
    graph = read_graph(target)
    texts = {label.text for label in graph.imported.labels.values()}
    assert len(graph.imported.supernodes) == 3
    assert {supernode.name for supernode in graph.imported.supernodes} == set(GROUPS)
    project = Project(projects_folder() / "demo.gloss", read_only=True)
    state = project.state
    accepted = {
        state.label(f) for f in state.features() if state.review_state(f) == "accepted"
    }
    assert accepted == set(LABELS)
    assert accepted & texts
    assert project.verify() == []
    project.close()
