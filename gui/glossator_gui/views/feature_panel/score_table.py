"""Why a feature has its tier: the deciding sentence and the three window scores."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from glossator.protocol.decision import FeatureScores, ProtocolResult, WindowScore
from glossator.protocol.protocol_settings import WINDOW_NAMES
from glossator_gui.views.feature_panel.fact_table import fact_cell
from glossator_gui.views.feature_panel.protocol_facts import (
    NOTHING,
    ComparatorTable,
    SenseTable,
    fixed,
    p_text,
)
from glossator_gui.views.plain_text import WrappedLabel

_COLUMNS = ("window", "n", "raw", "null", "z", "p", "passed")
_EXPLAINED = (
    "Tokens around the top token",
    "Windows that hold text",
    "Mean cosine over all pairs of windows",
    "The same for unrelated windows: mean ± standard deviation",
    "Standard deviations above the null",
    "Share of the null at least as large",
    "At or above the threshold of the routing in use",
)
_RAW = _COLUMNS.index("raw")
_WEIGHTED = ("weighted", "Mean cosine over all pairs of windows, by activation")
TOO_FEW = "too few"


def score_cells(score: WindowScore | None, *, passed: bool) -> tuple[str, ...]:
    """The columns after the window's name."""
    if score is None:
        return (TOO_FEW, "", "", "", "", "")
    null = NOTHING
    if score.null_mean is not None and score.null_sd is not None:
        null = f"{fixed(score.null_mean)} ± {score.null_sd:.3f}"
    weighted = score.weighted_z is not None
    p = score.weighted_p if weighted else score.p
    return (
        str(score.n_used),
        fixed(score.weighted if weighted else score.raw),
        null,
        NOTHING if score.deciding_z is None else fixed(score.deciding_z, 1),
        NOTHING if p is None else p_text(p),
        "✓ yes" if passed else "no",
    )


def score_tips(score: WindowScore | None) -> tuple[str, ...]:
    """What the same columns leave out: the score that does not decide."""
    if score is None:
        return ("Fewer than three windows hold text", "", "", "", "", "")
    n = score.effective_n
    count = "" if n is None else f"By activation they count as {n:.1f} equal windows"
    if score.weighted_z is None:
        raw, z = f"By activation: {fixed(score.weighted)}", ""
    else:
        raw = f"All pairs alike: {fixed(score.raw)}"
        z = "" if score.z is None else f"All pairs alike: z {fixed(score.z, 1)}"
        z += "" if score.p is None else f", p {p_text(score.p)}"
    return (count, raw, "", z, "", "")


class ScoreTable(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        self._grid = grid
        self._cells: list[list[QLabel]] = []
        names = [_COLUMNS, *((name,) for name in WINDOW_NAMES)]
        for at, row in enumerate(names):
            cells = [fact_cell(column) for column in range(len(_COLUMNS))]
            for column, cell in enumerate(cells):
                grid.addWidget(cell, at, column)
                cell.setText(row[column] if column < len(row) else "")
                if at == 0:
                    cell.setProperty("role", "muted")
                    cell.setToolTip(_EXPLAINED[column])
            self._cells.append(cells)

    def show_result(self, result: ProtocolResult) -> None:
        self._name_scores(weighted=_is_weighted(result.scores))
        for name, cells in zip(WINDOW_NAMES, self._cells[1:], strict=True):
            passed = name in result.decision.passed
            score = result.scores.of(name)
            texts = score_cells(score, passed=passed)
            tips = score_tips(score)
            for cell, text, tip in zip(cells[1:], texts, tips, strict=True):
                cell.setText(text)
                cell.setToolTip(tip)
            few = texts[0] == TOO_FEW
            self._grid.addWidget(
                cells[1], self._cells.index(cells), 1, 1, 6 if few else 1
            )
            flag = Qt.AlignmentFlag
            side = flag.AlignLeft if few else flag.AlignRight
            cells[1].setAlignment(side | flag.AlignVCenter)
            for cell in cells:
                font = cell.font()
                font.setBold(name == result.tier)
                cell.setFont(font)

    def _name_scores(self, *, weighted: bool) -> None:
        name, tip = _WEIGHTED if weighted else (_COLUMNS[_RAW], _EXPLAINED[_RAW])
        self._cells[0][_RAW].setText(name)
        self._cells[0][_RAW].setToolTip(tip)

    def texts(self) -> list[list[str]]:
        """What stands in the cells, row by row."""
        return [[cell.text() for cell in cells] for cells in self._cells]


def _is_weighted(scores: FeatureScores) -> bool:
    """Whether the run weighed pairs by activation."""
    found = (scores.of(name) for name in WINDOW_NAMES)
    return any(score and score.weighted_z is not None for score in found)


class WhyBlock(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._reason = WrappedLabel()
        self._table = ScoreTable()
        self._whole = WrappedLabel(role="muted", small=True)
        self._whole.setToolTip(
            "Share of sets of unrelated examples whose largest z is as large"
        )
        self._routings = WrappedLabel(role="muted", small=True)
        self.senses = SenseTable()
        self.comparators = ComparatorTable()
        self.unfold = QToolButton()
        self.unfold.setText("Figures")
        self.unfold.setToolTip("The scores that led to the tier")
        self.unfold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.unfold.setCheckable(True)
        self.unfold.setAutoRaise(True)
        self.unfold.toggled.connect(self._show_figures)
        self._figures = QWidget()
        figures = QVBoxLayout(self._figures)
        figures.setContentsMargins(0, 0, 0, 0)
        figures.setSpacing(6)
        for part in (
            self._table,
            self.senses,
            self._whole,
            self._routings,
            self.comparators,
        ):
            figures.addWidget(part)
        column.addWidget(self._reason)
        column.addWidget(self.unfold, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._figures)
        self._show_figures(False)

    def _show_figures(self, shown: bool) -> None:
        """Folded, they leave the room to the examples."""
        arrow = Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
        self.unfold.setArrowType(arrow)
        self._figures.setVisible(shown)

    @property
    def reason(self) -> str:
        return self._reason.text()

    @property
    def routings(self) -> str:
        return self._routings.text()

    @property
    def whole(self) -> str:
        """The p of the feature; "" where none is known."""
        return self._whole.text()

    @property
    def table(self) -> ScoreTable:
        return self._table

    def show_result(self, result: ProtocolResult | None) -> None:
        self.unfold.setVisible(result is not None)
        self._table.setVisible(result is not None)
        self._routings.setVisible(result is not None)
        scores = result.scores if result else None
        p = scores.p if scores else None
        self._whole.setText("" if p is None else f"whole feature: p {p_text(p)}")
        self._whole.setVisible(p is not None)
        self.senses.show_senses(scores.senses if scores else None)
        self.comparators.show_comparators(scores.comparators if scores else None)
        if result is None:
            self._reason.setText("Not scored yet. The protocol tells the tier and why.")
            return
        reason = result.decision.reason
        self._reason.setText(reason[:1].upper() + reason[1:])
        self._table.show_result(result)
        self._routings.setText(_routings_text(result))


def _routings_text(result: ProtocolResult) -> str:
    both = (result.calibrated, result.literal)
    tiers = " · ".join(
        f"{decision.routing}: {result.shown_tier} (in use)"
        if decision.routing == result.routing
        else f"{decision.routing}: {decision.tier}"
        for decision in both
    )
    null = f" · null: {result.null_origin}" if result.null_origin else ""
    return tiers + null
