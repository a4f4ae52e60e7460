"""While a run computes, how long does the window take to answer?

A timer of 5 ms ticks in the window's thread; the gap between two ticks is how late an
event would be answered. Prints the median, 99th percentile and maximum of the gaps over
several runs, with the cache of embeddings emptied before each, and every gap over 50 ms
with the stage it fell in: ``python benchmarks/window_answers.py``.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

RUNS = 3


def measure(number: int) -> str:
    import numpy as np
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from glossator.settings import embeddings_file
    from glossator_gui.main_window import MainWindow

    embeddings_file().unlink(missing_ok=True)
    window = MainWindow()
    window.show()
    ticks: list[tuple[float, str]] = []
    timer = QTimer()
    timer.setInterval(5)
    timer.timeout.connect(
        lambda: ticks.append((time.perf_counter(), window.run.bar.what.text()))
    )
    window.open_demo()
    if not window.run.slot.running:
        window.run.run_all()
    QApplication.processEvents()
    timer.start()
    start = time.perf_counter()
    while window.run.slot.running:
        QApplication.processEvents()
        time.sleep(0.001)
    timer.stop()
    seconds = time.perf_counter() - start
    gaps = np.diff(np.array([at for at, _ in ticks])) * 1000
    late = [f"{gap:.0f} ({ticks[i][1]})" for i, gap in enumerate(gaps) if gap > 50]
    window.close()
    return (
        f"run {number}: {seconds:.1f} s, gaps in ms: median {np.median(gaps):.1f}, "
        f"99 % {np.quantile(gaps, 0.99):.1f}, max {gaps.max():.1f}, "
        f"over 50: {len(late)} of {len(gaps)} {late}\n"
    )


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as home:
        for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
            os.environ[name] = str(Path(home) / name)
        from glossator_gui.app import application

        application()
        for number in range(1, RUNS + 1):
            sys.stdout.write(measure(number))


if __name__ == "__main__":
    main()
