"""The address under which a server of language models is asked."""

from ipaddress import ip_address
from urllib.parse import urlsplit, urlunsplit

from glossator.errors import InputError

_FIELD = "llm"


def is_address(text: str) -> bool:
    """Whether it is meant as an address, and neither as a folder nor as a name."""
    return "://" in text


def server_address(text: str) -> str:
    """An address as it is asked: without a path it ends in ``/v1``.

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
        raise InputError(f"{text!r} is no address ({error})", field=_FIELD) from error
    if parts.scheme not in ("http", "https") or not host:
        raise InputError(
            f"{text!r} is no address of a server; write http://HOST:PORT/v1",
            field=_FIELD,
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InputError(
            "an address with a user, a password or a query is not used, since it is "
            "stored in the project; give a key in the environment",
            field=_FIELD,
        )
    path = parts.path.rstrip("/") or "/v1"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def is_loopback(address: str) -> bool:
    """Whether the server is on this machine."""
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
