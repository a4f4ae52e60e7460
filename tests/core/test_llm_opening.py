"""Which model a name, a provider or an address opens."""

from collections.abc import Iterator, Sequence

import pytest

from glossator.errors import InputError, ModelError, WebError
from glossator.llm.open_chat_model import check_chat_model, open_chat_model
from glossator.llm.providers import PROVIDERS, Server, server_named
from glossator.llm.server_address import ProtocolName, is_loopback, server_address
from glossator.llm.server_model import ServerModel
from tests.core.ask_server import PROTOCOLS, ask
from tests.core.llm_server import (
    MODEL,
    Act,
    ChatServer,
    chat_server,
    fails,
    hangs,
    lists,
    page,
    resets,
    sends,
    unused_address,
)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as server:
        yield server


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest) -> ProtocolName:
    name: ProtocolName = request.param
    return name


def opened(named: str, model: str = "") -> ServerModel:
    found = open_chat_model(named, model, first_pause=0.001)
    assert isinstance(found, ServerModel)
    return found


# -- the server's list of models -------------------------------------------------------


def test_the_only_model_needs_no_name(
    server: ChatServer, protocol: ProtocolName
) -> None:
    model = opened(server.named(protocol))
    assert model.model == MODEL
    assert ask(model, ["a"])
    assert server.asked[0].body["model"] == MODEL


def test_a_model_is_named_with_where_it_is(server: ChatServer) -> None:
    base = server.url.removesuffix("/v1")
    assert opened(f" {base}/ ", "other").name == f"other at {base}/v1"
    model = opened(f"anthropic+{server.url}", "other")
    assert (model.name, model.address) == (f"other at {base}", base)


def test_one_of_several_models_has_to_be_named(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.models = lists("llama", "qwen\n3")
    with pytest.raises(ModelError, match=r"llm_model: name one .*: llama, qwen 3$"):
        opened(server.named(protocol))
    assert opened(server.named(protocol), "qwen").model == "qwen"
    server.models = lists(*"abcdefghijklmnop")
    with pytest.raises(ModelError, match=r"k, l and 4 more$"):
        opened(server.named(protocol))


def test_a_server_without_a_list_of_models(
    server: ChatServer, protocol: ProtocolName
) -> None:
    server.models = fails(404, "page not found")
    assert opened(server.named(protocol), "any").model == "any"
    with pytest.raises(WebError, match="status 404: page not found"):
        opened(server.named(protocol))


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (fails(401), r"status 401, \w+_API_KEY is not set, and "),
        (fails(500), "status 500"),
        (page(), "this is no list of models: Log in"),
        (sends({"models": []}), "this is no list of models"),
        (resets, "broke off"),
    ],
)
def test_a_server_that_is_of_no_use(
    server: ChatServer, protocol: ProtocolName, act: Act, reason: str
) -> None:
    server.models = act
    with pytest.raises(WebError, match=reason) as raised:
        opened(server.named(protocol), MODEL)
    assert str(raised.value).startswith(server.url.removesuffix("/v1"))


def test_a_server_that_keeps_silent(
    server: ChatServer, protocol: ProtocolName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glossator.llm.server_batch._LISTING", 0.1)
    server.models = hangs
    with pytest.raises(WebError, match=r"no answer within 0\.1 s"):
        opened(server.named(protocol), MODEL)


def test_a_list_that_fails_once(server: ChatServer, protocol: ProtocolName) -> None:
    def fail_once(talk: object) -> None:
        server.models = lists(MODEL)
        fails(503)(talk)  # type: ignore[arg-type]

    server.models = fail_once
    assert opened(server.named(protocol)).model == MODEL


def test_no_server() -> None:
    address = unused_address()
    with pytest.raises(WebError, match="no server answers there") as raised:
        opened(address, MODEL)
    assert str(raised.value).startswith(address)


def test_a_server_here_is_asked_past_the_proxy(
    server: ChatServer, protocol: ProtocolName, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, unused_address())
    assert ask(opened(server.named(protocol)), ["a"])


# -- addresses -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "ftp://localhost/v1",
        "file:///etc/passwd",
        "http://",
        "http://localhost:port/v1",
        "http://ann:secret@localhost/v1",
        "anthropic+http://ann:secret@localhost",
        "http://localhost/v1?key=secret",
        "http://localhost/v1#secret",
        "http://[::1/v1",
        "anthropic+ftp://localhost",
        "gemini+http://localhost",
    ],
)
def test_no_address(address: str) -> None:
    with pytest.raises(InputError, match="llm: ") as raised:
        open_chat_model(address, MODEL)
    if "@" in address or "?" in address:
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "protocol", "address"),
    [
        ("http://localhost:11434", "openai", "http://localhost:11434/v1"),
        ("http://localhost:11434/", "openai", "http://localhost:11434/v1"),
        ("https://host/api/v1/", "openai", "https://host/api/v1"),
        ("http://localhost:1/v1", "anthropic", "http://localhost:1"),
        ("https://host/claude/", "anthropic", "https://host/claude"),
    ],
)
def test_addresses(text: str, protocol: ProtocolName, address: str) -> None:
    assert server_address(text, protocol) == address


def test_what_is_on_this_machine() -> None:
    here: Sequence[str] = ("localhost:1", "127.0.0.1", "127.1.2.3:8080", "[::1]:80")
    assert all(is_loopback(f"http://{host}/v1") for host in here)
    there = ("192.168.1.4", "localhost.example.org", "0.0.0.0", "host")
    assert not any(is_loopback(f"http://{host}/v1") for host in there)


# -- providers -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "address", "protocol"),
    [
        ("openai", "https://api.openai.com/v1", "openai"),
        ("OpenRouter ", "https://openrouter.ai/api/v1", "openai"),
        ("anthropic", "https://api.anthropic.com", "anthropic"),
        (
            "gemini",
            "https://generativelanguage.googleapis.com/v1beta/openai",
            "openai",
        ),
        ("ollama", "http://localhost:11434/v1", "openai"),
        ("llama.cpp", "http://127.0.0.1:8080/v1", "openai"),
        ("vllm", "http://localhost:8000/v1", "openai"),
        ("https://api.anthropic.com/v1", "https://api.anthropic.com", "anthropic"),
        ("anthropic+http://localhost:8080", "http://localhost:8080", "anthropic"),
    ],
)
def test_servers_by_their_names(
    named: str, address: str, protocol: ProtocolName
) -> None:
    assert server_named(named) == Server(address, protocol)


@pytest.mark.parametrize("named", ["", "some/model", "/a/folder", "openai/gpt-oss"])
def test_other_names_are_of_no_server(named: str) -> None:
    assert server_named(named) is None


@pytest.mark.parametrize(
    ("named", "variable", "told", "address"),
    [
        ("openai", "OPENAI_BASE_URL", "https://proxy/v1", "https://proxy/v1"),
        ("anthropic", "ANTHROPIC_BASE_URL", "https://proxy/", "https://proxy"),
        ("ollama", "OLLAMA_HOST", "box", "http://box:11434/v1"),
        ("ollama", "OLLAMA_HOST", "box:99", "http://box:99/v1"),
        ("ollama", "OLLAMA_HOST", ":99", "http://localhost:99/v1"),
        ("ollama", "OLLAMA_HOST", "0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("ollama", "OLLAMA_HOST", "https://box", "https://box/v1"),
    ],
)
def test_where_a_provider_is_may_be_told(
    named: str,
    variable: str,
    told: str,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable, told)
    server = server_named(named)
    assert server is not None
    assert server.address == address


def test_an_address_of_the_environment_that_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "proxy/v1")
    with pytest.raises(InputError, match=r"^OPENAI_BASE_URL: 'proxy/v1' is no address"):
        server_named("openai")


def test_a_provider_opens_as_any_server(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("OLLAMA_HOST", server.url.removesuffix("/v1"))
    for named in ("openai", "anthropic", "ollama"):
        ask(opened(named, MODEL), ["a"])
    paths = ["/v1/chat/completions", "/v1/messages", "/v1/chat/completions"]
    assert [seen.path for seen in server.asked] == paths


def test_every_provider_is_an_address_that_is_asked_as_it_stands() -> None:
    for provider in PROVIDERS:
        assert server_address(provider.address, provider.protocol) == provider.address
        assert provider.key_variable or is_loopback(provider.address)


# -- settings --------------------------------------------------------------------------


def test_what_can_be_opened_is_checked_without_opening_it() -> None:
    check_chat_model("openrouter", "some/model", field="llm")
    check_chat_model("some/model", "", field="llm")
    check_chat_model(unused_address(), "", field="llm")


@pytest.mark.parametrize(
    ("named", "model", "told"),
    [
        (" ", "", "frontier: name a language model"),
        ("some/model", "qwen", "frontier_model: 'qwen' is to be a model of a server"),
        ("ftp://host", "", "frontier: 'ftp://host' is no address"),
    ],
)
def test_what_cannot_be_opened(named: str, model: str, told: str) -> None:
    with pytest.raises(InputError, match=f"^{told}"):
        check_chat_model(named, model, field="frontier")
