"""What is shown, and how."""

from glossator_gui.actions.spec import ActionSpec

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
    ActionSpec("fit", "Fit Graph", "View", ("F",), "Show the whole graph"),
    ActionSpec(
        "colour",
        "Colour by Share of Input",
        "View",
        ("C",),
        "Instead of by tier",
        checkable=True,
    ),
    ActionSpec("next_graph", "Next Graph", "View", ("Ctrl+Tab", "Ctrl+PgDown")),
    ActionSpec("light", "Light", "View", needs="nothing", separator=True),
    ActionSpec("dark", "Dark", "View", needs="nothing"),
    ActionSpec("system", "Follow the System", "View", needs="nothing"),
)
