"""An activation example as one text with a shade for each token."""

from collections.abc import Sequence

from PySide6.QtGui import QColor, QFont, QTextCharFormat, QTextLayout

from glossator.evidence.example_text import ExampleText, Piece
from glossator.evidence.token_text import isolated_pieces
from glossator_gui.look.theme import Theme
from glossator_gui.views.plain_text import units

_STEPS = 250
"""Shades that are told apart; each is made once a theme."""
_made: dict[tuple[int, bool, str, str], QTextCharFormat] = {}


def is_cut(shown: ExampleText) -> bool:
    return shown.cut_before or shown.cut_after


def running_text(shown: ExampleText) -> str:
    """All pieces, with an ellipsis where the example goes on."""
    before, after = "…" * shown.cut_before, " …" * shown.cut_after
    return before + "".join(piece.text for piece in shown.pieces) + after


def laid_text(shown: ExampleText) -> str:
    """The running text as it is laid out: what is read from right to left stays put."""
    before, after = "…" * shown.cut_before, " …" * shown.cut_after
    return before + "".join(_laid_pieces(shown)) + after


def _laid_pieces(shown: ExampleText) -> list[str]:
    return isolated_pieces([piece.text for piece in shown.pieces])


def piece_at(shown: ExampleText, unit: int) -> Piece | None:
    """The piece under a place counted in UTF-16 units of the laid text."""
    at = int(shown.cut_before)
    if unit < at:
        return None
    for piece, laid in zip(shown.pieces, _laid_pieces(shown), strict=True):
        at += units(laid)
        if unit < at:
            return piece
    return None


def shaded_layout(
    shown: ExampleText, maximum: float, font: QFont, theme: Theme
) -> QTextLayout:
    """Background by share of the maximum; the top token is bold and underlined too."""
    layout = QTextLayout(laid_text(shown), font)
    layout.setCacheEnabled(True)
    layout.setFormats(_formats(shown, maximum, theme))
    return layout


def _formats(
    shown: ExampleText, maximum: float, theme: Theme
) -> Sequence[QTextLayout.FormatRange]:
    ranges = [_range(0, units(laid_text(shown)), _plain(theme.text))]
    at = 0
    if shown.cut_before:
        ranges.append(_range(0, 1, _plain(theme.accent)))
        at = 1
    for piece, laid in zip(shown.pieces, _laid_pieces(shown), strict=True):
        length = units(laid)
        share = piece.activation / maximum if maximum > 0 else 0.0
        if share > 0 or piece.top:
            shade = _shade(round(share * _STEPS), piece.top, theme)
            ranges.append(_range(at, length, shade))
        at += length
    if shown.cut_after:
        ranges.append(_range(at, 2, _plain(theme.accent)))
    return ranges


def _plain(colour: str) -> QTextCharFormat:
    form = QTextCharFormat()
    form.setForeground(QColor(colour))
    return form


def _shade(step: int, top: bool, theme: Theme) -> QTextCharFormat:
    """How a token looks; `step` of `_STEPS` is its share of the maximum."""
    key = (step, top, theme.surface, theme.activation)
    form = _made.get(key)
    if form is None:
        form = _made[key] = _new_shade(step / _STEPS, top, theme)
    return form


def _new_shade(share: float, top: bool, theme: Theme) -> QTextCharFormat:
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
