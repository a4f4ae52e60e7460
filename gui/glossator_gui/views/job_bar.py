"""How far a job is, in the status bar, with a way to halt it."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from glossator.progress import Progress


class JobBar(QWidget):
    """Hidden until it is shown: there is nothing to tell of a job that is over."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.what = QLabel()
        self.bar = QProgressBar()
        self.bar.setFixedWidth(180)
        self.bar.setFixedHeight(14)
        self.bar.setAccessibleName(name)
        self.pause = QToolButton()
        self.cancel = QToolButton()
        self.cancel.setText("Cancel")
        self.cancel.setToolTip(f"Cancel: {name}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.what, self.bar, self.pause, self.cancel):
            row.addWidget(widget)
        self.show_paused(False)
        self.hide()

    def show_progress(self, progress: Progress) -> None:
        what = progress.what[:1].upper() + progress.what[1:]
        self.what.setText(what)
        self.bar.setRange(0, progress.total)
        self.bar.setValue(progress.done)

    def show_paused(self, paused: bool) -> None:
        self.pause.setText("Continue" if paused else "Pause")
