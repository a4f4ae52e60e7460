"""Labels by language models, from the window: planned, shown, asked for, stored."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from glossator.labelers.label_settings import LabelSettings
from glossator.labelers.methods import known_methods
from glossator.labelling.plan import LabelPlan, PlannedTier
from glossator.llm.estimate import Estimate
from glossator.project.reviewing.review import accept_edits
from glossator_gui.dialogs.label_dialog import LabelDialog
from glossator_gui.dialogs.plan_view import PlanView, money
from glossator_gui.main_window import MainWindow
from tests.core.llm_server import (
    MODEL,
    ChatServer,
    answers,
    chat_server,
    fails,
    hangs,
    says,
    unused_address,
)
from tests.gui.named_controls import unnamed
from tests.gui.scored_project import open_scored, shown_dialog

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

SLOW = 60_000
"""Milliseconds: a process has to start."""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        server.default = answers(lambda question: f"Explanation: {_own(question)}")
        yield server


def _own(question: str) -> str:
    """The word that a feature of the project is about."""
    at = question.rindex("word")
    return question[at : at + 5]


@pytest.fixture
def window(tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow()
    window.resize(1300, 760)
    window.show()
    open_scored(window, tmp_path)
    qtbot.waitExposed(window)
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


def opened(window: MainWindow) -> LabelDialog:
    window.actions_by_name["label"].trigger()
    dialog = shown_dialog(window)
    assert isinstance(dialog, LabelDialog)
    return dialog


def choose(dialog: LabelDialog, server: str, **methods: str) -> None:
    """Methods by tier, and the model of cross and obscure features."""
    for tier, combo in dialog.labelling.methods.items():
        name = methods.get(f"tier{tier}")
        if name is not None:
            combo.setCurrentIndex(combo.findData(name))
    dialog.labelling.frontier.of.setEditText(server)


def planned(window: MainWindow, dialog: LabelDialog, qtbot: QtBot) -> None:
    """Wait for the plan that was asked for."""
    qtbot.waitUntil(lambda: not window.label.planning.running, timeout=SLOW)
    QApplication.processEvents()


def plan(window: MainWindow, dialog: LabelDialog, qtbot: QtBot) -> None:
    dialog.plan.click()
    planned(window, dialog, qtbot)


def labelled(window: MainWindow, dialog: LabelDialog, qtbot: QtBot) -> None:
    dialog.label.click()
    qtbot.waitUntil(lambda: not window.label.job.slot.running, timeout=SLOW)
    QApplication.processEvents()


# -- planning --------------------------------------------------------------------------


def test_a_plan_tells_what_would_be_asked_and_asks_nothing(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    dialog = opened(window)
    assert not dialog.label.isEnabled()
    choose(dialog, server.url, tier2="np_max-act", tier3="np_max-act")
    assert server.seen == []
    plan(window, dialog, qtbot)
    assert server.asked == []
    assert [seen.path for seen in server.seen] == ["/v1/models"]
    cross, obscure, together = dialog.plan_view.rows
    named = f"{MODEL} at {server.url}"
    assert cross[:6] == [
        "Cross",
        "Top tokens and texts (Neuronpedia)",
        named,
        "3",
        "3",
        "0",
    ]
    assert obscure[0] == "Obscure"
    assert together[:5] == ["Together", "", "", "4", "4"]
    assert dialog.label.text() == "Label 4 features (at no cost)"
    assert dialog.label.isEnabled()
    assert "3 features are left as before." in dialog.plan_view.note.text()


def test_a_server_that_only_the_project_names_is_not_asked(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    stored = LabelSettings(tier2="np_max-act", frontier=server.url)
    window.session.put_label_settings(stored)
    window.run.plan_wanted.emit()
    dialog = shown_dialog(window)
    assert isinstance(dialog, LabelDialog)
    assert server.url in dialog.plan_view.said.text()
    assert "press Plan" in dialog.plan_view.said.text()
    assert not window.label.planning.running
    plan(window, dialog, qtbot)
    assert dialog.label.isEnabled()
    dialog.reject()
    window.run.plan_wanted.emit()
    assert window.label.planning.running, "the person said yes to it before"


def test_what_the_user_wants_of_every_project_is_planned_at_once(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    wanted = LabelSettings(tier2="np_max-act", frontier=server.url)
    session = window.session
    session.put_preferences(
        msgspec.structs.replace(session.preferences, labelling=wanted)
    )
    window.run.plan_wanted.emit()
    dialog = shown_dialog(window)
    assert isinstance(dialog, LabelDialog)
    planned(window, dialog, qtbot)
    assert dialog.label.text() == "Label 3 features (at no cost)"


def test_other_limits_are_planned_anew_and_another_server_is_not(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    dialog = opened(window)
    choose(dialog, server.url, tier2="np_max-act")
    plan(window, dialog, qtbot)
    dialog.scopes.buttons.button(1).click()
    assert not dialog.label.isEnabled(), "the plan is of another scope"
    dialog.labelling.prompt_price.setText("1000")
    dialog.labelling.answer_price.setText("1000")
    qtbot.waitUntil(lambda: window.label.planning.running, timeout=SLOW)
    planned(window, dialog, qtbot)
    assert dialog.plan_view.rows[0][-2].startswith("$")
    assert dialog.plan_view.rows[0][-2] != "$0"
    asked = len(server.seen)
    with chat_server() as other:
        dialog.labelling.frontier.of.setEditText(other.url)
        qtbot.wait(1000)
        assert other.seen == []
    assert len(server.seen) == asked
    assert not dialog.label.isEnabled()
    assert "press Plan" in dialog.plan_view.problem.text()


def test_what_the_budget_does_not_reach_for_cannot_be_started(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    dialog = opened(window)
    choose(dialog, server.url, tier2="np_max-act")
    box = dialog.labelling
    box.prompt_price.setText("5")
    box.answer_price.setText("5")
    box.dollars.setText("0.001")
    plan(window, dialog, qtbot)
    assert not dialog.label.isEnabled()
    assert "$0.001 may be spent" in dialog.plan_view.problem.text()
    box.dollars.setText("")
    box.tokens.setText("10")
    qtbot.waitUntil(
        lambda: "10 may be used" in dialog.plan_view.problem.text(), timeout=SLOW
    )
    assert not dialog.label.isEnabled()
    box.tokens.setText("")
    qtbot.waitUntil(dialog.label.isEnabled, timeout=SLOW)


def test_a_server_that_is_away_is_told_in_the_dialog(
    window: MainWindow, qtbot: QtBot
) -> None:
    gone = unused_address()
    dialog = opened(window)
    choose(dialog, gone, tier2="np_max-act")
    plan(window, dialog, qtbot)
    assert dialog.plan_view.said.text().startswith(f"{gone}: no server answers")
    assert not dialog.label.isEnabled()
    assert dialog.choice().settings.frontier == gone, "nothing is lost"


@pytest.mark.parametrize(
    ("named", "told"),
    [("", "frontier: name a language model"), ("ftp://x", "frontier: 'ftp://x'")],
)
def test_what_names_no_model_is_told_at_once(
    window: MainWindow, named: str, told: str
) -> None:
    dialog = opened(window)
    choose(dialog, named, tier2="np_max-act")
    dialog.plan.click()
    assert dialog.plan_view.said.text().startswith(told)
    assert not window.label.planning.running


def test_a_key_that_is_not_accepted_is_told_and_never_shown(
    window: MainWindow,
    server: ChatServer,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    server.models = fails(401, "wrong key sk-very-secret")
    dialog = opened(window)
    choose(dialog, server.url, tier2="np_max-act")
    hint = dialog.labelling.frontier.hint
    qtbot.waitUntil(lambda: "OPENAI_API_KEY" in hint.text(), timeout=SLOW)
    plan(window, dialog, qtbot)
    assert "OPENAI_API_KEY is not accepted" in dialog.plan_view.said.text()
    for shown in (dialog.plan_view.said.text(), hint.text()):
        assert "secret" not in shown


# -- labelling -------------------------------------------------------------------------


def test_labels_come_as_one_step_with_the_calls_on_record(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    session = window.session
    server.latency = 0.6  # labels are handed over more than once
    dialog = opened(window)
    choose(dialog, server.url, tier2="np_max-act", tier3="np_max-act")
    dialog.labelling.at_once.setValue(1)
    dialog.labelling.prompt_price.setText("3")
    dialog.labelling.answer_price.setText("15")
    plan(window, dialog, qtbot)
    dialog.label.click()
    assert window.label.job.bar.isVisible()
    qtbot.waitUntil(lambda: not window.label.job.slot.running, timeout=SLOW)
    features = session.state.features()
    assert [session.state.label(f) for f in features] == [
        "",
        "",
        "word2",
        "word3",
        "word4",
        "word5",
        "",
    ]
    assert session.project is not None
    (spent,) = session.project.spent()
    assert (spent.purpose, spent.calls, spent.failed) == ("np_max-act", 4, 0)
    assert spent.dollars > 0
    told = window.statusBar().currentMessage()
    assert told.startswith("4 labels (4 by np_max-act); 4 prompts asked; ")
    assert told.endswith(money(spent.dollars))
    assert session.project.steps().undo == "label with language models"
    session.undo()
    assert not any(session.state.label(f) for f in features)
    assert session.project.spent() == (spent,), "what was paid stays paid"


def test_the_same_is_not_asked_again(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    rows: list[list[str]] = []
    for _ in range(2):
        dialog = opened(window)
        choose(dialog, server.url, tier2="np_max-act")
        plan(window, dialog, qtbot)
        rows = dialog.plan_view.rows
        labelled(window, dialog, qtbot)
    assert rows[0][4:6] == ["0", "3"]
    assert len(server.asked) == 3
    assert (
        "0 prompts asked and 3 answered before" in window.statusBar().currentMessage()
    )


def test_a_feature_that_was_declined_says_why(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    server.by_prompt = {"word3": says("Explanation: unknown"), "word4": says("hm")}
    dialog = opened(window)
    choose(dialog, server.url, tier2="np_max-act")
    plan(window, dialog, qtbot)
    labelled(window, dialog, qtbot)
    session, state = window.session, window.session.state
    declined = [f for f in state.features() if state.why_no_label(f)]
    assert [f.index for f in declined] == [3, 4]
    assert "2 declined, most often: " in window.statusBar().currentMessage()
    session.select_features([declined[0]])
    box = window.review.panel._label
    assert box.why_none.startswith(
        f"np_max-act with {MODEL} at {server.url} gave no label"
    )
    assert "unknown”, which refuses" in box.why_none
    again = opened(window)
    assert (
        again.scopes.buttons.button(2).text() == "Of these, those declined before (2)"
    )
    again.reject()
    session.apply("accept", accept_edits(state, declined[0], "by hand", "ana"))
    assert box.why_none == ""


def test_where_no_label_came_it_is_said_aloud(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    server.default = says("Explanation: unknown")
    dialog = opened(window)
    choose(dialog, server.url, tier3="np_max-act")
    plan(window, dialog, qtbot)
    with qtbot.waitSignal(window.session.failed, timeout=SLOW) as failed:
        dialog.label.click()
    assert failed.args is not None
    assert failed.args[0].startswith("No label; 1 declined, most often: ")


def test_a_model_that_answers_nothing_leads_back_to_the_dialog(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    server.default = fails(401, "no")
    dialog = opened(window)
    choose(dialog, server.url, tier2="np_max-act")
    plan(window, dialog, qtbot)
    before = window.session.project
    assert before is not None
    labelled(window, dialog, qtbot)
    back = shown_dialog(window)
    assert isinstance(back, LabelDialog)
    assert back is not dialog
    told = back.plan_view.said.text()
    assert told.startswith(f"Labelling stopped: {MODEL} at {server.url}: status 401")
    assert back.choice().settings.tier2 == "np_max-act"
    assert before.steps().undo == "run protocol"
    (spent,) = before.spent()
    assert spent.failed == spent.calls > 0


def test_cancelled_what_was_asked_is_on_record(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    server.acts = [says("Explanation: first")]
    server.default = hangs
    dialog = opened(window)
    choose(dialog, server.url, tier2="np_max-act")
    dialog.labelling.at_once.setValue(1)
    plan(window, dialog, qtbot)
    dialog.label.click()
    qtbot.waitUntil(lambda: len(server.asked) == 2, timeout=SLOW)
    window.label.ask()
    assert "wait until it is done" in window.statusBar().currentMessage()
    window.label.job.bar.cancel.click()
    qtbot.waitUntil(lambda: not window.label.job.slot.running, timeout=SLOW)
    assert "Labelling cancelled" in window.statusBar().currentMessage()
    assert window.session.project is not None
    (spent,) = window.session.project.spent()
    assert spent.calls == 1


def test_what_a_person_labelled_is_not_in_any_scope(window: MainWindow) -> None:
    session, state = window.session, window.session.state
    features = state.features()
    session.apply("accept", accept_edits(state, features[2], "by hand", "ana"))
    session.select_features(features[2:4])
    dialog = opened(window)
    texts = [button.text() for button in dialog.scopes.buttons.buttons()]
    assert texts == [
        "All that a machine may label (6)",
        "Of these, those without a label (6)",
        "Of these, those declined before (0)",
        "Of these, those visible after pruning (6)",
        "Of these, those selected (1)",
    ]


def test_without_results_it_says_what_to_do(tmp_path: Path, window: MainWindow) -> None:
    window.session.undo()
    dialog = opened(window)
    assert not dialog.plan.isEnabled()
    assert "run the protocol first" in dialog.plan_view.said.text()


# -- the dialog ------------------------------------------------------------------------


def test_only_methods_that_are_fit_for_a_tier_are_offered(window: MainWindow) -> None:
    methods = opened(window).labelling.methods
    offered = {
        tier: [combo.itemData(at) for at in range(combo.count())]
        for tier, combo in methods.items()
    }
    assert offered[1][0] == "token_frequency"
    assert offered[2][0] == offered[3][0] == ""
    assert "small_llm" in offered[1]
    assert "small_llm" not in offered[2]
    assert "sense_words" in offered[2]
    assert "sense_words" not in offered[3]


def test_a_model_is_named_only_where_one_is_asked(window: MainWindow) -> None:
    dialog = opened(window)
    box = dialog.labelling
    assert not box.llm.isEnabled()
    assert not box.frontier.isEnabled()
    assert not box.prompt_price.isEnabled()
    assert box.frontier.hint.text() == "No language model is asked."
    choose(dialog, "openai", tier3="nla")
    assert not box.frontier.isEnabled(), "it puts no question to any"
    choose(dialog, "openai", tier3="np_max-act")
    assert box.frontier.isEnabled()
    assert box.prompt_price.isEnabled()
    assert "sent to api.openai.com." in box.frontier.hint.text()


@pytest.mark.parametrize(
    ("named", "hint"),
    [
        ("", "Name a provider"),
        ("{folder}", "nothing goes over the network"),
        ("some/model", "fetched over the network if it is not there"),
        ("http://localhost:11434/v1", "sent to a server on this machine"),
        ("https://user:pass@example.org", "is not used"),
        ("https://example.org/v1\u202e", "sent to example.org."),
    ],
)
def test_the_hint_tells_where_examples_go(
    window: MainWindow, tmp_path: Path, named: str, hint: str
) -> None:
    dialog = opened(window)
    choose(dialog, named.format(folder=tmp_path), tier2="np_max-act")
    assert hint in dialog.labelling.frontier.hint.text()


def test_the_dialog_gives_back_what_it_was_given(window: MainWindow) -> None:
    given = LabelSettings(
        tier1="small_llm",
        tier2="eleuther_acts_top20",
        tier3="np_max-act-logits",
        llm="http://localhost:11434/v1",
        llm_model="llama3.2",
        frontier="anthropic",
        frontier_model="claude",
        hold_out=False,
        dollars=2.5,
        tokens=1_000_000,
        prompt_price=0.25,
        answer_price=2.0,
        at_once=3,
        patience=7.0,
    )
    window.session.put_label_settings(given)
    assert opened(window).choice().settings == given


def test_what_is_chosen_in_the_dialog_is_asked_for(window: MainWindow) -> None:
    dialog = opened(window)
    box = dialog.labelling
    choose(dialog, "openai", tier1="small_llm", tier2="np_max-act", tier3="nla")
    box.frontier.model.setText("gpt")
    box.llm.of.setEditText("some/model")
    box.dollars.setText("2.5")
    box.tokens.setText("1000")
    box.prompt_price.setText("0.25")
    box.answer_price.setText("2")
    box.at_once.setValue(3)
    box.hold_out.click()
    assert dialog.choice().settings == LabelSettings(
        tier1="small_llm",
        tier2="np_max-act",
        tier3="nla",
        llm="some/model",
        frontier="openai",
        frontier_model="gpt",
        hold_out=False,
        dollars=2.5,
        tokens=1000,
        prompt_price=0.25,
        answer_price=2.0,
        at_once=3,
    )


def test_enter_never_pays(window: MainWindow, server: ChatServer, qtbot: QtBot) -> None:
    dialog = opened(window)
    choose(dialog, server.url, tier2="np_max-act")
    plan(window, dialog, qtbot)
    QTest.keyClick(dialog.labelling.dollars, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert dialog.isVisible()
    assert not window.label.job.slot.running


def test_it_has_names_and_fits_a_small_screen(
    window: MainWindow, server: ChatServer, qtbot: QtBot
) -> None:
    dialog = opened(window)
    choose(
        dialog, server.url, tier1="small_llm", tier2="np_max-act", tier3="np_max-act"
    )
    dialog.labelling.llm.of.setEditText(server.url)
    plan(window, dialog, qtbot)
    assert len(dialog.plan_view.rows) == 4
    assert unnamed(dialog) == []
    assert dialog.width() <= 1280
    assert dialog.height() <= 700
    needed = dialog.layout()
    assert needed is not None
    assert dialog.height() >= needed.totalHeightForWidth(dialog.width()), "squeezed"


def test_a_plan_whose_price_is_not_known(qtbot: QtBot) -> None:
    one = Estimate(2, 0, 100, 20, None)
    most = one._replace(answer_tokens=500)
    tier = PlannedTier(2, "np_max-act", "far", 3, 1, one, most)
    view = PlanView(known_methods())
    qtbot.addWidget(view)
    view.show_plan(LabelPlan((tier,), 0, ("a.json: broken",)), LabelSettings())
    assert view.rows[0][-2:] == ["not known", "not known"]
    note = view.note.text()
    assert "A price is not known: give the model’s own, or limit the tokens." in note
    assert "For 1 feature there is nothing to ask" in note
    assert "a.json: broken" in note


# -- what projects remember ------------------------------------------------------------


@pytest.mark.parametrize("stored", ["", "{", "[]", '{"tier1": 3}'])
def test_settings_that_cannot_be_read(window: MainWindow, stored: str) -> None:
    window.session.put_setting("labelling", stored)
    assert window.session.label_settings() == LabelSettings()


def test_settings_of_before_there_were_tiers_of_methods(window: MainWindow) -> None:
    old = '{"tier1": "small_llm", "llm": "http://localhost:1/v1", "llm_model": "x"}'
    window.session.put_setting("labelling", old)
    assert opened(window).choice().settings == LabelSettings(
        tier1="small_llm", llm="http://localhost:1/v1", llm_model="x"
    )


def test_methods_that_are_gone_are_not_chosen(window: MainWindow) -> None:
    gone = LabelSettings(tier1="magic", tier2="magic", frontier="openai")
    window.session.put_label_settings(gone)
    assert opened(window).choice().settings == LabelSettings(frontier="openai")
