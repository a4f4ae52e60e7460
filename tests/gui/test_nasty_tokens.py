"""Tokens as they are, in every widget that shows one."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from glossator.evidence.example_text import example_text
from glossator.evidence.feature_evidence import (
    ActivationExample,
    FeatureEvidence,
    LogitEffect,
)
from glossator.evidence.token_text import visible_text
from glossator.graph.attribution_graph import FeatureKey, NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.layout.link_graph import lay_out
from glossator.project.edits import AddRevision
from glossator.project.node_text import shown_tokens
from glossator.project.open_files import add_graphs
from glossator.project.revision import GraphId, LabelRevision, feature_subject
from glossator_gui.look.theme import LIGHT
from glossator_gui.models.presenting import connection_rows, feature_view
from glossator_gui.session import Session
from glossator_gui.views.connections.rows import Column
from glossator_gui.views.connections.view import ConnectionsView
from glossator_gui.views.feature_panel.chips import LogitChips
from glossator_gui.views.feature_panel.example_list import ExampleList
from glossator_gui.views.feature_panel.shaded_text import (
    laid_text,
    piece_at,
    running_text,
    shaded_layout,
)
from glossator_gui.views.link_graph.text import axes_for, describe
from glossator_gui.views.link_graph.tip import NodeTip
from glossator_gui.views.plain_text import (
    one_line,
    plain_tooltip,
    printable,
    units,
)
from tests.core.graph_documents import as_bytes
from tests.core.nasty_tokens import (
    NASTY_TOKENS,
    SPELLINGS,
    Spelling,
    nasty_graph,
)

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

each_token = pytest.mark.parametrize(
    "at", range(len(NASTY_TOKENS)), ids=[one.name for one in NASTY_TOKENS]
)


@pytest.fixture(scope="module")
def session(
    tmp_path_factory: pytest.TempPathFactory, qapp: QApplication
) -> Iterator[Session]:
    """A graph whose prompt has all of the tokens, which are its labels, too."""
    folder = tmp_path_factory.mktemp("nasty")
    path = folder / "nasty.json"
    path.write_bytes(as_bytes(nasty_graph()))
    parent = QWidget()
    session = Session(parent)
    session.take(add_graphs(folder / "nasty.gloss", [read_graph(path)], [path]))
    labels = [
        AddRevision(
            feature_subject(feature), LabelRevision(text=one.token, status="accepted")
        )
        for feature, one in zip(session.state.features(), NASTY_TOKENS, strict=True)
        if one.token
    ]
    session.apply("label", labels)
    yield session
    session.take(None)
    parent.deleteLater()


def example(tokens: Sequence[str], at: int = 0) -> ActivationExample:
    activations = np.zeros(len(tokens), dtype=np.float32)
    activations[at] = 2.0
    return ActivationExample(tuple(tokens), activations)


def evidence(*examples: ActivationExample) -> FeatureEvidence:
    return FeatureEvidence(FeatureKey("m", "s", 0, 0), examples, "here")


def seen(text: str) -> str:
    """What is left where isolates are not seen."""
    return text.replace("\u2068", "").replace("\u2069", "")


# -- the graph ----------------------------------------------------------------------


@each_token
def test_a_node_says_on_which_token_it_is(session: Session, at: int) -> None:
    """Title and place in the feature panel, and beside the mouse."""
    nasty = NASTY_TOKENS[at]
    session.select([at])
    view = feature_view(session)
    assert view is not None
    assert seen(one_line(view.title)) == f"Token {nasty.shown}"
    assert seen(one_line(view.subtitle)).startswith(f"at {nasty.shown} (position {at})")
    assert session.graph is not None
    tip = NodeTip(QWidget())
    feature = len(NASTY_TOKENS) + at
    label = session.state.label_at(GraphId(1), NodeIndex(feature))
    text = describe(session.graph, feature, label, shown_tokens(session.graph))
    tip.show_near(QPointF(0, 0), text)
    assert f"token {at} “{nasty.shown}”" in seen(tip.text())
    assert all(c.isprintable() or c == "\n" for c in seen(tip.text()))


@each_token
def test_the_axis_has_each_token_in_its_column(session: Session, at: int) -> None:
    graph = session.graph
    assert graph is not None
    layout = lay_out(graph, np.ones(len(graph), dtype=np.bool_))
    metrics = QFontMetricsF(QFont())
    axes = axes_for(layout, shown_tokens(graph), 20.0, metrics)
    assert axes.tokens[at] == NASTY_TOKENS[at].shown


@each_token
def test_a_row_of_the_connections_has_token_and_label(
    session: Session, at: int, qtbot: QtBot
) -> None:
    graph, nasty = session.graph, NASTY_TOKENS[at]
    assert graph is not None
    feature = NodeIndex(len(NASTY_TOKENS) + at)
    target = len(graph) - 1
    rows = connection_rows(session, GraphId(1), graph.outputs_of(NodeIndex(at)))
    if at == len(NASTY_TOKENS) - 1:
        assert not rows, "the last token has no link"
        return
    assert (rows[0].node, target > feature) == (feature, True)
    view = ConnectionsView()
    qtbot.addWidget(view)
    view.show_rows(rows, [])
    model = view.inputs.model()
    assert seen(model.index(0, Column.TOKEN).data()) == nasty.shown
    label = seen(model.index(0, Column.LABEL).data())
    assert label == seen(one_line(nasty.token)) or label == "1/" + str(at)


# -- examples and logits ------------------------------------------------------------


@pytest.fixture
def examples(qtbot: QtBot) -> ExampleList:
    found = ExampleList()
    qtbot.addWidget(found)
    found.resize(500, 200)
    found.show()
    qtbot.waitExposed(found)
    return found


@each_token
def test_an_example_shows_the_token_in_its_text(examples: ExampleList, at: int) -> None:
    nasty = NASTY_TOKENS[at]
    examples.show_evidence(evidence(example((" one", nasty.token, " two"), 1)))
    text = examples.model().index(0, 0).data()
    between = text.removeprefix("2.00:  one").removesuffix(" two")
    inside = visible_text(nasty.token, joins=True) if nasty.token else "∅"
    assert between == inside
    assert all(c.isprintable() for c in text)


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.name)
def test_bytes_are_joined_in_an_example_and_none_is_dropped(
    examples: ExampleList, spelling: Spelling
) -> None:
    examples.show_evidence(evidence(example(spelling.tokens, 1)))
    text = examples.model().index(0, 0).data().removeprefix("2.00: ")
    whole = [one for one in spelling.shown if not one.startswith("\\x")]
    assert text == "".join(whole).replace("·", " ")


def test_shades_stay_with_their_tokens_beside_arabic() -> None:
    tokens = (" the", " مرحبا", " 123", " عالم", " end", " 😀")
    shown = example_text(example(tokens, 4))
    laid = laid_text(shown)
    assert laid == " the \u2068مرحبا 123 عالم\u2069 end 😀"
    assert seen(laid) == running_text(shown)
    layout = shaded_layout(shown, 2.0, QFont(), LIGHT)
    (top,) = [form for form in layout.formats() if form.format.fontUnderline()]
    assert laid[top.start : top.start + top.length] == " end"
    found = [piece_at(shown, unit) for unit in range(units(laid))]
    assert [piece.text for piece in dict.fromkeys(found) if piece] == list(tokens)


def test_an_example_is_copied_without_what_only_orders_it(
    examples: ExampleList,
) -> None:
    examples.show_evidence(evidence(example((" مرحبا", " end"))))
    examples.setFocus()
    examples.setCurrentIndex(examples.model().index(0, 0))
    QTest.keyClick(examples, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == " مرحبا end"


@each_token
def test_a_promoted_token_is_a_chip_with_all_of_it_to_be_told(
    qtbot: QtBot, at: int
) -> None:
    nasty = NASTY_TOKENS[at]
    chips = LogitChips(promoted=True)
    qtbot.addWidget(chips)
    chips.resize(400, 60)
    chips.show_effects([LogitEffect(nasty.token, 1.5)])
    assert nasty.shown in seen(chips.accessibleName())
    assert seen(chips.tooltip_at(QPointF(10, 10))) == f"Promoted\n{nasty.shown}  +1.50"
    assert chips.tooltip_at(QPointF(390, 10)) == ""
    (text,) = chips.texts
    if len(nasty.shown) < 20:
        assert seen(text) == f"{nasty.shown} +1.50"
    else:
        assert "…" in text.removesuffix("… +1.50"), "cut in the middle"
    chips.grab()


# -- text of any kind ---------------------------------------------------------------


@each_token
def test_text_on_one_line_hides_nothing(at: int) -> None:
    text = seen(one_line(f"a {NASTY_TOKENS[at].token} b"))
    assert text.isprintable()
    assert text.startswith("a ")
    assert text.endswith(" b")


def test_what_is_read_from_right_to_left_moves_nothing() -> None:
    assert one_line("at مرحبا (3)") == "at \u2068مرحبا\u2069 (3)"
    assert printable("مرحبا\nx") == "\u2068مرحبا\u2069\nx"
    assert plain_tooltip("Of", "שלום 5").endswith("\u2068שלום\u2069 5")
    assert one_line(one_line("at مرحبا (3)")) == one_line("at مرحبا (3)")


def test_isolates_of_others_are_spelled_out() -> None:
    assert one_line("\u2068x\u2069") == "U+2068xU+2069"
    assert one_line("\u2069\u2068") == "U+2069U+2068"
    assert one_line("\u202eمرحبا") == "U+202E\u2068مرحبا\u2069"
