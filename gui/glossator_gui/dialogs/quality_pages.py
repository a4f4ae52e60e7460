"""What the review tells, in tables, and how another person's labels agree."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from glossator.evaluation.label_agreement import Agreement
from glossator.evaluation.label_scores.label_score import Interval
from glossator.graph.attribution_graph import FeatureKey
from glossator.project.reviewing.review_quality import (
    AIM,
    Acceptance,
    LeftToPerson,
    Rechecked,
    ReviewQuality,
)
from glossator.project.reviewing.second_annotator import SecondAnnotator, SecondOpinion
from glossator_gui.views.cell_table import CellTable
from glossator_gui.views.plain_text import WrappedLabel, one_line

_LEFT = (
    "A decision is left to you where no method and no file has a label, or where the "
    f"protocol finds no pattern. At most {100 * AIM:.0f} % of a graph’s feature nodes "
    "is the aim; one decision serves all nodes of a feature."
)
_LEFT_HEAD = (
    *("Graph", "Feature nodes", "Features", "Left to you", "Share"),
    *(f"Aim {100 * AIM:.0f} %", "Still open", "To confirm"),
)
_MADE = (
    "What became of proposals: accepted unchanged, edited or rejected. The share is of "
    "those accepted unchanged, with its 95 % interval."
)
_MADE_HEAD = ("Accepted", "Edited", "Rejected", "Written", "Share", "95 %")
_PACE = (
    "Median seconds from when a feature was shown to the decision on its label; time "
    "in which the window was not in use does not count."
)
_NOT_DECIDED = "No label is decided on yet: the tables fill as you review."
_NOT_RECHECKED = (
    "No label was said again yet. A blind re-check (B) draws accepted features, hides "
    "their labels and asks you again."
)
_NOBODY = (
    "Hold your labels against another person’s: their project, or a table of labels "
    "(CSV, JSON Lines). Nothing of it enters this project."
)
_NOTHING_TWICE = "There is no feature that both of you labelled, judged or decided on."
_OPINION_HEAD = (
    *("Feature", "You", "The other", "Similarity", "Your tier", "Their tier"),
    *("You decided", "They decided"),
)
_ALWAYS = range(4)
_SIMILARITY = 3
_NONE = "–"


class ReviewPage(QScrollArea):
    """Everything that the decisions made here tell."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("What the decisions tell")
        self.left = CellTable("Decisions left to you, by graph")
        self.none = WrappedLabel(_NOT_DECIDED, role="muted")
        self.tiers = CellTable("What became of proposals, by tier")
        self.methods = CellTable("What became of proposals, by method")
        self.pace = CellTable("Seconds per label, by tier")
        self.rechecked = WrappedLabel()
        self._made = _section("Acceptance", _MADE, self.tiers, self.methods)
        self._pace = _section("Time", _PACE, self.pace)
        self.setAccessibleName("What the review tells")
        column = _column(self)
        column.addWidget(_section("Decisions left to you", _LEFT, self.left))
        column.addWidget(self.none)
        column.addWidget(self._made)
        column.addWidget(self._pace)
        column.addWidget(_section("Blind re-check", "", self.rechecked))
        column.addStretch(1)

    def show_quality(self, quality: ReviewQuality) -> None:
        over = [at for at, graph in enumerate(quality.graphs) if graph.share > AIM]
        self.left.show_rows(
            _LEFT_HEAD,
            [_left_row(graph) for graph in quality.graphs],
            strong=[(at, 5) for at in over],
        )
        for table, name, rows in (
            (self.tiers, "Tier", quality.by_tier),
            (self.methods, "Method", quality.by_method),
        ):
            table.show_rows((name, *_MADE_HEAD), [_made_row(row) for row in rows])
            table.setVisible(bool(rows))
        self.pace.show_rows(
            ("Tier", "Labels", "Seconds"),
            [[one.name, str(one.n), f"{one.median:.1f}"] for one in quality.pace],
        )
        self.none.setVisible(not quality.by_tier)
        self._made.setVisible(bool(quality.by_tier))
        self._pace.setVisible(bool(quality.pace))
        for table in (self.left, self.tiers, self.methods, self.pace):
            table.fit()

    def show_rechecked(self, found: Rechecked, similarity: str) -> None:
        """`similarity` is said of the words; "" where nothing can be said."""
        if found.share is None:
            self.rechecked.setText(_NOT_RECHECKED)
            return
        self.rechecked.setText(
            f"{found.same} of {found.n} the same: {_percent(found.share)} "
            f"{_range(found.interval)}; {found.different} different, {found.better} "
            f"better the second time. {similarity}".strip()
        )


class AnnotatorPage(QWidget):
    """Another person's labels beside one's own."""

    read_requested = Signal()
    feature_wanted = Signal(object)
    """FeatureKey of the row that was gone to."""
    take_requested = Signal(object)
    """SecondOpinion whose words are wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: list[SecondOpinion] = []
        self._found: SecondAnnotator | None = None
        self.said = WrappedLabel(_NOBODY)
        self.read = QPushButton("Compare with Another Person…")
        self.take = QPushButton("Take Theirs into the Editor")
        self.take.setToolTip("With its origin; accepting it is up to you")
        self.take.hide()
        self.table = CellTable("Features on which you disagree", wide=(1, 2))
        row = QHBoxLayout()
        row.addWidget(self.read)
        row.addWidget(self.take)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(10)
        column.addWidget(self.said)
        column.addLayout(row)
        column.addWidget(self.table, 100)
        column.addStretch(1)
        self.read.setAutoDefault(False)
        self.take.setAutoDefault(False)
        self.table.hide()
        self.read.clicked.connect(self.read_requested)
        self.take.clicked.connect(self._on_take)
        self.table.currentCellChanged.connect(self._on_row)

    def show_annotator(
        self, found: SecondAnnotator, similar: Sequence[float] | None
    ) -> None:
        """Show where two people agree, and where not.

        Parameters
        ----------
        similar : cosines of `found.pairs`; None while they are reckoned.
        """
        kept = self._current() if self._found is found else None
        self._found = found
        labelled = [one for one in found.opinions if one.labels is not None]
        values = dict(zip(labelled, similar or (), strict=False))
        differing = [one for one in found.opinions if one.differs]
        self._shown = sorted(differing, key=lambda one: values.get(one, 2.0))
        self.said.setText(_told(found, similar))
        rows = [_opinion_row(one, values.get(one)) for one in self._shown]
        self.table.blockSignals(True)
        self._show_filled(rows)
        if kept in self._shown:
            self.table.setCurrentCell(self._shown.index(kept), 0)
        self.table.blockSignals(False)
        self.table.setVisible(bool(rows))
        self.take.setVisible(bool(rows))
        self._enable()

    def _show_filled(self, rows: Sequence[Sequence[str]]) -> None:
        """Leave out what was said of no feature."""
        filled = [
            at
            for at in range(len(_OPINION_HEAD))
            if at in _ALWAYS or any(row[at] != _NONE for row in rows)
        ]
        words = [to for to, at in enumerate(filled) if at != _SIMILARITY]
        self.table.show_rows(
            [_OPINION_HEAD[at] for at in filled],
            [[row[at] for at in filled] for row in rows],
            words=words,
        )

    def say(self, text: str) -> None:
        """What is under way, or why it cannot be."""
        self.said.setText(text)

    def _current(self) -> SecondOpinion | None:
        at = self.table.currentRow()
        return self._shown[at] if 0 <= at < len(self._shown) else None

    def _enable(self) -> None:
        current = self._current()
        self.take.setEnabled(current is not None and bool(current.theirs))

    def _on_row(self) -> None:
        self._enable()
        current = self._current()
        if current is not None:
            feature: FeatureKey = current.feature
            self.feature_wanted.emit(feature)

    def _on_take(self) -> None:
        current = self._current()
        if current is not None:
            self.take_requested.emit(current)


def _left_row(graph: LeftToPerson) -> list[str]:
    return [
        graph.slug,
        str(graph.feature_nodes),
        str(graph.features),
        str(graph.left),
        f"{_percent(graph.share)}",
        "✓ met" if graph.share <= AIM else "✗ over",
        str(graph.open),
        str(graph.to_confirm),
    ]


def _made_row(row: Acceptance) -> list[str]:
    return [
        row.name,
        str(row.accepted),
        str(row.edited),
        str(row.rejected),
        str(row.written),
        _NONE if row.share is None else f"{_percent(row.share)}",
        _range(row.interval) or _NONE,
    ]


def _opinion_row(one: SecondOpinion, similar: float | None) -> list[str]:
    ours, theirs = one.decisions or ("", "")
    if ours == theirs:
        ours = theirs = ""
    return [
        str(one.feature),
        one.ours or _NONE,
        one.theirs or _NONE,
        _NONE if similar is None else f"{similar:.2f}",
        one.our_tier or _NONE,
        one.their_tier or _NONE,
        ours or _NONE,
        theirs or _NONE,
    ]


def _told(found: SecondAnnotator, similar: Sequence[float] | None) -> str:
    """Agreement in words."""
    if not found.opinions:
        return f"{one_line(found.source)}: {_NOTHING_TWICE}"
    parts = [f"Beside {one_line(found.source)}:"]
    labels = found.on_labels
    if labels.n:
        mean = "; how similar they are is being reckoned…"
        if similar is not None:
            mean = f"; mean similarity {sum(similar) / max(len(similar), 1):.2f}."
        parts.append(f"{_agreement('labels in the same words', labels)}{mean}")
    if found.on_tiers.n:
        parts.append(f"{_agreement('the same judged tier', found.on_tiers)}.")
    if found.on_decisions.n:
        decided = _agreement(
            "the same decision to accept or reject", found.on_decisions
        )
        parts.append(f"{decided}.")
    return "\n".join(parts)


def _agreement(what: str, found: Agreement) -> str:
    share = f"{_percent(found.share)}" if found.share is not None else _NONE
    kappa = "" if found.kappa is None else f", kappa {found.kappa:.2f}"
    return f"{found.equal} of {found.n} {what}: {share} {_range(found.interval)}{kappa}"


def _range(interval: Interval | None) -> str:
    if interval is None:
        return ""
    low, high = (100 * end for end in interval)
    return f"[{low:.0f}, {high:.0f}] %"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _column(area: QScrollArea) -> QVBoxLayout:
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    inner = QWidget()
    area.setWidget(inner)
    column = QVBoxLayout(inner)
    column.setContentsMargins(12, 12, 12, 12)
    column.setSpacing(16)
    return column


def _section(title: str, meaning: str, *widgets: QWidget) -> QWidget:
    section = QWidget()
    column = QVBoxLayout(section)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    column.addWidget(WrappedLabel(title, role="title"))
    if meaning:
        column.addWidget(WrappedLabel(meaning, role="muted", small=True))
    for widget in widgets:
        column.addWidget(widget)
    return section
