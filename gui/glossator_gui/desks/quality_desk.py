"""What the review tells of labels and methods, shown while it goes on."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from glossator.errors import GlossatorError
from glossator.evaluation.label_agreement import TextPair, label_similarities
from glossator.project.importing.label_sources import read_labels
from glossator.project.project import Change
from glossator.project.reviewing.review_quality import review_quality
from glossator.project.reviewing.second_annotator import (
    SecondAnnotator,
    SecondOpinion,
    second_annotator,
)
from glossator_gui.actions.spec import Handler
from glossator_gui.dialogs.quality_dialog import QualityDialog
from glossator_gui.jobs import JobSlot
from glossator_gui.session import Session

_REFRESH_MS = 400
_FILES = "Labels (*.gloss *.csv *.jsonl *.json *.json.gz);;All files (*)"


class QualityDesk(QObject):
    """Reckons what can be told of the project that is open."""

    words_wanted = Signal(object, str)
    """SecondOpinion whose words are to be proposed, and where they are from."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self.session = session
        self.slot = JobSlot(self)
        self.recheck_slot = JobSlot(self)
        self._dialog: QualityDialog | None = None
        self._second: SecondAnnotator | None = None
        self._similar: tuple[float, ...] | None = None
        self._said_again: tuple[TextPair, ...] = ()
        self._similarity = ""
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh.timeout.connect(self._show)
        session.changed.connect(self._on_changed)
        session.opened.connect(self._on_opened)
        self.slot.succeeded.connect(self._on_similar)
        self.slot.failed.connect(self._on_failed)
        self.recheck_slot.succeeded.connect(self._on_similar_again)

    def handlers(self) -> Mapping[str, Handler]:
        return {"quality": self.open, "second_annotator": self.ask}

    def close(self) -> None:
        self.slot.end()
        self.recheck_slot.end()

    def open(self) -> None:
        """Show the panel; the window stays usable beside it."""
        self.show()

    def show(self) -> QualityDialog:
        """The panel, in front of all else."""
        if self._dialog is None:
            dialog = QualityDialog(self._window)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.finished.connect(self._on_closed)
            dialog.annotator.read_requested.connect(self.ask)
            dialog.annotator.feature_wanted.connect(
                lambda feature: self.session.select_features([feature])
            )
            dialog.annotator.take_requested.connect(self._on_take)
            self._dialog = dialog
        self._show()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()
        return self._dialog

    def ask(self) -> None:
        """Ask for another person's labels."""
        if self.session.project is None:
            return
        dialog = self.show()
        dialog.tabs.setCurrentWidget(dialog.annotator)
        files = QFileDialog(dialog, "Labels of another person", "", _FILES)
        files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        files.setFileMode(QFileDialog.FileMode.ExistingFile)
        files.fileSelected.connect(lambda name: self.read(Path(name)))
        files.open()

    def read(self, path: Path) -> None:
        """Hold the labels of a file against those of the project."""
        dialog, state = self.show(), self.session.state
        dialog.tabs.setCurrentWidget(dialog.annotator)
        try:
            self._second = second_annotator(state, read_labels(path, state))
        except GlossatorError as error:
            dialog.annotator.say(str(error))
            return
        self._similar = None
        self._show()
        self.slot.start(label_similarities, self._second.pairs)

    # -- inside ---------------------------------------------------------------------

    def _on_closed(self) -> None:
        self._dialog = None
        self.close()

    def _on_opened(self) -> None:
        self.close()
        self._second, self._similar = None, None
        if self._dialog is not None:
            self._dialog.reject()

    def _on_changed(self, change: Change) -> None:
        if self._dialog is not None and not self._refresh.isActive():
            self._refresh.start()

    def _show(self) -> None:
        dialog = self._dialog
        if dialog is None or self.session.project is None:
            return
        quality = review_quality(self.session.state)
        dialog.review.show_quality(quality)
        self._reckon_rechecks()
        dialog.review.show_rechecked(quality.rechecked, self._similarity)
        if self._second is not None:
            dialog.annotator.show_annotator(self._second, self._similar)

    def _reckon_rechecks(self) -> None:
        """Embed what was said again, where that is other than the last time."""
        rechecks = self.session.state.rechecks.values()
        pairs = tuple(TextPair(r.before, r.again) for said in rechecks for r in said)
        if pairs == self._said_again:
            return
        self._said_again = pairs
        self._similarity = "How similar the words are is being reckoned…"
        if pairs:
            self.recheck_slot.start(label_similarities, pairs)

    def _on_similar_again(self, found: tuple[float, ...]) -> None:
        mean = sum(found) / len(found)
        self._similarity = f"Mean similarity of the words: {mean:.2f}."
        self._show()

    def _on_similar(self, found: tuple[float, ...]) -> None:
        self._similar = found
        self._show()

    def _on_failed(self, message: str) -> None:
        if self._dialog is not None:
            self._dialog.annotator.say(message)

    def _on_take(self, opinion: SecondOpinion) -> None:
        if self._second is not None:
            self.words_wanted.emit(opinion, self._second.source)
