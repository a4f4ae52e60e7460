"""Grouping nodes."""

from glossator_gui.actions.spec import ActionSpec

SUPERNODES: tuple[ActionSpec, ...] = (
    ActionSpec(
        "group",
        "Group into Supernode…",
        "Supernodes",
        ("Ctrl+G",),
        "Group the selected nodes",
        needs="selection",
        on_tool_bar=True,
    ),
    ActionSpec("rename", "Rename Supernode…", "Supernodes", ("F2",), needs="selection"),
    ActionSpec(
        "ungroup",
        "Ungroup",
        "Supernodes",
        ("Ctrl+Shift+G", "Ctrl+U"),
        needs="selection",
    ),
)
