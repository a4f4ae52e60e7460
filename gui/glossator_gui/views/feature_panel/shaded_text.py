"""An activation example as one text with a shade for each token."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtGui import QColor, QFont, QTextCharFormat, QTextLayout

from glossator.evidence.feature_evidence import ActivationExample
from glossator.evidence.token_text import readable_tokens, visible_token
from glossator_gui.theme import Theme
from glossator_gui.views.plain_text import units

CONTEXT = 16
"""Tokens shown on each side of the top token."""
_SPLIT = 4
"""Tokens over which one character may be spread: it has at most four bytes."""


@dataclass(frozen=True)
class Piece:
    """A token with text of its own, and those that only complete its character."""

    text: str
    activation: float
    top: bool


@dataclass(frozen=True)
class ShadedText:
    pieces: tuple[Piece, ...]
    cut_before: bool
    cut_after: bool

    @property
    def cut(self) -> bool:
        return self.cut_before or self.cut_after

    @property
    def text(self) -> str:
        before, after = "…" * self.cut_before, " …" * self.cut_after
        return before + "".join(piece.text for piece in self.pieces) + after

    def piece_at(self, unit: int) -> Piece | None:
        """The piece under a place counted in UTF-16 units of `text`."""
        at = int(self.cut_before)
        if unit < at:
            return None
        for piece in self.pieces:
            at += units(piece.text)
            if unit < at:
                return piece
        return None


def shaded_text(example: ActivationExample, *, whole: bool) -> ShadedText:
    """The tokens around the top token, or all of them.

    Where no token is active there is no top token, and the beginning is shown.
    """
    active = example.activation > 0
    n = len(example.tokens)
    start = 0 if whole else max(0, example.top - CONTEXT) if active else 0
    end = n if whole else min(n, example.top + CONTEXT + 1 if active else 2 * CONTEXT)
    low, high = max(0, start - _SPLIT), min(n, end + _SPLIT)
    texts = dict(
        zip(range(low, high), readable_tokens(example.tokens[low:high]), strict=True)
    )
    # The bytes of one character stay together.
    while start > low and texts[start] == "":
        start -= 1
    while end < high and texts[end] == "":
        end += 1
    pieces: list[Piece] = []
    for at in range(start, end):
        activation = float(example.activations[at])
        top = active and at == example.top
        if texts[at] == "" and pieces:
            last = pieces[-1]
            pieces[-1] = replace(
                last,
                activation=max(last.activation, activation),
                top=last.top or top,
            )
        else:
            pieces.append(Piece(_running(texts[at]), activation, top))
    return ShadedText(tuple(pieces), cut_before=start > 0, cut_after=end < n)


def _running(text: str) -> str:
    """A token inside a text: its spaces stay spaces."""
    words = text.lstrip(" ")
    lead = text[: len(text) - len(words)]
    return lead + visible_token(words) if words or not lead else lead


def shaded_layout(
    shaded: ShadedText, maximum: float, font: QFont, theme: Theme
) -> QTextLayout:
    """Background by share of the maximum; the top token is bold and underlined too."""
    layout = QTextLayout(shaded.text, font)
    layout.setCacheEnabled(True)
    layout.setFormats(_formats(shaded, maximum, theme))
    return layout


def _formats(
    shaded: ShadedText, maximum: float, theme: Theme
) -> Sequence[QTextLayout.FormatRange]:
    ranges = [_range(0, units(shaded.text), _plain(theme.text))]
    at = 0
    if shaded.cut_before:
        ranges.append(_range(0, 1, _plain(theme.accent)))
        at = 1
    for piece in shaded.pieces:
        length = units(piece.text)
        share = piece.activation / maximum if maximum > 0 else 0.0
        if share > 0 or piece.top:
            ranges.append(_range(at, length, _shade(share, piece.top, theme)))
        at += length
    if shaded.cut_after:
        ranges.append(_range(at, 2, _plain(theme.accent)))
    return ranges


def _plain(colour: str) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setForeground(QColor(colour))
    return form


def _shade(share: float, top: bool, theme: Theme) -> QTextCharFormat:
    background = theme.shade(share)
    form = QTextCharFormat()
    form.setBackground(background)
    form.setForeground(theme.text_on(background))
    if top:
        form.setFontWeight(QFont.Weight.Bold)
        form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
    return form


def _range(start: int, length: int, form: QTextCharFormat) -> QTextLayout.FormatRange:
    found = QTextLayout.FormatRange()
    found.start = start
    found.length = length
    found.format = form
    return found
