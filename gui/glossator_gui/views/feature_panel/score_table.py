"""Why a feature has its tier: the deciding sentence and the three window scores."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from glossator.protocol.decision import ProtocolResult, WindowScore
from glossator.protocol.protocol_settings import WINDOW_NAMES
from glossator_gui.views.plain_text import MINUS, WrappedLabel

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
_NOTHING = "–"
TOO_FEW = "too few"


def score_cells(score: WindowScore | None, *, passed: bool) -> tuple[str, ...]:
    """The columns after the window's name."""
    if score is None:
        return (TOO_FEW, "", "", "", "", "")
    null = _NOTHING
    if score.null_mean is not None and score.null_sd is not None:
        null = f"{_fixed(score.null_mean)} ± {score.null_sd:.2f}"
    return (
        str(score.n_used),
        _fixed(score.raw),
        null,
        _NOTHING if score.z is None else _fixed(score.z, 1),
        _NOTHING if score.p is None else _p_text(score.p),
        "✓ yes" if passed else "no",
    )


def _fixed(value: float, digits: int = 2) -> str:
    return f"{value:.{digits}f}".replace("-", MINUS)


def _p_text(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


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
            cells = [_cell(at, column) for column in range(len(_COLUMNS))]
            for column, cell in enumerate(cells):
                grid.addWidget(cell, at, column)
                cell.setText(row[column] if column < len(row) else "")
            self._cells.append(cells)

    def show_result(self, result: ProtocolResult) -> None:
        for name, cells in zip(WINDOW_NAMES, self._cells[1:], strict=True):
            passed = name in result.decision.passed
            texts = score_cells(result.scores.of(name), passed=passed)
            for cell, text in zip(cells[1:], texts, strict=True):
                cell.setText(text)
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

    def texts(self) -> list[list[str]]:
        """What stands in the cells, row by row."""
        return [[cell.text() for cell in cells] for cells in self._cells]


def _cell(row: int, column: int) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    flag = Qt.AlignmentFlag
    side = flag.AlignLeft if column == 0 else flag.AlignRight
    label.setAlignment(side | flag.AlignVCenter)
    if row == 0:
        label.setProperty("role", "muted")
        label.setToolTip(_EXPLAINED[column])
    return label


class WhyBlock(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._reason = WrappedLabel()
        self._table = ScoreTable()
        self._routings = WrappedLabel(role="muted", small=True)
        for part in (self._reason, self._table, self._routings):
            column.addWidget(part)

    @property
    def reason(self) -> str:
        return self._reason.text()

    @property
    def routings(self) -> str:
        return self._routings.text()

    @property
    def table(self) -> ScoreTable:
        return self._table

    def show_result(self, result: ProtocolResult | None) -> None:
        self._table.setVisible(result is not None)
        self._routings.setVisible(result is not None)
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
        f"{decision.routing}: {decision.tier}"
        + (" (in use)" if decision.routing == result.routing else "")
        for decision in both
    )
    null = f" · null: {result.null_origin}" if result.null_origin else ""
    return tiers + null
