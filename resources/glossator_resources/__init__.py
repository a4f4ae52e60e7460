"""Data of the program: the demo, the shipped null, icons."""

from importlib import resources
from pathlib import Path


def demo_folder() -> Path:
    """Folder with ``graphs/*.json`` and ``features/`` of the embedded demo."""
    return Path(str(resources.files("glossator_resources"))) / "demo"
