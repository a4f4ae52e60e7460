"""The label library in the window: it follows, proposes, and can be looked at."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from glossator.preferences import Preferences
from glossator.project.library.label_library import LabelLibrary
from glossator.project.library.library_entry import LibraryEntry, read_entries
from glossator.project.reviewing.review import accept_edits
from glossator.settings import library_file
from glossator_gui.dialogs.import_dialog import ImportDialog
from glossator_gui.dialogs.library_dialog import LibraryDialog
from glossator_gui.main_window import MainWindow
from glossator_gui.views.feature_panel.label_box import LabelBox
from glossator_gui.views.plain_text import WrappedLabel
from tests.core.graph_documents import as_bytes, feature_node, neuron_row, tracer_graph
from tests.core.test_explanations_import import SEVEN, line, write_lines

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture
def graphs(tmp_path: Path) -> list[Path]:
    """Two graphs of the same features."""
    paths = []
    for slug in ("capital", "mayor"):
        named = {"neuronpedia_source_set": "clt-hp"}
        paths.append(tmp_path / f"{slug}.json")
        document = tracer_graph(slug=slug, feature_details=named)
        paths[-1].write_bytes(as_bytes(document))
    return paths


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


def accept_first(window: MainWindow, text: str = "cities") -> None:
    state = window.session.state
    edits = accept_edits(state, state.features()[0], text, "ann")
    window.session.apply("accept", edits)


def labels(window: MainWindow) -> list[str]:
    state = window.session.state
    return [state.label(feature) for feature in state.features()]


def kept() -> list[str]:
    return [one.text for one in LabelLibrary(library_file()).entries()]


def provenance_of(window: MainWindow) -> str:
    """What the feature panel says under the label."""
    (box,) = window.review.panel.findChildren(LabelBox)
    return box.explanation


def dialog_of(window: MainWindow) -> LibraryDialog:
    window.actions_by_name["library"].trigger()
    return next(d for d in window.findChildren(LibraryDialog) if d.isVisible())


# -- it follows and proposes ----------------------------------------------------------


def test_what_is_accepted_is_proposed_when_another_graph_is_opened(
    window: MainWindow, graphs: list[Path]
) -> None:
    window.open_files(graphs[:1])
    accept_first(window)
    assert kept() == ["cities"]
    window.open_files(graphs[1:])
    assert labels(window) == ["cities", ""]
    bar = window.statusBar().currentMessage()
    assert bar == "1 label of your library is proposed"
    window.session.select([2])
    told = provenance_of(window)
    assert "proposed by library: ann wrote it on" in told
    assert "graph capital" in told
    window.session.undo()
    assert labels(window) == ["", ""]
    assert kept() == ["cities"]


def test_a_graph_that_is_added_gets_proposals(
    window: MainWindow, graphs: list[Path], tmp_path: Path
) -> None:
    other = LibraryEntry(
        model="gemma-2-2b", source_set="clt-hp", layer=0, index=5, text="towns"
    )
    LabelLibrary(library_file()).add([other])
    window.open_files(graphs[:1])
    named = {"neuronpedia_source_set": "clt-hp"}
    nodes = [feature_node(0, 5, 1)]
    document = tracer_graph(nodes, [], slug="mayor", feature_details=named)
    graphs[1].write_bytes(as_bytes(document))
    window.session.add_graph_files(graphs[1:])
    assert "towns" in labels(window)
    assert window.statusBar().currentMessage() == "1 label of your library is proposed"


def test_who_does_not_want_it_has_none(window: MainWindow, graphs: list[Path]) -> None:
    session = window.session
    session.put_preferences(Preferences(library=False))
    window.open_files(graphs[:1])
    accept_first(window)
    assert not library_file().exists()
    dialog = dialog_of(window)
    assert dialog.said.text() == "It holds no label yet."
    assert any("switched off" in w.text() for w in dialog.findChildren(WrappedLabel))
    dialog.close()
    session.put_preferences(Preferences())
    assert kept() == ["cities"]


def test_a_broken_library_is_told_and_the_project_opens(
    window: MainWindow, graphs: list[Path]
) -> None:
    library_file().parent.mkdir(parents=True)
    library_file().write_bytes(b"no database" * 99)
    window.open_files(graphs[:1])
    accept_first(window)
    assert labels(window) == ["cities", ""]
    told = window.statusBar().currentMessage()
    assert told.startswith("The label library does not follow: ")
    assert not any(box.isVisible() for box in window.findChildren(QMessageBox))
    dialog = dialog_of(window)
    assert "not a database" in dialog.said.text()
    dialog.close()


# -- the dialog -----------------------------------------------------------------------


def test_the_dialog_lists_exports_forgets_and_imports(
    window: MainWindow, graphs: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    window.open_files(graphs[:1])
    accept_first(window, "=cities\n\x1b[31m")
    assert window.session.project is not None
    name = window.session.project.path.stem
    dialog = dialog_of(window)
    assert dialog.texts() == [[name, "gemma-2-2b", "clt-hp", "1"]]
    exported = tmp_path / "out.jsonl"
    dialog.give.click()
    _answer(dialog, exported)
    assert dialog.said.text() == f"1 label(s) written to {exported}"
    assert [one.text for one in read_entries(exported)] == ["=cities\n\x1b[31m"]
    dialog.forget.click()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    assert box.text().startswith(f"Forget 1 label(s) of the project {name}?")
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert len(kept()) == 1
    dialog.forget.click()
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    next(button for button in box.buttons() if button.text() == "Forget").click()
    assert kept() == []
    assert dialog.texts() == []
    assert not dialog.give.isEnabled()
    assert not dialog.forget.isEnabled()
    assert labels(window)[0] == "=cities\n\x1b[31m", "the project keeps it"
    dialog.get.click()
    _answer(dialog, exported)
    assert dialog.said.text() == "1 label(s) added, 0 are here already"
    assert len(dialog.texts()) == 1
    exported.write_text("[1]\n")
    dialog.get.click()
    _answer(dialog, exported)
    assert dialog.said.text().startswith(f"{exported}: line 1: expected `object`")
    assert dialog.said.textFormat() == Qt.TextFormat.PlainText
    dialog.close()


def test_the_labels_of_the_row_that_is_chosen_are_forgotten(
    window: MainWindow,
) -> None:
    made = LibraryEntry(model="m", source_set="s", layer=0, index=5, text="")
    named = {"p": "s", "q": "s", "r": "t"}
    LabelLibrary(library_file()).add(
        msgspec.structs.replace(made, text=f"of {name}", project=name, source_set=of)
        for name, of in named.items()
    )
    dialog = dialog_of(window)
    assert [row[0] for row in dialog.texts()] == ["p", "q", "r"]
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    QTest.mouseClick(dialog.forget, Qt.MouseButton.LeftButton)
    box = QApplication.activeModalWidget()
    assert isinstance(box, QMessageBox)
    next(button for button in box.buttons() if button.text() == "Forget").click()
    assert kept() == ["of p", "of r"]
    dialog.close()


def test_what_is_imported_is_proposed_at_once(
    window: MainWindow, graphs: list[Path], tmp_path: Path
) -> None:
    window.open_files(graphs[:1])
    path = tmp_path / "bob.jsonl"
    path.write_text(
        '{"model":"gemma-2-2b","source_set":"clt-hp","layer":0,"index":7,'
        '"text":"towns","author":"bob"}\n'
    )
    dialog = dialog_of(window)
    dialog.import_requested.emit(path)
    assert labels(window) == ["towns", ""]
    dialog.close()


def _answer(dialog: LibraryDialog, path: Path) -> None:
    """Name a file in the file dialog that is open."""
    files = next(d for d in dialog.findChildren(QFileDialog) if d.isVisible())
    name = files.findChild(QLineEdit)
    assert name is not None
    name.setText(str(path))
    QTest.keyClick(name, Qt.Key.Key_Return)
    QTest.qWait(0)


# -- explanations ---------------------------------------------------------------------


def asked(window: MainWindow) -> ImportDialog:
    window.actions_by_name["import"].trigger()
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ImportDialog)
    return dialog


def test_explanations_are_read_in_a_job_and_proposed(
    window: MainWindow, graphs: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    window.open_files(graphs[:1])
    batch = write_lines(tmp_path / "batch-0.jsonl.gz", [line(SEVEN, "cities")])
    dialog = asked(window)
    dialog.look_at(str(batch))
    assert dialog.report.text() == "Reading explanations…"
    assert not dialog.take.isEnabled()
    qtbot.waitUntil(dialog.take.isEnabled, timeout=20_000)
    assert dialog.report.text().startswith("1 label(s), 0 note(s) and 0 supernode(s)")
    assert labels(window) == ["", ""], "nothing is changed yet"
    dialog.take.click()
    assert labels(window) == ["cities", ""]
    window.session.select([2])
    told = provenance_of(window)
    assert "proposed by np_max-act: found in batch-0.jsonl.gz" in told
    assert kept() == []


def test_explanations_of_the_project_s_evidence(
    window: MainWindow, graphs: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    window.open_files(graphs[:1])
    dialog = asked(window)
    dialog.evidence.click()
    assert "no evidence" in dialog.report.text()
    dialog.reject()
    rows = tmp_path / "features.json"
    rows.write_bytes(as_bytes([neuron_row(0, 7) | {"layer": "0-clt-hp"}]))
    window.session.add_evidence(rows)
    dialog = asked(window)
    dialog.evidence.click()
    qtbot.waitUntil(dialog.take.isEnabled, timeout=20_000)
    dialog.take.click()
    assert labels(window) == ["animals", ""]


def test_reading_ends_with_the_dialog_or_another_source(
    window: MainWindow, graphs: list[Path], tmp_path: Path
) -> None:
    window.open_files(graphs[:1])
    batch = write_lines(tmp_path / "batch-0.jsonl", [line(SEVEN, "cities")])
    dialog = asked(window)
    dialog.look_at(str(batch))
    slot = window.imports.slot
    running = [slot.running]
    dialog.source.setText("elsewhere")
    running.append(slot.running)
    dialog.look_at(str(batch))
    running.append(slot.running)
    dialog.reject()
    running.append(slot.running)
    assert running == [True, False, True, False]
    assert labels(window) == ["", ""]


def test_a_damaged_export_is_told_in_the_dialog(
    window: MainWindow, graphs: list[Path], tmp_path: Path, qtbot: QtBot
) -> None:
    window.open_files(graphs[:1])
    batch = write_lines(tmp_path / "batch-0.jsonl.gz", [line(SEVEN, "cities")] * 99)
    batch.write_bytes(batch.read_bytes()[:-9])
    dialog = asked(window)
    dialog.look_at(str(batch))
    qtbot.waitUntil(lambda: "damaged" in dialog.report.text(), timeout=20_000)
    assert not dialog.take.isEnabled()
    dialog.reject()
