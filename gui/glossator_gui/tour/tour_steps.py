"""What the tour tells, step by step."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMenuBar, QStatusBar

from glossator_gui.desks.graph_desk import GraphDesk
from glossator_gui.desks.review_desk import ReviewDesk
from glossator_gui.desks.supernode_desk import SupernodeDesk
from glossator_gui.desks.tier_desk import TierDesk
from glossator_gui.session import Session
from glossator_gui.tour.tour import TourStep
from glossator_gui.workspace import Workspace


class Toured(Protocol):
    """What of the window the tour points at."""

    session: Session
    review: ReviewDesk
    graph: GraphDesk
    supernodes: SupernodeDesk
    tiers: TierDesk
    workspace: Workspace
    docks: list[QDockWidget]
    """Queue and feature."""

    @property
    def actions_by_name(self) -> Mapping[str, QAction]: ...
    def statusBar(self) -> QStatusBar: ...
    def menuBar(self) -> QMenuBar: ...


def tour_steps(window: Toured) -> Sequence[TourStep]:
    """The steps, each pointing at a part of the window."""
    review, graph, workspace = window.review, window.graph, window.workspace

    def select_first() -> None:
        if window.session.feature is None:
            window.actions_by_name["next"].trigger()

    def show_graph() -> None:
        workspace.tabs.setCurrentWidget(graph.page)
        select_first()

    return (
        TourStep(
            "Five minutes with Glossator",
            "This is a copy of the demo, a small graph of SmolLM2. Nothing that you do "
            "here touches your projects or your label library, and the copy is thrown "
            "away at the end. Enter or → goes on, ← back, Esc leaves; Help › Tour "
            "comes back to the step you left.",
        ),
        TourStep(
            "What waits for you",
            "The queue holds the features that need a decision, the most important "
            "first. {next} and {previous} go along it, {next_unlabelled} to the next "
            "without a label. Its number per queue shows how much is left.",
            lambda: window.docks[0],
            select_first,
        ),
        TourStep(
            "All you need for one decision",
            "Here is everything known of the feature: texts on which it is active, "
            "shaded by how much, the tokens it promotes and suppresses, its scores, "
            "and the label that was proposed, with who proposed it.",
            lambda: window.docks[1],
            select_first,
        ),
        TourStep(
            "One key decides",
            "{accept} accepts the label and goes on, {edit} lets you type another one, "
            "{reject} refuses it, {skip} puts it off. A label belongs to the feature: "
            "it stands at every position, and in every graph.",
            lambda: review.panel,
            select_first,
        ),
        TourStep(
            "The graph",
            "Tokens run from left to right, layers from bottom to top. Click a node or "
            "walk with the arrow keys; what it is linked with is drawn. {focus_graph} "
            "brings the keyboard here, {pin} pins a node.",
            lambda: graph.canvas,
            show_graph,
        ),
        TourStep(
            "Why a node is active",
            "Inputs and outputs of the selected node, the strongest first, with the "
            "sign and the share of each. Enter goes to a row's node.",
            lambda: graph.connections,
            show_graph,
        ),
        TourStep(
            "Supernodes",
            "Nodes that mean the same can be grouped under a name: select them, "
            "then {group}. The supernodes have a picture of their own here "
            "({focus_supernodes}), with the links between them summed.",
            lambda: workspace.tabs,
            lambda: workspace.tabs.setCurrentWidget(window.supernodes.view),
        ),
        TourStep(
            "The protocol",
            "It scores every feature and says which are easy to label, and which need "
            "you: the tiers. {run} runs it again, with other settings if you like; "
            "{focus_tiers} shows what it found.",
            lambda: workspace.tabs,
            window.tiers.show,
        ),
        TourStep(
            "Nothing is lost",
            "Every change is in the file at once; {undo} takes back any of them, "
            "{redo} does it again, also after a restart. There is no Save: "
            "the status bar says where the project is.",
            lambda: window.statusBar(),
            show_graph,
        ),
        TourStep(
            "Everything by keyboard",
            "{palette} finds any action by a few of its letters, {keys} shows all "
            "keys, and the settings change them. Export ({export}) writes the graph "
            "for other tools, or a report. That is all: good labelling!",
            lambda: window.menuBar(),
        ),
    )
