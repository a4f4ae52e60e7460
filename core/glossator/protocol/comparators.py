"""Simpler measures beside the correlation scores, from the same evidence.

Shares of the commonest top and next token are the plainest input and output scores.
Arad et al. (2025, arXiv 2505.20063) hold a feature's examples against the tokens that
it promotes, here without running the model; Liu and Deng (2026, arXiv 2601.22447) judge
output features by how coherent those tokens are.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.token_text import readable_tokens
from glossator.protocol.correlation import correlation, cosines
from glossator.protocol.decision import Comparators
from glossator.protocol.embeddings import Embeddings
from glossator.protocol.windows import FeatureWindows

_COHERENT_LOGITS = 10


def promoted_tokens(evidence: FeatureEvidence) -> tuple[str, ...]:
    """The feature's top logits as text, strongest first, each once."""
    texts = (comparable(effect.token) for effect in evidence.top_logits)
    return tuple(dict.fromkeys(text for text in texts if text))


def comparable(token: str) -> str:
    """A token's text without case and outer blanks, as embedders and people read it."""
    (text,) = readable_tokens([token])
    return text.strip().lower()


def embedded_logits(promoted: Sequence[str]) -> tuple[str, ...]:
    """Those of the promoted tokens whose coherence is measured."""
    return tuple(promoted[:_COHERENT_LOGITS])


def compare(
    windows: FeatureWindows, promoted: Sequence[str], embeddings: Embeddings
) -> Comparators:
    """Measure a feature.

    Parameters
    ----------
    promoted : `promoted_tokens` of the feature; `embedded_logits` are embedded.
    """
    return Comparators(
        top_token_share=_commonest(windows.top_tokens),
        next_token_share=_commonest(windows.next_tokens),
        top_in_logits=_share_among(windows.top_tokens, promoted),
        next_in_logits=_share_among(windows.next_tokens, promoted),
        logit_coherence=_coherence(embedded_logits(promoted), embeddings),
    )


def _commonest(tokens: Sequence[str]) -> float | None:
    held = Counter(token for token in tokens if token)
    return held.most_common(1)[0][1] / len(tokens) if held else None


def _share_among(tokens: Sequence[str], promoted: Sequence[str]) -> float | None:
    if not tokens or not promoted:
        return None
    among = frozenset(promoted)
    return sum(token in among for token in tokens) / len(tokens)


def _coherence(texts: Sequence[str], embeddings: Embeddings) -> float | None:
    if len(texts) < 2:
        return None
    unit = embeddings.of(texts)[None].astype(np.float64)
    return float(correlation(cosines(unit), np.ones((1, len(texts))))[0])
