"""The one table of actions: menus, keys, palette, cheat sheet, remapping."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from glossator_gui.actions.spec import ActionSpec
from glossator_gui.actions.table import ACTIONS
from glossator_gui.desktop.key_map import KeyMap, conflicts, default_keys, reserved
from glossator_gui.dialogs.cheat_sheet import CheatSheet
from glossator_gui.dialogs.keyboard_page import KeyboardPage
from glossator_gui.dialogs.palette import Palette, PaletteEntry, find
from glossator_gui.dialogs.settings_dialog import SettingsDialog
from glossator_gui.main_window import MainWindow
from tests.gui.scored_project import shown_dialog

SPECS = (
    ActionSpec("accept", "Accept and Next", "Review", ("A",)),
    ActionSpec("reject", "Reject and Next", "Review", ("X",)),
    ActionSpec("redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y")),
    ActionSpec("about", "About", "Help"),
)


@pytest.fixture
def settings(tmp_path: object) -> QSettings:
    return QSettings(f"{tmp_path}/window.conf", QSettings.Format.IniFormat)


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow()
    window.show()
    yield window
    window.close()
    window.deleteLater()
    QTest.qWait(0)


# -- the table -------------------------------------------------------------------------


def test_names_are_used_once_and_no_two_actions_share_a_key() -> None:
    names = Counter(spec.name for spec in ACTIONS)
    assert [name for name, count in names.items() if count > 1] == []
    assert conflicts(default_keys(ACTIONS)) is None
    keys = [key for held in default_keys(ACTIONS).values() for key in held]
    assert "" not in keys
    assert [key for key in keys if reserved(key)] == []


def test_every_action_is_in_a_menu_and_in_the_palette(window: MainWindow) -> None:
    in_menus = {
        action.objectName()
        for menu in window.window_actions.menus.values()
        for action in menu.actions()
    }
    offered = {entry.name for entry in window.help._entries()} | {"palette"}
    for spec in ACTIONS:
        assert spec.name in in_menus
        assert spec.name in offered


def test_a_menu_begins_with_no_line_and_has_no_two_together(
    window: MainWindow,
) -> None:
    for menu in window.window_actions.menus.values():
        lines = [action.isSeparator() for action in menu.actions()]
        assert not lines[0]
        assert not lines[-1]
        assert (True, True) not in list(pairwise(lines))


def test_tooltips_print_the_key_and_why_it_cannot_be_done(window: MainWindow) -> None:
    tip = window.actions_by_name["accept"].toolTip()
    assert "(A)" in tip
    assert "Open a graph or a project first." in tip
    assert "(Ctrl+O)" in window.actions_by_name["open"].toolTip()
    assert "first" not in window.actions_by_name["open"].toolTip()


# -- keys of one's own -----------------------------------------------------------------


def test_other_keys_are_kept_and_only_what_differs(settings: QSettings) -> None:
    keys = KeyMap(SPECS, settings)
    told: list[None] = []
    keys.changed.connect(lambda: told.append(None))
    keys.put({**keys.all(), "accept": ("Ctrl+Return",), "about": ("F12",)})
    assert len(told) == 1
    again = KeyMap(SPECS, settings)
    assert again.keys("accept") == ("Ctrl+Return",)
    assert again.keys("about") == ("F12",)
    assert again.keys("redo") == ("Ctrl+Shift+Z", "Ctrl+Y")
    assert again.n_own == 2
    settings.beginGroup("keys")
    assert set(settings.childKeys()) == {"accept", "about"}
    settings.endGroup()


def test_two_actions_with_one_key_are_refused(settings: QSettings) -> None:
    keys = KeyMap(SPECS, settings)
    with pytest.raises(ValueError, match="accept and reject share X"):
        keys.put({**keys.all(), "accept": ("X",)})
    assert keys.keys("accept") == ("A",)


def test_stored_keys_that_clash_with_a_newer_table_are_left_out(
    settings: QSettings,
) -> None:
    KeyMap(SPECS, settings).put({**default_keys(SPECS), "about": ("N",)})
    newer = (*SPECS, ActionSpec("next", "Next", "Review", ("N",)))
    assert KeyMap(newer, settings).keys("about") == ()


def test_no_key_at_all_is_kept_too(settings: QSettings) -> None:
    keys = KeyMap(SPECS, settings)
    keys.put({**keys.all(), "redo": ()})
    assert KeyMap(SPECS, settings).keys("redo") == ()


@pytest.fixture
def page(qtbot: QtBot) -> KeyboardPage:
    page = KeyboardPage(SPECS, default_keys(SPECS))
    qtbot.addWidget(page)
    page.show()
    return page


def test_a_key_is_changed_by_pressing_it(page: KeyboardPage) -> None:
    page.choose("accept")
    QTest.keyClick(page.press, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert page.keys["accept"] == ("Ctrl+K",)
    assert page.model.item(0, 2).text() == "Ctrl+K"
    page.choose("redo")
    QTest.keyClick(page.press, Qt.Key.Key_F5)
    assert page.model.item(2, 2).text() == "F5, Ctrl+Y"
    page.none.click()
    assert page.keys["redo"] == ()
    page.usual.click()
    assert page.model.item(2, 2).text() == "Ctrl+Shift+Z, Ctrl+Y"
    page.all_usual.click()
    assert page.keys == default_keys(SPECS)


def test_a_conflict_is_named_and_the_key_can_be_taken(page: KeyboardPage) -> None:
    page.choose("accept")
    QTest.keyClick(page.press, Qt.Key.Key_X)
    assert "“Reject and Next”" in page.told.text()
    assert page.keys["accept"] == ("A",)
    assert page.take.isVisible()
    page.take.click()
    assert page.keys["accept"] == ("X",)
    assert page.keys["reject"] == ()
    assert not page.take.isVisible()


def test_keys_of_the_controls_themselves_are_refused(page: KeyboardPage) -> None:
    page.choose("accept")
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Down, Qt.Key.Key_Return):
        QTest.keyClick(page.press, key)
        assert "belongs to lists" in page.told.text()
    assert page.keys["accept"] == ("A",)


def test_actions_are_found_by_name_or_key(page: KeyboardPage) -> None:
    page.search.setText("ctrl+y")
    root = page.tree.rootIndex()
    shown = [row for row in range(4) if not page.tree.isRowHidden(row, root)]
    assert shown == [2]


def test_other_keys_show_in_menus_tooltips_palette_and_sheet(
    window: MainWindow,
) -> None:
    window.keys.put({**window.keys.all(), "open": ("F12",)})
    action = window.actions_by_name["open"]
    assert [key.toString() for key in action.shortcuts()] == ["F12"]
    assert "(F12)" in action.toolTip()
    assert "F12" in window.welcome.open_button.text()
    entry = next(e for e in window.help._entries() if e.name == "open")
    assert entry.keys == "F12"
    lines = dict(window.help._sections())["File"]
    assert ("Open", "F12") in lines


def test_other_keys_show_on_buttons(window: MainWindow) -> None:
    (button,) = (
        button
        for button in window.findChildren(QAbstractButton)
        if button.property("action") == "accept"
    )
    assert button.text() == "Accept (A)"
    wanted: dict[str, tuple[str, ...]] = {" (F12)": ("F12",), "": (), " (A)": ("A",)}
    for end, keys in wanted.items():
        window.keys.put({**window.keys.all(), "accept": keys})
        assert button.text() == f"Accept{end}"
        assert button.toolTip().endswith(end or "go on")


def test_other_keys_show_where_the_text_changes_too(window: MainWindow) -> None:
    tags = window.review.panel.tags
    assert tags.flag.text() == "⚐ Flag (F)"
    window.keys.put({**window.keys.all(), "flag": ("F12",)})
    assert tags.flag.text() == "⚐ Flag (F12)"
    assert tags.flag.accessibleName() == "Flag, off, key F12"
    tags.show_marks(flagged=True, tags=())
    assert tags.flag.text() == "⚑ Flagged (F12)"
    assert tags.flag.accessibleName() == "Flag, on, key F12"
    window.keys.put({**window.keys.all(), "flag": ()})
    assert tags.flag.text() == "⚑ Flagged"
    assert tags.flag.toolTip() == "Come back to it later; it stays in its queue"


def test_other_keys_show_on_find_and_in_the_note(window: MainWindow) -> None:
    bar, note = window.finding.bar, window.review.panel.note_editor
    assert (bar.next.text(), bar.next.toolTip()) == ("↓", "Next (F3)")
    assert note.placeholderText() == "Note on this feature (Ctrl+N)"
    keys = {**window.keys.all(), "find_next": ("F8",), "note": ("F9",)}
    window.keys.put(keys)
    assert (bar.next.text(), bar.next.toolTip()) == ("↓", "Next (F8)")
    assert note.placeholderText() == "Note on this feature (F9)"


def test_settings_change_keys_when_they_are_saved(window: MainWindow) -> None:
    window.actions_by_name["settings"].trigger()
    dialog = shown_dialog(window)
    assert isinstance(dialog, SettingsDialog)
    dialog.keyboard.choose("about")
    QTest.keyClick(dialog.keyboard.press, Qt.Key.Key_F12)
    assert window.keys.keys("about") == ()
    dialog.save.click()
    assert window.keys.keys("about") == ("F12",)


# -- the palette -----------------------------------------------------------------------


def entry(text: str, why_not: str = "") -> PaletteEntry:
    return PaletteEntry(text, text, "Menu", "", why_not)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("aan", "Accept and Next"),
        ("open", "Open"),
        ("op de", "Open the Demo"),
        ("tour", "Tour"),
        ("fg", "Fit Graph"),
        ("fit", "Fit Graph"),
    ],
)
def test_letters_in_order_find_an_action(typed: str, first: str) -> None:
    names = [
        "Open",
        "Open the Demo",
        "Accept and Next",
        "Filter the Table",
        "Fit Graph",
        "Tour",
        "Undo",
    ]
    found = find([entry(name) for name in names], typed)
    assert found[0].entry.text == first
    letters = "".join(found[0].entry.text[at] for at in found[0].places)
    assert letters.casefold() == typed.replace(" ", "")


def test_what_cannot_be_done_comes_last_and_nothing_else_is_found() -> None:
    found = find([entry("Undo", "no"), entry("Under")], "und")
    assert [match.entry.text for match in found] == ["Under", "Undo"]
    assert find([entry("Undo")], "xyz") == []


def test_the_palette_does_an_action_by_keyboard_alone(window: MainWindow) -> None:
    window.actions_by_name["palette"].trigger()
    palette = QApplication.activeModalWidget()
    assert isinstance(palette, Palette)
    QTest.keyClicks(palette.field, "hicd")
    assert "High Contrast, Dark" in palette.field.accessibleDescription()
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert window.look.theme == "high contrast dark"
    assert window.actions_by_name["high_contrast_dark"].isChecked()
    window.actions_by_name["palette"].trigger()
    palette = QApplication.activeModalWidget()
    assert isinstance(palette, Palette)
    names = [match.entry.name for match in palette.model._matches]
    assert names[0] == "high_contrast_dark"
    palette.reject()


def test_the_palette_says_why_and_does_not_do_it(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.actions_by_name["palette"].trigger()
    palette = QApplication.activeModalWidget()
    assert isinstance(palette, Palette)
    chosen: list[str] = []
    palette.chosen.connect(chosen.append)
    QTest.keyClicks(palette.field, "run protocol")
    assert "Open a graph or a project first" in palette.field.accessibleDescription()
    QTest.keyClick(palette.field, Qt.Key.Key_Return)
    assert chosen == []
    assert palette.isVisible()
    QTest.keyClick(palette.field, Qt.Key.Key_Down)
    palette.reject()


def test_the_sheet_holds_every_key_and_can_be_searched(window: MainWindow) -> None:
    window.actions_by_name["keys"].trigger()
    sheet = QApplication.activeModalWidget()
    assert isinstance(sheet, CheatSheet)
    rows = [
        sheet.model.item(at).child(row, 1).text()
        for at in range(sheet.model.rowCount())
        for row in range(sheet.model.item(at).rowCount())
    ]
    assert len(rows) == sum(bool(spec.keys) for spec in ACTIONS)
    QTest.keyClicks(sheet.field, "f11")
    assert sheet.model.rowCount() == 1
    assert sheet.model.item(0).child(0).text() == "Maximise Panel"
    sheet.reject()
