"""Every colour of the window, light and dark, in one place.

Tiers use the Okabe-Ito colours, which stay apart for colour-blind eyes; no state is
told by colour alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from glossator.export import colours
from glossator.protocol.decision import Tier

ThemeChoice = Literal["system", "light", "dark"]


@dataclass(frozen=True)
class Theme:
    """Colours as ``#rrggbb``."""

    window: str
    """Behind panels."""
    surface: str
    """Panels, lists, the canvas."""
    raised: str
    """Buttons, headers, chips."""
    border: str
    text: str
    muted: str
    """Secondary text; still 4.5:1 on `surface`."""
    accent: str
    """Selection and focus."""
    on_accent: str
    link: str
    """The faint base layer of links."""
    positive: str
    """Positive weights and promoted tokens."""
    negative: str
    """Negative weights and suppressed tokens."""
    activation: str
    """Full activation behind a token."""
    warning: str
    tiers: Mapping[Tier, str]
    untiered: str
    """Nodes that are no features, and features not scored."""

    def shade(self, share: float) -> QColor:
        """Background of a token by its share of the maximal activation, in [0, 1]."""
        low, high = QColor(self.surface), QColor(self.activation)
        t = min(max(share, 0.0), 1.0)
        return QColor.fromRgbF(
            low.redF() + (high.redF() - low.redF()) * t,
            low.greenF() + (high.greenF() - low.greenF()) * t,
            low.blueF() + (high.blueF() - low.blueF()) * t,
        )

    def text_on(self, background: QColor) -> QColor:
        """Black or white, whichever reads better."""
        luminance = (
            0.2126 * _linear(background.redF())
            + 0.7152 * _linear(background.greenF())
            + 0.0722 * _linear(background.blueF())
        )
        return QColor("#000000") if luminance > 0.179 else QColor("#ffffff")

    def signed(self, share: float) -> QColor:
        """Colour of a signed share in [-1, 1]: hue by sign, strength by size."""
        base = QColor(self.positive if share >= 0 else self.negative)
        base.setAlphaF(0.25 + 0.75 * min(abs(share) / 0.4, 1.0))
        return base


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


# What figures show too, they show in the same colours.
LIGHT = Theme(
    window="#f3f4f6",
    surface=colours.SURFACE,
    raised="#eceef1",
    border=colours.BORDER,
    text=colours.TEXT,
    muted=colours.MUTED,
    accent="#1f6feb",
    on_accent="#ffffff",
    link=colours.LINK,
    positive=colours.POSITIVE,
    negative=colours.NEGATIVE,
    activation=colours.ACTIVATION,
    warning="#9a5b00",
    tiers=colours.TIER_COLOURS,
    untiered=colours.UNTIERED,
)

DARK = Theme(
    window="#16191d",
    surface="#1e2227",
    raised="#2a2f36",
    border="#3a414a",
    text="#e6e9ed",
    muted="#a0a9b4",
    accent="#4c9aff",
    on_accent="#0b0d10",
    link="#4a525c",
    positive="#4cc38a",
    negative="#cf8ce6",
    activation="#b8661a",
    warning="#f0b429",
    tiers={
        "input": "#56B4E9",
        "output": "#2fcf9f",
        "cross": "#E69F00",
        "obscure": "#f0743a",
        "insufficient": "#e39cc4",
        "no evidence": "#7d8793",
    },
    untiered="#69727d",
)


def resolve_theme(choice: ThemeChoice) -> Theme:
    """The theme to show; a platform that does not tell its scheme counts as light."""
    if choice == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        return DARK if scheme == Qt.ColorScheme.Dark else LIGHT
    return DARK if choice == "dark" else LIGHT


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Set palette and style sheet of the whole application."""
    app.setStyle("Fusion")
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style_sheet(theme))


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for target, colour in (
        (role.Window, theme.window),
        (role.WindowText, theme.text),
        (role.Base, theme.surface),
        (role.AlternateBase, theme.raised),
        (role.Text, theme.text),
        (role.Button, theme.raised),
        (role.ButtonText, theme.text),
        (role.ToolTipBase, theme.raised),
        (role.ToolTipText, theme.text),
        (role.PlaceholderText, theme.muted),
        (role.Highlight, theme.accent),
        (role.HighlightedText, theme.on_accent),
        (role.Link, theme.accent),
        (role.Mid, theme.border),
        (role.Dark, theme.border),
        (role.Light, theme.raised),
    ):
        palette.setColor(target, QColor(colour))
    for target in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, QColor(theme.muted))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Base, QColor(theme.window))
    return palette


def _style_sheet(theme: Theme) -> str:
    return f"""
QToolTip {{ background: {theme.raised}; color: {theme.text};
  border: 1px solid {theme.border}; padding: 4px; }}
QToolBar {{ background: {theme.window}; border: none;
  border-bottom: 1px solid {theme.border}; spacing: 4px; padding: 4px 6px; }}
QStatusBar {{ background: {theme.window}; border-top: 1px solid {theme.border}; }}
QDockWidget::title {{ background: {theme.window}; padding: 6px 8px; }}
QPushButton, QToolButton {{ padding: 4px 10px; border-radius: 4px;
  border: 1px solid {theme.border}; background: {theme.raised}; }}
QToolBar QToolButton {{ border: 1px solid transparent; background: transparent; }}
QToolButton:checked {{ background: {theme.surface}; border-color: {theme.accent};
  font-weight: 600; }}
QPushButton:hover, QToolButton:hover {{ border-color: {theme.accent}; }}
QPushButton:focus, QToolButton:focus, QLineEdit:focus,
QPlainTextEdit:focus, QListView:focus, QTableView:focus {{
  border: 1px solid {theme.accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {theme.muted}; }}
QComboBox, QAbstractSpinBox {{ min-height: 22px; }}
QLineEdit:disabled {{ background: {theme.window}; color: {theme.muted}; }}
QPushButton[primary="true"] {{ background: {theme.accent}; color: {theme.on_accent};
  border-color: {theme.accent}; font-weight: 600; }}
QPushButton[primary="true"]:disabled {{ background: {theme.raised};
  color: {theme.muted}; border-color: {theme.border}; }}
QLineEdit, QPlainTextEdit {{ padding: 4px 6px; border-radius: 4px;
  border: 1px solid {theme.border}; background: {theme.surface}; }}
QListView, QTableView, QTreeView, QScrollArea {{ border: 1px solid {theme.border};
  background: {theme.surface}; }}
QSplitter::handle {{ background: {theme.border}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
QLabel[role="muted"] {{ color: {theme.muted}; }}
QLabel[role="title"] {{ font-weight: 600; }}
QLabel[role="warning"] {{ color: {theme.warning}; }}
QRadioButton::indicator, QCheckBox::indicator,
QListView::indicator {{ width: 12px; height: 12px;
  border: 1px solid {theme.muted}; background: {theme.surface}; }}
QRadioButton::indicator {{ border-radius: 7px; }}
QCheckBox::indicator, QListView::indicator {{ border-radius: 3px; }}
QRadioButton::indicator:checked, QCheckBox::indicator:checked,
QListView::indicator:checked {{ width: 6px;
  height: 6px; border: 4px solid {theme.accent}; }}
QCheckBox::indicator:checked,
QListView::indicator:checked {{ background: {theme.on_accent}; }}
QRadioButton::indicator:focus, QCheckBox::indicator:focus {{
  border-color: {theme.accent}; }}
QRadioButton::indicator:disabled, QCheckBox::indicator:disabled,
QListView::indicator:disabled {{
  border-color: {theme.border}; }}
"""
