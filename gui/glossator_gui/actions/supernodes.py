"""Grouping nodes."""

from glossator.project.edits import TAGS
from glossator_gui.actions.spec import ActionSpec


def _colour(number: int) -> ActionSpec:
    text = f"Colour {number}" if number else "No Colour"
    key = f"{number} in the supernodes" if number else ""
    return ActionSpec(
        f"colour_supernode_{number}",
        text,
        "Supernodes",
        tip=f"Colour the selected supernodes: {key}" if key else "Take colours away",
        needs="selection",
        changes=True,
        submenu="Colour",
    )


COLOURS: dict[int, ActionSpec] = {number: _colour(number) for number in (*TAGS, 0)}
"""By which supernodes are coloured; 0 takes the colour away."""

SUPERNODES: tuple[ActionSpec, ...] = (
    ActionSpec(
        "group",
        "Group into Supernode…",
        "Supernodes",
        ("Ctrl+G",),
        "Group the selected nodes; or hold G, click nodes, release",
        needs="selection",
        on_tool_bar=True,
        changes=True,
    ),
    ActionSpec(
        "ungroup",
        "Ungroup",
        "Supernodes",
        ("Ctrl+Shift+G", "Ctrl+U"),
        "Dissolve the selected supernodes; their nodes stay pinned",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "add_to_supernode",
        "Add Selection to Supernode…",
        "Supernodes",
        ("Ctrl+Alt+A",),
        "Put the selected nodes into one that there is",
        needs="selection",
        changes=True,
        separator=True,
    ),
    ActionSpec(
        "take_out",
        "Take Out of Supernode",
        "Supernodes",
        ("Ctrl+Alt+O",),
        "The selected nodes leave their supernodes and stay pinned",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "split",
        "Split Off Selection",
        "Supernodes",
        ("Ctrl+Alt+S",),
        "Make the selected nodes of a supernode one of their own",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "merge",
        "Merge Supernodes",
        "Supernodes",
        ("Ctrl+M",),
        "Make one of the supernodes that have selected nodes",
        needs="selection",
        changes=True,
    ),
    ActionSpec(
        "rename",
        "Rename Supernode…",
        "Supernodes",
        ("F2",),
        needs="selection",
        changes=True,
        separator=True,
    ),
    ActionSpec(
        "note_supernode",
        "Note on Supernode…",
        "Supernodes",
        ("Ctrl+Alt+N",),
        needs="selection",
        changes=True,
    ),
    *COLOURS.values(),
    ActionSpec(
        "fold",
        "Expand or Collapse",
        "Supernodes",
        ("=",),
        "Show the nodes of the selected supernodes, or hide them",
        needs="selection",
        changes=True,
        separator=True,
    ),
    ActionSpec(
        "lay_out_anew",
        "Lay Out Anew",
        "Supernodes",
        tip="Forget where supernodes were dragged",
        changes=True,
    ),
    ActionSpec(
        "propose_supernodes",
        "Propose Supernodes…",
        "Supernodes",
        ("Ctrl+Alt+P",),
        "Compare labels by meaning, links and roles; accept with A, refuse with X",
        separator=True,
        changes=True,
    ),
)
