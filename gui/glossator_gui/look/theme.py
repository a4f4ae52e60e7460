"""Every colour of the window, in one place: light, dark, and both in high contrast.

Tiers use the Okabe-Ito colours, which stay apart for colour-blind eyes; no state is
told by colour alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QStyleHints

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
    disabled: str
    """What cannot be done now; readable, too."""
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
    disabled=colours.MUTED,
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
    disabled="#929ba6",
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
    disabled="#5c5c5c",
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
    disabled="#a0a0a0",
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
