"""The page of tiers: the chart, a threshold to try, and tests of what is supposed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from glossator.evaluation.tiers_by_layer import LayerTest, TierCounts
from glossator.protocol.decision import Tier
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator_gui.actions.table import ACTIONS
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.elided_label import ElidedLabel
from glossator_gui.views.plain_text import WrappedLabel
from glossator_gui.views.tier_chart.bars import TierBars
from glossator_gui.views.tier_chart.counts_table import CountsTable
from glossator_gui.views.tier_chart.question_table import QuestionTable
from glossator_gui.views.tier_chart.threshold_control import ThresholdControl

_SIDE = 292
"""Width of what stands beside the chart."""
_NARROW = 680
"""A page narrower than this has it beneath the chart."""
_MARGIN, _GAP = 14, 10


@dataclass(frozen=True, eq=False)
class TierPicture:
    """What the page shows of the features in its scope."""

    by_layer: TierCounts
    """As tried."""
    n_layers: int
    now: Counter[Tier]
    """As stored."""
    n_unscored: int
    settings: ProtocolSettings
    """Routing and thresholds that are tried, or else in force."""
    tried: bool
    """Whether these are others than those in force."""
    n_changing: int
    """Features of the whole project that would be of another tier."""
    n_fallen: int
    """Of these, such as pass no more, so that a run looks for their senses anew."""
    several_graphs: bool


class TierView(QWidget):
    """Shows a picture, and signals what a person wants of it."""

    run_requested = Signal()
    scope_chosen = Signal()
    threshold_moved = Signal(str, float)
    """RoutingName and its threshold."""
    apply_requested = Signal()
    reset_requested = Signal()
    segment_chosen = Signal(int, str)
    """Layer and tier."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.scope = QComboBox()
        self.scope.setAccessibleName("Graphs that the chart is of")
        self.scope.addItems(["This graph", "All graphs of the project"])
        self.scope.currentIndexChanged.connect(self.scope_chosen)
        self.by_count, self.by_share = _switch("Counts"), _switch("Shares")
        self.by_count.setChecked(True)
        self._measure = QButtonGroup(self)
        for button in (self.by_count, self.by_share):
            self._measure.addButton(button)
        self.by_share.toggled.connect(self._on_measure_chosen)
        self.state = ElidedLabel()
        self.bars = TierBars()
        self.bars.segment_chosen.connect(self.segment_chosen)
        self.threshold = ThresholdControl()
        self.threshold.moved.connect(self.threshold_moved)
        self.counts = CountsTable()
        self.expected = WrappedLabel(role="muted", small=True)
        self.caution = WrappedLabel(role="warning", small=True)
        self.apply = QPushButton("Apply")
        self.apply.setProperty("primary", True)
        self.apply.clicked.connect(self.apply_requested)
        self.reset = QPushButton("Reset")
        self.reset.clicked.connect(self.reset_requested)
        self.note = WrappedLabel(role="muted", small=True)
        self.questions = QuestionTable()
        self.run = QPushButton("Run Protocol…")
        self.run.clicked.connect(self.run_requested)
        self._upper = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._page = self._scrolled(self._filled())
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty())
        self._pages.addWidget(self._page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self.set_theme(LIGHT)

    # -- how it is laid out ---------------------------------------------------------

    def _empty(self) -> QWidget:
        (key,) = next(spec.keys for spec in ACTIONS if spec.name == "run")
        text = QLabel(f"Run the protocol ({key}) to see tiers by layer.")
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setProperty("role", "muted")
        page = _on_base(QWidget())
        column = QVBoxLayout(page)
        column.addStretch(1)
        for widget in (text, self.run):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    def _filled(self) -> QWidget:
        page = _on_base(QWidget())
        self._upper.setSpacing(2 * _MARGIN)
        self._upper.addLayout(self._chart(), 1)
        self._upper.addWidget(self._side())
        column = QVBoxLayout(page)
        column.setContentsMargins(_MARGIN, _GAP, _MARGIN, _MARGIN)
        column.setSpacing(_MARGIN)
        column.addLayout(self._upper, 1)
        column.addWidget(self.questions)
        return page

    def _chart(self) -> QVBoxLayout:
        switch = QHBoxLayout()
        switch.setSpacing(0)
        switch.addWidget(self.by_count)
        switch.addWidget(self.by_share)
        row = QHBoxLayout()
        row.setSpacing(_GAP)
        row.addWidget(self.scope)
        row.addLayout(switch)
        row.addWidget(self.state, 1)
        column = QVBoxLayout()
        column.setSpacing(_GAP)
        column.addLayout(row)
        column.addWidget(self.bars, 1)
        return column

    def _side(self) -> QWidget:
        side = QWidget()
        side.setMinimumWidth(_SIDE)
        side.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        title = QLabel("Try another threshold")
        title.setProperty("role", "title")
        buttons = QHBoxLayout()
        buttons.addWidget(self.apply, 1)
        buttons.addWidget(self.reset)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(_GAP)
        column.addWidget(title)
        column.addWidget(self.threshold)
        column.addWidget(self.counts)
        column.addWidget(self.expected)
        column.addWidget(self.caution)
        column.addLayout(buttons)
        column.addWidget(self.note)
        column.addStretch(1)
        return side

    def _scrolled(self, page: QWidget) -> QScrollArea:
        area = QScrollArea()
        area.setAccessibleName("Tiers")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(page)
        return area

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        across = self.width() >= _NARROW
        way = QBoxLayout.Direction
        self._upper.setDirection(way.LeftToRight if across else way.TopToBottom)

    # -- what is shown --------------------------------------------------------------

    @property
    def of_all_graphs(self) -> bool:
        return self.scope.currentIndex() == 1

    def show_nothing(self) -> None:
        """There are no results."""
        self._pages.setCurrentIndex(0)

    def show_picture(self, picture: TierPicture) -> None:
        self._pages.setCurrentIndex(1)
        settings = picture.settings
        self.threshold.show_thresholds(
            settings.routing, settings.z_threshold, settings.raw_threshold
        )
        self.scope.setVisible(picture.several_graphs)
        self.bars.show_counts(picture.by_layer, picture.n_layers)
        after = sum(picture.by_layer.values(), Counter[Tier]())
        self.counts.show_counts(picture.now, after)
        self.state.show_text(_state(picture))
        self.caution.setText(_caution(picture))
        self.caution.setVisible(bool(self.caution.text()))
        self.note.setText(_note(picture))
        if not picture.tried:
            self._keep_keyboard()
        self.apply.setText(_apply(picture))
        self.apply.setEnabled(picture.tried)
        self.reset.setEnabled(picture.tried)

    def show_findings(
        self, expected: str, tests: Sequence[LayerTest], thirds: str
    ) -> None:
        """What takes longer to reckon than a picture."""
        self.expected.setText(expected)
        self.questions.show_tests(tests, thirds)

    def set_busy(self, busy: bool) -> None:
        """While results are stored nothing else can be tried."""
        self._keep_keyboard()
        for widget in (self.threshold, self.apply, self.reset):
            widget.setEnabled(not busy)

    def _keep_keyboard(self) -> None:
        """Take it from a button that was pressed: disabled, it loses it to anything."""
        if self.apply.hasFocus() or self.reset.hasFocus():
            self.bars.setFocus()

    def set_theme(self, theme: Theme) -> None:
        self.bars.set_theme(theme)
        self.counts.set_theme(theme)
        self.apply.setStyleSheet(
            f"QPushButton:disabled {{ background: {theme.raised};"
            f" color: {theme.muted}; border-color: {theme.border}; }}"
        )
        for button in (self.by_count, self.by_share):
            button.setStyleSheet(
                f"QToolButton {{ background: transparent; color: {theme.muted}; }}"
                f"QToolButton:checked {{ background: {theme.raised};"
                f" color: {theme.text}; border-color: {theme.muted};"
                " font-weight: 600; }"
                f"QToolButton:hover, QToolButton:focus"
                f" {{ border-color: {theme.accent}; }}"
            )

    def _on_measure_chosen(self, by_share: bool) -> None:
        self.bars.set_by_share(by_share)


def _switch(text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    button.setAccessibleName(f"{text} of features")
    return button


def _on_base(page: QWidget) -> QWidget:
    page.setAutoFillBackground(True)
    page.setBackgroundRole(QPalette.ColorRole.Base)
    return page


def _state(picture: TierPicture) -> str:
    said = ["Preview: not stored yet"] if picture.tried else []
    if picture.n_unscored:
        said.append(f"{picture.n_unscored:,} not scored")
    return " · ".join(said)


def _caution(picture: TierPicture) -> str:
    if not picture.n_fallen:
        return ""
    if picture.n_fallen == 1:
        said = "1 feature no longer passes. A run would look for its senses in more "
        return f"{said}windows, and might call it cross."
    return (
        f"{picture.n_fallen:,} features no longer pass. A run would look for their "
        "senses in more windows, and might call some cross."
    )


def _note(picture: TierPicture) -> str:
    graphs = "In all graphs of the project. " if picture.several_graphs else ""
    own = picture.settings.raw_threshold_of
    kept = ""
    if picture.settings.routing == "literal" and own:
        held = ", ".join(f"{window} {value:g}" for window, value in own.items())
        kept = f" Thresholds of single windows stay: {held}."
    return f"{graphs}Labels stay as they are. The next run uses it, too.{kept}"


def _apply(picture: TierPicture) -> str:
    if not picture.tried:
        return "Apply"
    if not picture.n_changing:
        return "Apply, no tier changes"
    noun = "feature" if picture.n_changing == 1 else "features"
    return f"Apply to {picture.n_changing:,} {noun}"
