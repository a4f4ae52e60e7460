"""The user's settings: shown, stored, put to use; keys; what is kept on disk."""

import os
from collections.abc import Iterator
from pathlib import Path

import keyring
import numpy as np
import pytest
from keyring.backends.fail import Keyring as FailKeyring
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from glossator.device import DEVICE_VARIABLE
from glossator.labelers.label_settings import LabelSettings
from glossator.llm.answer_store import AnswerStore
from glossator.llm.call import Call
from glossator.llm.chat_model import Turn
from glossator.preferences import Preferences, read_preferences, write_preferences
from glossator.protocol.embedding_store import EmbeddingStore
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.settings import answers_file, embeddings_file, preferences_file
from glossator_gui.dialogs.settings_dialog import SettingsDialog
from glossator_gui.main_window import MainWindow
from tests.core.test_llm_keys import MemoryKeyring
from tests.gui.named_controls import unnamed
from tests.gui.scored_project import open_scored, shown_dialog

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

SECONDS = 20_000
WANTED = Preferences(
    protocol=ProtocolSettings(z_threshold=4.0),
    labelling=LabelSettings(tier2="np_max-act", frontier="ollama", dollars=1.5),
    device="cpu",
    embeddings_mb=100,
    library=False,
)


@pytest.fixture(autouse=True)
def no_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test chooses, no other test computes on."""
    monkeypatch.setenv(DEVICE_VARIABLE, "")
    monkeypatch.delenv(DEVICE_VARIABLE)


@pytest.fixture
def ring() -> Iterator[MemoryKeyring]:
    before, ring = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def no_ring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(FailKeyring())  # type: ignore[no-untyped-call]  # theirs
    yield
    keyring.set_keyring(before)


def made_window() -> Iterator[MainWindow]:
    window = MainWindow()
    window.resize(1300, 760)
    window.show()
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


@pytest.fixture
def window() -> Iterator[MainWindow]:
    yield from made_window()


def opened(window: MainWindow) -> SettingsDialog:
    window.actions_by_name["settings"].trigger()
    dialog = shown_dialog(window)
    assert isinstance(dialog, SettingsDialog)
    return dialog


# -- the settings ----------------------------------------------------------------------


def test_it_gives_back_what_it_was_given(qtbot: QtBot) -> None:
    dialog = SettingsDialog(WANTED)
    qtbot.addWidget(dialog)
    assert dialog.preferences() == WANTED
    assert SettingsDialog(Preferences()).preferences() == Preferences()
    dialog.reject()


def test_projects_that_say_nothing_go_by_them(
    window: MainWindow, tmp_path: Path
) -> None:
    open_scored(window, tmp_path)
    session = window.session
    session.put_label_settings(LabelSettings(tier3="nla"))
    dialog = opened(window)
    dialog.protocol.z.setValue(4.0)
    dialog.labelling.hold_out.setChecked(False)
    dialog.save.click()
    assert not dialog.isVisible()
    assert read_preferences().protocol == ProtocolSettings(z_threshold=4.0)
    assert session.protocol_settings().z_threshold == 4.0
    assert session.label_settings() == LabelSettings(tier3="nla"), "it has its own"
    session.put_setting("labelling", "")
    assert session.label_settings() == LabelSettings(hold_out=False)
    session.put_protocol_settings(ProtocolSettings(z_threshold=2.0))
    assert session.protocol_settings().z_threshold == 2.0


def test_they_are_there_at_the_next_start() -> None:
    write_preferences(WANTED)
    made = made_window()
    window = next(made)
    assert window.session.preferences == WANTED
    assert os.environ[DEVICE_VARIABLE] == "cpu"
    assert opened(window).preferences() == WANTED
    next(made, None)


def test_the_device_is_used_when_it_is_chosen(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DEVICE_VARIABLE, "cpu")
    dialog = opened(window)
    dialog.save.click()
    assert os.environ[DEVICE_VARIABLE] == "cpu", "nothing was chosen here"
    dialog = opened(window)
    dialog.device.setCurrentIndex(1)
    dialog.save.click()
    assert os.environ[DEVICE_VARIABLE] == dialog.device.currentData()
    dialog = opened(window)
    dialog.device.setCurrentIndex(0)
    dialog.save.click()
    assert DEVICE_VARIABLE not in os.environ


@pytest.mark.parametrize(
    ("page", "told"), [(0, "cross_window: "), (1, "frontier: ")], ids=["run", "labels"]
)
def test_what_cannot_be_used_is_shown_where_it_is(
    window: MainWindow, page: int, told: str
) -> None:
    dialog = opened(window)
    if page == 0:
        dialog.protocol.windows["cross"][0].setValue(20)
    else:
        method = dialog.labelling.methods[2]
        method.setCurrentIndex(method.findData("np_max-act"))
    dialog.tabs.setCurrentIndex(3)
    dialog.save.click()
    assert dialog.isVisible()
    assert dialog.tabs.currentIndex() == page
    assert dialog.problem.text().startswith(told)
    assert not preferences_file().exists()


def test_a_broken_file_is_told_once_and_kept_until_one_saves(qtbot: QtBot) -> None:
    path = preferences_file()
    path.parent.mkdir(parents=True)
    broken = b'{"embeddings_mb": "many"}'
    path.write_bytes(broken)
    made = made_window()
    window = next(made)
    told: list[str] = []
    window.session.failed.connect(told.append)
    qtbot.waitUntil(lambda: bool(told), timeout=SECONDS)
    assert str(path) in told[0]
    assert "embeddings_mb" in told[0]
    shown_dialog(window).close()
    assert window.session.preferences == Preferences()
    dialog = opened(window)
    assert "saving replaces the file" in dialog.problem.text()
    dialog.reject()
    assert path.read_bytes() == broken
    dialog = opened(window)
    dialog.save.click()
    assert read_preferences() == Preferences()
    assert opened(window).problem.text() == ""
    assert len(told) == 1
    next(made, None)


def test_a_file_that_cannot_be_written_keeps_the_dialog(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    dialog = opened(window)
    dialog.protocol.z.setValue(4.0)
    dialog.save.click()
    assert dialog.isVisible()
    assert "cannot be written" in dialog.problem.text()
    assert window.session.preferences == Preferences()


def test_it_has_names_and_fits_a_small_screen(window: MainWindow) -> None:
    dialog = opened(window)
    for page in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(page)
        QApplication.processEvents()
        assert unnamed(dialog) == []
    assert dialog.width() <= 1280
    assert dialog.height() <= 700


# -- keys ------------------------------------------------------------------------------


def keys_shown(dialog: SettingsDialog, qtbot: QtBot) -> None:
    dialog.tabs.setCurrentIndex(2)
    qtbot.waitUntil(lambda: dialog.keys.rows[0].told != "", timeout=SECONDS)


def test_a_key_goes_to_the_keyring_and_nowhere_else(
    window: MainWindow, ring: MemoryKeyring, qtbot: QtBot
) -> None:
    dialog = opened(window)
    keys_shown(dialog, qtbot)
    row = dialog.keys.rows[0]
    assert row.told == "none"
    assert not row.store.isEnabled()
    assert not row.delete.isEnabled()
    assert row.key.echoMode() == row.key.EchoMode.Password
    QTest.keyClicks(row.key, "sk-very-secret")
    QTest.keyClick(row.key, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: row.told == "from the keyring", timeout=SECONDS)
    assert dialog.isVisible(), "Enter stores the key, and not the settings"
    assert ring.kept == {("glossator", "api.openai.com"): "sk-very-secret"}
    assert row.key.text() == ""
    assert dialog.keys.rows[1].told == "none"
    dialog.save.click()
    assert b"secret" not in preferences_file().read_bytes()
    dialog = opened(window)
    keys_shown(dialog, qtbot)
    dialog.keys.rows[0].delete.click()
    qtbot.waitUntil(lambda: dialog.keys.rows[0].told == "none", timeout=SECONDS)
    assert ring.kept == {}


def test_a_key_of_the_environment_goes_first(
    window: MainWindow,
    ring: MemoryKeyring,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other-secret")
    ring.kept["glossator", "api.openai.com"] = "sk-very-secret"
    dialog = opened(window)
    keys_shown(dialog, qtbot)
    row = dialog.keys.rows[0]
    assert row.told == "from the environment"
    assert row.delete.isEnabled(), "the keyring has one, too"


def test_a_key_for_a_server_of_ones_own(
    window: MainWindow, ring: MemoryKeyring, qtbot: QtBot
) -> None:
    dialog = opened(window)
    keys_shown(dialog, qtbot)
    other = dialog.keys.other
    assert not other.key.isEnabled()
    QTest.keyClicks(other.name, "ftp://nowhere")
    QTest.keyClick(other.name, Qt.Key.Key_Return)
    assert "no address" in other.told
    assert not other.key.isEnabled()
    other.name.setText("https://llm.example.org/v1")
    QTest.keyClick(other.name, Qt.Key.Key_Return)
    qtbot.waitUntil(other.key.isEnabled, timeout=SECONDS)
    assert dialog.isVisible()
    QTest.keyClicks(other.key, "sk-very-secret")
    other.store.click()
    qtbot.waitUntil(lambda: other.told == "from the keyring", timeout=SECONDS)
    assert ring.kept == {("glossator", "llm.example.org"): "sk-very-secret"}


def test_a_server_in_use_has_a_row(
    window: MainWindow, ring: MemoryKeyring, qtbot: QtBot
) -> None:
    used = LabelSettings(llm="http://10.0.0.7:8000/v1", frontier="openai")
    window.session.put_preferences(Preferences(labelling=used))
    dialog = opened(window)
    names = [row.server.address for row in dialog.keys.rows if row.server]
    assert names.count("http://10.0.0.7:8000/v1") == 1
    assert names.count("https://api.openai.com/v1") == 1


def test_what_is_no_key_is_not_stored(
    window: MainWindow, ring: MemoryKeyring, qtbot: QtBot
) -> None:
    dialog = opened(window)
    keys_shown(dialog, qtbot)
    row = dialog.keys.rows[0]
    row.key.setText("two words")
    row.store.click()
    qtbot.waitUntil(dialog.keys.problem.isVisible, timeout=SECONDS)
    assert "no key" in dialog.keys.problem.text()
    assert "two words" not in dialog.keys.problem.text()
    assert ring.kept == {}
    assert row.key.text() == "two words", "it can be mended"


def test_without_a_keyring_no_key_can_be_stored(
    window: MainWindow, no_ring: None, qtbot: QtBot
) -> None:
    dialog = opened(window)
    keys_shown(dialog, qtbot)
    assert dialog.keys.problem.isVisible()
    assert "this system has no keyring" in dialog.keys.problem.text()
    assert not any(row.key.isEnabled() for row in dialog.keys.rows)


# -- storage ---------------------------------------------------------------------------


def test_embeddings_are_measured_and_cleared(window: MainWindow, qtbot: QtBot) -> None:
    store = EmbeddingStore(embeddings_file(), "mini")
    texts = [f"text {at}" for at in range(2000)]
    store.add(texts, np.ones((2000, 384), np.float32))
    store.close()
    dialog = opened(window)
    row = dialog.storage.embeddings
    qtbot.waitUntil(lambda: row.told.endswith(" MB"), timeout=SECONDS)
    row.clear.click()
    qtbot.waitUntil(lambda: row.told == "nothing", timeout=SECONDS)
    assert not row.clear.isEnabled()
    again = EmbeddingStore(embeddings_file(), "mini")
    assert len(again.load(texts).at) == 0
    again.close()


def test_answers_are_forgotten_only_after_a_warning(
    window: MainWindow, qtbot: QtBot
) -> None:
    answers = AnswerStore(answers_file())
    call = Call(
        id="0" * 32,
        key="k",
        at="2026-01-01",
        model="m",
        account="a",
        turns=(Turn("user", "?"),),
        max_tokens=5,
        text="!",
    )
    answers.keep([call])
    dialog = opened(window)
    dialog.tabs.setCurrentIndex(3)
    row = dialog.storage.answers
    qtbot.waitUntil(lambda: row.told.startswith("1 answer, "), timeout=SECONDS)
    row.clear.click()
    (box,) = dialog.findChildren(QMessageBox)
    assert "paid" in box.text()
    box.reject()
    QApplication.processEvents()
    assert answers.size().answers == 1
    row.clear.click()
    box = next(b for b in dialog.findChildren(QMessageBox) if b.isVisible())
    agreed = next(b for b in box.buttons() if b.text() == "Clear")
    agreed.click()
    qtbot.waitUntil(lambda: row.told == "nothing", timeout=SECONDS)
    assert answers.size().answers == 0


def test_answers_that_cannot_be_read_are_told(window: MainWindow, qtbot: QtBot) -> None:
    answers_file().parent.mkdir(parents=True, exist_ok=True)
    answers_file().write_bytes(b"no database" * 100)
    row = opened(window).storage.answers
    qtbot.waitUntil(lambda: "cannot be read" in row.told, timeout=SECONDS)
