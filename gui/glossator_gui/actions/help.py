"""What helps."""

from glossator_gui.actions.spec import ActionSpec

HELP: tuple[ActionSpec, ...] = (
    ActionSpec("keys", "Keys", "Help", ("F1", "?"), needs="nothing"),
    ActionSpec("about_graph", "About This Graph", "Help"),
    ActionSpec("about", "About Glossator", "Help", needs="nothing"),
)
