"""What is kept on disk for all projects: how large it is, and clearing it."""

from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QGroupBox,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from glossator.llm.answer_store import AnswerStore
from glossator.protocol.embedding_store import trim_store
from glossator.settings import answers_file, embeddings_file
from glossator_gui.dialogs.stored_row import Kept, StoredRow
from glossator_gui.views.plain_text import WrappedLabel

_EMBEDDINGS = (
    "A text that was embedded once is not embedded again. What is cleared is computed "
    "anew when it is needed."
)
_ANSWERS = (
    "What a model was asked once it is not asked again, in any project. Answers were "
    "paid for: what is cleared is paid again."
)
_WARNING = (
    "Forget all that language models answered? It was paid for, and what is asked "
    "again is paid again. Labels and projects stay as they are."
)
_LIBRARY = (
    "Labels that a person accepted are kept for all projects, by feature, and proposed "
    "where another graph has the same feature."
)
_EMPTY = 1 << 16
"""Bytes that a file of nothing takes at most."""


class StoragePage(QWidget):
    """The limit and the library are settings; clearing is done at once."""

    def __init__(
        self, embeddings_mb: int, *, library: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.limit = QSpinBox()
        self.limit.setRange(0, 1_000_000)
        self.limit.setSingleStep(256)
        self.limit.setValue(embeddings_mb)
        self.limit.setSuffix(" MB")
        self.embeddings = StoredRow("embeddings", _embeddings_kept, _clear_embeddings)
        self.answers = StoredRow("answers", _answers_kept, _clear_answers, _WARNING)
        self.library = QCheckBox("Keep accepted labels, and propose those it knows")
        self.library.setChecked(library)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        box, form = _box("Embeddings", _EMBEDDINGS)
        form.addRow("Now", self.embeddings)
        form.addRow("At most", self.limit)
        layout.addWidget(box)
        box, form = _box("Answers of language models", _ANSWERS)
        form.addRow("Now", self.answers)
        layout.addWidget(box)
        box, form = _box("Label library", _LIBRARY)
        form.addRow(self.library)
        layout.addWidget(box)
        layout.addStretch(1)

    def end(self) -> None:
        """Wait for what is being cleared."""
        self.embeddings.end()
        self.answers.end()


def _box(title: str, about: str) -> tuple[QGroupBox, QFormLayout]:
    box = QGroupBox(title)
    column = QVBoxLayout(box)
    column.addWidget(WrappedLabel(about, role="muted", small=True))
    form = QFormLayout()
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
    column.addLayout(form)
    return box, form


def _embeddings_kept() -> Kept:
    size = _size(embeddings_file())
    return Kept(_bytes(size), True) if size > _EMPTY else Kept("nothing", False)


def _clear_embeddings() -> None:
    trim_store(embeddings_file(), 0)


def _answers_kept() -> Kept:
    if not _size(answers_file()):
        return Kept("nothing", False)
    kept = AnswerStore(answers_file()).size()
    plural = "" if kept.answers == 1 else "s"
    told = f"{kept.answers:,} answer{plural}, {_bytes(kept.bytes)}"
    return Kept(told, True) if kept.answers else Kept("nothing", False)


def _clear_answers() -> None:
    AnswerStore(answers_file()).clear()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _bytes(n: int) -> str:
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n / 1024:.0f} kB"
