"""An amount that may be left open."""

import re

from PySide6.QtCore import QRegularExpression
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QLineEdit, QWidget

_WHOLE = r"\d{1,12}"
_PART = r"\d{1,9}(\.\d{0,6})?"


class AmountField(QLineEdit):
    """Empty is no amount, which is not zero. Numbers are written with a point."""

    def __init__(
        self,
        name: str,
        empty: str,
        value: float | None,
        *,
        whole: bool = False,
        signed: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Build the field.

        Parameters
        ----------
        name : what a screen reader calls it.
        empty : what it means when nothing is written.
        whole : whether parts of one are no amount.
        signed : whether it may be below zero.
        """
        super().__init__(parent)
        sign = "-?" if signed else ""
        pattern = QRegularExpression(sign + (_WHOLE if whole else _PART))
        self.setValidator(QRegularExpressionValidator(pattern, self))
        self.setPlaceholderText(empty)
        self.setAccessibleName(name)
        self._pattern = pattern.pattern()
        self.show_amount(value)

    def show_amount(self, value: float | None) -> None:
        """Write an amount; one that cannot be written here leaves the field empty."""
        written = "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")
        fits = re.fullmatch(self._pattern, written)
        self.setText(written if fits else "")

    @property
    def value(self) -> float | None:
        return float(self.text()) if self.text().strip("-") else None
