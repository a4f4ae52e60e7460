"""What is shown, and how."""

from collections.abc import Mapping

from glossator_gui.actions.spec import ActionSpec
from glossator_gui.look.theme import ThemeChoice


def _theme(name: str, text: str) -> ActionSpec:
    return ActionSpec(
        name,
        text,
        "View",
        needs="nothing",
        checkable=True,
        submenu="Theme",
        one_of="theme",
    )


THEME_ACTIONS: Mapping[ThemeChoice, ActionSpec] = {
    "system": _theme("system", "Follow the System"),
    "light": _theme("light", "Light"),
    "dark": _theme("dark", "Dark"),
    "high contrast light": _theme("high_contrast_light", "High Contrast, Light"),
    "high contrast dark": _theme("high_contrast_dark", "High Contrast, Dark"),
}
"""By which a person chooses how the window looks."""

VIEW: tuple[ActionSpec, ...] = (
    ActionSpec(
        "verbalization",
        "Verbalization",
        "View",
        ("V",),
        "What a verbalizer says of the feature, beside its examples",
        checkable=True,
        on_tool_bar=True,
    ),
    ActionSpec("fit", "Fit Graph", "View", ("0",), "Show the whole graph"),
    ActionSpec(
        "colour",
        "Colour by Share of Input",
        "View",
        ("C",),
        "Instead of by tier",
        checkable=True,
    ),
    ActionSpec("next_graph", "Next Graph", "View", ("Ctrl+Tab", "Ctrl+PgDown")),
    ActionSpec(
        "maximise",
        "Maximise Panel",
        "View",
        ("F11",),
        "Give the panel with the keyboard all the room, or all panels theirs again",
        checkable=True,
        separator=True,
    ),
    ActionSpec(
        "reset_layout",
        "Reset Layout",
        "View",
        (),
        "Arrange panels as at the first start",
        needs="nothing",
    ),
    ActionSpec(
        "bigger_text",
        "Bigger",
        "View",
        ("Ctrl+=", "Ctrl++"),
        "Larger text everywhere",
        needs="nothing",
        submenu="Text Size",
    ),
    ActionSpec(
        "smaller_text",
        "Smaller",
        "View",
        ("Ctrl+-",),
        "Smaller text everywhere",
        needs="nothing",
        submenu="Text Size",
    ),
    ActionSpec(
        "usual_text",
        "As the System Has It",
        "View",
        ("Ctrl+0",),
        "Text of the usual size",
        needs="nothing",
        submenu="Text Size",
    ),
    *THEME_ACTIONS.values(),
)
