"""Fetching evidence from the window: shown first, fetched in a process, used."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QRadioButton
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import FeatureKey
from glossator.graph.feature_ids import cantor
from glossator_gui.dialogs.fetch_dialog import FetchDialog
from glossator_gui.main_window import MainWindow
from tests.core.feature_server import FeatureServer, feature_server, hang, status
from tests.core.graph_documents import as_bytes, feature_json, tracer_graph

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

NINE = FeatureKey("gemma-2-2b", "clt-gemma-2-2b-2.5M", 2, 9)
PATH = f"/f/{cantor(2, 9)}.json"


@pytest.fixture
def server() -> Iterator[FeatureServer]:
    with feature_server() as server:
        server.files[PATH] = as_bytes(feature_json())
        yield server


@pytest.fixture
def window(tmp_path: Path, server: FeatureServer, qtbot: QtBot) -> Iterator[MainWindow]:
    named = {"feature_json_base_url": f"{server.url}/f"}
    path = tmp_path / "made.json"
    path.write_bytes(as_bytes(tracer_graph(feature_details=named)))
    window = MainWindow()
    window.show()
    window.session.open_files([path])
    window.session.select([3])
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


def dialog_of(window: MainWindow) -> FetchDialog:
    window.actions_by_name["fetch_evidence"].trigger()
    QApplication.processEvents()
    return next(d for d in window.findChildren(FetchDialog) if d.isVisible())


def test_nothing_is_asked_before_a_person_agrees(
    window: MainWindow, server: FeatureServer
) -> None:
    dialog = dialog_of(window)
    names = [button.text() for button in dialog.findChildren(QRadioButton)]
    assert names[0] == "Feature files"
    assert server.url.removeprefix("http://") in dialog.plan.text()
    dialog.scopes.buttons.button(1).click()
    assert "for 1 feature:" in dialog.plan.text()
    dialog.reject()
    assert server.seen == []


def test_what_came_is_shown_at_once(window: MainWindow, qtbot: QtBot) -> None:
    assert window.session.evidence(NINE) is None
    dialog = dialog_of(window)
    dialog.fetch.click()
    qtbot.waitUntil(lambda: not window.fetch.job.slot.running, timeout=20_000)
    found = window.session.evidence(NINE)
    assert found is not None
    assert "1 features fetched" in window.statusBar().currentMessage()
    assert window.review.panel.evidence_pane.examples.isVisible()


def test_cancelling_keeps_what_came(
    window: MainWindow, server: FeatureServer, qtbot: QtBot
) -> None:
    server.order(hang)
    dialog_of(window).fetch.click()
    qtbot.waitUntil(lambda: bool(server.seen), timeout=20_000)
    assert window.fetch.job.bar.isVisible()
    window.fetch.job.slot.end()
    assert not window.fetch.job.bar.isVisible()
    server.released.set()
    dialog_of(window).fetch.click()
    qtbot.waitUntil(lambda: not window.fetch.job.slot.running, timeout=20_000)
    assert window.session.evidence(NINE) is not None


def test_a_bulk_export_is_read_out_in_a_job(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    source = tmp_path / "2-clt-gemma-2-2b-2.5M"
    names = {"modelId": NINE.model, "layer": source.name, "index": "9"}
    line = names | {"tokens": [" a", " b"], "values": [0.0, 2.5]}
    folder = source / "activations"
    folder.mkdir(parents=True)
    (folder / "batch-0.jsonl.gz").write_bytes(gzip.compress(as_bytes(line)))
    window.fetch.add(source)
    assert window.fetch.job.slot.running
    qtbot.waitUntil(lambda: not window.fetch.job.slot.running, timeout=20_000)
    found = window.session.evidence(NINE)
    assert found is not None
    assert found.max_activation == 2.5
    assert "Evidence of 1 of" in window.statusBar().currentMessage()


def test_a_refusal_is_told(
    window: MainWindow, server: FeatureServer, qtbot: QtBot
) -> None:
    server.order(status(401))
    with qtbot.waitSignal(window.session.failed, timeout=20_000) as failed:
        dialog_of(window).fetch.click()
    assert "401" in failed.args[0]
    assert "fetch again" in failed.args[0]


def test_a_graph_that_names_no_place_says_what_else_there_is(
    tmp_path: Path, window: MainWindow
) -> None:
    path = tmp_path / "bare.json"
    path.write_bytes(as_bytes(tracer_graph(info={}, scan="no..place")))
    window.session.open_files([path])
    dialog = dialog_of(window)
    assert not dialog.fetch.isEnabled()
    dialog.reject()
