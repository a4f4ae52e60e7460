"""Two graphs side by side; the window stays usable beside."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from glossator.graph_comparison.rows import (
    FACT_HEAD,
    FEATURE_HEAD,
    LABEL_HEAD,
    LINK_HEAD,
    LOGIT_HEAD,
    SUPERNODE_HEAD,
)
from glossator_gui.dialogs.graph_comparison_pages import (
    FEATURE_FILTERS,
    LABEL_FILTERS,
    LINK_FILTERS,
    SUPERNODE_FILTERS,
    ComparisonPages,
)
from glossator_gui.dialogs.graph_comparison_table import ComparedTable
from glossator_gui.views.cell_table import CellTable
from glossator_gui.views.plain_text import WrappedLabel, one_line

_SIZE = 1080, 680
_CHOOSE = (
    "Choose what to compare with: another graph of this project, or a graph or project "
    "file."
)
_NO_FEATURE = "No feature is in both"


class GraphComparisonDialog(QDialog):
    """Shows what is in both graphs, and asks for what is to be brought over."""

    sides_chosen = Signal()
    """Other graphs are to be compared."""
    file_requested = Signal()
    chosen = Signal(object)
    """What a row tells of: to be selected in the window."""
    labels_requested = Signal(object)
    """Features whose labels of B are to be proposed."""
    supernodes_requested = Signal(object)
    """Supernodes of A that B is to get."""
    csv_requested = Signal()
    json_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Compare Graphs")
        self.shown: ComparisonPages | None = None
        self.a, self.b = QComboBox(), QComboBox()
        self.a.setAccessibleName("Graph A")
        self.b.setAccessibleName("Graph B")
        self.swap = QPushButton("Swap")
        self.swap.setToolTip("A becomes B, and B becomes A")
        self.file = QPushButton("File or Project…")
        self.file.setToolTip("Compare with a graph of a file")
        self.said = WrappedLabel(role="muted")
        self.said.setAccessibleName("What is compared")
        self.facts = CellTable("Facts", wide=(0,))
        self.logits = CellTable("Logits", wide=(0,))
        self.features = ComparedTable(
            "Features",
            (FEATURE_HEAD[0], "Label", *FEATURE_HEAD[1:]),
            FEATURE_FILTERS,
            words=range(5),
            wide=(1,),
        )
        self.labels = ComparedTable(
            "Labels",
            LABEL_HEAD,
            LABEL_FILTERS,
            words=range(len(LABEL_HEAD)),
            wide=(2, 4),
        )
        self.supernodes = ComparedTable(
            "Supernodes",
            SUPERNODE_HEAD,
            SUPERNODE_FILTERS,
            words=(0, 1, 4),
            wide=(0, 4),
        )
        self.links = ComparedTable(
            "Links", LINK_HEAD, LINK_FILTERS, words=(0, 1), wide=(0, 1)
        )
        self.take, self.carry = QPushButton(), QPushButton()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole
        self.csv = self.buttons.addButton("Export CSV…", role.ActionRole)
        self.json = self.buttons.addButton("Export JSON…", role.ActionRole)
        self.leave = self.buttons.addButton("Close", role.RejectRole)
        self._arrange()
        self._connect()
        self._offer()

    # -- building -------------------------------------------------------------------

    def _arrange(self) -> None:
        sides = QGridLayout()
        for row, (letter, combo, button) in enumerate(
            (("A", self.a, self.swap), ("B", self.b, self.file))
        ):
            label = QLabel(letter)
            label.setBuddy(combo)
            sides.addWidget(label, row, 0)
            sides.addWidget(combo, row, 1)
            sides.addWidget(button, row, 2)
        sides.setColumnStretch(1, 1)
        self.tabs.addTab(self._overview(), "Overview")
        self.tabs.addTab(self.features, "Features")
        self.tabs.addTab(_with_button(self.labels, self.take), "Labels")
        self.tabs.addTab(_with_button(self.supernodes, self.carry), "Supernodes")
        self.tabs.addTab(self.links, "Links")
        layout = QVBoxLayout(self)
        layout.addLayout(sides)
        layout.addWidget(self.said)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.buttons)
        # Enter is of the tables and of the filters, and leaves the window open.
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)
        self.resize(*_SIZE)

    def _overview(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setSpacing(24)
        for table in (self.facts, self.logits):
            column = QVBoxLayout()
            column.addWidget(table)
            column.addStretch(1)
            row.addLayout(column, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName("Overview")
        area.setWidget(page)
        return area

    def _connect(self) -> None:
        self.a.activated.connect(lambda at: self.sides_chosen.emit())
        self.b.activated.connect(lambda at: self.sides_chosen.emit())
        self.swap.clicked.connect(self._on_swap)
        self.file.clicked.connect(self.file_requested)
        for table in (self.features, self.labels, self.supernodes, self.links):
            table.chosen.connect(self.chosen)
            table.selection_changed.connect(self._offer)
        self.take.clicked.connect(
            lambda: self.labels_requested.emit(self.labels.picked())
        )
        self.carry.clicked.connect(
            lambda: self.supernodes_requested.emit(self.supernodes.picked())
        )
        self.csv.clicked.connect(self.csv_requested)
        self.json.clicked.connect(self.json_requested)
        self.buttons.rejected.connect(self.reject)

    # -- what is compared -----------------------------------------------------------

    def offer_sides(
        self, a: Sequence[str], b: Sequence[str], at_a: int, at_b: int
    ) -> None:
        """Offer graphs by name; -1 where none is chosen."""
        for combo, names, at in ((self.a, a, at_a), (self.b, b, at_b)):
            combo.clear()
            combo.addItems([one_line(name) for name in names])
            combo.setCurrentIndex(at)
        self.a.setEnabled(len(a) > 1)
        self.b.setEnabled(bool(b))
        self._offer()

    def show_pages(self, pages: ComparisonPages) -> None:
        """Show a comparison."""
        self.shown = pages
        comparison = pages.comparison
        self._say("\n".join(map(one_line, pages.notes)))
        self.facts.show_rows(FACT_HEAD, pages.facts)
        self.logits.show_rows(LOGIT_HEAD, pages.logits)
        for table in (self.facts, self.logits):
            table.fit()
        alike = "" if comparison.same_source else " (another source set)"
        self.features.show_rows(pages.features, empty="No graph has a feature")
        self.labels.show_rows(pages.labels, empty=f"{_NO_FEATURE}{alike}")
        self.supernodes.show_rows(pages.supernodes, empty="No graph has a supernode")
        self.links.show_rows(
            pages.links, empty=f"{_NO_FEATURE}{alike}", of=len(comparison.links)
        )
        self._offer()

    def show_nothing(self) -> None:
        """Say what to do where there is nothing to compare with yet."""
        self.shown = None
        self._say(_CHOOSE)
        self._offer()

    def show_busy(self, text: str) -> None:
        self._say(text)

    def show_problem(self, text: str) -> None:
        self._say(text, role="warning")

    # -- inside ---------------------------------------------------------------------

    def _say(self, text: str, *, role: str = "muted") -> None:
        self.said.setProperty("role", role)
        self.said.style().unpolish(self.said)
        self.said.style().polish(self.said)
        self.said.setText(text)

    def _on_swap(self) -> None:
        at_a, at_b = self.a.currentIndex(), self.b.currentIndex()
        self.a.setCurrentIndex(at_b)
        self.b.setCurrentIndex(at_a)
        self.sides_chosen.emit()

    @property
    def b_of_project(self) -> bool:
        """Whether B, too, is a graph of the open project: these come first."""
        return 0 <= self.b.currentIndex() < self.a.count()

    def _offer(self) -> None:
        """Offer what can be done now, and say why the rest cannot."""
        found = self.shown
        for widget in (self.tabs, self.csv, self.json):
            widget.setEnabled(found is not None)
        self.swap.setEnabled(self.b_of_project)
        some = self.labels.has_selection
        self.take.setText(f"Take {'Selected' if some else 'All'} Labels from B")
        self.take.setEnabled(not self.b_of_project and self.labels.rows.rowCount() > 0)
        self.take.setToolTip(
            "Both graphs are of this project: a feature has one label in it"
            if self.b_of_project
            else "Proposed for review; what a person said here stays"
        )
        some = self.supernodes.has_selection
        self.carry.setText(f"Carry {'Selected' if some else 'All'} Over to B")
        able = self.b_of_project and self.supernodes.rows.rowCount() > 0
        self.carry.setEnabled(able)
        self.carry.setToolTip(
            "Make A’s supernodes in B, of the nodes that are there"
            if self.b_of_project
            else "Only graphs of the open project can be changed"
        )


def _with_button(table: ComparedTable, button: QPushButton) -> QWidget:
    page = QWidget()
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(button)
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(table, 1)
    column.addLayout(row)
    return page
