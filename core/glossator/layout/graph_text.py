"""Names of rows, columns and logits of a link graph."""

import re
from collections.abc import Sequence

from glossator.evidence.token_text import readable_tokens, visible_token
from glossator.graph.attribution_graph import AttributionGraph
from glossator.layout.link_graph import GraphLayout

_LOGIT_CAPTION = re.compile(r'output:?\s*"(.*)"\s*\(p=', re.DOTALL | re.IGNORECASE)


def row_names(layout: GraphLayout) -> tuple[str, ...]:
    return tuple(
        "Logits" if row == layout.logit_row else "E" if layer < 0 else str(layer)
        for row, layer in enumerate(layout.layers.tolist())
    )


def column_texts(layout: GraphLayout, tokens: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        tokens[position] if position < len(tokens) else f"#{position}"
        for position in layout.positions.tolist()
    )


def logit_token(graph: AttributionGraph, node: int) -> str | None:
    """The token of a logit node as its caption quotes it; None where it quotes none."""
    caption = graph.nodes.caption[node]
    match = _LOGIT_CAPTION.search(re.sub(r"^\[.*?\]\s*", "", caption))
    return None if match is None else match[1]


def logit_text(graph: AttributionGraph, node: int) -> str:
    """The token of a logit node; its whole caption where that is no quoted token."""
    token, caption = logit_token(graph, node), graph.nodes.caption[node]
    if token is None:
        return visible_token(caption) if caption else ""
    return visible_token(readable_tokens([token])[0])
