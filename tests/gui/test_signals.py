"""A binding that loses references on emit kills the window after some minutes."""

import subprocess
import sys

_EMIT = """
from PySide6.QtCore import QObject, Signal

class Sender(QObject):
    sent = Signal(bool)

sender = Sender()
received = [0]
def count(value): received[0] += value
sender.sent.connect(count)
for _ in range(100_000):
    sender.sent.emit(True)
print(received[0])
"""


def test_signals_can_be_emitted_a_hundred_thousand_times() -> None:
    child = subprocess.run(
        [sys.executable, "-c", _EMIT], capture_output=True, text=True, check=False
    )
    assert (child.returncode, child.stdout.strip()) == (0, "100000")
