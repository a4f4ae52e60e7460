"""Asking how a run shall label, and keeping what was said."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialogButtonBox, QPushButton
from pytestqt.qtbot import QtBot

from glossator.labelers.label_settings import LabelSettings
from glossator.progress import Progress
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator_gui.dialogs.run_dialog import RunDialog, ScopeName
from glossator_gui.main_window import MainWindow
from tests.core.graph_documents import as_bytes, tracer_graph
from tests.core.llm_server import unused_address

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

SERVER = "http://localhost:11434/v1"
NAMED = LabelSettings(tier1="small_llm", llm=SERVER, llm_model="llama3.2")


def open_dialog(qtbot: QtBot, labelling: LabelSettings) -> RunDialog:
    sizes: dict[ScopeName, int] = {
        "all": 9,
        "unlabelled": 4,
        "visible": 2,
        "selection": 0,
    }
    dialog = RunDialog(sizes, ProtocolSettings(), labelling, "Evidence: here")
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def run_button(dialog: RunDialog) -> QPushButton:
    (found,) = (
        button
        for button in dialog.buttons.buttons()
        if dialog.buttons.buttonRole(button) == QDialogButtonBox.ButtonRole.AcceptRole
    )
    assert isinstance(found, QPushButton)
    return found


def test_tokens_are_counted_unless_one_says_otherwise(qtbot: QtBot) -> None:
    dialog = open_dialog(qtbot, LabelSettings())
    box = dialog.labelling
    assert box.counting.isChecked()
    assert not box.llm.isEnabled()
    assert not box.llm_model.isEnabled()
    assert box.hint.text() == "Nothing goes over the network."
    with qtbot.waitSignal(dialog.start_requested) as asked:
        run_button(dialog).click()
    assert asked.args == ["all", ProtocolSettings(), LabelSettings()]


def test_a_server_and_its_model(qtbot: QtBot) -> None:
    dialog = open_dialog(qtbot, LabelSettings())
    box = dialog.labelling
    box.asking.click()
    assert box.llm.isEnabled()
    assert not box.llm_model.isEnabled(), "no server is named yet"
    QTest.keyClicks(box.llm.line, SERVER)
    assert box.llm_model.isEnabled()
    QTest.keyClicks(box.llm_model, "llama3.2")
    with qtbot.waitSignal(dialog.start_requested) as asked:
        run_button(dialog).click()
    assert asked.args is not None
    assert asked.args[2] == NAMED


@pytest.mark.parametrize(
    ("llm", "hint"),
    [
        ("", "Name a folder"),
        ("{folder}", "Nothing goes over the network."),
        ("some/model", "fetched over the network if it is not there"),
        (SERVER, "sent to a server on this machine"),
        ("http://[", "sent to http://[."),
        ("https://example.org/v1\u202e", "sent to https://example.org/v1U+202E."),
    ],
)
def test_the_hint_tells_where_tokens_go(
    qtbot: QtBot, tmp_path: Path, llm: str, hint: str
) -> None:
    settings = LabelSettings(tier1="small_llm", llm=llm.format(folder=tmp_path))
    dialog = open_dialog(qtbot, settings)
    shown = dialog.labelling.hint.text()
    assert hint in shown
    assert "tokens are counted" in shown


@pytest.mark.parametrize("llm", ["", "ftp://host"])
def test_a_run_without_a_model_to_ask_does_not_start(qtbot: QtBot, llm: str) -> None:
    dialog = open_dialog(qtbot, LabelSettings(tier1="small_llm", llm=llm))
    with qtbot.assertNotEmitted(dialog.start_requested):
        run_button(dialog).click()
    assert dialog.isVisible()
    assert dialog.problem.text().startswith("llm: ")
    assert dialog.height() >= dialog.sizeHint().height(), "nothing is squeezed"


def test_what_is_not_in_use_is_kept(qtbot: QtBot) -> None:
    dialog = open_dialog(qtbot, NAMED)
    dialog.labelling.counting.click()
    assert dialog.labelling.settings() == msgspec.structs.replace(
        NAMED, tier1="token_frequency"
    )
    dialog.labelling.llm.set_text("some/model")
    assert dialog.labelling.settings().llm_model == ""


# -- in the window ---------------------------------------------------------------------


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    path = tmp_path / "graph.json"
    path.write_bytes(as_bytes(tracer_graph()))
    window = MainWindow()
    window.show()
    window.session.open_files([path])
    qtbot.waitExposed(window)
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


def asked_for(window: MainWindow) -> RunDialog:
    window.run.ask()
    return window.findChildren(RunDialog)[-1]


def test_the_project_remembers_and_the_run_asks_that_server(
    window: MainWindow, qtbot: QtBot
) -> None:
    gone = unused_address()
    dialog = asked_for(window)
    dialog.labelling.asking.click()
    dialog.labelling.llm.set_text(gone)
    dialog.labelling.llm_model.setText("any")
    with qtbot.waitSignal(window.session.failed, timeout=60_000) as failed:
        run_button(dialog).click()
    assert failed.args is not None
    assert failed.args[0].startswith(f"The run stopped: {gone}: no server answers")
    chosen = LabelSettings(tier1="small_llm", llm=gone, llm_model="any")
    assert window.run.label_settings() == chosen
    assert asked_for(window).labelling.settings() == chosen


def test_a_run_that_nobody_asked_for_asks_no_server(
    window: MainWindow, qtbot: QtBot
) -> None:
    """A project from elsewhere may name one."""
    settings = LabelSettings(tier1="small_llm", llm=unused_address(), llm_model="any")
    window.session.put_setting("labelling", msgspec.json.encode(settings).decode())
    stages: list[str] = []

    def note(progress: Progress) -> None:
        stages.append(progress.what)

    window.run.slot.progressed.connect(note)
    window.run.run_all()
    qtbot.waitUntil(lambda: "loading the embedder" in stages, timeout=60_000)
    window.run.close()
    assert "opening the language model" not in stages


@pytest.mark.parametrize("stored", ["", "{", '{"tier1": "magic"}', "[]"])
def test_settings_that_cannot_be_read(window: MainWindow, stored: str) -> None:
    window.session.put_setting("labelling", stored)
    assert window.run.label_settings() == LabelSettings()
