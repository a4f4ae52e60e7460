"""Prompts, and a chat server that is asked them through the real clients."""

from collections.abc import Iterable

from glossator.llm.chat_model import (
    AnswerProgress,
    ChatPrompt,
    Replied,
    Reply,
    Turn,
    Wanted,
)
from glossator.llm.open_chat_model import open_chat_model
from glossator.llm.refused_parameters import RefusedParameters
from glossator.llm.server_address import ProtocolName
from glossator.llm.server_model import ServerModel
from glossator.progress import CancelToken, Progress, drive
from tests.core.llm_server import MODEL, ChatServer

PROTOCOLS: tuple[ProtocolName, ...] = ("openai", "anthropic")
WANTED = Wanted(32)


def prompt(text: str) -> ChatPrompt:
    return ChatPrompt(
        (
            Turn("system", "Name it."),
            Turn("user", "oak"),
            Turn("assistant", "trees"),
            Turn("user", text),
        )
    )


def opened(
    server: ChatServer,
    protocol: ProtocolName,
    *,
    at_once: int = 8,
    patience: float = 60.0,
    refused: RefusedParameters | None = None,
) -> ServerModel:
    """A model that is asked again without a pause."""
    model = open_chat_model(
        server.named(protocol),
        MODEL,
        at_once=at_once,
        patience=patience,
        first_pause=0.001,
        refused=refused,
    )
    assert isinstance(model, ServerModel)
    return model


def ask(
    model: ServerModel, texts: Iterable[str], wanted: Wanted = WANTED
) -> list[Reply]:
    work = model.complete([prompt(text) for text in texts], CancelToken(), wanted)
    return drive(work, lambda _: None)


def replied(model: ServerModel, texts: Iterable[str]) -> list[Replied]:
    """In the order in which replies came."""
    found: list[Replied] = []

    def note(progress: Progress) -> None:
        if isinstance(progress, AnswerProgress):
            found.extend(progress.replied)

    prompts = [prompt(text) for text in texts]
    drive(model.complete(prompts, CancelToken(), WANTED), note)
    return found
