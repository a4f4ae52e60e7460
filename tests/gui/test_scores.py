"""The scores beside the tabs, and the thread that computes them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import NodeIndex
from glossator.graph.pruning import visible_links
from glossator.graph.scores import GraphScores, scores_with_pins
from glossator.project.edits import PutSupernode, SetPins, Supernode
from glossator_gui.jobs import ComputationSlot
from glossator_gui.main_window import MainWindow
from glossator_gui.views.score_strip import ScoreStrip
from tests.core.graph_documents import as_bytes, graph_of, tracer_graph

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)
MS = 20_000


@pytest.fixture
def strip(qtbot: QtBot) -> ScoreStrip:
    strip = ScoreStrip()
    qtbot.addWidget(strip)
    return strip


def test_scores_with_their_definition(strip: ScoreStrip) -> None:
    strip.show_scores(GraphScores(0.694, 0.934), GraphScores(0.277, 0.677))
    assert strip.replacement.text() == "Replacement 0.69 · pinned 0.28"
    assert strip.completeness.text() == "Completeness 0.93 · pinned 0.68"
    assert strip.replacement.toolTip().startswith("Replacement score: ")
    assert "not pinned counting as error" in " ".join(
        strip.completeness.toolTip().split()
    )
    strip.clear()
    assert strip.replacement.text() == strip.completeness.text() == ""


def test_a_score_that_is_not_defined_says_why(strip: ScoreStrip) -> None:
    strip.show_scores(
        GraphScores(None, None, "The graph has no logits."),
        GraphScores(None, None, "Nothing is pinned."),
    )
    assert strip.replacement.text() == "Replacement n/a"
    assert "The graph has no logits." in strip.replacement.toolTip()


def test_a_computation_leaves_the_thread_of_the_window(qtbot: QtBot) -> None:
    slot = ComputationSlot()
    with qtbot.waitSignal(slot.succeeded, timeout=MS) as found:
        slot.start(threading.get_ident)
    assert found.args != [threading.get_ident()]
    assert QThread.currentThread() is QApplication.instance().thread()  # type: ignore[union-attr]
    assert not slot.running


def test_only_the_last_of_many_is_told(qtbot: QtBot) -> None:
    slot = ComputationSlot()
    gate = threading.Event()
    done: list[int] = []
    told: list[object] = []
    slot.succeeded.connect(told.append)

    class Numbered:
        def __init__(self, number: int) -> None:
            self.number = number

        def __call__(self) -> int:
            gate.wait(MS / 1000)
            done.append(self.number)
            return self.number

    for number in range(5):
        slot.start(Numbered(number))
    gate.set()
    qtbot.waitUntil(lambda: told == [4], timeout=MS)
    assert done == [0, 4]


@pytest.fixture
def window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> Iterator[MainWindow]:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    window = MainWindow()
    window.show()
    path = tmp_path / "made.json"
    path.write_bytes(as_bytes(tracer_graph()))
    window.session.open_files([path])
    yield window
    window.close()


def test_pins_change_the_scores_that_are_shown(
    window: MainWindow, qtbot: QtBot
) -> None:
    strip, session = window.supernodes.scores, window.session
    graph = graph_of(tracer_graph())
    whole, _ = scores_with_pins(graph, [])
    alone = f"Replacement {whole.replacement:.2f}"
    qtbot.waitUntil(lambda: strip.replacement.text() == alone, timeout=MS)
    number = session.graph_id
    assert number is not None
    pins = (NodeIndex(4),)
    _, pinned = scores_with_pins(graph, pins)
    session.apply("pin", [SetPins(number, pins)])
    both = f"{alone} · pinned {pinned.replacement:.2f}"
    qtbot.waitUntil(lambda: strip.replacement.text() == both, timeout=MS)
    session.undo()
    qtbot.waitUntil(lambda: strip.replacement.text() == alone, timeout=MS)


def test_what_is_grouped_counts_as_pinned(window: MainWindow, qtbot: QtBot) -> None:
    """A file may bring groups of nodes that are not pinned."""
    strip, session = window.supernodes.scores, window.session
    number = session.graph_id
    assert number is not None
    _, kept = scores_with_pins(graph_of(tracer_graph()), [2, 4])
    group = PutSupernode(number, 1, Supernode(name="a", members=(2, 4)))
    qtbot.waitUntil(lambda: "Replacement" in strip.replacement.text(), timeout=MS)
    session.apply("group", [group])
    assert strip.replacement.text().endswith(" …"), "it is being computed"
    qtbot.waitUntil(
        lambda: strip.replacement.text().endswith(f"pinned {kept.replacement:.2f}"),
        timeout=MS,
    )


def test_sliders_hide_nodes_and_links(window: MainWindow) -> None:
    workspace = window.graph
    canvas = workspace.canvas._canvas
    assert canvas.count_text == "8 of 8 nodes, 6 of 6 links shown"
    workspace.pruning.set_percent(50)
    assert workspace.pruning.value.text() == "50 %"
    assert canvas.count_text.startswith("5 of 8 nodes, ")
    workspace.pruning.set_percent(100)
    workspace.link_pruning.set_percent(40)
    shown = visible_links(graph_of(tracer_graph()), 0.4).sum()
    assert 0 < shown < 6
    assert canvas.count_text == f"8 of 8 nodes, {shown} of 6 links shown"
    workspace.link_pruning.set_percent(100)
    assert canvas.count_text == "8 of 8 nodes, 6 of 6 links shown"
