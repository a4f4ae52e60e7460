"""The queue beside the graph: which one, in which order, and how far the work is."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    Qt,
    Signal,
)
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHeaderView,
    QProgressBar,
    QPushButton,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from glossator.graph.attribution_graph import FeatureKey
from glossator_gui.look.theme import Theme
from glossator_gui.views.plain_text import WrappedLabel, one_line
from glossator_gui.views.review_queue.painter import RowPainter
from glossator_gui.views.review_queue.rows import QueueModel, RowSource


@dataclass(frozen=True)
class QueueChoice:
    """A queue, or a saved filter, that can be chosen."""

    name: str
    count: int | None
    """None where counting waits until it is chosen."""
    is_filter: bool = False

    @property
    def text(self) -> str:
        name = one_line(self.name)
        shown = f"filter: {name}" if self.is_filter else name
        return shown if self.count is None else f"{shown} ({self.count})"

    @property
    def key(self) -> tuple[str, bool]:
        return self.name, self.is_filter


class ReviewQueueView(QWidget):
    """A list of features by queue, with counts and progress."""

    queue_chosen = Signal(object)
    """QueueChoice."""
    order_chosen = Signal(str)
    features_chosen = Signal(tuple)
    """FeatureKeys; the last is the one to show."""

    def __init__(self, rows: RowSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices: list[QueueChoice] = []
        self._offered: QueueChoice | None = None
        self.queues = _Choice("Queue")
        self.queues.activated.connect(self._on_queue_activated)
        self.orders = _Choice("Order of the queue")
        self.orders.activated.connect(
            lambda at: self.order_chosen.emit(self.orders.itemData(at))
        )
        self.all_graphs = QCheckBox("All graphs of the project")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setAccessibleName("Share of features decided")
        self.progress = WrappedLabel(role="muted", small=True)
        self.pace = WrappedLabel(role="muted", small=True)
        self.empty = WrappedLabel(role="muted")
        self.go_on = QPushButton()
        self.go_on.clicked.connect(self._on_go_on)
        self.model = QueueModel(rows, self)
        self.painter = RowPainter(self)
        self.list = self._make_list()
        self._lay_out()

    def _make_list(self) -> QTableView:
        """A table of one column: taking a row out of a list lays out all others."""
        view = _Rows()
        view.setModel(self.model)
        view.setItemDelegate(self.painter)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setTabKeyNavigation(False)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.horizontalHeader().hide()
        view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        view.verticalHeader().hide()
        view.setAccessibleName("Features to review")
        view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        return view

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(6)
        for widget in (
            self.queues,
            self.orders,
            self.all_graphs,
            self.bar,
            self.progress,
            self.pace,
        ):
            layout.addWidget(widget)
        layout.addWidget(self.list, 1)
        self._nothing = QWidget()
        column = QVBoxLayout(self._nothing)
        column.setContentsMargins(8, 0, 8, 0)
        column.setSpacing(10)
        column.addStretch(1)
        column.addWidget(self.empty)
        column.addWidget(self.go_on)
        column.addStretch(2)
        layout.addWidget(self._nothing, 1)

    def set_theme(self, theme: Theme) -> None:
        self.painter.theme = theme
        self.list.viewport().update()

    # -- what is shown --------------------------------------------------------------

    def show_queues(
        self, choices: Sequence[QueueChoice], current: tuple[str, bool]
    ) -> None:
        """Offer the queues with their sizes, and filters below them."""
        if [one.key for one in choices] != [one.key for one in self._choices]:
            self.queues.clear()
            for at, choice in enumerate(choices):
                if choice.is_filter and not choices[at - 1].is_filter:
                    self.queues.insertSeparator(self.queues.count())
                self.queues.addItem(choice.text, choice.key)
        self._choices = list(choices)
        for choice in choices:
            at = self._index_of(choice.key)
            if self.queues.itemText(at) != choice.text:
                self.queues.setItemText(at, choice.text)
        self.queues.setCurrentIndex(self._index_of(current))

    def _index_of(self, key: tuple[str, bool]) -> int:
        # findData compares what Python puts there by identity.
        items = range(self.queues.count())
        return next((at for at in items if self.queues.itemData(at) == key), -1)

    def show_orders(self, orders: Sequence[str], current: str) -> None:
        if self.orders.count() == 0:
            for name in orders:
                self.orders.addItem(f"by {name}", name)
        self.orders.setCurrentIndex(self.orders.findData(current))

    def show_progress(self, decided: int, total: int, counts: str) -> None:
        """Parameters: `counts` is said of what is decided, waiting, put off."""
        # It would paint itself at once, whatever else is about to change.
        self.bar.setUpdatesEnabled(False)
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(decided)
        self.bar.setUpdatesEnabled(True)
        self.progress.setText(counts)
        self.progress.setAccessibleName(counts.replace("⚑", "flagged"))

    def show_pace(self, text: str) -> None:
        self.pace.setText(text)
        self.pace.setVisible(bool(text))

    def show_features(
        self, features: Sequence[FeatureKey], empty: str, go_on: QueueChoice | None
    ) -> None:
        """Show what waits.

        Parameters
        ----------
        empty : said where nothing waits.
        go_on : the queue that is offered then.
        """
        self.model.show_features(features)
        had_focus = self.list.hasFocus() or self.go_on.hasFocus()
        self.list.setVisible(bool(features))
        self._nothing.setVisible(not features)
        self.empty.setText(empty)
        self._offered = go_on
        self.go_on.setVisible(go_on is not None)
        if go_on is not None:
            self.go_on.setText(f"Go on with “{go_on.text}”")
        if had_focus:
            self.take_focus()

    def take_focus(self) -> None:
        """Go to the list, or to the button that goes on where the list is empty."""
        nothing = not self.model.features and self._offered is not None
        (self.go_on if nothing else self.list).setFocus()

    def mark(self, features: tuple[FeatureKey, ...]) -> None:
        """Select features without telling anyone."""
        chosen = self._chosen()
        if set(features) == set(chosen) and features[-1:] == chosen[-1:]:
            return
        selection = self.list.selectionModel()
        flag = QItemSelectionModel.SelectionFlag
        selection.blockSignals(True)
        selection.select(self._ranges(features), flag.ClearAndSelect)
        current = self.model.at(features[-1]) if features else None
        if current is not None:
            index = self.model.index(current)
            selection.setCurrentIndex(index, flag.NoUpdate)
            self.list.scrollTo(index)
        selection.blockSignals(False)
        self.list.viewport().update()

    def _ranges(self, features: tuple[FeatureKey, ...]) -> QItemSelection:
        """Rows of features, as stretches."""
        found = QItemSelection()
        if len(features) == 1:
            at = self.model.at(features[0])
            if at is not None:
                found.select(self.model.index(at), self.model.index(at))
            return found
        wanted = set(features)
        start = None
        for at, feature in enumerate([*self.model.features, None]):
            if feature in wanted:
                start = at if start is None else start
            elif start is not None:
                found.select(self.model.index(start), self.model.index(at - 1))
                start = None
        return found

    # -- the way through ------------------------------------------------------------

    def next_after(
        self, feature: FeatureKey | None, step: int = 1, *, unlabelled: bool = False
    ) -> FeatureKey | None:
        """The feature `step` rows on, among all or among those without a label.

        The first one where the given feature is not shown; None past the ends.
        """
        features = self.model.features
        at = self.model.at(feature) if feature is not None else None
        at = (0 if step > 0 else -1) if at is None else at + step
        while 0 <= at < len(features):
            if not (unlabelled and self.model.row(at).label):
                return features[at]
            at += step
        return None

    @property
    def top(self) -> int:
        """The first row in sight."""
        return max(self.list.indexAt(self.list.viewport().rect().topLeft()).row(), 0)

    def scroll_to(self, top: int) -> None:
        """Put a row at the top."""
        index = self.model.index(top)
        if index.isValid():
            self.list.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtTop)

    def _chosen(self) -> tuple[FeatureKey, ...]:
        chosen = self.list.selectionModel().selectedIndexes()
        current = self.list.currentIndex().row()
        rows = sorted(index.row() for index in chosen)
        if current in rows:
            rows.remove(current)
            rows.append(current)
        return tuple(self.model.features[row] for row in rows)

    def _on_selection_changed(self) -> None:
        chosen = self._chosen()
        if chosen:
            self.features_chosen.emit(chosen)

    def _on_queue_activated(self, at: int) -> None:
        key = self.queues.itemData(at)
        self._choose(next(one for one in self._choices if one.key == key))

    def _on_go_on(self) -> None:
        if self._offered is not None:
            self._choose(self._offered)

    def _choose(self, choice: QueueChoice) -> None:
        self.queue_chosen.emit(choice)


class _Rows(QTableView):
    """One column, each row as high as the delegate wants the first."""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def keyboardSearch(self, _text: str) -> None:
        """Letters decide; they are not to jump to what begins with them."""

    def setItemDelegate(self, delegate: QAbstractItemDelegate) -> None:
        super().setItemDelegate(delegate)
        self._fit()

    def _fit(self) -> None:
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        delegate = self.itemDelegate()
        height = delegate.sizeHint(option, QModelIndex()).height()
        header = self.verticalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(1)
        header.setDefaultSectionSize(height)


class _Choice(QComboBox):
    """Never wider than the panel, however long the name of a filter."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.setMinimumContentsLength(12)
