"""Every colour of the window, in one place: light, dark, and both in high contrast.

Tiers use the Okabe-Ito colours, which stay apart for colour-blind eyes; no state is
told by colour alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette, QStyleHints
from PySide6.QtWidgets import QApplication

from glossator.export import colours
from glossator.protocol.decision import Tier

ThemeName = Literal["light", "dark", "high contrast light", "high contrast dark"]
ThemeChoice = Literal[
    "system", "light", "dark", "high contrast light", "high contrast dark"
]


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
    tags: tuple[str, ...]
    """Of the tags 1 to 9; their number stands beside them."""
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
        dark = luminance(background) > 0.179
        return QColor("#000000") if dark else QColor("#ffffff")

    def signed(self, share: float) -> QColor:
        """Colour of a signed share in [-1, 1]: hue by sign, strength by size."""
        base = QColor(self.positive if share >= 0 else self.negative)
        base.setAlphaF(0.25 + 0.75 * min(abs(share) / 0.4, 1.0))
        return base


def luminance(colour: QColor) -> float:
    """Relative luminance in [0, 1] (WCAG 2.2)."""
    return (
        0.2126 * _linear(colour.redF())
        + 0.7152 * _linear(colour.greenF())
        + 0.0722 * _linear(colour.blueF())
    )


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, from 1 to 21 (WCAG 2.2)."""
    low, high = sorted(luminance(QColor(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


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
    accent="#1a5fcf",
    on_accent="#ffffff",
    link=colours.LINK,
    positive=colours.POSITIVE,
    negative=colours.NEGATIVE,
    activation=colours.ACTIVATION,
    warning="#9a5b00",
    tiers=colours.TIER_COLOURS,
    tags=(
        "#c62828",
        "#a65300",
        "#7d6300",
        "#2a742e",
        "#00796b",
        "#1565c0",
        "#5e35b1",
        "#ad1457",
        "#546e7a",
    ),
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
    tags=(
        "#ff8a80",
        "#ffb74d",
        "#ffe066",
        "#81c784",
        "#4dd0c1",
        "#82b1ff",
        "#b39ddb",
        "#f48fb1",
        "#b0bec5",
    ),
    untiered="#69727d",
)


HIGH_CONTRAST_LIGHT = Theme(
    window="#ffffff",
    surface="#ffffff",
    raised="#f0f0f0",
    border="#000000",
    text="#000000",
    muted="#2b2b2b",
    accent="#0a3fb3",
    on_accent="#ffffff",
    link="#8a8a8a",
    positive="#0b5c33",
    negative="#6d1b87",
    activation=colours.ACTIVATION,
    warning="#7a3d00",
    tiers={
        "input": "#005a8f",
        "output": "#00694c",
        "cross": "#8a5a00",
        "obscure": "#a33c00",
        "insufficient": "#9c2f73",
        "no evidence": "#4d5661",
    },
    tags=(
        "#a31515",
        "#8a4500",
        "#6b5400",
        "#1d5c21",
        "#005e54",
        "#0d47a1",
        "#4a2793",
        "#880e4f",
        "#37474f",
    ),
    untiered="#5a626c",
)

HIGH_CONTRAST_DARK = Theme(
    window="#000000",
    surface="#000000",
    raised="#1c1c1c",
    border="#ffffff",
    text="#ffffff",
    muted="#e0e0e0",
    accent="#1aebff",
    on_accent="#000000",
    link="#7a7a7a",
    positive="#5ff0a8",
    negative="#e6a8ff",
    activation="#b8661a",
    warning="#ffcf4d",
    tiers={
        "input": "#8ab4ff",
        "output": "#3df0bb",
        "cross": "#ffb733",
        "obscure": "#ff9166",
        "insufficient": "#ffb3dd",
        "no evidence": "#b5bcc5",
    },
    tags=DARK.tags,
    untiered="#9aa3ad",
)

THEMES: Mapping[ThemeName, Theme] = {
    "light": LIGHT,
    "dark": DARK,
    "high contrast light": HIGH_CONTRAST_LIGHT,
    "high contrast dark": HIGH_CONTRAST_DARK,
}


def resolve_theme(choice: ThemeChoice) -> Theme:
    """The theme to show; a platform that does not tell its scheme counts as light."""
    if choice != "system":
        return THEMES[choice]
    hints = QGuiApplication.styleHints()
    dark = hints.colorScheme() == Qt.ColorScheme.Dark
    if _wants_contrast(hints):
        return HIGH_CONTRAST_DARK if dark else HIGH_CONTRAST_LIGHT
    return DARK if dark else LIGHT


def _wants_contrast(hints: QStyleHints) -> bool:
    """Whether the platform asks for high contrast; known since Qt 6.10."""
    if not hasattr(hints, "accessibility"):
        return False
    wanted = hints.accessibility().contrastPreference()
    return wanted == Qt.ContrastPreference.HighContrast


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
