"""How features are labelled, whatever the protocol decides them to be."""

from typing import Literal

import msgspec

from glossator.errors import InputError
from glossator.llm.server_address import is_address, server_address

CheapMethod = Literal["token_frequency", "small_llm"]


class LabelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Which methods label which features."""

    tier1: CheapMethod = "token_frequency"
    """Of input and output features."""
    llm: str = ""
    """Of `small_llm`: folder, name on the model hub, or address of a server."""
    llm_model: str = ""
    """Which of the server's models; "" is its only one."""

    def checked(self) -> "LabelSettings":
        """Return self.

        Raises
        ------
        InputError
            if a value cannot be used; names the setting.
        """
        if self.tier1 != "small_llm":
            return self
        if not self.llm:
            raise InputError(
                "name a small language model: a folder, a name on the model hub, or "
                "the address of a server, as in http://localhost:11434/v1",
                field="llm",
            )
        if is_address(self.llm):
            server_address(self.llm)
        elif self.llm_model:
            raise InputError(
                f"{self.llm_model!r} is to be a model of a server, but {self.llm!r} is "
                "no address",
                field="llm_model",
            )
        return self
