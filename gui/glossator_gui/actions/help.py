"""What helps."""

from glossator_gui.actions.spec import ActionSpec

HELP: tuple[ActionSpec, ...] = (
    ActionSpec(
        "palette",
        "Find an Action…",
        "Help",
        ("Ctrl+Shift+P",),
        "Do anything by a few letters of its name",
        needs="nothing",
    ),
    ActionSpec(
        "keys",
        "Keys",
        "Help",
        ("F1", "?"),
        "All keys on one page",
        needs="nothing",
    ),
    ActionSpec(
        "tour",
        "Tour",
        "Help",
        ("Ctrl+F1",),
        "Five minutes on a copy of the demo; goes on where you left it",
        needs="nothing",
    ),
    ActionSpec(
        "diagnostics",
        "Copy Diagnostics…",
        "Help",
        (),
        "Versions, sizes and the last of the log, for a report of a problem",
        needs="nothing",
        separator=True,
    ),
    ActionSpec(
        "log",
        "Show Log",
        "Help",
        (),
        "What happened in the window",
        needs="nothing",
    ),
    ActionSpec(
        "crash_log",
        "Show Crash Log",
        "Help",
        (),
        "Errors that should not have happened",
        needs="nothing",
    ),
    ActionSpec("about_graph", "About This Graph", "Help", separator=True),
    ActionSpec("about", "About Glossator", "Help", needs="nothing"),
)
