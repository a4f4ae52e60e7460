"""Choose what labels input and output features."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QGroupBox,
    QLabel,
    QLineEdit,
    QRadioButton,
    QWidget,
)

from glossator.labelers.label_settings import LabelSettings
from glossator.llm.server_address import is_address, is_loopback
from glossator_gui.dialogs.path_field import PathField
from glossator_gui.views.plain_text import one_line

_HERE = "Nothing goes over the network."
_UNNAMED = "Name a folder with a model, a model of the hub, or the address of a server."
_HUB = "Read from the hub's cache; fetched over the network if it is not there."
_LOOPBACK = "The tokens of features are sent to a server on this machine."
_COUNTED = "Where its answer is no label, tokens are counted."


class LabelMethodBox(QGroupBox):
    """Counted tokens, or a small language model and where it is."""

    def __init__(self, settings: LabelSettings, parent: QWidget | None = None) -> None:
        super().__init__("Labels of input and output features", parent)
        self.counting = QRadioButton("Counted tokens")
        self.asking = QRadioButton("A small language model")
        self.llm = PathField(
            "small language model", "folder, hub name, or http://host:port/v1", "folder"
        )
        self.llm.set_text(settings.llm)
        self.llm_model = QLineEdit(settings.llm_model)
        self.llm_model.setPlaceholderText("the server's only one")
        self.llm_model.setAccessibleName("Model of the server")
        self.hint = QLabel()
        self.hint.setProperty("role", "muted")
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        # The dialog keeps its size, whatever the hint says.
        self.hint.setMinimumHeight(2 * self.fontMetrics().lineSpacing())
        self._arrange()
        uses_model = settings.tier1 == "small_llm"
        self.asking.setChecked(uses_model)
        self.counting.setChecked(not uses_model)
        self.asking.toggled.connect(self._show_state)
        self.llm.changed.connect(self._show_state)
        self._show_state()

    def settings(self) -> LabelSettings:
        """As they stand in the box; what is not in use is remembered."""
        llm = self.llm.text
        return LabelSettings(
            tier1="small_llm" if self.asking.isChecked() else "token_frequency",
            llm=llm,
            llm_model=self.llm_model.text().strip() if is_address(llm) else "",
        )

    def _arrange(self) -> None:
        grid = QGridLayout(self)
        grid.setColumnMinimumWidth(0, 12)
        grid.setColumnMinimumWidth(2, 360)
        grid.setColumnStretch(2, 1)
        grid.addWidget(self.counting, 0, 0, 1, 3)
        grid.addWidget(self.asking, 1, 0, 1, 3)
        fields = (("Model", self.llm), ("Server's model", self.llm_model))
        for row, (text, field) in enumerate(fields, 2):
            name = QLabel(text)
            name.setBuddy(field)
            grid.addWidget(name, row, 1)
            grid.addWidget(field, row, 2)
        grid.addWidget(self.hint, 4, 1, 1, 2)

    def _show_state(self) -> None:
        asking = self.asking.isChecked()
        llm = self.llm.text
        self.llm.setEnabled(asking)
        self.llm_model.setEnabled(asking and is_address(llm))
        self.hint.setText(f"{_where(llm)} {_COUNTED}" if asking else _HERE)


def _where(llm: str) -> str:
    if not llm:
        return _UNNAMED
    if is_address(llm):
        if is_loopback(llm):
            return _LOOPBACK
        return f"The tokens of features are sent to {one_line(llm)}."
    return _HERE if Path(llm).is_dir() else _HUB
