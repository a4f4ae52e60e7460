"""The node table: its rows, its filter, and changes of many features at once."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QTabWidget

from glossator.graph.attribution_graph import BoolColumn, FeatureKey, NodeIndex
from glossator.project.bulk import (
    accept_all,
    flag_all,
    label_all,
    note_all,
    reject_all,
    skip_all,
    tag_all,
)
from glossator.project.edits import AnyEdit, SetNote
from glossator.project.finding.node_filter import NodeFilter
from glossator.project.project import Change, Project
from glossator.project.reviewing.review import person
from glossator.project.revision import feature_subject
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.filter_desk import FilterDesk
from glossator_gui.dialogs.messages import ask_name
from glossator_gui.look.theme import Theme
from glossator_gui.models.node_rows import NodeRows
from glossator_gui.models.table_layout import TableLayout, layout_text, read_layout
from glossator_gui.session import Session
from glossator_gui.views.node_table.columns import COLUMNS, Column
from glossator_gui.views.node_table.view import NodeTableView

_SETTING = "node table"
_REFRESH_MS = 60


class TableDesk(QObject):
    """Connects the table with the session."""

    def __init__(
        self,
        session: Session,
        tabs: QTabWidget,
        filters: FilterDesk,
        parent: QObject | None = None,
    ) -> None:
        """Add the page to `tabs`."""
        super().__init__(parent)
        self.session = session
        self.filters = filters
        self.view = NodeTableView()
        self.wanted = NodeFilter()
        self._layout = TableLayout()
        self._project: Project | None = None
        self._rows: NodeRows | None = None
        self._waiting: Change | None = None
        """What was changed since the rows were read."""
        self._choosing = False
        self._tabs = tabs
        tabs.addTab(self.view, "Table")
        # A run stores many batches; rows are put in order once for several of them.
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self.refresh)
        self._connect()

    def _connect(self) -> None:
        session, view = self.session, self.view
        self._tabs.currentChanged.connect(self._on_page)
        session.opened.connect(self._on_opened)
        session.graph_shown.connect(self._make_anew)
        session.concealed_changed.connect(self._make_anew)
        session.changed.connect(self._on_changed)
        session.selected.connect(self._on_selected)
        self.filters.progressed.connect(self._on_filter_progress)
        self.filters.saved_changed.connect(self._show_saved)
        view.table.nodes_selected.connect(self._on_nodes_selected)
        view.model.edited.connect(self._on_edited)
        view.bulk.tag_wanted.connect(self.tag)
        view.filter.words_changed.connect(self._on_words)
        view.filter.edit_wanted.connect(self.ask_filter)
        view.filter.saved_chosen.connect(self._on_saved_chosen)
        view.filter.cleared.connect(lambda: self.set_filter(NodeFilter()))
        view.filter.columns_changed.connect(self._on_columns)
        view.table.horizontalHeader().sortIndicatorChanged.connect(
            lambda: self._remember()
        )

    def handlers(self) -> Mapping[str, Handler]:
        return {
            "focus_table": self.show,
            "filter_table": self.ask_filter,
            "accept_selected": self.accept,
            "label_selected": self.ask_label,
            "reject_selected": self.reject,
            "skip_selected": self.skip,
            "flag_selected": self.flag,
            "note_selected": self.ask_note,
        }

    def set_theme(self, theme: Theme) -> None:
        self.view.set_theme(theme)

    def show(self) -> None:
        """Go to the table."""
        self._tabs.setCurrentWidget(self.view)
        self.view.table.setFocus()

    # -- what is shown --------------------------------------------------------------

    def _on_opened(self) -> None:
        self._rows = None
        # It is said as well when a graph was added.
        if self.session.project is self._project:
            self.refresh()
            return
        self._project = self.session.project
        stored = self.session.project.setting(_SETTING) if self.session.project else ""
        self._layout = read_layout(stored)
        layout = self._layout
        self.view.table.show_columns(layout.columns)
        self.view.table.sort_by(layout.column, descending=layout.descending)
        self.view.show_columns(layout.columns)
        self._show_saved()
        self.set_filter(NodeFilter())

    def _make_anew(self) -> None:
        self._rows = None
        self.refresh()

    def _on_page(self) -> None:
        self.refresh()

    def _on_changed(self, change: Change) -> None:
        before = self._waiting
        self._waiting = change if before is None else _both(before, change)
        if not self._refresh.isActive():
            self._refresh.start()

    @property
    def in_sight(self) -> bool:
        return self._tabs.currentWidget() is self.view

    def refresh(self) -> None:
        """Show what has changed, where it can be seen."""
        self._refresh.stop()
        number = self.session.graph_id
        if not self.in_sight:
            return
        if number is None:
            self._rows = None
            none = np.zeros(0, dtype=bool)
            self.view.show_nodes({column: [] for column in COLUMNS}, none, none)
            return
        if self._rows is None:
            session = self.session
            self._rows = NodeRows(session.state, number, session.concealed)
            self.view.show_nodes(self._rows.values, self._rows.labelled, self._left())
        else:
            change = self._waiting
            nodes = self._rows.refresh(self.session.state, change) if change else []
            self.view.update_nodes(nodes, self._left())
        self._waiting = None
        self._on_selected()

    def _left(self) -> BoolColumn:
        """Nodes that the filter leaves."""
        number = self.session.graph_id
        assert number is not None
        return self.filters.matching(number, self.wanted)

    def _on_selected(self) -> None:
        if not self.in_sight or self._rows is None:
            return
        nodes = [int(node) for node in self.session.selection]
        features = len(self.session.selected_features)
        hidden = sum(self.view.model.row_of(node) < 0 for node in nodes)
        self.view.bulk.show_count(len(nodes), features, hidden)
        if not self._choosing:
            self.view.table.set_selection(nodes)

    def _on_nodes_selected(self, nodes: Sequence[int]) -> None:
        # The table knows what is selected in it: it is not to be marked in return.
        self._choosing = True
        self.session.select(nodes)
        self._choosing = False

    def show_found(self, nodes: Sequence[int]) -> None:
        """Mark what Find has found."""
        self.view.model.set_found(nodes)

    # -- the filter -----------------------------------------------------------------

    def set_filter(self, wanted: NodeFilter) -> None:
        """Show only the nodes that a filter leaves."""
        self.wanted = wanted
        words, others = self.filters.in_words(wanted)
        self.view.filter.show_filter(words, others, any_at_all=wanted != NodeFilter())
        self.refresh()

    def ask_filter(self) -> None:
        """Put a filter together."""
        if self.session.project is not None:
            self.show()
            self.filters.ask("Filter the Table", "Show", self.wanted, self.set_filter)

    def _on_filter_progress(self, missing: int) -> None:
        if self.wanted.by_density or self.wanted.text:
            self.refresh()
            waiting = f"Reading densities, {missing:,} to go…" if missing else ""
            model = self.view.model
            self.view.filter.show_count(model.rowCount(), model.total, waiting=waiting)

    def _on_words(self, words: str) -> None:
        self.set_filter(self.filters.with_words(self.wanted, words))

    def _on_saved_chosen(self, name: str) -> None:
        found = self.filters.saved().get(name)
        if found is not None:
            self.set_filter(found)

    def _show_saved(self) -> None:
        self.view.filter.show_saved(list(self.filters.saved()))

    # -- columns and order ----------------------------------------------------------

    def _on_columns(self, shown: frozenset[Column]) -> None:
        self.view.show_columns(shown)
        self._remember()

    def _remember(self) -> None:
        by, descending = self.view.model.sorted_by
        shown = self.view.table.shown_columns
        layout = TableLayout.of(shown, by, descending=descending)
        if layout != self._layout and self.session.project is not None:
            self._layout = layout
            self.session.put_setting(_SETTING, layout_text(layout))
            self.view.show_columns(layout.columns)

    # -- changes --------------------------------------------------------------------

    def _on_edited(self, node: int, column: str, text: str) -> None:
        graph = self.session.graph
        feature = graph.feature_of(NodeIndex(node)) if graph else None
        if feature is None:
            return
        if column == Column.NOTE.value:
            self.session.apply("note", [SetNote(feature_subject(feature), text)])
        elif text:
            edits = label_all(self.session.state, [feature], text, person())
            self.session.apply(f"accept {text!r}", edits)

    def _change(
        self, what: str, edits: Sequence[AnyEdit], features: Sequence[FeatureKey]
    ) -> None:
        """Apply edits of the selected features as one step."""
        n = len(features)
        many = f" of {n:,} features" if n > 1 else ""
        if not n:
            self.session.told.emit("Select features first: other nodes have no labels.")
        elif self.session.apply(what + many, edits) is None:
            self.session.told.emit(f"Nothing to change: {what}.")
        else:
            self.session.told.emit(f"Done: {what}{many}. Ctrl+Z takes it back.")

    def accept(self) -> None:
        """Accept the labels of all selected features."""
        chosen = self.session.selected_features
        edits = accept_all(self.session.state, chosen, person())
        self._change("accept the labels", edits, chosen)

    def reject(self) -> None:
        """Refuse them."""
        chosen = self.session.selected_features
        edits = reject_all(self.session.state, chosen, person())
        self._change("reject the labels", edits, chosen)

    def skip(self) -> None:
        """Put all selected features off."""
        chosen = self.session.selected_features
        self._change("skip", skip_all(chosen), chosen)

    def flag(self) -> None:
        """Flag them all, or none."""
        chosen = self.session.selected_features
        self._change("flag", flag_all(self.session.state, chosen), chosen)

    def tag(self, tag: int) -> None:
        """Put a tag on all selected features, or take it off."""
        chosen = self.session.selected_features
        self._change(f"tag {tag}", tag_all(self.session.state, chosen, tag), chosen)

    def ask_label(self) -> None:
        """Ask for one label of all selected features."""
        chosen = self.session.selected_features
        labels = {self.session.state.label(feature) for feature in chosen} - {""}
        suggestion = labels.pop() if len(labels) == 1 else ""
        title = f"Label {len(chosen):,} features"
        ask_name(self.view.window(), title, suggestion, partial(self._label, chosen))

    def _label(self, chosen: Sequence[FeatureKey], text: str) -> None:
        edits = label_all(self.session.state, chosen, text, person())
        self._change(f"label {text!r}", edits, chosen)

    def ask_note(self) -> None:
        """Ask for a line to add to the notes of all selected features."""
        chosen = self.session.selected_features
        title = f"Add a note to {len(chosen):,} features"
        ask_name(self.view.window(), title, "", partial(self._note, chosen))

    def _note(self, chosen: Sequence[FeatureKey], text: str) -> None:
        edits = note_all(self.session.state, chosen, text)
        self._change("add a note", edits, chosen)


def _both(one: Change, other: Change) -> Change:
    """Two changes as one."""
    return Change(one.kinds | other.kinds, other.by, one.subjects | other.subjects)
