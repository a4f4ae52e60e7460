"""A person at the review: queue, decisions, marks, history, re-check, quality."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMessageBox
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import FeatureKey
from glossator.llm.call import Call
from glossator.llm.chat_model import Turn
from glossator.project.edits import AddRevision
from glossator.project.finding.node_filter import NodeFilter
from glossator.project.finding.saved_filters import save_filter
from glossator.project.node_annotations import NodeAnnotations
from glossator.project.reviewing.recheck import LEAST
from glossator.project.revision import LabelRevision, feature_subject
from glossator_gui.main_window import MainWindow
from glossator_gui.models.presenting import canvas_labels
from glossator_gui.session import Session
from glossator_gui.views.review_queue.view import ReviewQueueView
from tests.core.graph_documents import as_bytes, feature_node, tracer_graph
from tests.gui.named_controls import unnamed
from tests.gui.scored_project import TIERS, open_scored

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints|raise|grabbing", extend=True)

CTRL = Qt.KeyboardModifier.ControlModifier
K = Qt.Key


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    """Seven features of several tiers, each with a proposal; the first is selected."""
    window = MainWindow()
    window.show()
    features = open_scored(window, tmp_path)
    proposals = [
        AddRevision(
            feature_subject(feature),
            LabelRevision(text=f"word{feature.index}", status="proposed", method="m"),
        )
        for feature in features
    ]
    window.session.apply("label", proposals)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    window.review.waiting.refresh()
    window.review.waiting.view.mark(())
    window.session.select_features([window.review.queue.model.features[0]])
    window.review.queue.take_focus()
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


@pytest.fixture
def session(window: MainWindow) -> Session:
    return window.session


@pytest.fixture
def queue(window: MainWindow) -> ReviewQueueView:
    return window.review.queue


def press(
    window: MainWindow,
    key: Qt.Key,
    held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    QTest.keyClick(QApplication.focusWidget() or window, key, held)


def write(text: str) -> None:
    editor = QApplication.focusWidget()
    assert editor is not None
    QTest.keyClicks(editor, text)


def indices(queue: ReviewQueueView) -> list[int]:
    return [feature.index for feature in queue.model.features]


def choose(queue: ReviewQueueView, name: str) -> None:
    """Choose a queue by its name, as by keyboard in the list of queues."""
    texts = [queue.queues.itemText(at) for at in range(queue.queues.count())]
    at = next(at for at, text in enumerate(texts) if text.startswith(name))
    queue.queues.setCurrentIndex(at)
    queue.queues.activated.emit(at)


def subject(session: Session) -> str:
    assert session.feature is not None
    return feature_subject(session.feature)


# -- decisions ----------------------------------------------------------------------


def test_each_decision_goes_on_and_keeps_how_long_it_took(
    window: MainWindow, session: Session, queue: ReviewQueueView
) -> None:
    order = list(queue.model.features)
    QTest.qWait(150)
    press(window, K.Key_A)
    assert session.feature == order[1]
    accepted = session.state.last_revision(feature_subject(order[0]))
    assert accepted is not None
    assert (accepted.status, accepted.tier) == ("accepted", "obscure")
    assert 0.1 <= accepted.seconds < 60
    press(window, K.Key_X)
    press(window, K.Key_S)
    press(window, K.Key_E)
    write("own words")
    press(window, K.Key_Return, CTRL)
    assert session.feature == order[4]
    assert session.state.label(order[3]) == "own words"
    assert session.state.review_state(order[1]) == "rejected"
    assert session.state.marks == {feature_subject(order[2]): "skipped"}
    assert queue.model.features == [order[1], *order[4:]]
    assert queue.progress.text() == "2 decided · 4 waiting · 1 skipped · ⚑ 0"


def test_the_end_of_a_queue_is_said_and_another_offered(
    window: MainWindow, session: Session, queue: ReviewQueueView
) -> None:
    choose(queue, "obscure")
    assert indices(queue) == [5]
    said: list[str] = []
    session.told.connect(said.append)
    press(window, K.Key_S)
    assert said == ["Queue done: nothing is left in “obscure”."]
    assert queue.empty.text() == said[0]
    assert queue.go_on.text() == "Go on with “to review (6)”"
    assert queue.go_on.hasFocus()
    press(window, K.Key_Space)
    assert window.review.waiting.queue == "to review"
    assert session.feature == queue.model.features[0]


def test_flag_and_tags_do_not_go_on(
    window: MainWindow, session: Session, queue: ReviewQueueView
) -> None:
    before, marked = session.feature, subject(session)
    for key in (K.Key_F, K.Key_9, K.Key_2):
        press(window, key)
    assert session.feature == before
    assert marked in session.state.flags
    assert session.state.tags == {marked: (2, 9)}
    window.review.waiting.refresh()
    row = queue.model.row(0)
    assert row.said == "word5, 0/5, obscure, proposed, flagged, tag 2, tag 9"
    assert queue.progress.text().endswith("⚑ 1")
    press(window, K.Key_2)
    assert session.state.tags == {marked: (9,)}
    for _ in range(4):
        press(window, K.Key_Z, CTRL)
    assert not session.state.tags
    assert not session.state.flags


def test_single_keys_are_letters_in_the_editor(
    window: MainWindow, session: Session
) -> None:
    before = session.project.steps() if session.project else None
    press(window, K.Key_E)
    write("xsf12bq")
    assert window.review.panel.editor_text == "xsf12bq"
    assert session.project is not None
    assert session.project.steps() == before


def test_a_note_by_key(window: MainWindow, session: Session) -> None:
    press(window, K.Key_N, CTRL)
    write("see 12/4")
    press(window, K.Key_Escape)
    assert session.state.notes == {subject(session): "see 12/4"}
    assert window.review.queue.list.hasFocus()


# -- the queue ----------------------------------------------------------------------


def test_every_row_tells_why_it_stands_there(queue: ReviewQueueView) -> None:
    index = queue.model.index(0)
    tip = index.data(Qt.ItemDataRole.ToolTipRole)
    assert tip.splitlines()[0] == "Why it stands here:"
    assert "of the effect on the answer × uncertainty 0.75" in tip
    assert tip.endswith("tier obscure (1.00), a label by m (0.50)")


def test_another_order(window: MainWindow, queue: ReviewQueueView) -> None:
    at = queue.orders.findData("tier")
    queue.orders.setCurrentIndex(at)
    queue.orders.activated.emit(at)
    shown = [queue.model.row(n).tier for n in range(len(TIERS))]
    assert shown == list(TIERS)
    press(window, K.Key_W)
    assert queue.queues.view().isVisible()
    queue.queues.hidePopup()


def test_a_saved_filter_is_a_queue(
    window: MainWindow, session: Session, queue: ReviewQueueView
) -> None:
    assert session.project is not None
    save_filter(session.project, "<b>hard</b>", NodeFilter(tiers=("cross",)))
    window.review.waiting.refresh()
    choose(queue, "filter: <b>hard")
    assert indices(queue) == [2, 3, 4]
    press(window, K.Key_A)
    assert indices(queue) == [3, 4], "what is decided has been worked off"
    press(window, K.Key_Z, CTRL)
    window.review.waiting.refresh()
    assert indices(queue) == [2, 3, 4]
    for _ in range(3):
        press(window, K.Key_S)
    assert queue.empty.text().startswith("Queue done")


def test_a_number_in_the_queue(
    window: MainWindow, session: Session, queue: ReviewQueueView
) -> None:
    press(window, K.Key_J, CTRL)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QInputDialog)
    dialog.setIntValue(5)
    QTest.keyClick(dialog, K.Key_Return)
    assert session.feature == queue.model.features[4]
    assert queue.pace.text() == "5 of 7"


def test_one_goes_on_where_one_left(
    window: MainWindow, session: Session, queue: ReviewQueueView, qtbot: QtBot
) -> None:
    at = queue.orders.findData("layer")
    queue.orders.setCurrentIndex(at)
    queue.orders.activated.emit(at)
    choose(queue, "cross")
    session.select_features([queue.model.features[1]])
    left = session.feature
    assert session.project is not None
    path = session.project.path
    window.close()

    again = MainWindow()
    qtbot.addWidget(again)
    again.show()
    again.session.open_files([path])
    qtbot.waitUntil(lambda: again.session.feature is not None)
    assert again.session.feature == left
    assert again.review.waiting.queue == "cross"
    assert again.review.queue.orders.currentText() == "by layer"
    again.close()


def test_another_graph_leaves_one_where_one_is(
    window: MainWindow, session: Session, queue: ReviewQueueView, tmp_path: Path
) -> None:
    choose(queue, "cross")
    info = {"neuronpedia_source_set": "res-jb"}
    nodes = [feature_node(0, 9, 1)]
    more = tracer_graph(
        nodes, [], scan="gpt2-small", info=None, feature_details=info, slug="more"
    )
    path = tmp_path / "more.json"
    path.write_bytes(as_bytes(more))
    session.add_graph_files([path])
    assert window.review.waiting.queue == "cross"
    assert queue.all_graphs.isVisible()
    queue.all_graphs.setChecked(True)
    choose(queue, "all")
    assert sorted(indices(queue)) == [0, 1, 2, 3, 4, 5, 6, 9]


def test_a_batch_of_a_run_keeps_what_is_selected(
    window: MainWindow, session: Session, queue: ReviewQueueView
) -> None:
    chosen = queue.model.features[3]
    session.select_features([chosen])
    features = [f for f in queue.model.features if f != chosen]
    batch = [
        AddRevision(
            feature_subject(f), LabelRevision(text="z", status="proposed", method="k")
        )
        for f in features
    ]
    session.apply("run", batch)
    window.review.waiting.refresh()
    assert session.feature == chosen
    rows = queue.list.selectionModel().selectedIndexes()
    assert [queue.model.features[row.row()] for row in rows] == [chosen]


# -- history ------------------------------------------------------------------------


def test_an_old_text_keeps_its_origin(window: MainWindow, session: Session) -> None:
    feature = session.feature
    assert feature is not None
    press(window, K.Key_E)
    write("own words")
    press(window, K.Key_Return)
    session.select_features([feature])
    press(window, K.Key_H)
    press(window, K.Key_Down)
    press(window, K.Key_Return)
    first = f"word{feature.index}"
    assert window.review.panel.editor_text == first
    press(window, K.Key_Return)
    revision = session.state.last_revision(feature_subject(feature))
    assert revision is not None
    assert (revision.text, revision.status) == (first, "accepted")
    assert revision.method == "m"


def test_the_prompt_behind_a_label(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    about = subject(session)
    assert session.project is not None
    call = Call(
        id="0" * 32,
        key="k",
        at="2026-01-01T00:00:00.000+00:00",
        model="m-1",
        account="p",
        about=about,
        turns=(Turn("user", "Name <b>it</b>."),),
        max_tokens=9,
        text="towns",
    )
    session.log_calls([call])
    revision = LabelRevision(
        text="towns",
        status="proposed",
        method="baez",
        model="m-1",
        prompt_hash="abc",
        at="2026-01-01T00:00:01.000+00:00",
    )
    session.apply("label", [AddRevision(about, revision)])  # type: ignore[arg-type]
    window.review.panel.label_box.prompt_requested.emit(revision)
    (box,) = window.findChildren(QMessageBox)
    assert box.text() == "[user]\nName <b>it</b>.\n\n[answer of m-1]\ntowns"
    box.close()


# -- blind re-check -----------------------------------------------------------------


def accept_all(window: MainWindow) -> list[FeatureKey]:
    features = list(window.session.state.features())
    edits = [
        AddRevision(
            feature_subject(f),
            LabelRevision(text=f"secret{f.index}", status="accepted", author="ana"),
        )
        for f in features
    ]
    window.session.apply("accept", edits)
    window.review.waiting.refresh()
    return features


def visible_texts(window: MainWindow) -> str:
    queue, panel = window.review.queue, window.review.panel
    rows = [queue.model.row(at).said for at in range(len(queue.model.features))]
    number = window.session.graph_id
    assert number is not None
    shown = [panel.editor_text, *panel.chip_texts, *panel.label_box.history.texts]
    said = NodeAnnotations(window.session.state, number)
    shown += canvas_labels(window.session, number, said)
    return "\n".join([*rows, *shown, panel.label_box.explanation, window.windowTitle()])


def test_a_re_check_hides_asks_and_compares(
    window: MainWindow, session: Session, queue: ReviewQueueView
) -> None:
    accept_all(window)
    choose(queue, "all")
    said: list[str] = []
    session.told.connect(said.append)
    press(window, K.Key_B)
    assert len(session.concealed) == LEAST
    first = session.feature
    assert first is not None
    assert first in session.concealed
    secret = f"secret{first.index}"
    assert secret not in visible_texts(window)
    write("something else")
    press(window, K.Key_Return)
    assert window.review.panel.recheck.texts == (secret, "something else")
    press(window, K.Key_D)
    second = session.feature
    assert second != first
    assert second is not None
    write(f" SECRET{second.index} ")
    press(window, K.Key_Return)
    assert said[-1] == "The same words."
    third = session.feature
    assert third is not None
    write("better")
    press(window, K.Key_Return)
    press(window, K.Key_B)
    assert session.state.label(third) == "better"
    verdicts = [r.verdict for said in session.state.rechecks.values() for r in said]
    assert verdicts == ["different", "same", "better"]
    press(window, K.Key_Escape)
    press(window, K.Key_S)
    press(window, K.Key_Escape)
    press(window, K.Key_B)
    assert said[-1] == "Re-check ended: 1 of 3 the same (Quality, Q)."
    assert not session.concealed
    for _ in range(3):
        session.undo()
    assert not session.state.rechecks
    assert session.state.label(third) == f"secret{third.index}"


def test_find_tells_no_label_that_a_re_check_hides(
    window: MainWindow, session: Session, queue: ReviewQueueView, qtbot: QtBot
) -> None:
    accept_all(window)
    choose(queue, "all")
    finding = window.finding
    finding.open()
    QTest.keyClicks(finding.bar.query, "secret")
    qtbot.waitUntil(lambda: bool(finding.found))
    everything = finding.found
    window.actions_by_name["recheck"].trigger()
    graph = session.graph
    assert graph is not None
    hidden = [n for f in session.concealed for n in graph.nodes_of(f).tolist()]
    assert hidden
    assert set(finding.found) == set(everything) - set(hidden)
    window.actions_by_name["recheck"].trigger()
    assert finding.found == everything


def test_a_concealed_label_is_not_decided_on(
    window: MainWindow, session: Session
) -> None:
    accept_all(window)
    press(window, K.Key_B)
    press(window, K.Key_Escape)
    assert session.project is not None
    before, feature = session.project.steps(), session.feature
    press(window, K.Key_X)
    assert session.project.steps() == before
    assert session.feature == feature


def test_there_is_nothing_to_re_check_at_first(
    window: MainWindow, session: Session
) -> None:
    said: list[str] = []
    session.told.connect(said.append)
    press(window, K.Key_B)
    assert said == ["There is nothing to check again: no label is accepted yet."]
    assert not session.concealed


# -- quality ------------------------------------------------------------------------


def test_the_quality_panel_follows_the_review(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    press(window, K.Key_Q)
    dialog = window.quality.show()
    page = dialog.review
    assert page.left.rows == [
        ["capital", "7", "7", "2", "29 %", "✗ over", "2", "5"],
    ]
    assert page.none.isVisible()
    assert unnamed(dialog) == unnamed(window.review.panel) == []
    assert page.rechecked.text().startswith("No label was said again yet.")
    window.activateWindow()
    window.review.accept("word5")
    window.review.reject()
    qtbot.waitUntil(lambda: len(page.methods.rows) == 1)
    assert page.methods.rows == [["m", "1", "0", "1", "0", "50 %", "[9, 91] %"]]
    assert [row[0] for row in page.tiers.rows] == ["obscure", "insufficient"]
    assert not page.none.isVisible()
    dialog.close()


def test_another_persons_labels_beside_ones_own(
    window: MainWindow, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    features = accept_all(window)
    assert session.project is not None
    before = session.project.steps()
    path = tmp_path / "theirs.jsonl"
    rows = [
        {"layer": f.layer, "index": f.index, "label": text}
        for f, text in zip(features, ("Secret0", "<b>fish</b>"), strict=False)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    window.quality.read(path)
    dialog = window.quality.show()
    page = dialog.annotator
    assert "1 of 2 labels in the same words: 50 % [9, 91] %" in page.said.text()
    assert [row[:3] for row in page.table.rows] == [["0/1", "secret1", "<b>fish</b>"]]
    with qtbot.waitSignal(window.quality.slot.succeeded, timeout=60_000):
        pass
    assert "mean similarity" in page.said.text()
    assert float(page.table.rows[0][3]) < 0.9
    page.table.setCurrentCell(0, 0)
    assert session.feature == features[1]
    page.take.click()
    assert window.review.panel.editor_text == "<b>fish</b>"
    assert session.project.steps() == before, "nothing of it enters the project"
    window.review.accept_shown()
    revision = session.state.last_revision(feature_subject(features[1]))
    assert revision is not None
    assert revision.method == "second annotator"
    assert revision.reason == "words of another person in theirs.jsonl"
    dialog.close()


def test_a_file_that_cannot_be_read_is_said(
    window: MainWindow, session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "no.csv"
    path.write_text("nothing\n1\n")
    window.quality.read(path)
    dialog = window.quality.show()
    assert "no.csv" in dialog.annotator.said.text()
    dialog.close()
