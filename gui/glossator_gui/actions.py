"""Every action of the window as one table: menus, tool bar, keys and help."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QToolBar

from glossator.project.edits import JudgedTier

Needs = Literal["nothing", "project", "selection"]
MenuName = Literal["File", "Edit", "Review", "Graph", "Protocol", "View", "Help"]


@dataclass(frozen=True)
class ActionSpec:
    """What the person can do."""

    name: str
    text: str
    menu: MenuName
    keys: tuple[str, ...] = ()
    tip: str = ""
    needs: Needs = "project"
    checkable: bool = False
    on_tool_bar: bool = False
    separator: bool = False
    """A line above it in its menu."""


def _judgement(tier: str, key: str, tip: str, *, first: bool = False) -> ActionSpec:
    return ActionSpec(
        f"judge_{tier}",
        f"Your Tier: {tier.capitalize()}",
        "Review",
        (key,),
        tip,
        needs="selection",
        separator=first,
    )


JUDGEMENTS: Mapping[JudgedTier | None, ActionSpec] = {
    "input": _judgement("input", "Alt+1", "It stands for its tokens", first=True),
    "output": _judgement("output", "Alt+2", "It stands for what follows"),
    "cross": _judgement("cross", "Alt+3", "It stands for both together"),
    "obscure": _judgement("obscure", "Alt+4", "You see no pattern"),
    None: _judgement("none", "Alt+0", "Take back what you said"),
}
"""By which a person says of which tier a feature is."""

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "open",
        "Open…",
        "File",
        ("Ctrl+O",),
        "Open graphs or a project",
        needs="nothing",
        on_tool_bar=True,
    ),
    ActionSpec("demo", "Open the Demo", "File", needs="nothing"),
    ActionSpec(
        "add_graph",
        "Add Graph…",
        "File",
        ("Ctrl+Shift+O",),
        "Add another graph of the same model and source",
    ),
    ActionSpec(
        "add_evidence",
        "Add Evidence File…",
        "File",
        (),
        "Neuronpedia features, a SAEDashboard batch, or evidence fetched elsewhere",
        separator=True,
    ),
    ActionSpec(
        "add_evidence_folder",
        "Add Evidence Folder…",
        "File",
        ("Ctrl+Shift+E",),
        "Feature JSON, Neuronpedia features or bulk export, SAEDashboard, delphi cache",
    ),
    ActionSpec(
        "fetch_evidence",
        "Fetch Evidence…",
        "File",
        ("Ctrl+Shift+F",),
        "From a service that the graph names, after a look at what would be asked",
    ),
    ActionSpec(
        "save_as",
        "Save Project As…",
        "File",
        ("Ctrl+Shift+S",),
        "Go on in a copy; every change is saved at once anyway",
        separator=True,
    ),
    ActionSpec(
        "export",
        "Export…",
        "File",
        ("Ctrl+E",),
        "Write the graph for other tools, its labels, a figure or a report",
        on_tool_bar=True,
    ),
    ActionSpec(
        "copy_link",
        "Copy Neuronpedia Link",
        "File",
        (),
        "The address of the graph's page with pins, supernodes and labels",
    ),
    ActionSpec(
        "import",
        "Import Labels or Verbalizations…",
        "File",
        ("Ctrl+I",),
        "From a project, a graph, a table, a link, or Neuronpedia's explanations",
        separator=True,
    ),
    ActionSpec(
        "library",
        "Label Library…",
        "File",
        (),
        "What you accepted in all projects, and where it is kept",
        needs="nothing",
    ),
    ActionSpec("quit", "Quit", "File", ("Ctrl+Q",), needs="nothing", separator=True),
    ActionSpec("undo", "Undo", "Edit", ("Ctrl+Z",), on_tool_bar=True),
    ActionSpec("redo", "Redo", "Edit", ("Ctrl+Shift+Z", "Ctrl+Y"), on_tool_bar=True),
    ActionSpec(
        "settings",
        "Settings…",
        "Edit",
        ("Ctrl+,",),
        "Your defaults, keys to language models, and what is kept on disk",
        needs="nothing",
        separator=True,
    ),
    ActionSpec(
        "accept",
        "Accept and Next",
        "Review",
        ("A",),
        "Accept the label that is shown, or typed",
        needs="selection",
    ),
    ActionSpec(
        "edit",
        "Edit Label",
        "Review",
        ("E",),
        "Type a label",
        needs="selection",
    ),
    ActionSpec(
        "reject",
        "Reject and Next",
        "Review",
        ("X",),
        "Refuse the label",
        needs="selection",
    ),
    ActionSpec(
        "skip", "Skip", "Review", ("S",), "Put it off and go on", needs="selection"
    ),
    ActionSpec(
        "use_verbalization",
        "Use Verbalization as Label",
        "Review",
        ("U",),
        "Take the chosen paragraph into the label, with its origin",
        needs="selection",
    ),
    *JUDGEMENTS.values(),
    ActionSpec("next", "Next in Queue", "Review", ("J",), separator=True),
    ActionSpec("previous", "Previous in Queue", "Review", ("K",)),
    ActionSpec(
        "next_unlabelled",
        "Next Unlabelled",
        "Review",
        ("N",),
        "The next feature of the queue that has no label",
    ),
    ActionSpec("focus_queue", "Go to Queue", "Review", ("Ctrl+1",), separator=True),
    ActionSpec("focus_graph", "Go to Graph", "Review", ("Ctrl+2",)),
    ActionSpec("focus_supernodes", "Go to Supernodes", "Review", ("Ctrl+3",)),
    ActionSpec("focus_label", "Go to Label", "Review", ("Ctrl+4",)),
    ActionSpec("focus_tiers", "Go to Tiers", "Review", ("Ctrl+5",)),
    ActionSpec(
        "pin",
        "Pin or Unpin",
        "Graph",
        ("P",),
        "Pin the selected nodes",
        needs="selection",
    ),
    ActionSpec(
        "group",
        "Group into Supernode…",
        "Graph",
        ("Ctrl+G",),
        "Group the selected nodes",
        needs="selection",
        on_tool_bar=True,
    ),
    ActionSpec("rename", "Rename Supernode…", "Graph", ("F2",), needs="selection"),
    ActionSpec(
        "ungroup", "Ungroup", "Graph", ("Ctrl+Shift+G", "Ctrl+U"), needs="selection"
    ),
    ActionSpec("clear", "Clear Selection", "Graph", ("Esc",), separator=True),
    ActionSpec(
        "run",
        "Run Protocol…",
        "Protocol",
        ("Ctrl+R",),
        "Score features, decide tiers, label what counting can label",
        on_tool_bar=True,
    ),
    ActionSpec("pause", "Pause or Continue", "Protocol", ("Ctrl+P",)),
    ActionSpec("cancel", "Cancel Run", "Protocol", ("Ctrl+.",)),
    ActionSpec(
        "label",
        "Label with Language Models…",
        "Protocol",
        ("Ctrl+Shift+L",),
        "By a method for each tier, after a look at what it would ask and cost",
        separator=True,
    ),
    ActionSpec(
        "collect",
        "Collect Evidence…",
        "Protocol",
        ("Ctrl+L",),
        "Run the model over texts here, and keep what the features do",
        separator=True,
    ),
    ActionSpec(
        "verbalize",
        "Verbalize…",
        "Protocol",
        ("Ctrl+Shift+V",),
        "Have a verbalizer put features into words",
    ),
    ActionSpec(
        "tune",
        "Tune from Your Tiers…",
        "Protocol",
        ("Ctrl+Shift+T",),
        "Compare settings on the features whose tier you judged",
        separator=True,
    ),
    ActionSpec(
        "compare",
        "Compare Methods…",
        "Protocol",
        (),
        "Have several methods label the same features, and score every label",
        separator=True,
    ),
    ActionSpec(
        "comparisons",
        "Comparisons of Methods",
        "Protocol",
        (),
        "What the comparisons that were made in this project found out",
    ),
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
    ActionSpec("keys", "Keys", "Help", ("F1", "?"), needs="nothing"),
    ActionSpec("about_graph", "About This Graph", "Help"),
    ActionSpec("about", "About Glossator", "Help", needs="nothing"),
)


Handler: TypeAlias = Callable[[], None]


def build_actions(
    window: QMainWindow, handlers: Mapping[str, Handler]
) -> dict[str, QAction]:
    """Make the menus and the tool bar; every action needs a handler."""
    bar = QToolBar("Main")
    bar.setObjectName("main tool bar")
    bar.setMovable(False)
    window.addToolBar(bar)
    menus: dict[str, QMenu] = {}
    actions: dict[str, QAction] = {}
    for spec in ACTIONS:
        if spec.menu not in menus:
            menus[spec.menu] = window.menuBar().addMenu(spec.menu)
        if spec.separator:
            menus[spec.menu].addSeparator()
        action = QAction(spec.text, window)
        action.setShortcuts([QKeySequence(key) for key in spec.keys])
        action.setCheckable(spec.checkable)
        action.setToolTip(tip_with_key(spec))
        action.setStatusTip(spec.tip)
        action.triggered.connect(handlers[spec.name])
        menus[spec.menu].addAction(action)
        if spec.on_tool_bar:
            bar.addAction(action)
        actions[spec.name] = action
    return actions


def tip_with_key(spec: ActionSpec) -> str:
    keys = f" ({spec.keys[0]})" if spec.keys else ""
    return (spec.tip or spec.text.rstrip("…")) + keys


def key_table() -> list[tuple[str, str]]:
    """Action and keys, for the help."""
    return [
        (spec.text.rstrip("…"), ", ".join(spec.keys)) for spec in ACTIONS if spec.keys
    ]
