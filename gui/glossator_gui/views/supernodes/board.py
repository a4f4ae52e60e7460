"""The grouped subgraph: a box a supernode, and the summed links between them."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsScene,
    QLabel,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from glossator.layout.boxes import BoxSpace, free_place, lay_out_boxes
from glossator.project.supernodes.supernode_graph import SupernodeBox, SupernodeLink
from glossator_gui.look.theme import LIGHT, Theme
from glossator_gui.views.supernodes.box_item import BoxItem
from glossator_gui.views.supernodes.link_arrow import LinkArrow
from glossator_gui.views.supernodes.viewport import Viewport

EMPTY = (
    "No supernodes yet.\n\n"
    "Select nodes and press Ctrl+G.\n"
    "Or hold G, click nodes, and release it.\n"
    "Or accept a proposal with A."
)
_MARGIN = 28.0
PLAIN_ARROWS = 600
"""Drawn at most, the strongest; those of a chosen box are drawn in any case."""


class Board(QWidget):
    """Shows boxes and arrows; what is done to them is the gestures'."""

    focused = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.boxes: dict[str, BoxItem] = {}
        self.arrows: list[LinkArrow] = []
        self.current: str | None = None
        self._n_links = 0
        self._letters = QApplication.font()
        self._shown: tuple[list[SupernodeBox], list[SupernodeLink]] = ([], [])
        self._put: dict[str, tuple[float, float]] = {}
        """Where pinned nodes were dragged, while this graph is shown."""
        self.at_home = True
        self._empty = QLabel(EMPTY)
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._scene = QGraphicsScene(self)
        # What moves is found sooner without a tree that is built anew each time.
        self._scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self.viewport = Viewport(self._scene)
        self.viewport.setAccessibleName("Boxes")
        self.viewport.looked.connect(self._on_looked)
        self.hint = QLabel(self)
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        # It stands beside the viewport: over it, each pan would draw all anew.
        self.count = QLabel()
        for label in (self.hint, self.count):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.hide()
        self._frame = QFrame()
        inside = QVBoxLayout(self._frame)
        inside.setContentsMargins(2, 2, 2, 2)
        self._pages = QStackedLayout()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.viewport)
        inside.addLayout(self._pages)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.setSpacing(0)
        around.addWidget(self._frame, 1)
        around.addWidget(self.count)
        self.hint.raise_()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Supernodes")
        self.set_theme(LIGHT)
        self.describe()

    # -- what is shown --------------------------------------------------------------

    def show_boxes(
        self,
        boxes: Sequence[SupernodeBox],
        links: Sequence[SupernodeLink],
        n_links: int | None = None,
    ) -> None:
        """Show these, links strongest first; boxes without a position find one.

        Parameters
        ----------
        n_links : how many there are in all.
        """
        self._n_links = len(links) if n_links is None else n_links
        wanted = (
            [replace(b, position=b.position or self._put.get(b.key)) for b in boxes],
            list(links),
        )
        if wanted == self._shown and self.boxes:
            return
        self._shown = wanted
        chosen = {key for key, item in self.boxes.items() if item.chosen}
        same = set(self.boxes) == {box.key for box in boxes}
        self._scene.clear()
        self.boxes = {box.key: BoxItem(box, self._theme) for box in wanted[0]}
        self.arrows = []
        pairs = [(link.source, link.target) for link in links]
        aspect = self.height() / max(self.width(), 1)
        centres = lay_out_boxes([_space(b) for b in self.boxes.values()], pairs, aspect)
        for key, item in self.boxes.items():
            item.setPos(*centres[key])
            self._scene.addItem(item)
        for link in links:
            ends = self.boxes.get(link.source), self.boxes.get(link.target)
            if ends[0] is None or ends[1] is None or ends[0] is ends[1]:
                continue
            arrow = LinkArrow(link, ends[0], ends[1], self._theme)
            self.arrows.append(arrow)
            self._scene.addItem(arrow)
        if self.current not in self.boxes:
            self.current = None
        self._pages.setCurrentIndex(1 if boxes else 0)
        self._mark(chosen)
        if not same or self.at_home:
            self.fit()

    def forget(self) -> None:
        """Where pinned nodes were dragged: another graph is shown, or all laid out."""
        self._put.clear()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours, and the application's letters."""
        self._theme = theme
        self._empty.setStyleSheet(
            f"color: {theme.muted}; background: {theme.surface}; padding: 16px;"
        )
        self.hint.setStyleSheet(
            f"color: {theme.on_accent}; background: {theme.accent};"
            "padding: 4px 10px; border-radius: 4px;"
        )
        self.count.setStyleSheet(
            f"color: {theme.muted}; background: {theme.surface}; padding: 2px 8px;"
        )
        self.viewport.setBackgroundBrush(QColor(theme.surface))
        for box in self.boxes.values():
            box.set_theme(theme)
        for arrow in self.arrows:
            arrow.set_theme(theme)
        self._frame_focus(self.hasFocus())
        if QApplication.font() != self._letters:
            # Boxes of other letters have other sizes.
            self._letters = QApplication.font()
            (boxes, links), self._shown = self._shown, ([], [])
            self.show_boxes(boxes, links, self._n_links)

    def set_selected(self, keys: Sequence[str]) -> None:
        """Mark boxes without telling anyone; the last one gets the keyboard."""
        known = [key for key in keys if key in self.boxes]
        self.current = known[-1] if known else None
        self._mark(known)

    def _mark(self, chosen: Collection[str]) -> None:
        for key, item in self.boxes.items():
            item.set_chosen(key in chosen)
        lit = set(chosen) & set(self.boxes)
        for at, arrow in enumerate(self.arrows):
            touched = arrow.link.source in lit or arrow.link.target in lit
            arrow.set_light("plain" if not lit else "lit" if touched else "dim")
            arrow.setVisible(touched or at < PLAIN_ARROWS)
        self._tell_count()
        self.describe()

    def _tell_count(self) -> None:
        """Say so where not all arrows are drawn."""
        drawn = sum(arrow.isVisible() for arrow in self.arrows)
        self.count.setText(f"{drawn} of {self._n_links} arrows drawn")
        self.count.setVisible(drawn < self._n_links)

    @property
    def selected(self) -> tuple[str, ...]:
        return tuple(key for key, item in self.boxes.items() if item.chosen)

    def fit(self) -> None:
        """Show everything."""
        self.at_home = True
        self.viewport.fit(self._content())

    def reveal(self, key: str) -> None:
        self.viewport.ensureVisible(self.boxes[key])

    def position_of(self, key: str) -> tuple[float, float]:
        """Centre of a box in scene units."""
        at = self.boxes[key].pos()
        return at.x(), at.y()

    def box_at(self, at: QPointF, *, but: str = "") -> BoxItem | None:
        """The box at a place of the scene, other than that one."""
        for key, item in reversed(list(self.boxes.items())):
            if key != but and item.sceneBoundingRect().contains(at):
                return item
        return None

    def move_box(self, key: str, to: QPointF) -> None:
        self.boxes[key].setPos(to)
        for arrow in self.arrows:
            if arrow.touches(key):
                arrow.route()

    def settle(self, key: str) -> tuple[float, float]:
        """Put a box that was dragged beside those that it covers; its centre."""
        spaces = [_space(other) for other in self.boxes.values()]
        placed = {k: self.position_of(k) for k in self.boxes}
        x, y = free_place(_space(self.boxes[key]), placed[key], spaces, placed)
        self.move_box(key, QPointF(x, y))
        self.at_home = False
        if self.boxes[key].box.kind == "node":
            self._put[key] = (x, y)
        return x, y

    def say(self, text: str) -> None:
        """Tell at the lower edge what the gesture will do; "" ends it."""
        self.hint.setText(text)
        self.hint.adjustSize()
        self.hint.move(
            (self.width() - self.hint.width()) // 2,
            self.height() - self.hint.height() - 12,
        )
        self.hint.setVisible(bool(text))

    def image(self, scale: float = 2.0) -> QImage:
        """All boxes, whatever part is on the screen."""
        area = self._content() if self.boxes else QRectF(self.rect())
        size = area.size() * scale
        image = QImage(
            max(round(size.width()), 1),
            max(round(size.height()), 1),
            QImage.Format.Format_ARGB32_Premultiplied,
        )
        image.fill(QColor(self._theme.surface))
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.boxes:
            painter.setClipRect(image.rect())
            self._scene.render(painter, QRectF(image.rect()), area)
        else:
            painter.scale(scale, scale)
            painter.setPen(QColor(self._theme.muted))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, EMPTY)
        painter.end()
        return image

    def _content(self) -> QRectF:
        area = QRectF()
        for item in self.boxes.values():
            area = area.united(item.sceneBoundingRect())
        return area.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)

    def describe(self) -> None:
        """Say to a screen reader what is shown."""
        if self.current is not None:
            item = self.boxes[self.current]
            n = len(item.box.members)
            nodes = "1 node" if n == 1 else f"{n} nodes"
            colour = f", colour {item.box.colour}" if item.box.colour else ""
            note = f", note: {item.box.note}" if item.box.note else ""
            text = f"{item.title}, {nodes}{colour}{note}"
        elif self.boxes:
            text = f"{len(self.boxes)} boxes. Arrow keys go from box to box."
        else:
            text = EMPTY
        self.setAccessibleDescription(text)

    # -- Qt -------------------------------------------------------------------------

    def _on_looked(self) -> None:
        self.at_home = False

    def _frame_focus(self, on: bool) -> None:
        colour = self._theme.accent if on else self._theme.surface
        self._frame.setStyleSheet(
            f"Board > QFrame {{ border: 2px solid {colour}; background: "
            f"{self._theme.surface}; }}"
        )

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._frame_focus(True)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._frame_focus(False)
        self.focused.emit(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.at_home and self.boxes:
            self.fit()


def _space(item: BoxItem) -> BoxSpace:
    box, area = item.box, item.area
    return BoxSpace(
        box.key, box.layer, box.column, area.width(), area.height(), box.position
    )
