"""What is done to the nodes of the graph."""

from glossator_gui.actions.spec import ActionSpec

GRAPH: tuple[ActionSpec, ...] = (
    ActionSpec(
        "pin",
        "Pin or Unpin",
        "Graph",
        ("P",),
        "Pin the selected nodes",
        needs="selection",
    ),
)
