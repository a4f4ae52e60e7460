"""The chat model that a person names."""

from glossator.llm.chat_model import ChatModel
from glossator.llm.in_process import InProcessModel
from glossator.llm.openai_server import ServerModel
from glossator.llm.server_address import is_address


def open_chat_model(named: str, model: str = "") -> ChatModel:
    """Load a model, or ask its server.

    Parameters
    ----------
    named : folder, name on the model hub, or address of a server.
    model : of a server.

    Raises
    ------
    InputError, WebError
        if there is none, or it cannot be used.
    """
    if is_address(named):
        return ServerModel.open(named, model)
    return InProcessModel.open(named)
