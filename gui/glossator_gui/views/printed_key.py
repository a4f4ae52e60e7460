"""The key that does the same, printed on a button; it follows the key map."""

import re
from typing import Literal

from PySide6.QtWidgets import QAbstractButton

_KEY_AT_END = re.compile(r"( \([^()]*\))?$")


def does_action(
    button: QAbstractButton,
    action: str,
    *,
    printed: Literal["text", "tooltip"] = "text",
) -> None:
    """Have the key of an action printed on a button; in its tooltip in any case."""
    button.setProperty("action", action)
    button.setProperty("printed", printed)


def print_key(button: QAbstractButton, key: str) -> None:
    """Print another key; "" for none."""
    button.setProperty("key", key)
    button.setToolTip(_KEY_AT_END.sub("", button.toolTip(), count=1) + _end(key))
    if button.property("printed") == "text":
        spoken = button.property("spoken") or ""
        print_text(button, _KEY_AT_END.sub("", button.text(), count=1), spoken)


def print_text(button: QAbstractButton, text: str, spoken: str = "") -> None:
    """Print another text before the key; `spoken` where it is no words."""
    key = button.property("key") or ""
    button.setProperty("spoken", spoken)
    button.setText(text + _end(key))
    name = spoken or text
    button.setAccessibleName(f"{name}, key {key}" if key else name)


def _end(key: str) -> str:
    return f" ({key})" if key else ""
