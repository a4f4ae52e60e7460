"""Finding nodes, the table of them, and what is done to many at once."""

from glossator_gui.actions.spec import ActionSpec

FIND: tuple[ActionSpec, ...] = (
    ActionSpec(
        "find",
        "Find…",
        "Edit",
        ("Ctrl+F",),
        "Labels, tokens, ids, notes, supernodes and verbalizations",
        separator=True,
    ),
    ActionSpec("find_next", "Find Next", "Edit", ("F3",)),
    ActionSpec("find_previous", "Find Previous", "Edit", ("Shift+F3",)),
    ActionSpec(
        "select_found",
        "Select All Found",
        "Edit",
        ("Alt+Return",),
        "Select every node that Find has found",
    ),
)

TABLE: tuple[ActionSpec, ...] = (
    ActionSpec(
        "focus_table",
        "Node Table",
        "View",
        ("T", "Ctrl+6"),
        "All nodes as rows: sort, filter, change many at once",
    ),
    ActionSpec(
        "filter_table",
        "Filter the Table…",
        "View",
        ("Ctrl+Shift+D",),
        "By layer, position, kind, status, method, tier, tag, influence and more",
    ),
)

SELECTED: tuple[ActionSpec, ...] = (
    ActionSpec(
        "accept_selected",
        "Accept All Selected",
        "Review",
        ("Shift+A",),
        "Accept the labels of all selected features, in one step",
        needs="selection",
        separator=True,
        changes=True,
    ),
    ActionSpec(
        "label_selected",
        "Label All Selected…",
        "Review",
        ("Shift+E",),
        "Give all selected features the same label",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "reject_selected",
        "Reject All Selected",
        "Review",
        ("Shift+X",),
        "Refuse the labels of all selected features",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "skip_selected",
        "Skip All Selected",
        "Review",
        ("Shift+S",),
        "Put all selected features off",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "flag_selected",
        "Flag All Selected",
        "Review",
        ("Shift+F",),
        "Mark them to come back to; if all are marked, take the marks off",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "note_selected",
        "Add Note to All Selected…",
        "Review",
        ("Shift+N",),
        "Add a line to the notes of all selected features",
        needs="selection",
        changes=True,
    ),
)

BY_FILTER = ActionSpec(
    "select_by_filter",
    "By Filter…",
    "Select",
    ("Ctrl+Alt+F",),
    "Select the nodes that a filter leaves",
)
