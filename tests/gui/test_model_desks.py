"""Evidence and words from local models, from the window: asked for, made, shown."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from glossator.graph.attribution_graph import FeatureKey
from glossator_gui.dialogs.collect_dialog import CollectDialog
from glossator_gui.dialogs.verbalize_dialog import VerbalizeChoice, VerbalizeDialog
from glossator_gui.main_window import MainWindow
from tests.core.feature_server import Talk, feature_server, instead
from tests.core.graph_documents import (
    as_bytes,
    feature_node,
    logit_node,
    neuron_row,
    tracer_graph,
)
from tests.core.tiny_language_model import save_tiny_llama, sentences
from tests.core.tiny_nla import LAYER, TEXTS, WORDS, TinyPair, qwen_pair

__all__ = ["qwen_pair"]

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

SLOW = 120_000
"""Milliseconds: models are loaded in a process of their own."""


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


def open_graph(window: MainWindow, folder: Path, layer: int) -> list[FeatureKey]:
    """A graph of two features of a layer; the first is selected."""
    nodes = [feature_node(layer, 0, 1), feature_node(layer, 1, 1), logit_node("x", 0.9)]
    document = tracer_graph(
        nodes,
        [],
        scan="tiny",
        info={},
        feature_details={"neuronpedia_source_set": "set"},
    )
    path = folder / "tiny.json"
    path.write_bytes(as_bytes(document))
    window.session.open_files([path])
    window.session.select([0])
    return list(window.session.state.features())


def choice(pair: TinyPair, **changed: object) -> VerbalizeChoice:
    values: dict[str, object] = {
        "service": "checkpoint",
        "verbalizer": str(pair.av),
        "reconstructor": str(pair.ar),
        "base_model": str(pair.base),
        "replacement": "",
        "n_examples": 1,
        "n_samples": 1,
        "temperature": 0.0,
        "scope": "all",
    }
    return VerbalizeChoice(**(values | changed))  # type: ignore[arg-type]


def test_examples_are_put_into_words_by_a_checkpoint(
    window: MainWindow, qwen_pair: TinyPair, tmp_path: Path, qtbot: QtBot
) -> None:
    features = open_graph(window, tmp_path, LAYER)
    rows = [
        neuron_row(LAYER, at, [(["A", WORDS[at], " more"], [0.0, 5.0, 0.0])])
        | {"modelId": "tiny", "layer": f"{LAYER}-set"}
        for at in range(2)
    ]
    evidence = tmp_path / "evidence.json"
    evidence.write_bytes(as_bytes(rows))
    window.session.add_evidence(evidence)
    window.verbalize.start(choice(qwen_pair))
    assert window.verbalize.job.slot.running
    qtbot.waitUntil(lambda: not window.verbalize.job.slot.running, timeout=SLOW)
    for at, feature in enumerate(features):
        (said,) = window.session.state.verbalized(feature)
        assert said.text == TEXTS[at]
        assert said.example == f"A{WORDS[at]}"
        assert said.reconstruction is not None
    cards = window.review.panel.verbalization.cards
    assert [block.text for block in cards[0].blocks] == TEXTS[0].split("\n\n")
    assert "2 verbalizations by" in window.statusBar().currentMessage()
    window.session.undo()
    assert window.session.state.verbalizations == {}, "one step of the history"


def test_what_cannot_be_put_into_words_is_told(
    window: MainWindow, qwen_pair: TinyPair, tmp_path: Path, qtbot: QtBot
) -> None:
    open_graph(window, tmp_path, LAYER)
    with qtbot.waitSignal(window.session.failed) as failed:
        window.verbalize.start(choice(qwen_pair))
    assert "there are no examples without evidence" in failed.args[0]
    window.verbalize.start(
        choice(qwen_pair, n_examples=0, replacement=str(tmp_path / "none"))
    )
    with qtbot.waitSignal(window.session.failed, timeout=SLOW) as failed:
        pass
    assert "Verbalizing stopped" in failed.args[0]
    assert "none" in failed.args[0]


def test_the_dialog_proposes_what_was_chosen_before(
    window: MainWindow, qwen_pair: TinyPair, tmp_path: Path
) -> None:
    open_graph(window, tmp_path, LAYER)
    chosen = choice(qwen_pair, n_examples=2, n_samples=4, temperature=0.5)
    window.verbalize.start(chosen)
    window.verbalize.job.slot.end()
    window.actions_by_name["verbalize"].trigger()
    QApplication.processEvents()
    dialog = next(d for d in window.findChildren(VerbalizeDialog) if d.isVisible())
    assert dialog.scopes.chosen == 0
    dialog.scopes.buttons.button(2).click()
    assert dialog.choice() == chosen
    dialog.verbalizer.set_text("")
    assert not dialog.start.isEnabled()
    assert "Name the verbalizer" in dialog.problem.text()
    dialog.service.setCurrentIndex(dialog.service.findData("server"))
    assert "Name the address" in dialog.problem.text()
    assert not dialog.reconstructor.isVisible()
    dialog.service.setCurrentIndex(dialog.service.findData("neuronpedia"))
    assert not dialog.base_model.isVisible()
    assert not dialog.own_vector.isEnabled()
    dialog.reject()


def test_evidence_is_collected_over_texts_and_shown(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    features = open_graph(window, tmp_path, 1)
    model = save_tiny_llama(tmp_path / "model")
    texts = tmp_path / "texts.txt"
    texts.write_text("\n\n".join(sentences(30)), encoding="utf-8")
    window.actions_by_name["collect"].trigger()
    QApplication.processEvents()
    dialog = next(d for d in window.findChildren(CollectDialog) if d.isVisible())
    assert not dialog.start.isEnabled()
    dialog.model.set_text(str(model))
    dialog.features_are.setCurrentIndex(dialog.features_are.findData("neurons"))
    assert not dialog.transcoders.isVisible()
    dialog.corpus.set_text(str(texts))
    assert dialog.start.isEnabled()
    dialog.start.click()
    assert window.collect.job.bar.isVisible()
    qtbot.waitUntil(lambda: not window.collect.job.slot.running, timeout=SLOW)
    for feature in features:
        found = window.session.evidence(feature)
        assert found is not None
        assert len(found.examples) > 3
    assert window.review.panel.evidence_pane.examples.isVisible()
    assert "Evidence of 2 features" in window.statusBar().currentMessage()


def test_texts_that_are_none_are_told(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    open_graph(window, tmp_path, 1)
    window.actions_by_name["collect"].trigger()
    QApplication.processEvents()
    dialog = next(d for d in window.findChildren(CollectDialog) if d.isVisible())
    dialog.model.set_text(str(tmp_path / "no model"))
    dialog.features_are.setCurrentIndex(dialog.features_are.findData("neurons"))
    dialog.corpus.set_text(str(tmp_path / "none.txt"))
    with qtbot.waitSignal(window.session.failed, timeout=SLOW) as failed:
        dialog.start.click()
    assert "none.txt" in failed.args[0]


def test_a_server_puts_own_vectors_into_words(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    features = open_graph(window, tmp_path, 1)
    model = save_tiny_llama(tmp_path / "model")
    status = {"d_model": 16, "extraction_layer": 1, "verbalizer_model": "tiny-av"}
    said = {"description": "Rivers.", "mse": 0.5, "cosine_similarity": 0.75}
    with feature_server() as server:

        def describe(talk: Talk, _: bytes) -> None:
            asked = json.loads(talk.server.features.seen[-1].body)
            talk.send(as_bytes({"results": [said] * len(asked["activations"])}))

        server.order(instead(as_bytes(status | {"source_model": str(model)})))
        server.order(*[describe] * 4, path="/describe")
        window.verbalize.start(
            VerbalizeChoice(
                service="server",
                verbalizer=server.url,
                reconstructor="",
                base_model=str(model),
                replacement="neurons",
                n_examples=0,
                n_samples=1,
                temperature=0.7,
                scope="all",
            )
        )
        qtbot.waitUntil(lambda: not window.verbalize.job.slot.running, timeout=SLOW)
    for feature in features:
        (own,) = window.session.state.verbalized(feature)
        assert (own.text, own.about, own.layer) == ("Rivers.", "feature", 1)
        assert own.extrapolates
