"""Who serves language models, by the names that persons know."""

import os
from typing import NamedTuple

from glossator.llm.server_address import (
    ProtocolName,
    host_of,
    is_address,
    server_address,
)

_ANTHROPIC = "anthropic+"
"""Before an address that speaks Anthropic's protocol and is not theirs."""
_OLLAMA_PORT = 11434


class Server(NamedTuple):
    address: str
    protocol: ProtocolName = "openai"


class Provider(NamedTuple):
    name: str
    address: str
    """Where it is unless `address_variable` says otherwise."""
    protocol: ProtocolName
    key_variable: str = ""
    address_variable: str = ""

    def server(self) -> Server:
        """Raise InputError where the variable holds no address."""
        variable = self.address_variable
        told = os.environ.get(variable, "").strip() if variable else ""
        if told and self.name == "ollama":
            told = _client_address(told)
        address = server_address(told or self.address, self.protocol, field=variable)
        return Server(address, self.protocol)


PROVIDERS = (
    Provider(
        "openai",
        "https://api.openai.com/v1",
        "openai",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
    ),
    Provider(
        "openrouter", "https://openrouter.ai/api/v1", "openai", "OPENROUTER_API_KEY"
    ),
    Provider(
        "anthropic",
        "https://api.anthropic.com",
        "anthropic",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
    ),
    Provider(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "openai",
        "GEMINI_API_KEY",
    ),
    Provider(
        "ollama",
        f"http://localhost:{_OLLAMA_PORT}/v1",
        "openai",
        address_variable="OLLAMA_HOST",
    ),
    Provider("llama.cpp", "http://127.0.0.1:8080/v1", "openai"),
    Provider("vllm", "http://localhost:8000/v1", "openai"),
)
_BY_NAME = {provider.name: provider for provider in PROVIDERS}
_ANTHROPIC_HOST = host_of(_BY_NAME["anthropic"].address)


def server_named(named: str, *, field: str = "llm") -> Server | None:
    """The server of a provider's name or of an address; None where it is neither.

    Raises
    ------
    InputError
        as `server_address` does.
    """
    named = named.strip()
    if provider := _BY_NAME.get(named.lower()):
        return provider.server()
    if not is_address(named):
        return None
    address = named.removeprefix(_ANTHROPIC)
    speaks_anthropic = address != named or host_of(address) == _ANTHROPIC_HOST
    protocol: ProtocolName = "anthropic" if speaks_anthropic else "openai"
    return Server(server_address(address, protocol, field=field), protocol)


def _client_address(told: str) -> str:
    """What ollama is told to listen at, as an address to ask: all parts may lack."""
    if not is_address(told):
        host, _, port = told.rpartition(":") if ":" in told else (told, "", "")
        told = f"http://{host or 'localhost'}:{port or _OLLAMA_PORT}"
    return told.replace("//0.0.0.0", "//127.0.0.1")
