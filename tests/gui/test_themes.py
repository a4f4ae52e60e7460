"""Every theme can be read: text stands out, the focus is seen, sizes change."""

from collections.abc import Iterator
from itertools import product
from typing import get_args

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSlider,
    QSpinBox,
    QTabBar,
    QTableWidget,
    QToolButton,
    QTreeWidget,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from glossator.protocol.decision import Tier
from glossator_gui.desks.look_desk import TEXT_SIZES, LookDesk
from glossator_gui.look.style_sheet import apply_theme
from glossator_gui.look.theme import (
    THEMES,
    Theme,
    ThemeChoice,
    ThemeName,
    contrast,
    resolve_theme,
)

READABLE = 4.5
"""WCAG 2.2, 1.4.3."""
SEEN = 3.0
"""WCAG 2.2, 1.4.11: what is no text."""
NAMES = list(THEMES)


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    font, sheet, palette = qapp.font(), qapp.styleSheet(), qapp.palette()
    yield qapp
    qapp.setStyleSheet(sheet)
    qapp.setPalette(palette)
    qapp.setFont(font)


@pytest.mark.parametrize("name", NAMES)
def test_text_stands_out_from_what_is_behind_it(name: ThemeName) -> None:
    theme = THEMES[name]
    backgrounds = {
        "window": theme.window,
        "surface": theme.surface,
        "raised": theme.raised,
    }
    texts = {
        "text": theme.text,
        "muted": theme.muted,
        "disabled": theme.disabled,
        "warning": theme.warning,
        "accent": theme.accent,
        "positive": theme.positive,
        "negative": theme.negative,
    }
    pairs = {
        f"{text} on {behind}": contrast(colour, back)
        for (text, colour), (behind, back) in product(
            texts.items(), backgrounds.items()
        )
    }
    pairs["on accent"] = contrast(theme.on_accent, theme.accent)
    for number, colour in enumerate(theme.tags, 1):
        pairs[f"tag {number}"] = contrast(colour, theme.surface)
    assert {pair: c for pair, c in pairs.items() if c < READABLE} == {}


@pytest.mark.parametrize("name", NAMES)
def test_text_on_colours_is_black_or_white_as_it_reads_best(name: ThemeName) -> None:
    theme = THEMES[name]
    colours = [*theme.tags, *theme.tiers.values(), theme.untiered, theme.activation]
    colours += [theme.shade(share / 10).name() for share in range(11)]
    for colour in colours:
        assert contrast(theme.text_on(QColor(colour)).name(), colour) >= READABLE


@pytest.mark.parametrize("name", ["high contrast light", "high contrast dark"])
def test_high_contrast_has_seven_to_one_and_seen_borders(name: ThemeName) -> None:
    theme = THEMES[name]
    for colour in (theme.text, theme.muted, theme.accent, theme.border, theme.warning):
        assert contrast(colour, theme.surface) >= 7
    for colour in (*theme.tiers.values(), theme.untiered, theme.link):
        assert contrast(colour, theme.surface) >= SEEN


def test_tiers_and_tags_are_told_apart_in_every_theme() -> None:
    for theme in THEMES.values():
        assert set(theme.tiers) == set(get_args(Tier))
        assert len(set(theme.tiers.values())) == len(theme.tiers)
        assert len(set(theme.tags)) == len(theme.tags) == 9


def test_every_choice_is_a_theme(qapp: QApplication) -> None:
    for choice in get_args(ThemeChoice):
        assert resolve_theme(choice) in THEMES.values()


def _controls() -> list[QWidget]:
    listed, table, tabs, tree = (
        QListWidget(),
        QTableWidget(2, 2),
        QTabBar(),
        QTreeWidget(),
    )
    listed.addItems(["one", "two"])
    tabs.addTab("First")
    tabs.addTab("Second")
    checkable = QToolButton()
    checkable.setText("Tool")
    primary = QPushButton("Primary")
    primary.setProperty("primary", True)
    choice, field = QComboBox(), QLineEdit("text")
    choice.addItems(["one", "two"])
    return [
        QPushButton("Button"),
        primary,
        checkable,
        field,
        QPlainTextEdit("text"),
        listed,
        table,
        choice,
        QSpinBox(),
        QCheckBox("Check"),
        QRadioButton("Radio"),
        QSlider(),
        tabs,
        tree,
    ]


@pytest.mark.parametrize("name", NAMES)
def test_the_focus_is_seen_on_every_kind_of_control(
    app: QApplication, qtbot: QtBot, name: ThemeName
) -> None:
    theme = THEMES[name]
    apply_theme(app, theme)
    window = QWidget()
    layout = QVBoxLayout(window)
    controls = _controls()
    elsewhere = QLineEdit()
    for control in (*controls, elsewhere):
        layout.addWidget(control)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    unseen = []
    for control in controls:
        elsewhere.setFocus()
        without = _picture(control)
        control.setFocus()
        assert control.hasFocus()
        if not _told_apart(without, _picture(control)):
            unseen.append(type(control).__name__)
    assert ", ".join(unseen) == ""


def _picture(widget: QWidget) -> QImage:
    QApplication.processEvents()
    return widget.grab().toImage()


def _told_apart(one: QImage, other: QImage) -> bool:
    """Whether enough of the pixels changed far enough to be seen."""
    changed = 0
    for x, y in product(range(one.width()), range(one.height())):
        before, after = one.pixel(x, y), other.pixel(x, y)
        if before != after:
            apart = contrast(QColor(before).name(), QColor(after).name())
            changed += apart >= SEEN
            if changed > 12:
                return True
    return False


@pytest.fixture
def look(app: QApplication, own_home: object, tmp_path: object) -> LookDesk:
    settings = QSettings(f"{tmp_path}/window.conf", QSettings.Format.IniFormat)
    return LookDesk(settings, app)


def test_text_grows_and_shrinks_everywhere_and_is_kept(
    look: LookDesk, app: QApplication, qtbot: QtBot
) -> None:
    look.start()
    usual = app.font().pointSizeF()
    label = QLabel("text")
    qtbot.addWidget(label)
    do = look.handlers()
    for _ in range(20):
        do["bigger_text"]()
    assert look.text_size == TEXT_SIZES[-1]
    assert label.font().pointSizeF() == pytest.approx(usual * 2)
    again = LookDesk(look._settings, app)
    assert again.text_size == TEXT_SIZES[-1]
    for _ in range(20):
        do["smaller_text"]()
    assert label.font().pointSizeF() == pytest.approx(usual * 0.8)
    do["usual_text"]()
    assert label.font().pointSizeF() == pytest.approx(usual)


def test_a_stored_theme_that_is_none_counts_as_the_system(look: LookDesk) -> None:
    look._settings.setValue("theme", "pink")
    look._settings.setValue("text size", "huge")
    assert (look.theme, look.text_size) == ("system", 100)
    shown: list[Theme] = []
    look.theme_changed.connect(shown.append)
    look.start()
    assert shown == [resolve_theme("system")]
