"""Prompts as bytes can hold them."""

from glossator.llm.chat_model import ChatPrompt, Turn


def encodable(prompt: ChatPrompt) -> ChatPrompt:
    """The same, with "?" for each half of a character.

    Tokens may end within a character; what is left of one, no encoding takes.
    """
    turns = (Turn(role, _encodable(text)) for role, text in prompt.turns)
    return ChatPrompt(tuple(turns), prompt.about)


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
