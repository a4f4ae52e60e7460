"""Which sense of a feature an activation example belongs to."""

from collections.abc import Mapping

import numpy as np

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.token_text import CleanExample, distinct_examples
from glossator.protocol.correlation import effective_n
from glossator.protocol.decision import FeatureScores
from glossator.protocol.protocol_settings import WINDOW_NAMES, ProtocolSettings
from glossator.protocol.windows import FeatureWindows, chosen_examples, cut_windows


def example_senses(
    evidence: FeatureEvidence, scores: FeatureScores, settings: ProtocolSettings
) -> Mapping[CleanExample, int]:
    """Number of the sense, from 1, of each scored example that is of one.

    Parameters
    ----------
    settings : those of the last run. Scores that were not made with them, or of other
        evidence, name examples that cannot be found: nothing is returned.
    """
    if scores.senses is None or not _made_of(scores, cut_windows(evidence, settings)):
        return {}
    usable = distinct_examples(evidence.examples)
    chosen = chosen_examples(usable, settings.n_examples, settings.examples)
    return {
        chosen[at]: number
        for number, sense in enumerate(scores.senses.senses, 1)
        for at in sense.examples
    }


def _made_of(scores: FeatureScores, windows: FeatureWindows) -> bool:
    """Whether the scores look like those of the windows, by count and activations."""
    if scores.n_distinct != windows.n_distinct:
        return False
    for name in WINDOW_NAMES:
        score = scores.of(name)
        if score is None:
            continue
        held = np.array([bool(text) for text in windows.texts[name]])
        (n,) = effective_n(np.array([windows.activations]) * held)
        if not np.isclose(score.effective_n or 0.0, n):
            return False
    return True
