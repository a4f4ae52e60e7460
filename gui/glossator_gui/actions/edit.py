"""Undo, and what is set for all projects."""

from glossator_gui.actions.spec import ActionSpec

EDIT: tuple[ActionSpec, ...] = (
    ActionSpec("undo", "Undo", "Edit", ("Ctrl+Z",), on_tool_bar=True, changes=True),
    ActionSpec(
        "redo",
        "Redo",
        "Edit",
        ("Ctrl+Shift+Z", "Ctrl+Y"),
        on_tool_bar=True,
        changes=True,
    ),
    ActionSpec(
        "settings",
        "Settings…",
        "Edit",
        ("Ctrl+,",),
        "Your defaults, keys to language models, and what is kept on disk",
        needs="nothing",
        separator=True,
    ),
)
