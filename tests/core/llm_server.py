"""A local server that speaks OpenAI's chat protocol, and does as it is told."""

import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Protocol

from tests.core.graph_documents import Json, as_bytes

MODEL = "tiny-chat"


class Act(Protocol):
    """What the server does with one request."""

    def __call__(self, talk: "Talk", /) -> None: ...


class Seen(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: Json


@dataclass
class ChatServer:
    """What it is to answer, and what it was asked."""

    acts: list[Act] = field(default_factory=list)
    """For the next requests for an answer, one each."""
    by_prompt: dict[str, Act] = field(default_factory=dict)
    """For prompts whose last turn holds a text, once `acts` are used up."""
    default: Act = field(default_factory=lambda: says("tools"))
    models: Act = field(default_factory=lambda: lists(MODEL))
    seen: list[Seen] = field(default_factory=list)
    crashes: list[BaseException] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    @property
    def asked(self) -> list[Seen]:
        """Requests for an answer."""
        return [seen for seen in self.seen if seen.path.endswith("/chat/completions")]

    def act_for(self, seen: Seen) -> Act:
        if not seen.path.endswith("/chat/completions"):
            return self.models
        if self.acts:
            return self.acts.pop(0)
        question = seen.body["messages"][-1]["content"]
        found = (act for part, act in self.by_prompt.items() if part in question)
        return next(found, self.default)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    chat: ChatServer

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.chat.crashes.append(error)


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
        chat = self.server.chat
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.path, headers, json.loads(body) if body else {})
        with chat.lock:
            chat.seen.append(seen)
            chat.at_once += 1
            chat.most_at_once = max(chat.most_at_once, chat.at_once)
            act = chat.act_for(seen)
        try:
            act(self)
        finally:
            with chat.lock:
                chat.at_once -= 1

    def send(
        self,
        data: bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def chat_server() -> Iterator[ChatServer]:
    chat = ChatServer()
    server = _Server(("127.0.0.1", 0), Talk)
    server.chat = chat
    chat.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield chat
    finally:
        chat.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
    assert chat.crashes == []


# -- what it can do --------------------------------------------------------------------


def says(text: str | None, finish: str = "stop", refusal: str | None = None) -> Act:
    message = {"role": "assistant", "content": text, "refusal": refusal}
    return sends(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        }
    )


def lists(*models: str) -> Act:
    return sends({"object": "list", "data": [{"id": model} for model in models]})


def sends(document: object) -> Act:
    return lambda talk: talk.send(as_bytes(document))


def page(text: str = "<html>Log in</html>") -> Act:
    return lambda talk: talk.send(text.encode(), kind="text/html")


def fails(status: int, message: str = "no", **headers: str) -> Act:
    """As OpenAI's errors look; one that may pass is to be tried again at once."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = as_bytes({"error": {"message": message, "type": "x", "code": None}})
    at_once = {"retry-after-ms": "1"} if status >= 429 else {}
    return lambda talk: talk.send(body, status=status, headers=at_once | named)


def resets(talk: Talk) -> None:
    """The connection is torn down, without a word."""
    linger = struct.pack("ii", 1, 0)
    talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    talk.close_connection = True
    os.close(talk.connection.detach())


def hangs(talk: Talk) -> None:
    """No answer until all is over."""
    talk.server.chat.released.wait()
    talk.close_connection = True


def unused_address() -> str:
    """Of a port at which nothing listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{bound.getsockname()[1]}/v1"
