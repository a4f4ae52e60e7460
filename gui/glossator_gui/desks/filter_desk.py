"""Filters: which nodes they leave, the dialog for them, and those kept by name."""

from collections.abc import Mapping
from typing import Protocol

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from glossator.errors import ProjectError
from glossator.graph.attribution_graph import BoolColumn
from glossator.project.finding.find import NodeTexts
from glossator.project.finding.node_filter import (
    NodeFilter,
    label_method,
    matching_nodes,
)
from glossator.project.finding.saved_filters import (
    filter_text,
    save_filter,
    saved_filters,
)
from glossator.project.revision import GraphId
from glossator_gui.actions.spec import Handler
from glossator_gui.desks.densities import Densities
from glossator_gui.desks.search_texts import SearchTexts
from glossator_gui.dialogs.filter_dialog import FilterDialog
from glossator_gui.session import Session


class TakeFilter(Protocol):
    def __call__(self, wanted: NodeFilter, /) -> None: ...


class FilterDesk(QObject):
    """Applies filters to the graph that is shown, and asks for them."""

    progressed = Signal(int)
    """More is known of what filters ask for: so many densities are to be read still."""
    saved_changed = Signal()
    """Another filter is kept, or one no longer."""

    def __init__(self, session: Session, texts: SearchTexts, window: QWidget) -> None:
        super().__init__(window)
        self.session = session
        self._texts = texts
        self._window = window
        self.densities = Densities(session, self)
        self.densities.advanced.connect(self._on_advanced)
        texts.ready.connect(lambda: self._on_advanced(0))
        self._dialog: FilterDialog | None = None
        self._to_select: NodeFilter | None = None
        """Whose nodes are selected once all that it asks for is read."""

    def handlers(self) -> Mapping[str, Handler]:
        return {"select_by_filter": self.ask_selection}

    def close(self) -> None:
        self.densities.close()

    # -- what a filter leaves -------------------------------------------------------

    def matching(self, number: GraphId, wanted: NodeFilter) -> BoolColumn:
        """Nodes of a graph that a filter leaves.

        Texts and densities that are not known yet are read; `progressed` tells of it,
        and until then their nodes are left out.
        """
        texts = None
        if wanted.text.strip():
            if not self._texts.prepare(number):
                return np.zeros(len(self.session.state.graphs[number].graph), bool)
            texts = self._texts.of(number)
        if wanted.by_density:
            self._read_densities(number, wanted, texts)
        return matching_nodes(
            self.session.state, number, wanted, texts=texts, density=self.densities
        )

    def _read_densities(
        self, number: GraphId, wanted: NodeFilter, texts: NodeTexts | None
    ) -> None:
        """Of the features that all else lets through."""
        state = self.session.state
        others = msgspec.structs.replace(wanted, least_density=None, most_density=None)
        nodes = matching_nodes(state, number, others, texts=texts)
        graph = state.graphs[number].graph
        numbers = graph.feature_number[nodes & graph.nodes.is_feature]
        self.densities.read([graph.features[at] for at in np.unique(numbers).tolist()])

    @property
    def reading(self) -> bool:
        """Whether something that filters ask for is not known yet."""
        return self.densities.reading or self._texts.preparing

    def _on_advanced(self, missing: int) -> None:
        self.progressed.emit(missing)
        if self._dialog is not None and not self.reading:
            self._count(self._dialog.form.wanted)
        if self._to_select is not None and not self.reading:
            self.select(self._to_select)

    @staticmethod
    def in_words(wanted: NodeFilter) -> tuple[str, str]:
        """The words of a filter, and all else that it asks for."""
        others = msgspec.structs.replace(wanted, text="")
        return wanted.text, "" if others == NodeFilter() else filter_text(others)

    @staticmethod
    def with_words(wanted: NodeFilter, words: str) -> NodeFilter:
        return msgspec.structs.replace(wanted, text=words)

    # -- the dialog -----------------------------------------------------------------

    def ask(
        self, title: str, take: str, wanted: NodeFilter, on_taken: TakeFilter
    ) -> None:
        """Put a filter together; `take` is what agreeing to it is called."""
        dialog = FilterDialog(title, take, wanted, self._methods(), self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show_saved(self.saved())
        dialog.changed.connect(self._count)
        dialog.taken.connect(on_taken)
        dialog.save_wanted.connect(self.save)
        dialog.finished.connect(self._on_finished)
        self._dialog = dialog
        self._count(wanted)
        dialog.open()

    def _on_finished(self) -> None:
        self._dialog = None

    def _methods(self) -> list[str]:
        """Of the labels in force; "" where some name none."""
        state = self.session.state
        found = {label_method(state, feature) for feature in state.features()}
        return sorted(method for method in found if method is not None)

    def _count(self, wanted: NodeFilter) -> None:
        """Say in the dialog how many nodes a filter leaves."""
        number = self.session.graph_id
        if self._dialog is None or number is None:
            return
        found = self.matching(number, wanted)
        text = f"{np.count_nonzero(found):,} of {len(found):,} nodes"
        self._dialog.show_count("Reading what it asks for…" if self.reading else text)

    # -- selecting ------------------------------------------------------------------

    def ask_selection(self) -> None:
        """Ask by which filter to select."""
        if self.session.graph_id is not None:
            self.ask("Select by Filter", "Select", NodeFilter(), self.select)

    def select(self, wanted: NodeFilter) -> None:
        """Select the nodes that a filter leaves, once all it asks for is read."""
        number = self.session.graph_id
        self._to_select = None
        if number is None:
            return
        found = self.matching(number, wanted)
        if self.reading:
            self._to_select = wanted
            self.session.told.emit("Reading what the filter asks for…")
            return
        nodes = np.flatnonzero(found).tolist()
        self.session.select(nodes)
        some = "1 node" if len(nodes) == 1 else f"{len(nodes):,} nodes"
        self.session.told.emit(f"Selected {some}: {filter_text(wanted)}")

    # -- by name --------------------------------------------------------------------

    def saved(self) -> dict[str, NodeFilter]:
        project = self.session.project
        return saved_filters(project) if project is not None else {}

    def save(self, name: str, wanted: NodeFilter | None) -> None:
        """Keep a filter under a name; None forgets it."""
        project = self.session.project
        if project is None:
            return
        try:
            save_filter(project, name, wanted)
        except ProjectError as error:
            self.session.failed.emit(str(error))
            return
        if self._dialog is not None:
            self._dialog.show_saved(self.saved())
        self.saved_changed.emit()
