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
        changes=True,
    ),
    ActionSpec(
        "hold_group",
        "Group by Clicks",
        "Graph",
        ("G",),
        "Hold the key, click nodes, let go; from the menu: click nodes, press Enter",
        changes=True,
    ),
    ActionSpec(
        "logit_difference",
        "Logit Difference…",
        "Graph",
        ("Shift+D",),
        "What makes one token more likely than another; of two selected logits at once",
    ),
    ActionSpec(
        "focus_links",
        "Links Drawn",
        "Graph",
        ("L",),
        "Go to the least share of the links that are drawn",
        separator=True,
    ),
    ActionSpec(
        "fewer_hops",
        "Fewer Hops Lit",
        "Graph",
        ("[",),
        "Fewer neighbours of the selection stay lit",
    ),
    ActionSpec(
        "more_hops",
        "More Hops Lit",
        "Graph",
        ("]",),
        "More neighbours of the selection stay lit",
    ),
    ActionSpec(
        "dim",
        "Dim the Rest or Not",
        "Graph",
        ("D",),
        "Whether what is far from the selection steps back",
    ),
    ActionSpec("zoom_in", "Zoom In", "Graph", ("+",), "Nearer", separator=True),
    ActionSpec("zoom_out", "Zoom Out", "Graph", ("-",), "Farther"),
    ActionSpec(
        "fit_selection",
        "Fit Selection",
        "Graph",
        (".",),
        "Show the selected nodes as large as they fit",
        needs="selection",
    ),
    ActionSpec(
        "minimap",
        "Show or Hide the Minimap",
        "Graph",
        ("M",),
        "All nodes small, where a part alone is in view",
    ),
    ActionSpec(
        "compare_graphs",
        "Compare Graphs…",
        "Graph",
        (),
        "Two graphs, or two states of one, side by side",
        separator=True,
    ),
)
