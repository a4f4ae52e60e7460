"""Keys to servers: in the environment, or in the keyring of the operating system.

A key belongs to a host and goes to no other. It is written to the keyring alone: where
there is none that keeps secrets, it is not stored at all.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glossator.errors import InputError
from glossator.llm.providers import PROVIDERS, Server
from glossator.llm.server_address import host_of, is_loopback

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

OTHER_VARIABLE = "GLOSSATOR_LLM_KEY"
"""For hosts that are no provider's."""
_LOOPBACK_VARIABLE = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
_SERVICE = "glossator"
_UNSAFE = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Modules of backends that keep nothing, or keep it in a file that all can read."""


class KeyringError(InputError):
    """The keyring cannot be used."""


@dataclass(frozen=True)
class ServerKey:
    value: str = field(repr=False)
    origin: str
    """The variable that holds it, or "the keyring"."""


@dataclass(frozen=True)
class NoKey:
    reason: str
    """Where one was looked for."""


def find_key(server: Server) -> ServerKey | NoKey:
    """The key to a server, and where it is from.

    Raises
    ------
    InputError
        if what is there holds what no key has; its value is not told.
    """
    variables = key_variables(server)
    for variable in variables:
        if value := os.environ.get(variable, "").strip():
            return ServerKey(_checked(value, variable), variable)
    host = host_of(server.address)
    try:
        stored = stored_key(host)
    except KeyringError as error:
        return NoKey(f"{variables[0]} is not set, and {error.message}")
    if stored:
        return ServerKey(_checked(stored, "the keyring"), "the keyring")
    return NoKey(f"{variables[0]} is not set, and the keyring has no key for {host}")


def key_variables(server: Server) -> tuple[str, ...]:
    """Variables that may hold a server's key; the first that is set does."""
    host = host_of(server.address)
    own = tuple(
        provider.key_variable
        for provider in PROVIDERS
        if provider.key_variable
        and host
        in (
            host_of(provider.address),
            host_of(os.environ.get(provider.address_variable, "")),
        )
    )
    if is_loopback(server.address):
        own += (_LOOPBACK_VARIABLE[server.protocol],)
    return tuple(dict.fromkeys(own)) or (OTHER_VARIABLE,)


def stored_key(host: str) -> str:
    """The keyring's key for a host; "" where it has none. Raises KeyringError."""
    with _keyring() as keyring:
        return keyring.get_password(_SERVICE, host) or ""


def store_key(host: str, key: str) -> None:
    """Keep a key for a host in the keyring.

    Raises
    ------
    InputError
        if it holds what no key has.
    KeyringError
        if there is no keyring, or it does not open.
    """
    value = _checked(key.strip(), "the key")
    with _keyring() as keyring:
        keyring.set_password(_SERVICE, host, value)


def delete_key(host: str) -> None:
    """Take a host's key out of the keyring, if it is there. Raises KeyringError."""
    with _keyring() as keyring:
        if keyring.get_password(_SERVICE, host) is not None:
            keyring.delete_password(_SERVICE, host)


def _checked(value: str, origin: str) -> str:
    if not (value and value.isascii() and value.isprintable() and " " not in value):
        raise InputError("holds characters that no key has", source=origin)
    return value


@contextmanager
def _keyring() -> "Iterator[KeyringBackend]":
    """The operating system's keyring; whatever it fails with is told in a sentence."""
    try:
        yield _safe_backend()
    except KeyringError:
        raise
    except Exception as error:  # noqa: BLE001  # Backends raise what they like.
        told = " ".join(str(error).split()) or type(error).__name__
        raise KeyringError(f"the keyring cannot be used ({told})") from None


def _safe_backend() -> "KeyringBackend":
    import keyring
    from keyring.backends.chainer import ChainerBackend

    chosen = keyring.get_keyring()
    several = chosen.backends if isinstance(chosen, ChainerBackend) else [chosen]
    for backend in several:
        if not type(backend).__module__.startswith(_UNSAFE):
            return backend
    raise KeyringError(
        "this system has no keyring that keeps secrets, such as GNOME Keyring, "
        "KWallet, or the keychain of macOS or Windows"
    )
