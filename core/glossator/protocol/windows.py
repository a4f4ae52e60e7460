"""Cut an example's text around its top token."""

from collections.abc import Sequence
from dataclasses import dataclass

from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.evidence.token_text import is_special, readable_tokens
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    Window,
    WindowName,
)

_SAME_TEXT_REACH = 6
"""Examples are one if their text is equal this many tokens around the top token."""


@dataclass(frozen=True)
class CleanExample:
    """An example as text, ready to be cut."""

    texts: tuple[str, ...]
    """Readable text of each token."""
    special: tuple[bool, ...]
    top: int
    activation: float

    def window_text(self, window: Window) -> str:
        """Text of a window, clipped at the ends and at special tokens.

        "" where nothing is left of it.
        """
        low = max(0, self.top + min(window.left, 0))
        high = min(len(self.texts), self.top + max(window.right, 0) + 1)
        for at in range(self.top, low - 1, -1):
            if self.special[at]:
                low = at + 1
                break
        for at in range(self.top, high):
            if self.special[at]:
                high = at
                break
        low = max(low, self.top + window.left)
        high = min(high, self.top + window.right + 1)
        return "".join(self.texts[low:high]).strip() if low < high else ""


@dataclass(frozen=True)
class WindowTexts:
    """The texts of one window over a feature's examples, empty ones left out."""

    texts: tuple[str, ...]
    activations: tuple[float, ...]
    """At the top token, one a text."""


@dataclass(frozen=True)
class FeatureWindows:
    """What of a feature goes into the embedder."""

    n_examples: int
    """Examples that the evidence holds."""
    n_distinct: int
    """Usable ones (positive activation, top token no special) with distinct text."""
    n_special: int
    """Examples left out because their top token is special."""
    windows: dict[WindowName, WindowTexts]


def clean_example(example: ActivationExample) -> CleanExample:
    return CleanExample(
        texts=readable_tokens(example.tokens),
        special=tuple(is_special(token) for token in example.tokens),
        top=example.top,
        activation=example.activation,
    )


def distinct_examples(examples: Sequence[ActivationExample]) -> list[CleanExample]:
    """Usable examples, strongest first, each text near the top token once.

    A fifth of the stored examples of public features repeat one another; a repeated
    text would count as agreement.
    """
    reach = Window(-_SAME_TEXT_REACH, _SAME_TEXT_REACH)
    found: dict[str, CleanExample] = {}
    for example in sorted(examples, key=lambda example: -example.activation):
        if example.repeated or not example.activation > 0:
            continue
        clean = clean_example(example)
        if not clean.special[clean.top]:
            found.setdefault(" ".join(clean.window_text(reach).split()), clean)
    return sorted(
        found.values(), key=lambda clean: (-clean.activation, "".join(clean.texts))
    )


def cut_windows(
    evidence: FeatureEvidence, settings: ProtocolSettings
) -> FeatureWindows:
    """Cut the three windows of a feature's strongest distinct examples."""
    usable = distinct_examples(evidence.examples)
    chosen = usable[: settings.n_examples]
    special = sum(
        is_special(example.tokens[example.top])
        for example in evidence.examples
        if example.activation > 0
    )
    windows: dict[WindowName, WindowTexts] = {}
    for name in WINDOW_NAMES:
        texts = [clean.window_text(settings.window(name)) for clean in chosen]
        kept = [at for at, text in enumerate(texts) if text]
        windows[name] = WindowTexts(
            texts=tuple(texts[at] for at in kept),
            activations=tuple(chosen[at].activation for at in kept),
        )
    return FeatureWindows(len(evidence.examples), len(usable), special, windows)
