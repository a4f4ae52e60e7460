"""How late the window answers: gaps between the ticks of a timer in its thread.

``python -m benchmarks.window.heartbeat`` prints, as JSON, the gaps in
milliseconds while the protocol runs over the demo, those of an idle window for as long,
and how long one accept of what was found takes.
"""

import json
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from benchmarks.window.our_window import Bench, own_folders
from benchmarks.window.samples import Samples
from glossator.settings import embeddings_file
from glossator_gui.app import application

RUNS = 2
_TICK_MS = 5


def gaps_while(going_on: Callable[[], bool]) -> list[float]:
    """Milliseconds between ticks; nothing is left out."""
    ticks: list[float] = []
    timer = QTimer(interval=_TICK_MS)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()
    while going_on():
        # As an application does: asleep until there is something to do.
        QTest.qWait(50)
    timer.stop()
    return [1000 * (after - before) for before, after in pairwise(ticks)]


def measure() -> Samples:
    bench = Bench()
    samples: Samples = {"blocked": [], "idle_blocked": [], "run_s": []}
    for number in range(RUNS):
        embeddings_file().unlink(missing_ok=True)
        start = time.perf_counter()
        if number == 0:
            bench.window.open_demo()
        if not bench.window.run.slot.running:
            bench.window.run.run_all()
        samples["blocked"] += gaps_while(lambda: bench.window.run.slot.running)
        taken = time.perf_counter() - start
        samples["run_s"].append(taken)
        bench.settle(1)
        samples["idle_blocked"] += gaps_while(partial(_before, start + 2 * taken))
    samples["accept_demo"] = bench.accept()
    bench.window.close()
    return samples


def _before(end: float) -> bool:
    return time.perf_counter() < end


def main() -> None:
    with own_folders():
        application()
        QApplication.processEvents()
        print(json.dumps(measure()))


if __name__ == "__main__":
    main()
