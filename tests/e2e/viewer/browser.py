"""Open a page in a real browser without a window, and read what it then shows."""

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from tests.e2e.viewer.packages import Unavailable

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_VOID = frozenset({"input", "br", "hr", "img", "link", "meta", "rect", "path"})
_PAGE_MILLISECONDS = 8_000
_SECONDS = 120


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)

    @property
    def classes(self) -> frozenset[str]:
        return frozenset(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        """All text inside."""
        return "".join(self.parts)


class Page(HTMLParser):
    """The elements of a page, in order."""

    def __init__(self, html: str, complaints: tuple[str, ...]) -> None:
        super().__init__()
        self.complaints = complaints
        """What scripts threw and nothing caught."""
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()

    def with_class(self, *classes: str) -> list[Element]:
        """Elements that are of all the classes."""
        return [e for e in self.elements if e.classes.issuperset(classes)]

    def with_tag(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def texts(self, *classes: str) -> list[str]:
        return [element.text for element in self.with_class(*classes)]

    def titles(self, *classes: str) -> list[str]:
        found = self.with_class(*classes)
        return [element.attributes.get("title", "") for element in found]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.parts.append(data)


OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""No window, and nothing reached but this machine."""


def browser() -> str:
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise Unavailable(f"no browser is installed ({', '.join(_NAMES)})")
    return found


def opened(address: str, profile: Path, *, screenshot: Path) -> Page:
    """Open an address on loopback; the page reaches nothing beyond it."""
    done = subprocess.run(
        [
            browser(),
            *OPTIONS,
            "--enable-logging=stderr",
            f"--user-data-dir={profile}",
            "--window-size=1600,1100",
            f"--virtual-time-budget={_PAGE_MILLISECONDS}",
            f"--screenshot={screenshot}",
            "--dump-dom",
            address,
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS,
        check=True,
    )
    complaints = re.findall(r'CONSOLE.*?"(Uncaught .*?)", source', done.stderr)
    return Page(done.stdout, tuple(complaints))
