"""Labels of features with several senses: one a sense, of the words that tell it apart.

A sense is labelled by the words that most of its windows hold and the feature's other
windows do not; where none does, by its commonest top tokens.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from glossator.evidence.token_text import distinct_examples, visible_token
from glossator.labelers.held_out import example_id
from glossator.labelers.label import Label, NoLabel, Scored
from glossator.protocol.decision import Sense
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.protocol.windows import FeatureWindows, chosen_examples, cut_windows

_WORD = re.compile(r"[^\W\d_]{3,}")
_LISTED = 3
_TELLING = 0.15
"""A word is told if it is in so much more of a sense's windows than of the others."""


@dataclass(frozen=True)
class SenseWords:
    """Proposes a label a sense, in one text: ``1: river, water · 2: loan, bank``.

    The protocol found the senses among all scored examples, so none is held out.
    """

    settings: ProtocolSettings
    """Those of the run: they say which examples a sense counts."""
    name: str = "sense_words"

    def label(self, scored: Scored) -> Label | NoLabel:
        found = scored.result.scores.senses
        if scored.result.tier != "cross" or found is None:
            return NoLabel(self.name, "labels only features with several senses.")
        usable = distinct_examples(scored.evidence.examples)
        settings = self.settings
        chosen = chosen_examples(usable, settings.n_examples, settings.examples)
        windows = cut_windows(scored.evidence, settings)
        words = [_words(text) for text in windows.texts[found.window]]
        told = [_told(sense, words, windows) for sense in found.senses]
        text = " · ".join(f"{at}: {part}" for at, part in enumerate(told, 1))
        sizes = " and ".join(str(len(sense.examples)) for sense in found.senses)
        return Label(
            text,
            self.name,
            f"words that tell {len(told)} senses apart, of {sizes} examples that agree "
            f"in the {found.window} window.",
            examples=tuple(map(example_id, chosen)),
        )


def _words(text: str) -> frozenset[str]:
    """Lower-case words of a window, but for the commonest of English."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    found = frozenset(word.lower() for word in _WORD.findall(text))
    return found.difference(ENGLISH_STOP_WORDS)


def _told(
    sense: Sense, words: Sequence[frozenset[str]], windows: FeatureWindows
) -> str:
    inside = Counter(word for at in sense.examples for word in words[at])
    others = [at for at in range(len(words)) if at not in sense.examples]
    outside = Counter(word for at in others for word in words[at])
    excess = {
        word: count / len(sense.examples) - outside[word] / max(len(others), 1)
        for word, count in inside.items()
        if count > 1
    }
    telling = sorted(
        (word for word, more in excess.items() if more >= _TELLING),
        key=lambda word: (-excess[word], word),
    )
    if not telling:
        tokens = Counter(windows.top_tokens[at] for at in sense.examples)
        telling = [visible_token(token) for token, _ in tokens.most_common(_LISTED)]
    return ", ".join(telling[:_LISTED])
