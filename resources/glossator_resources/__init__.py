"""Data of the program: the demo, the shipped null, prompts, the report's template."""

from importlib import resources
from pathlib import Path


def demo_folder() -> Path:
    """Folder with ``graphs/*.json`` and ``features/`` of the embedded demo."""
    return Path(str(resources.files("glossator_resources"))) / "demo"


def report_folder() -> Path:
    """Folder with the template and the style sheet of the HTML report."""
    return Path(str(resources.files("glossator_resources"))) / "report"


def icon_file(name: str) -> Path:
    """An icon of the window, in SVG."""
    return Path(str(resources.files("glossator_resources"))) / "icons" / f"{name}.svg"


def prompt_text(name: str) -> str:
    """The prompt of that name, as `glossator.llm.prompt_file` reads it."""
    prompts = resources.files("glossator_resources") / "prompts"
    return (prompts / f"{name}.txt").read_text(encoding="utf-8")
