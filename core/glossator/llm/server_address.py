"""The address under which a server of language models is asked."""

from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from glossator.errors import InputError

ProtocolName = Literal["openai", "anthropic"]

_FIELD = "llm"


def is_address(text: str) -> bool:
    """Whether it is meant as an address, and neither as a folder nor as a name."""
    return "://" in text


def server_address(
    text: str, protocol: ProtocolName = "openai", *, field: str = _FIELD
) -> str:
    """An address as the protocol's client takes it.

    Where it has no path it ends in ``/v1`` for OpenAI's; for Anthropic's it never
    does, since their client adds that itself.

    Parameters
    ----------
    field : setting or variable that it is of, for a message.

    Raises
    ------
    InputError
        if it is no address of a web server, or holds what might be secret: it is
        stored in the project.
    """
    try:
        parts = urlsplit(text.strip())
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise InputError(f"{text!r} is no address ({error})", field=field) from error
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(
            "an address with a user, a password or a query is not used, since it is "
            "stored in the project; give a key in the environment or the keyring",
            field=field,
        )
    if parts.scheme not in ("http", "https") or not host:
        raise InputError(
            f"{text!r} is no address of a server; write http://HOST:PORT/v1",
            field=field,
        )
    path = parts.path.rstrip("/")
    path = path.removesuffix("/v1") if protocol == "anthropic" else path or "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def host_of(address: str) -> str:
    """The host in small letters, without its port; "" where there is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def is_loopback(address: str) -> bool:
    """Whether the server is on this machine."""
    host = host_of(address)
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
