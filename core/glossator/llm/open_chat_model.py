"""The chat model that a person names."""

from glossator.errors import InputError
from glossator.llm.in_process import InProcessModel
from glossator.llm.providers import server_named
from glossator.llm.refused_parameters import RefusedHere, RefusedParameters
from glossator.llm.server_batch import Manners
from glossator.llm.server_model import ServerModel

_DEFAULT = Manners()


def open_chat_model(
    named: str,
    model: str = "",
    *,
    at_once: int = _DEFAULT.at_once,
    patience: float = _DEFAULT.patience,
    first_pause: float = _DEFAULT.first_pause,
    refused: RefusedParameters | None = None,
) -> InProcessModel | ServerModel:
    """Load a model, or ask its server.

    Parameters
    ----------
    named : folder, name on the model hub, provider of `providers.PROVIDERS`, or address
        of a server. An address is asked in OpenAI's protocol unless its host is
        Anthropic's, or it begins with ``anthropic+http``.
    model : of a server; "" is its only one.
    at_once, patience, first_pause : of a server, see `Manners`.
    refused : what is known of parameters that models refuse, and is added to.

    Raises
    ------
    InputError, WebError
        if there is none, or it cannot be used.
    """
    server = server_named(named)
    if server is None:
        return InProcessModel.open(named)
    manners = Manners(at_once, patience, first_pause)
    return ServerModel.open(server, model, manners, refused or RefusedHere())


def check_chat_model(named: str, model: str, *, field: str) -> None:
    """Refuse what names no chat model, without opening any.

    Parameters
    ----------
    field : setting that names it; the one of its server's model ends in ``_model``.

    Raises
    ------
    InputError
        that names the setting.
    """
    if not named.strip():
        raise InputError("name a language model, or its server", field=field)
    if server_named(named, field=field) is None and model:
        raise InputError(
            f"{model!r} is to be a model of a server, but {named!r} is neither a "
            "provider nor an address",
            field=f"{field}_model",
        )
