"""Keys: where they are looked for, where they go, and where they never go."""

from collections.abc import Iterator
from typing import ClassVar

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import KeyringLocked

from glossator.errors import InputError, ModelError, WebError
from glossator.llm.api_keys import (
    KeyringError,
    NoKey,
    ServerKey,
    delete_key,
    find_key,
    key_variables,
    store_key,
    stored_key,
)
from glossator.llm.chat_model import NoAnswer
from glossator.llm.open_chat_model import open_chat_model
from glossator.llm.providers import PROVIDERS, Server, server_named
from glossator.llm.server_address import ProtocolName
from tests.core.ask_server import PROTOCOLS, ask, opened
from tests.core.llm_server import (
    MODEL,
    ChatServer,
    chat_server,
    fails,
    lists,
    page,
    says,
)

KEY = "sk-very-secret-key"
ELSEWHERE = "http://192.0.2.1:8080/v1"
HERE = Server("http://127.0.0.1:1/v1")
OPENROUTER = Server("https://openrouter.ai/api/v1")


class MemoryKeyring(KeyringBackend):
    """A keyring that is gone with the test."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # theirs
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedKeyring(MemoryKeyring):
    """Whose owner has dismissed its question."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock\nthe collection!")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked("Failed to unlock\nthe collection!")


class BrokenKeyring(MemoryKeyring):
    """That fails as none is said to."""

    def get_password(self, service: str, username: str) -> str | None:
        raise ZeroDivisionError

    def set_password(self, service: str, username: str, password: str) -> None:
        raise ZeroDivisionError


class PlainFileKeyring(MemoryKeyring):
    """That keeps secrets where all can read them."""

    __module__ = "keyrings.alt.file"


class SeveralKeyrings(ChainerBackend):
    backends: ClassVar[list[KeyringBackend]] = []


@pytest.fixture
def kept() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    chosen = MemoryKeyring()
    keyring.set_keyring(chosen)
    yield chosen
    keyring.set_keyring(before)


@pytest.fixture
def server(kept: MemoryKeyring) -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> ProtocolName:
    name: ProtocolName = request.param
    return name


# -- the environment -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "variables"),
    [
        *[(p.name, (p.key_variable or "OPENAI_API_KEY",)) for p in PROVIDERS],
        ("https://api.openai.com/v1", ("OPENAI_API_KEY",)),
        ("http://localhost:99/v1", ("OPENAI_API_KEY",)),
        ("anthropic+http://[::1]:99", ("ANTHROPIC_API_KEY",)),
        ("https://llm.example.org/v1", ("GLOSSATOR_LLM_KEY",)),
        ("https://api.openai.com.example.org/v1", ("GLOSSATOR_LLM_KEY",)),
        (ELSEWHERE, ("GLOSSATOR_LLM_KEY",)),
    ],
)
def test_a_key_belongs_to_a_host(named: str, variables: tuple[str, ...]) -> None:
    server = server_named(named)
    assert server is not None
    assert key_variables(server) == variables


def test_the_key_of_a_provider_that_is_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://Proxy.example.org:9/v1")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://claude.example.org")
    assert key_variables(Server("https://proxy.example.org/v1")) == ("OPENAI_API_KEY",)
    claude = Server("https://claude.example.org", "anthropic")
    assert key_variables(claude) == ("ANTHROPIC_API_KEY",)
    assert key_variables(Server("https://x.example.org/v1")) == ("GLOSSATOR_LLM_KEY",)


def test_a_key_is_sent_to_its_server(
    server: ChatServer, protocol: ProtocolName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}-openai")
    monkeypatch.setenv("ANTHROPIC_API_KEY", f"{KEY}-anthropic")
    ask(opened(server, protocol), ["a"])
    sent = {
        "openai": {"authorization": f"Bearer {KEY}-openai"},
        "anthropic": {"x-api-key": f"{KEY}-anthropic"},
    }
    for seen in server.seen:
        headers = seen.headers.items()
        assert sent[protocol].items() <= headers
        assert sum(KEY in value for _, value in headers) == 1


def test_a_key_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\nX: y")
    with pytest.raises(InputError, match=r"^OPENAI_API_KEY: .* no key has") as raised:
        find_key(HERE)
    assert KEY not in str(raised.value)


# -- the keyring -----------------------------------------------------------------------


def test_a_key_is_kept_for_its_host(kept: MemoryKeyring) -> None:
    missing = find_key(OPENROUTER)
    assert missing == NoKey(
        "OPENROUTER_API_KEY is not set, and the keyring has no key for openrouter.ai"
    )
    store_key("openrouter.ai", f" {KEY} ")
    assert kept.kept == {("glossator", "openrouter.ai"): KEY}
    assert find_key(OPENROUTER) == ServerKey(KEY, "the keyring")
    assert isinstance(find_key(Server("https://api.openai.com/v1")), NoKey)
    delete_key("openrouter.ai")
    assert find_key(OPENROUTER) == missing
    delete_key("openrouter.ai")
    assert stored_key("openrouter.ai") == ""


def test_the_environment_goes_before_the_keyring(
    kept: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_key("openrouter.ai", KEY)
    monkeypatch.setenv("OPENROUTER_API_KEY", "another")
    assert find_key(OPENROUTER) == ServerKey("another", "OPENROUTER_API_KEY")


def test_the_keyrings_key_is_sent(server: ChatServer) -> None:
    store_key("127.0.0.1", KEY)
    ask(opened(server, "openai"), ["a"])
    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"


NONE_SAFE = "this system has no keyring that keeps secrets"


@pytest.mark.parametrize(
    ("backend", "told"),
    [
        (FailKeyring, NONE_SAFE),
        (NullKeyring, NONE_SAFE),
        (PlainFileKeyring, NONE_SAFE),
        (
            LockedKeyring,
            r"the keyring cannot be used \(Failed to unlock the collection!\)",
        ),
        (BrokenKeyring, r"the keyring cannot be used \(ZeroDivisionError\)"),
    ],
)
def test_a_keyring_that_is_of_no_use(
    kept: MemoryKeyring, backend: type[KeyringBackend], told: str
) -> None:
    chosen = backend()
    keyring.set_keyring(chosen)
    found = find_key(OPENROUTER)
    assert isinstance(found, NoKey)
    with pytest.raises(KeyringError, match=f"^{told}") as raised:
        stored_key("openrouter.ai")
    assert found.reason == f"OPENROUTER_API_KEY is not set, and {raised.value}"
    with pytest.raises(KeyringError, match=f"^{told}") as raised:
        store_key("openrouter.ai", KEY)
    assert KEY not in str(raised.value)
    assert not (isinstance(chosen, MemoryKeyring) and chosen.kept)


def test_of_several_keyrings_the_first_that_is_safe_is_used(
    kept: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, safe = PlainFileKeyring(), MemoryKeyring()
    monkeypatch.setattr(SeveralKeyrings, "backends", [plain, safe])
    keyring.set_keyring(SeveralKeyrings())  # type: ignore[no-untyped-call]
    store_key("openrouter.ai", KEY)
    assert (plain.kept, list(safe.kept.values())) == ({}, [KEY])
    assert find_key(OPENROUTER) == ServerKey(KEY, "the keyring")


def test_a_server_here_needs_neither(server: ChatServer) -> None:
    keyring.set_keyring(LockedKeyring())
    assert ask(opened(server, "openai"), ["a"])
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize("key", ["", "  ", "two words", "né", "a\x00b"])
def test_what_is_no_key_is_not_kept(kept: MemoryKeyring, key: str) -> None:
    with pytest.raises(InputError, match=r"^the key: holds characters"):
        store_key("host", key)
    assert kept.kept == {}


# -- what is told ----------------------------------------------------------------------


def test_a_key_is_never_told(
    server: ChatServer, protocol: ProtocolName, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(variable, KEY)
    model = opened(server, protocol, at_once=1)
    assert KEY not in repr(model)
    long = "x" * 190 + KEY  # as it is cut, a part of the key would be left
    for act in (
        fails(401, f"wrong key {KEY}"),
        fails(400, KEY),
        fails(400, long),
        page(f"<p>{KEY}</p>"),
        says(None, refusal=f"I tell no {KEY}"),
    ):
        server.default = act
        (found,) = ask(model, ["a"])
        assert isinstance(found, NoAnswer)
        assert KEY[:8] not in found.reason
    server.default, server.models = fails(404), lists(KEY, "b")
    assert KEY not in str(ask(model, ["a"]))
    with pytest.raises(ModelError, match=r"name one .*: \*\*\*, b$"):
        open_chat_model(server.named(protocol))


def test_whose_key_is_not_accepted(
    server: ChatServer, protocol: ProtocolName, monkeypatch: pytest.MonkeyPatch
) -> None:
    variable = f"{protocol.upper()}_API_KEY"
    monkeypatch.setenv(variable, KEY)
    server.models = fails(401, KEY)
    with pytest.raises(WebError) as raised:
        open_chat_model(server.named(protocol), MODEL)
    told = f"status 401, the key of {variable} is not accepted: ***"
    assert str(raised.value).endswith(told)


@pytest.mark.parametrize("named", [ELSEWHERE, f"anthropic+{ELSEWHERE}"])
@pytest.mark.parametrize("origin", ["GLOSSATOR_LLM_KEY", "the keyring"])
def test_a_key_goes_nowhere_unencrypted(
    kept: MemoryKeyring, named: str, origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if origin == "the keyring":
        store_key("192.0.2.1", KEY)
    else:
        monkeypatch.setenv(origin, KEY)
    told = f"the key of {origin} would go over the network unencrypted"
    with pytest.raises(ModelError, match=told) as raised:
        open_chat_model(named, MODEL)
    assert KEY not in str(raised.value)
