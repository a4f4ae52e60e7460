"""How long the program takes to start, its files in the system's cache.

``python -m benchmarks.window.start`` is the program: it shows the window, lets it
paint, and prints when that was and whether torch was imported.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.window.samples import Samples

RUNS = 5


def measure() -> Samples:
    """Seconds from a process to a window that answers, and to its version."""
    samples: Samples = {"start_s": [], "version_s": []}
    for _ in range(RUNS + 1):
        started = time.time()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.window.start"],
            capture_output=True,
            check=True,
            text=True,
        )
        told = json.loads(done.stdout)
        if told["torch"]:
            raise RuntimeError("the window imports torch when it starts")
        samples["start_s"].append(told["at"] - started)
        started = time.time()
        version = [str(Path(sys.executable).with_name("glossator")), "--version"]
        subprocess.run(version, capture_output=True, check=True)
        samples["version_s"].append(time.time() - started)
    # The first of each brings the files into the cache.
    return {name: taken[1:] for name, taken in samples.items()}


def main() -> None:
    from benchmarks.window.our_window import own_folders

    with own_folders():
        from PySide6.QtWidgets import QApplication

        from glossator_gui.app import application
        from glossator_gui.main_window import MainWindow

        application()
        window = MainWindow()
        window.show()
        QApplication.processEvents()
        print(json.dumps({"at": time.time(), "torch": "torch" in sys.modules}))
        window.close()


if __name__ == "__main__":
    main()
