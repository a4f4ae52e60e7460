"""A local web server with features that misbehaves on order."""

import gzip
import json
import os
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Protocol

from tests.core.graph_documents import Json, as_bytes


class Fault(Protocol):
    """Answers in place of the server; gets what it would have sent."""

    def __call__(self, talk: "Talk", data: bytes, /) -> None: ...


class Seen(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class _Order(NamedTuple):
    fault: Fault
    path: str


@dataclass
class FeatureServer:
    """What it serves, what it was asked, and what it is to do wrong next."""

    files: dict[str, bytes] = field(default_factory=dict)
    """By path."""
    rows: dict[tuple[str, str, str], Json] = field(default_factory=dict)
    """Neuronpedia's, by model, source and index."""
    ignores_range: bool = False
    reverses: bool = False
    """Batches, which come in any order."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of every good answer."""
    seen: list[Seen] = field(default_factory=list)
    crashes: list[BaseException] = field(default_factory=list)
    orders: list[_Order] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def add_rows(self, *rows: Json) -> None:
        for row in rows:
            self.rows[row["modelId"], row["layer"], str(row["index"])] = row

    def order(self, *faults: Fault, path: str = "") -> None:
        """Misbehave once each, at the next requests whose path holds `path`."""
        self.orders += [_Order(fault, path) for fault in faults]

    def paths(self) -> list[str]:
        return [f"{seen.method} {seen.path}" for seen in self.seen]

    def fault_for(self, path: str) -> Fault | None:
        for order in self.orders:
            if order.path in path:
                self.orders.remove(order)
                return order.fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    features: FeatureServer

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.features.crashes.append(error)


class Talk(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Be silent."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        features = self.server.features
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        features.seen.append(Seen(self.command, self.path, headers, body))
        data = self._content(body)
        fault = features.fault_for(self.path)
        if fault is not None:
            fault(self, data or b"")
        elif data is None:
            self.send(as_bytes({"error": "Not Found"}), status=404)
        elif "range" in headers and not features.ignores_range:
            self._send_part(data, headers["range"])
        else:
            is_file = self.path in features.files and not self.path.endswith(".json")
            kind = "application/octet-stream" if is_file else "application/json"
            self.send(data, kind=kind)

    def _content(self, body: bytes) -> bytes | None:
        features = self.server.features
        if self.path == "/api/features":
            asked = [
                (a["modelId"], a["layer"], str(a["index"])) for a in json.loads(body)
            ]
            found = [features.rows[key] for key in asked if key in features.rows]
            return as_bytes(found[::-1] if features.reverses else found)
        single = re.fullmatch(r"/api/feature/([^/]+)/([^/]+)/([^/]+)", self.path)
        if single:
            row = features.rows.get((single[1], single[2], single[3]))
            return None if row is None else as_bytes(row)
        return features.files.get(self.path)

    def _send_part(self, data: bytes, wanted: str) -> None:
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        if first >= len(data):
            self.send(b"", status=416)
            return
        part = data[first : last + 1]
        told = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
        self.send(
            part,
            status=206,
            kind="application/octet-stream",
            headers={"Content-Range": told},
        )

    def send(
        self,
        data: bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        self.send_response_only(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data) if length is None else length))
        self.send_header("Set-Cookie", "session=1; Path=/")
        for name, value in {**self.server.features.headers, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def feature_server() -> Iterator[FeatureServer]:
    features = FeatureServer()
    server = _Server(("127.0.0.1", 0), Talk)
    server.features = features
    features.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield features
    finally:
        features.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
    assert features.crashes == []


def unused_address() -> str:
    """Of a port at which nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{bound.getsockname()[1]}"


# -- what can go wrong --------------------------------------------------------------


def status(code: int, body: bytes = b'{"error": "no"}', **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(talk: Talk, _: bytes) -> None:
        talk.send(body, status=code, headers=named)

    return answer


def instead(body: bytes, kind: str = "application/json", **headers: str) -> Fault:
    """Success, with another content."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(talk: Talk, _: bytes) -> None:
        talk.send(body, kind=kind, headers=named)

    return answer


def hang(talk: Talk, _: bytes) -> None:
    """No answer until the client has given up."""
    talk.server.features.released.wait()
    talk.close_connection = True


def reset(talk: Talk, _: bytes) -> None:
    """The connection is torn down, without a word."""
    linger = struct.pack("ii", 1, 0)
    talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    talk.close_connection = True
    os.close(talk.connection.detach())


def short_body(talk: Talk, data: bytes) -> None:
    talk.send(data[: len(data) // 2], length=len(data))
    talk.close_connection = True


def unannounced_short_body(talk: Talk, data: bytes) -> None:
    """As servers of HTTP 1.0 do, which tell no length."""
    talk.send_response(200)
    talk.send_header("Content-Type", "application/json")
    talk.send_header("Connection", "close")
    talk.end_headers()
    talk.wfile.write(data[: len(data) // 2])
    talk.close_connection = True


def zipped(talk: Talk, data: bytes) -> None:
    talk.send(gzip.compress(data), headers={"Content-Encoding": "gzip"})


def cut_gzip(talk: Talk, data: bytes) -> None:
    cut = gzip.compress(data)[:-12]
    talk.send(cut, headers={"Content-Encoding": "gzip"})


def broken_gzip(talk: Talk, data: bytes) -> None:
    broken = bytearray(gzip.compress(data))
    broken[12:16] = b"\xff\xff\xff\xff"
    talk.send(bytes(broken), headers={"Content-Encoding": "gzip"})


PAGE = (
    b"<!DOCTYPE html><html><head><style>p {color: red}</style></head>"
    b"<body><p>Checking your <b>browser</b></p></body></html>"
)
page = instead(PAGE, "text/html; charset=utf-8")


def altered_rows(change: Callable[[list[Json]], Iterable[Json]]) -> Fault:
    """A batch of which some rows are missing or other than they should be."""

    def answer(talk: Talk, data: bytes) -> None:
        talk.send(as_bytes(list(change(json.loads(data)))))

    return answer
