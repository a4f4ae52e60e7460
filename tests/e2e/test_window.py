"""The window with files as they come: good, broken, without evidence, opened again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMessageBox

from glossator.settings import projects_folder
from glossator_gui.main_window import MainWindow
from glossator_gui.views.review_queue.view import QueueChoice
from tests.core.graph_documents import (
    as_bytes,
    feature_json,
    feature_node,
    tracer_graph,
)


@pytest.fixture
def window() -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    window.close()
    window.deleteLater()  # another theme is applied to every window there is
    QTest.qWait(0)


@pytest.fixture
def graph_file(tmp_path: Path) -> Path:
    path = tmp_path / "good.json"
    document = tracer_graph()
    document["nodes"].append(feature_node(1, 5, 2))
    path.write_bytes(as_bytes(document))
    return path


def message() -> str:
    """Text of the message that is open, which is then closed."""
    boxes = [
        w
        for w in QApplication.topLevelWidgets()
        if isinstance(w, QMessageBox) and w.isVisible()
    ]
    assert len(boxes) == 1
    text = boxes[0].text()
    assert boxes[0].textFormat() == Qt.TextFormat.PlainText
    boxes[0].close()
    return text


def without(key: str) -> bytes:
    document = tracer_graph()
    del document[key]
    return as_bytes(document)


def with_node(**values: object) -> bytes:
    document = tracer_graph()
    document["nodes"][0].update(values)
    return as_bytes(document)


BROKEN: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"hello", "not readable as JSON"),
    "truncated": (as_bytes(tracer_graph())[:200], "not readable as JSON"),
    "missing key": (without("nodes"), "nodes"),
    "wrong type": (with_node(node_id=3), "nodes[0].node_id"),
    "no nodes": (as_bytes({**tracer_graph(), "nodes": []}), "nodes"),
    "layer": (with_node(layer="x", feature_type="cross layer transcoder"), "layer"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_leaves_the_window_as_it_was(
    window: MainWindow, graph_file: Path, tmp_path: Path, name: str
) -> None:
    window.session.open_files([graph_file])
    window.session.select([0])
    before = (window.windowTitle(), window.session.project, window.session.selection)
    data, field = BROKEN[name]
    bad = tmp_path / "bad.json"
    bad.write_bytes(data)
    window.session.open_files([bad])
    text = message()
    assert str(bad) in text
    assert field in text
    now = (window.windowTitle(), window.session.project, window.session.selection)
    assert now == before


def test_a_file_that_is_no_project_is_refused(
    window: MainWindow, graph_file: Path, tmp_path: Path
) -> None:
    window.session.open_files([graph_file])
    bad = tmp_path / "bad.gloss"
    bad.write_bytes(b"SQLite format 3\0" + b"junk" * 100)
    window.session.open_files([bad])
    assert str(bad) in message()
    assert window.session.graph is not None


def test_without_evidence_labels_and_groups_work_and_undo_survives_a_restart(
    window: MainWindow, graph_file: Path
) -> None:
    session = window.session
    session.open_files([graph_file])
    assert "No evidence yet" in window.workspace.notice.text.text
    assert not window.workspace.notice.button.isHidden()
    feature = session.state.features()[0]
    session.select_features([feature])
    window.review.accept("made by hand")
    assert session.state.label(feature) == "made by hand"
    session.take(None)
    session.open_files([graph_file])
    assert session.state.label(feature) == "made by hand"
    session.undo()
    assert session.state.label(feature) == ""
    session.redo()
    assert session.state.label(feature) == "made by hand"
    assert len(list(projects_folder().glob("*.gloss"))) == 1


def test_evidence_that_is_added_is_shown(
    window: MainWindow, graph_file: Path, tmp_path: Path
) -> None:
    session = window.session
    session.open_files([graph_file])
    folder = tmp_path / "features"
    folder.mkdir()
    graph = session.graph
    assert graph is not None
    number = graph.nodes.wire_feature[graph.nodes_of(graph.features[0])[0]]
    (folder / f"{number}.json").write_text(json.dumps(feature_json(index=int(number))))
    session.add_evidence(folder)
    session.select_features([graph.features[0]])
    known = session.evidence(graph.features[0])
    assert known is not None
    assert known.examples
    assert window.workspace.notice.button.isHidden()
    assert window.workspace.notice.text.text == ""


def test_evidence_that_is_none_is_refused(
    window: MainWindow, graph_file: Path, tmp_path: Path
) -> None:
    window.session.open_files([graph_file])
    bad = tmp_path / "empty"
    bad.mkdir()
    window.session.add_evidence(bad)
    assert str(bad) in message()
    assert not window.session.has_evidence


def test_a_half_typed_label_comes_back(window: MainWindow, graph_file: Path) -> None:
    session = window.session
    session.open_files([graph_file])
    first, second = session.state.features()[:2]
    session.select_features([first])
    window.review.panel.edit_label()
    editor = window.focusWidget()
    assert editor is not None
    QTest.keyClicks(editor, "half a thou")
    session.select_features([second])
    assert window.review.panel.editor_text == ""
    session.take(None)
    session.open_files([graph_file])
    session.select_features([first])
    assert window.review.panel.editor_text == "half a thou"
    assert session.state.label(first) == ""


def test_a_full_disk_changes_nothing(window: MainWindow, graph_file: Path) -> None:
    session = window.session
    session.open_files([graph_file])
    project = session.project
    assert project is not None
    project._store.rows("PRAGMA max_page_count = 1")
    feature = session.state.features()[0]
    session.select_features([feature])
    window.review.accept("x" * 100_000)
    assert "full" in message()
    assert session.state.label(feature) == ""
    window.review.accept("short")


def test_a_project_that_is_open_elsewhere_is_refused(
    window: MainWindow, graph_file: Path, tmp_path: Path
) -> None:
    other = MainWindow()
    other.session.open_files([graph_file])
    assert window.session.open_files([graph_file]) is False
    assert "open in another window" in message()
    other.close()


def test_themes_can_be_chosen(window: MainWindow) -> None:
    lightness = {}
    for choice in ("light", "dark"):
        window.actions_by_name[choice].trigger()
        lightness[choice] = window.grab().toImage().pixelColor(5, 400).lightness()
    assert lightness["dark"] < 60
    assert lightness["light"] > 200


def test_the_keys_of_the_review(window: MainWindow, graph_file: Path) -> None:
    session, queue = window.session, window.review.queue
    session.open_files([graph_file])
    order = list(queue.model.features)
    assert len(order) >= 3

    def press(name: str) -> None:
        window.actions_by_name[name].trigger()

    press("next")
    assert session.feature == order[0]
    press("accept")
    assert "no label to accept" in window.statusBar().currentMessage()
    assert session.state.review_state(order[0]) == "unlabelled"
    window.review.accept("first")
    assert session.feature == order[1]
    press("skip")
    assert session.state.marks
    assert session.feature == order[2]
    press("undo")
    assert not session.state.marks
    window.review.waiting.refresh()
    session.select_features([order[1]])
    window.review.accept("second")
    session.select_features([order[2]])
    window.review.accept("third")
    queue.queue_chosen.emit(QueueChoice("all", None))
    session.select_features([order[0]])
    press("reject")
    assert session.state.review_state(order[0]) == "rejected"
    session.select_features([order[1]])
    press("previous")
    assert session.feature == order[0]
    press("next_unlabelled")
    labelled = {f for f in order if session.state.label(f)}
    assert session.feature not in labelled


def test_pin_group_rename_ungroup(window: MainWindow, graph_file: Path) -> None:
    session = window.session
    session.open_files([graph_file])
    number = session.graph_id
    assert number is not None
    session.select([0, 1])
    window.actions_by_name["pin"].trigger()
    assert session.state.pins[number] == (0, 1)
    window.actions_by_name["pin"].trigger()
    assert session.state.pins[number] == ()
    window.actions_by_name["group"].trigger()
    answer("a group")
    (held,) = session.state.supernodes[number].values()
    assert (held.name, held.members) == ("a group", (0, 1))
    window.actions_by_name["rename"].trigger()
    answer("renamed")
    (held,) = session.state.supernodes[number].values()
    assert held.name == "renamed"
    assert "Supernodes (1)" in window.workspace.tabs.tabText(1)
    window.actions_by_name["ungroup"].trigger()
    assert not session.state.supernodes[number]
    for _ in range(5):
        window.actions_by_name["undo"].trigger()
    assert session.state.pins[number] == ()
    assert not session.state.supernodes[number]


def answer(text: str) -> None:
    """Answer the dialog that asks for a name."""
    (dialog,) = [
        w
        for w in QApplication.topLevelWidgets()
        if isinstance(w, QInputDialog) and w.isVisible()
    ]
    dialog.setTextValue(text)
    dialog.accept()
    QTest.qWait(60)


def test_reading_a_file_is_said_while_it_lasts(
    window: MainWindow, graph_file: Path
) -> None:
    said: list[tuple[str, bool]] = []

    def listen() -> None:
        cursor = QApplication.overrideCursor()
        said.append((window.statusBar().currentMessage(), cursor is not None))

    window.session.opened.connect(listen)
    window.open_files([graph_file])
    assert said[0] == ("Reading good.json…", True)
    assert QApplication.overrideCursor() is None
    assert window.statusBar().currentMessage() == ""
    window.open_files([graph_file.with_name("none.json")])
    assert "none.json" in message()
    assert QApplication.overrideCursor() is None
