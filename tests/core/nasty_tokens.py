"""Tokens that are easily lost, moved or changed on their way to a screen or a file."""

from collections.abc import Sequence
from typing import NamedTuple

from tests.core.graph_documents import (
    Json,
    embedding_node,
    feature_node,
    link,
    logit_node,
    tracer_graph,
)


class NastyToken(NamedTuple):
    name: str
    token: str
    """As stored."""
    shown: str
    """By itself."""


NASTY_TOKENS = (
    NastyToken("space before", " the", "·the"),
    NastyToken("spaces around", "  a ", "··a·"),
    NastyToken("space alone", " ", "·"),
    NastyToken("newline", "\n", "⏎"),
    NastyToken("two newlines", "\n\n", "⏎⏎"),
    NastyToken("tab", "\tx", "→x"),
    NastyToken("carriage return", "\r\n", "↵⏎"),
    NastyToken("nothing", "", "∅"),
    NastyToken("null", "\x00", "U+0000"),
    NastyToken("escape", "\x1b[31m", "U+001B[31m"),
    NastyToken("byte order mark", "\ufeff", "U+FEFF"),
    NastyToken("joiner", "👩\u200d💻", "👩U+200D💻"),
    NastyToken("mark alone", "\u0301", "U+0301"),
    NastyToken("mark on a letter", "e\u0301", "e\u0301"),
    NastyToken("heap of marks", "a" + "\u0301" * 6, "a" + "\u0301" * 4 + "U+0301" * 2),
    NastyToken("variant alone", "\ufe0f", "U+FE0F"),
    NastyToken("override", "\u202edcba", "U+202Edcba"),
    NastyToken("isolate", "\u2067x", "U+2067x"),
    NastyToken("arabic", " مرحبا", "·مرحبا"),
    NastyToken("hebrew", "שלום", "שלום"),
    NastyToken("chinese", "中文", "中文"),
    NastyToken("japanese", "日本語", "日本語"),
    NastyToken("korean filler", "\u3164", "U+3164"),
    NastyToken("hindi", " नमस्ते", "·नमस्ते"),
    NastyToken("emoji", "😀", "😀"),
    NastyToken("markup", "<b>&amp;", "<b>&amp;"),
    NastyToken("formula", "=1+1", "=1+1"),
    NastyToken("quotes", "\"'\\", "\"'\\"),
    NastyToken("long", "x" * 300, "x" * 300),
)


class Spelling(NamedTuple):
    """A text as a tokenizer family stores it, and each of its tokens as shown."""

    name: str
    tokens: Sequence[str]
    shown: Sequence[str]


SPELLINGS = (
    Spelling(
        "byte fallback",
        ("▁Hi", "<0xE4>", "<0xBD>", "<0xA0>", "▁"),
        ("·Hi", "你", "\\xbd", "\\xa0", "·"),
    ),
    Spelling("bytes cut off", ("▁Hi", "<0xE4>", "<0xBD>"), ("·Hi", "<0xE4>", "<0xBD>")),
    Spelling(
        "byte-level", ("Hi", "ĠâĢ", "Ļ", "s", "Ċ"), ("Hi", "·’", "\\x99", "s", "⏎")
    ),
    Spelling("escapes", ("Hi", r"\xe2\x80", r"\x99"), ("Hi", "’", "\\x99")),
)


def nasty_graph(tokens: Sequence[str] | None = None) -> Json:
    """A graph whose prompt has each of the tokens, a node at each, and one as logit."""
    tokens = [one.token for one in NASTY_TOKENS] if tokens is None else tokens
    last = len(tokens) - 1
    nodes = [embedding_node(100 + at, at) for at in range(len(tokens))]
    nodes += [feature_node(1, at, at) for at in range(len(tokens))]
    nodes.append({**logit_node(" \n مرحبا", 0.5), "ctx_idx": last})
    links = [link(f"E_{100 + at}_{at}", f"1_{at}_{at}", 1.0) for at in range(last)]
    links += [link(f"1_{at}_{at}", nodes[-1]["node_id"], 0.5) for at in range(last)]
    return tracer_graph(
        nodes, links, slug="nasty", prompt_tokens=list(tokens), prompt="".join(tokens)
    )
