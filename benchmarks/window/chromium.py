"""A browser without a window, driven over two pipes by its debugging protocol."""

import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.window.samples import memory_of
from tests.e2e.viewer.browser import OPTIONS

Json: TypeAlias = dict[str, Any]

_SECONDS = 180
_OPTIONS = (*OPTIONS, "--remote-debugging-pipe")


class BrowserError(Exception):
    """The browser did not do what it was asked."""


class Tab:
    """The one page of a browser."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._outlet, self._inlet = process.stdin, process.stdout
        self._buffer = b""
        self._last = 0
        self._answers: dict[int, Json] = {}
        self._session = ""
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(t["targetId"] for t in targets if t["type"] == "page")
        attached = self.ask("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        self.ask("Page.enable")

    def ask(self, method: str, **parameters: object) -> Json:
        """Have something done, and wait for the answer."""
        return self.answer(self.post(method, **parameters))

    def post(self, method: str, **parameters: object) -> int:
        """Have something done; the number by which its answer is waited for."""
        self._last += 1
        message: Json = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._outlet.write(json.dumps(message).encode() + b"\0")
        self._outlet.flush()
        return self._last

    def answer(self, number: int) -> Json:
        end = time.monotonic() + _SECONDS
        while number not in self._answers:
            message = self._read(end)
            if "id" in message:
                self._answers[message["id"]] = message
        answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserError(str(answer["error"]))
        result: Json = answer["result"]
        return result

    def evaluate(self, script: str) -> Any:
        """What a script gives, or what it promises."""
        answer = self.ask(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            raise BrowserError(str(answer["exceptionDetails"])[:500])
        return answer["result"].get("value")

    def mouse(self, kind: str, x: float, y: float, **more: object) -> None:
        """Post a mouse event as if it came from the system."""
        self.post("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def renderer_memory(self) -> float | None:
        """Megabytes that the page's process has in memory now; None if not told."""
        outer, self._session = self._session, ""
        processes = self.ask("SystemInfo.getProcessInfo")["processInfo"]
        self._session = outer
        held = [memory_of(p["id"]) for p in processes if p["type"] == "renderer"]
        return max((size for size in held if size is not None), default=None)

    def _read(self, end: float) -> Json:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select(
                [self._inlet], [], [], max(end - time.monotonic(), 0)
            )
            data = os.read(self._inlet.fileno(), 2**20) if ready else b""
            if not data:
                raise BrowserError("the browser does not answer")
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: Json = json.loads(text)
        return message


@contextmanager
def tab(program: str, profile: Path, size: tuple[int, int]) -> Iterator[Tab]:
    """A browser of its own, gone afterwards; its pipes are descriptors 3 and 4."""
    width, height = size
    process = subprocess.Popen(
        [
            "sh",
            "-c",
            'exec "$@" 3<&0 4>&1',
            "sh",
            program,
            *_OPTIONS,
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            "about:blank",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
    )
    try:
        yield Tab(process)
    finally:
        process.terminate()
        process.wait()
