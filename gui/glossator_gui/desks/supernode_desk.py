"""Supernodes: the view of them, how good they are, and the gestures that make them."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from glossator.graph.attribution_graph import AttributionGraph, NodeIndex
from glossator.graph.influence import link_influence, node_influence
from glossator.graph.scores import GraphScores, scores_with_pins
from glossator.project.edits import AnyEdit, Supernode
from glossator.project.project import Change
from glossator.project.revision import GraphId
from glossator.project.supernodes.grouping import (
    add_edits,
    colour_edits,
    expand_edits,
    free_name,
    group_edits,
    held_edits,
    lay_out_anew_edits,
    merge_edits,
    note_edits,
    place_edits,
    rename_edits,
    split_edits,
    suggested_name,
    take_out_edits,
    ungroup_edits,
)
from glossator.project.supernodes.supernode_graph import summed_links, supernode_boxes
from glossator_gui.actions.spec import Handler
from glossator_gui.actions.supernodes import COLOURS
from glossator_gui.desks.proposal_desk import ProposalDesk
from glossator_gui.dialogs.messages import ask_name
from glossator_gui.dialogs.supernode_dialogs import ask_note, ask_supernode
from glossator_gui.jobs import ComputationSlot
from glossator_gui.look.theme import Theme
from glossator_gui.session import Session
from glossator_gui.views.score_strip import ScoreStrip
from glossator_gui.views.supernodes.view import SupernodeView

_MOST_LINKS = 2_000
"""Arrows that are drawn; the view says how many there are."""


class SupernodeDesk(QObject):
    """Connects the supernode view and the scores with the session."""

    counted = Signal(int)
    """How many supernodes the graph has now."""
    wanted = Signal()
    """The view is to be shown."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.view = SupernodeView()
        self.proposals = ProposalDesk(session, self.view.proposals, self)
        self.scores = ScoreStrip()
        self.scoring = ComputationSlot(self)
        self.scoring.succeeded.connect(self._on_scored)
        self._scored: tuple[GraphId, frozenset[int]] | None = None
        session.graph_shown.connect(self._on_graph_shown)
        session.changed.connect(self._on_changed)
        session.selected.connect(self._on_selected)
        gestures = self.view.gestures
        gestures.boxes_selected.connect(self._on_boxes_selected)
        gestures.member_selected.connect(lambda node: session.select([node]))
        gestures.rename_requested.connect(self._on_rename_requested)
        gestures.fold_requested.connect(self._on_fold_requested)
        gestures.colour_requested.connect(self._on_colour_requested)
        gestures.box_moved.connect(self._on_box_moved)
        gestures.dropped.connect(self._on_dropped)
        gestures.taken_out.connect(self._take_out)
        gestures.group_held.connect(self.group_held)

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "group": self.group_selection,
            "ungroup": self.ungroup_selection,
            "add_to_supernode": self.add_selection,
            "take_out": lambda: self._take_out(self.session.selection),
            "split": self.split_selection,
            "merge": self.merge_selection,
            "rename": self.rename_selected,
            "note_supernode": self.note_selected,
            "fold": self.fold_selection,
            "lay_out_anew": self.lay_out_anew,
            "propose_supernodes": self.propose,
            **{
                spec.name: partial(self.colour_selection, number)
                for number, spec in COLOURS.items()
            },
        }

    def set_theme(self, theme: Theme) -> None:
        self.view.set_theme(theme)

    def close(self) -> None:
        self.scoring.end()
        self.proposals.close()

    # -- what the session says ------------------------------------------------------

    def _on_graph_shown(self) -> None:
        self.scores.clear()
        self._scored = None
        self.view.board.forget()
        self._show()
        self.view.fit()

    def _on_changed(self, change: Change) -> None:
        if change.kinds & {"graphs", "labels", "results", "pins", "supernodes"}:
            self._show()
        elif "refused groups" in change.kinds:
            self.proposals.refresh()

    def _show(self) -> None:
        number = self.session.graph_id
        if number is not None:
            self.counted.emit(len(self.session.state.supernodes.get(number, {})))
            self.show_boxes()
            self._score()

    def show_boxes(self) -> None:
        """Lay out the boxes, where they can be seen: the layout depends on the size."""
        graph, number = self.session.graph, self.session.graph_id
        if graph is None or number is None or not self.view.isVisible():
            return
        boxes = supernode_boxes(self.session.state, number)
        self.view.show_boxes(boxes, *summed_links(graph, boxes, most=_MOST_LINKS))
        self._on_selected()
        if not self.scoring.running:
            self.proposals.refresh()

    def _score(self) -> None:
        """Compute the scores anew where other nodes are pinned or grouped."""
        graph, number = self.session.graph, self.session.graph_id
        if graph is None or number is None:
            return
        kept = frozenset(self.session.state.pins.get(number, ())).union(
            *(held.members for held in self._held.values())
        )
        if self._scored == (number, kept):
            return
        self._scored = (number, kept)
        self.scores.set_busy()
        self.scoring.start(partial(_measured, graph, sorted(kept)))

    def _on_scored(self, found: tuple[GraphScores, GraphScores]) -> None:
        if self.session.graph is not None:
            self.scores.show_scores(*found)
        # Proposals need the influence of nodes, which is known only now.
        if self.view.isVisible():
            self.proposals.refresh()

    def _on_selected(self) -> None:
        number, selection = self.session.graph_id, self.session.selection
        grouped = {
            node: f"s{key}" for key, held in self._held.items() for node in held.members
        }
        keys = dict.fromkeys(grouped.get(node, f"n{node}") for node in selection)
        self.view.set_selected(tuple(keys) if number is not None else ())

    # -- what is selected -----------------------------------------------------------

    @property
    def _held(self) -> Mapping[int, Supernode]:
        number = self.session.graph_id
        if number is None:
            return {}
        return self.session.state.supernodes.get(number, {})

    def _chosen(self) -> tuple[int, ...]:
        """Supernodes that have selected nodes, the focus's last."""
        selection = frozenset(self.session.selection)
        chosen = [k for k, held in self._held.items() if selection & {*held.members}]
        focus = self.session.focus
        chosen.sort(key=lambda k: focus in self._held[k].members)
        return tuple(chosen)

    def _last(self) -> int | None:
        chosen = self._chosen()
        if not chosen:
            self.session.told.emit("Select a supernode first, or one of its nodes.")
            return None
        return chosen[-1]

    def _apply(self, title: str, edits: Sequence[AnyEdit]) -> None:
        if edits:
            self.session.apply(title, edits)

    def _on_boxes_selected(self, keys: tuple[str, ...]) -> None:
        items = (self.view.board.boxes[key] for key in keys)
        self.session.select([node for item in items for node in item.box.members])

    # -- gestures -------------------------------------------------------------------

    def group_selection(self) -> None:
        number, nodes = self.session.graph_id, self.session.selection
        if number is None or not nodes:
            return

        def group(name: str) -> None:
            state = self.session.state
            edits = group_edits(state, number, nodes, free_name(state, number, name))
            self._apply(f"group {name!r}", edits)

        suggestion = suggested_name(self.session.state, number, nodes)
        title = f"Group {len(nodes)} node{'s' if len(nodes) > 1 else ''}"
        ask_name(self.view.window(), title, suggestion, group)

    def group_held(self, nodes: Sequence[int]) -> None:
        """Group nodes that were clicked while G was held; F2 gives another name."""
        number = self.session.graph_id
        if number is not None and len(nodes) > 1:
            chosen = [NodeIndex(node) for node in nodes]
            self._apply("group", held_edits(self.session.state, number, chosen))

    def add_selection(self) -> None:
        number, nodes = self.session.graph_id, self.session.selection
        if number is None or not nodes:
            return
        if not self._held:
            self.session.told.emit("There is no supernode yet: group nodes (Ctrl+G).")
            return
        names = {key: held.name for key, held in self._held.items()}
        title = f"Add {len(nodes)} node{'s' if len(nodes) > 1 else ''}"
        add = partial(self._add, nodes)
        ask_supernode(self.view.window(), title, names, add)

    def _add(self, nodes: Sequence[int], supernode: int) -> None:
        number = self.session.graph_id
        if number is not None and supernode in self._held:
            chosen = [NodeIndex(node) for node in nodes]
            edits = add_edits(self.session.state, number, chosen, supernode)
            self._apply(f"add to {self._held[supernode].name!r}", edits)

    def _on_dropped(self, nodes: tuple[int, ...], onto: str) -> None:
        self._add(nodes, int(onto[1:]))

    def _take_out(self, nodes: Sequence[int]) -> None:
        number = self.session.graph_id
        if number is not None:
            chosen = [NodeIndex(node) for node in nodes]
            edits = take_out_edits(self.session.state, number, chosen)
            self._apply("take out of supernode", edits)

    def split_selection(self) -> None:
        number, nodes = self.session.graph_id, self.session.selection
        supernode = self._last()
        if number is None or supernode is None:
            return
        members = self._held[supernode].members
        apart = [node for node in nodes if node in members]
        if len(apart) == len(members):
            self.session.told.emit(
                "All of its nodes are selected: select some, or ungroup it."
            )
            return
        state = self.session.state
        name = free_name(state, number, suggested_name(state, number, apart))
        self._apply(f"split off {name!r}", split_edits(state, number, apart, name))

    def merge_selection(self) -> None:
        number, chosen = self.session.graph_id, self._chosen()
        if number is None or len(chosen) < 2:
            self.session.told.emit(
                "Select two supernodes or more to merge (Ctrl+click)."
            )
            return
        name = self._held[chosen[0]].name
        edits = merge_edits(self.session.state, number, chosen)
        self._apply(f"merge into {name!r}", edits)

    def ungroup_selection(self) -> None:
        number, chosen = self.session.graph_id, self._chosen()
        if number is not None and self._last() is not None:
            edits = [edit for key in chosen for edit in ungroup_edits(number, key)]
            names = ", ".join(repr(self._held[key].name) for key in chosen[:3])
            self._apply(f"ungroup {names}", edits)

    def rename_selected(self) -> None:
        found = self._last()
        if found is not None:
            self._on_rename_requested(f"s{found}")

    def _on_rename_requested(self, key: str) -> None:
        number = self.session.graph_id
        if number is None or not key.startswith("s"):
            return
        supernode = int(key[1:])

        def rename(name: str) -> None:
            if supernode in self._held and name != self._held[supernode].name:
                unique = free_name(self.session.state, number, name)
                edits = rename_edits(self.session.state, number, supernode, unique)
                self._apply(f"rename to {unique!r}", edits)

        old = self._held[supernode].name
        ask_name(self.view.window(), "Rename supernode", old, rename)

    def note_selected(self) -> None:
        number, supernode = self.session.graph_id, self._last()
        if number is None or supernode is None:
            return

        def note(text: str) -> None:
            if supernode in self._held:
                edits = note_edits(self.session.state, number, supernode, text)
                self._apply("note on supernode", edits)

        held = self._held[supernode]
        ask_note(self.view.window(), f"Note on {held.name}", held.note, note)

    def colour_selection(self, colour: int) -> None:
        """Give the selected supernodes one of nine colours; 0 takes them away."""
        number = self.session.graph_id
        if number is not None and self._last() is not None:
            edits = colour_edits(self.session.state, number, self._chosen(), colour)
            self._apply(f"colour {colour}" if colour else "no colour", edits)

    def _on_colour_requested(self, colour: int) -> None:
        """The same colour once more takes it away."""
        chosen = self._chosen()
        alike = bool(chosen) and all(self._held[k].colour == colour for k in chosen)
        self.colour_selection(0 if alike else colour)

    def fold_selection(self) -> None:
        if self._last() is not None:
            self._fold(self._chosen())

    def _on_fold_requested(self, key: str) -> None:
        if key.startswith("s"):
            self._fold((int(key[1:]),))

    def _fold(self, supernodes: Sequence[int]) -> None:
        number = self.session.graph_id
        if number is None:
            return
        expanded = not all(self._held[key].expanded for key in supernodes)
        edits = expand_edits(self.session.state, number, supernodes, expanded=expanded)
        self._apply("expand" if expanded else "collapse", edits)

    def _on_box_moved(self, key: str, x: float, y: float) -> None:
        number = self.session.graph_id
        if number is not None and key.startswith("s"):
            edits = place_edits(self.session.state, number, int(key[1:]), (x, y))
            self._apply("move supernode", edits)

    def lay_out_anew(self) -> None:
        """Let all boxes find their places again."""
        number = self.session.graph_id
        if number is not None:
            self.view.board.forget()
            self._apply("lay out anew", lay_out_anew_edits(self.session.state, number))
            self.show_boxes()
            self.view.fit()

    def propose(self) -> None:
        """Show proposed supernodes, those of like labels too."""
        self.wanted.emit()
        self.view.show_proposals()
        self.proposals.compare_labels()


def _measured(
    graph: AttributionGraph, kept: Sequence[int]
) -> tuple[GraphScores, GraphScores]:
    """Compute the scores, and once a graph what its sliders need."""
    node_influence(graph)
    link_influence(graph)
    return scores_with_pins(graph, kept)
