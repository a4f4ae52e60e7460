"""Several of a few choices, side by side."""

from collections.abc import Callable, Collection, Sequence
from typing import Generic, TypeVar

from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from glossator_gui.views.plain_text import one_line

ChoiceT = TypeVar("ChoiceT")


class Choices(QWidget, Generic[ChoiceT]):
    """Check boxes; none of them checked asks for nothing."""

    def __init__(
        self,
        name: str,
        choices: Sequence[tuple[ChoiceT, str]],
        on_change: Callable[[], None],
        *,
        columns: int,
        parent: QWidget | None = None,
    ) -> None:
        """Build the boxes.

        Parameters
        ----------
        name : what a screen reader says before the text of each.
        choices : values and their texts.
        """
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        self.boxes: list[tuple[ChoiceT, QCheckBox]] = []
        for at, (value, text) in enumerate(choices):
            box = QCheckBox(one_line(text).replace("&", "&&"))
            box.setAccessibleName(f"{name}: {text}")
            box.toggled.connect(on_change)
            grid.addWidget(box, at // columns, at % columns)
            self.boxes.append((value, box))
        grid.setColumnStretch(columns, 1)

    @property
    def chosen(self) -> tuple[ChoiceT, ...]:
        return tuple(value for value, box in self.boxes if box.isChecked())

    def choose(self, wanted: Collection[ChoiceT]) -> None:
        for value, box in self.boxes:
            box.setChecked(value in wanted)
