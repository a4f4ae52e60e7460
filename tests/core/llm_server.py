"""A local server that speaks both chat protocols, and does as it is told."""

import json
import os
import random
import socket
import struct
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple, Protocol

from glossator.llm.server_address import ProtocolName
from tests.core.graph_documents import Json, as_bytes

MODEL = "tiny-chat"
_ASKING = ("/chat/completions", "/messages")
_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",
}
_LETTERS_A_TOKEN = 4


class Act(Protocol):
    """What the server does with one request."""

    def __call__(self, talk: "Talk", /) -> None: ...


class Seen(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: Json

    @property
    def question(self) -> str:
        """The last turn."""
        return str(self.body["messages"][-1]["content"])

    @property
    def protocol(self) -> ProtocolName:
        return "anthropic" if self.path.endswith("/messages") else "openai"


class Rule(Protocol):
    """What is done with a request for an answer; None leaves it to others."""

    def __call__(self, seen: Seen, /) -> Act | None: ...


class AnswerRule(Protocol):
    """What is said to a question."""

    def __call__(self, question: str, /) -> str: ...


class Charged(NamedTuple):
    """What answers have cost so far."""

    calls: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0


@dataclass
class ChatServer:
    """What it is to answer, and what it was asked."""

    acts: list[Act] = field(default_factory=list)
    """For the next requests for an answer, one each."""
    rule: Rule | None = None
    """For those after `acts` are used up; where it says None, what follows."""
    by_prompt: dict[str, Act] = field(default_factory=dict)
    """For prompts whose last turn holds a text."""
    default: Act = field(default_factory=lambda: says("tools"))
    models: Act = field(default_factory=lambda: lists(MODEL))
    latency: float = 0.0
    """Seconds before an answer."""
    failing: float = 0.0
    """Share of requests that fail in some way that passes, by `dice`."""
    dice: random.Random = field(default_factory=lambda: random.Random(0))
    seen: list[Seen] = field(default_factory=list)
    charged: Charged = field(default_factory=Charged)
    crashes: list[BaseException] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    @property
    def asked(self) -> list[Seen]:
        """Requests for an answer."""
        return [seen for seen in self.seen if seen.path.endswith(_ASKING)]

    def named(self, protocol: ProtocolName) -> str:
        """How a person names it as a server of a protocol."""
        if protocol == "openai":
            return self.url
        return f"anthropic+{self.url.removesuffix('/v1')}"

    def act_for(self, seen: Seen) -> Act:
        if not seen.path.endswith(_ASKING):
            return self.models
        if self.dice.random() < self.failing:
            return self.dice.choice([fails(500), fails(429), resets, broken, cut_off])
        if self.acts:
            return self.acts.pop(0)
        if self.rule is not None and (act := self.rule(seen)) is not None:
            return act
        parts = self.by_prompt.items()
        found = (act for part, act in parts if part in seen.question)
        return next(found, self.default)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    chat: ChatServer

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.chat.crashes.append(error)


class Talk(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    seen: Seen

    def log_message(self, *_: object) -> None:
        """Be silent."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        chat = self.server.chat
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:  # whoever asks was killed
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen = Seen(self.path, headers, json.loads(body) if body else {})
        with chat.lock:
            chat.seen.append(self.seen)
            chat.at_once += 1
            chat.most_at_once = max(chat.most_at_once, chat.at_once)
            act = chat.act_for(self.seen)
        try:
            if chat.latency:
                chat.released.wait(chat.latency)
            act(self)
        finally:
            with chat.lock:
                chat.at_once -= 1

    def charge(self, answer: str) -> Charged:
        """What this answer costs; it is added to what all have cost."""
        chat, body = self.server.chat, self.seen.body
        asked = json.dumps([body.get("system", ""), body["messages"]])
        tokens = [len(text) // _LETTERS_A_TOKEN + 1 for text in (asked, answer)]
        with chat.lock:
            before = chat.charged
            chat.charged = Charged(
                before.calls + 1,
                before.prompt_tokens + tokens[0],
                before.answer_tokens + tokens[1],
            )
        return Charged(1, *tokens)

    def send(
        self,
        data: bytes,
        *,
        status: int = 200,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
        missing: int = 0,
    ) -> None:
        """Send a response, `missing` bytes of which never come."""
        self.send_response_only(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data) + missing))
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


def says(
    text: str | None,
    finish: str = "stop",
    refusal: str | None = None,
    *,
    odds: Json | None = None,
    thoughts: str = "",
    usage: bool = True,
) -> Act:
    """An answer, in the protocol of the request.

    Parameters
    ----------
    odds : as OpenAI's protocol tells them, where they are asked for.
    """

    def act(talk: Talk) -> None:
        used = talk.charge((text or "") + thoughts)
        if talk.seen.protocol == "openai":
            told = odds if talk.seen.body.get("logprobs") else None
            document = _completion(text, finish, refusal, told)
            names = ("prompt_tokens", "completion_tokens")
        else:
            document = _message(text, "content_filter" if refusal else finish)
            if thoughts:
                block = {"type": "thinking", "thinking": thoughts}
                document["content"].insert(0, block)
            names = ("input_tokens", "output_tokens")
        if usage:
            document["usage"] = dict(zip(names, used[1:], strict=True))
        talk.send(as_bytes(document))

    return act


def answers(rule: AnswerRule) -> Act:
    """An answer that depends on the question."""
    return lambda talk: says(rule(talk.seen.question))(talk)


def _completion(
    text: str | None, finish: str, refusal: str | None, odds: Json | None
) -> Json:
    message = {"role": "assistant", "content": text, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [choice | {"logprobs": odds}],
    }


def _message(text: str | None, finish: str) -> Json:
    return {
        "id": "1",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": text}] if text is not None else [],
        "stop_reason": _STOP_REASONS[finish],
    }


def lists(*models: str) -> Act:
    return sends({"object": "list", "data": [{"id": model} for model in models]})


def sends(document: object) -> Act:
    return lambda talk: talk.send(as_bytes(document))


def page(text: str = "<html>Log in</html>") -> Act:
    return lambda talk: talk.send(text.encode(), kind="text/html")


def broken(talk: Talk) -> None:
    """JSON that ends too early, though all of it was sent."""
    talk.send(b'{"choices": [{"message": {"cont')


def cut_off(talk: Talk) -> None:
    """Fewer bytes than were promised."""
    talk.close_connection = True
    talk.send(b'{"choices": [', missing=4000)


def fails(status: int, message: str = "no", param: str = "", **headers: str) -> Act:
    """As errors of both protocols look.

    One that may pass is to be tried again at once, unless the headers say otherwise.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    error = {"message": message, "type": "x", "code": None, "param": param or None}
    body = as_bytes({"type": "error", "error": error})
    at_once = {"retry-after-ms": "1"} if status >= 429 else {}
    return lambda talk: talk.send(body, status=status, headers=at_once | named)


def takes_no(*parameters: str, status: int = 400) -> Rule:
    """Refuse requests that have one of the parameters; "system" is such a turn."""

    def rule(seen: Seen) -> Act | None:
        has = {*seen.body, *(turn["role"] for turn in seen.body["messages"])}
        for name in parameters:
            if name in has:
                told = f"{name} role" if name == "system" else f"'{name}'"
                said = f"Unsupported parameter: {told} is not supported here."
                return fails(status, said, "" if name == "system" else name)
        return None

    return rule


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
