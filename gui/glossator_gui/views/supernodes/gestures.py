"""What a person does to the boxes, with the mouse and with the keyboard."""

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QKeyEvent

from glossator_gui.views.supernodes.board import Board
from glossator_gui.views.supernodes.box_item import BoxItem

_AHEAD = {
    Qt.Key.Key_Left: QPointF(-1, 0),
    Qt.Key.Key_Right: QPointF(1, 0),
    Qt.Key.Key_Up: QPointF(0, -1),
    Qt.Key.Key_Down: QPointF(0, 1),
}
_ZOOM = {Qt.Key.Key_Plus: 1.25, Qt.Key.Key_Minus: 0.8}
_DIGITS = range(Qt.Key.Key_1.value, Qt.Key.Key_9.value + 1)
_ADDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_DRAG = 4.0
"""Pixels that a press may wander and still be a click."""


class Gestures(QObject):
    """Reads keys and mouse of a board, and tells what they ask for."""

    boxes_selected = Signal(tuple)
    """Keys, the last one is the current."""
    member_selected = Signal(int)
    rename_requested = Signal(str)
    fold_requested = Signal(str)
    """To open or close a supernode."""
    colour_requested = Signal(int)
    """One of the nine, for what is selected."""
    box_moved = Signal(str, float, float)
    """Key, and the centre where it was put."""
    dropped = Signal(tuple, str)
    """Nodes, and the key of the supernode that they were put into."""
    taken_out = Signal(tuple)
    """Nodes that were dragged out of their supernode."""
    group_held = Signal(tuple)
    """Nodes of the boxes that were clicked while G was held."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self._board = board
        self._pressed: BoxItem | None = None
        self._member: int | None = None
        self._from = QPointF()
        self._home = QPointF()
        self._dragging = False
        self._holding = False
        self._held: dict[str, None] = {}
        board.installEventFilter(self)
        board.viewport.pressed.connect(self._on_pressed)
        board.viewport.moved.connect(self._on_moved)
        board.viewport.released.connect(self._on_released)
        board.viewport.double_clicked.connect(self._on_double_clicked)
        board.focused.connect(self._on_focused)

    # -- the keyboard ---------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            if _plain(event) and self._takes(Qt.Key(event.key())):
                event.accept()
                return True
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return self._on_key_released(event)
        return event.type() == QEvent.Type.KeyPress and self._on_key(event)

    def _takes(self, key: Qt.Key) -> bool:
        """Keys that mean something else outside: digits tag, G groups on the canvas."""
        if key == Qt.Key.Key_Escape:
            return self._holding or self._dragging
        selected = bool(self._board.selected)
        return key == Qt.Key.Key_G or (key in _DIGITS and selected)

    def _on_key(self, event: QKeyEvent) -> bool:
        key, current = Qt.Key(event.key()), self._board.current
        if key in _AHEAD and self._board.boxes:
            adds = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._go(_AHEAD[key], adds=adds)
        elif key in _ZOOM:
            self._board.viewport.zoom(_ZOOM[key])
        elif not _plain(event):
            return False
        elif key == Qt.Key.Key_G:
            if not event.isAutoRepeat():
                self._start_holding()
        elif key == Qt.Key.Key_Escape and (self._holding or self._dragging):
            self._give_up()
        elif current is None:
            return False
        elif key == Qt.Key.Key_Space:
            self.fold_requested.emit(current)
        elif key in (Qt.Key.Key_F2, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.rename_requested.emit(current)
        elif key in _DIGITS:
            self.colour_requested.emit(key.value - Qt.Key.Key_0.value)
        else:
            return False
        return True

    def _on_key_released(self, event: QKeyEvent) -> bool:
        if event.key() != Qt.Key.Key_G or event.isAutoRepeat() or not self._holding:
            return False
        nodes = tuple(
            node
            for key in self._held
            if key in self._board.boxes
            for node in self._board.boxes[key].box.members
        )
        several = len(self._held) > 1
        self._give_up()
        if several:
            self.group_held.emit(nodes)
        return True

    def _go(self, ahead: QPointF, *, adds: bool) -> None:
        key = self._step(ahead)
        if key is not None:
            before = self._board.selected if adds else ()
            self._choose((*(k for k in before if k != key), key))
            self._board.reveal(key)

    def _step(self, ahead: QPointF) -> str | None:
        """Nearest box in a direction; the lowest where none is current."""
        boxes, current = self._board.boxes, self._board.current
        if current is None:
            return max(boxes, key=lambda key: boxes[key].pos().y())
        here = boxes[current].pos()
        best: tuple[float, str] | None = None
        for key, item in boxes.items():
            away = item.pos() - here
            along = QPointF.dotProduct(away, ahead)
            across = abs(away.x() * ahead.y()) + abs(away.y() * ahead.x())
            if key == current or along <= 0 or along * 3 < across:
                continue
            cost = along + 2 * across
            if best is None or cost < best[0]:
                best = cost, key
        return best[1] if best else None

    # -- holding G ------------------------------------------------------------------

    def _start_holding(self) -> None:
        self._holding = True
        self._held = {}
        self._tell_held()

    def _hold(self, item: BoxItem) -> None:
        """Take a box, or leave it again."""
        key = item.box.key
        if key in self._held:
            del self._held[key]
        else:
            self._held[key] = None
        item.set_held(key in self._held)
        self._tell_held()

    def _tell_held(self) -> None:
        n = len(self._held)
        boxes = "1 box" if n == 1 else f"{n} boxes"
        then = "release G to group them" if n > 1 else "click boxes to group"
        self._board.say(f"{boxes}: {then}")

    def _give_up(self) -> None:
        """End what is going on, and change nothing."""
        for key in self._held:
            if key in self._board.boxes:
                self._board.boxes[key].set_held(False)
        if self._dragging and self._pressed is not None and self._member is None:
            self._board.move_box(self._pressed.box.key, self._home)
        self._holding, self._held = False, {}
        self._pressed, self._member, self._dragging = None, None, False
        self._board.say("")

    def _on_focused(self, on: bool) -> None:
        if not on and self._holding:
            self._give_up()

    # -- the mouse ------------------------------------------------------------------

    def _on_pressed(self, at: QPointF, held: Qt.KeyboardModifier) -> None:
        item = self._board.box_at(at)
        if item is None:
            if not held & _ADDS:
                self._choose(())
            return
        if self._holding:
            self._hold(item)
        elif item.is_fold(at):
            self.fold_requested.emit(item.box.key)
        elif held & _ADDS:
            self._toggle(item.box.key)
        else:
            self._pressed, self._member = item, item.member_at(at)
            self._from, self._home = at, item.pos()
            if self._member is not None:
                self.member_selected.emit(self._member)
            elif not (item.chosen and len(self._board.selected) == 1):
                self._choose((item.box.key,))

    def _on_moved(self, at: QPointF) -> None:
        item = self._alive()
        if item is None:
            return
        wandered = (at - self._from) * self._board.viewport.transform().m11()
        if not self._dragging and wandered.manhattanLength() < _DRAG:
            return
        self._dragging = True
        if self._member is None:
            self._board.move_box(item.box.key, self._home + at - self._from)
        self._tell_drag(item, at)

    def _tell_drag(self, item: BoxItem, at: QPointF) -> None:
        onto = self._target(item, at)
        if onto is not None:
            self._board.say(f"Put into {onto.title}")
        elif self._member is not None:
            inside = item.sceneBoundingRect().contains(at)
            self._board.say("" if inside else f"Take out of {item.title}")
        else:
            self._board.say("")

    def _on_released(self, at: QPointF) -> None:
        item, member, dragged = self._alive(), self._member, self._dragging
        self._pressed, self._member, self._dragging = None, None, False
        if item is None or not dragged:
            return
        self._board.say("")
        key = item.box.key
        onto = self._target(item, at)
        if member is not None:
            if onto is not None:
                self.dropped.emit((member,), onto.box.key)
            elif not item.sceneBoundingRect().contains(at):
                self.taken_out.emit((member,))
        elif onto is not None and not item.grouped:
            self._board.move_box(key, self._home)
            self.dropped.emit(item.box.members, onto.box.key)
        else:
            self.box_moved.emit(key, *self._board.settle(key))

    def _target(self, item: BoxItem, at: QPointF) -> BoxItem | None:
        """The supernode that what is dragged would be put into."""
        onto = self._board.box_at(at, but=item.box.key)
        carries_nodes = self._member is not None or not item.grouped
        return onto if onto is not None and onto.grouped and carries_nodes else None

    def _alive(self) -> BoxItem | None:
        """What was pressed, unless the boxes have been shown anew since."""
        item = self._pressed
        if item is None or self._board.boxes.get(item.box.key) is not item:
            return None
        return item

    def _on_double_clicked(self, at: QPointF) -> None:
        item = self._board.box_at(at)
        if item is not None and not item.is_fold(at) and item.member_at(at) is None:
            self.rename_requested.emit(item.box.key)

    def _toggle(self, key: str) -> None:
        chosen = self._board.selected
        if key in chosen:
            self._choose(tuple(k for k in chosen if k != key))
        else:
            self._choose((*chosen, key))

    def _choose(self, keys: tuple[str, ...]) -> None:
        self._board.set_selected(keys)
        self.boxes_selected.emit(keys)


def _plain(event: QKeyEvent) -> bool:
    keypad = Qt.KeyboardModifier.KeypadModifier
    return not event.modifiers() & ~keypad
