"""Cut the examples of a feature around their top tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.token_text import CleanExample, distinct_examples, is_special
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ExampleChoice,
    ProtocolSettings,
    WindowName,
)

_PARTS = 10
"""Of the activation range, from each of which examples are taken."""


@dataclass(frozen=True)
class FeatureWindows:
    """What of a feature goes into the embedder."""

    n_examples: int
    """Examples that the evidence holds."""
    n_distinct: int
    """Usable ones (positive activation, top token no special) with distinct text."""
    n_special: int
    """Examples left out because their top token is special."""
    activations: tuple[float, ...]
    """At the top token, one a chosen example, strongest first."""
    texts: dict[WindowName, tuple[str, ...]]
    """One a chosen example; "" where the window holds no text."""
    top_tokens: tuple[str, ...]
    """One a chosen example, in lower case."""
    next_tokens: tuple[str, ...]
    """The first that holds text; "" where none follows."""

    def distinct_texts(self) -> set[str]:
        """What there is to embed."""
        return {text for texts in self.texts.values() for text in texts if text}


def chosen_examples(
    usable: Sequence[CleanExample], n: int, choice: ExampleChoice
) -> list[CleanExample]:
    """The examples that are scored, strongest first.

    Parameters
    ----------
    usable : distinct examples, strongest first.
    choice : "top" takes the first n. "quantiles" cuts the range from zero to the
        largest activation into ten parts and takes from each in turn its strongest, so
        that the low-activation tail counts as much as the top.
    """
    if choice == "top" or len(usable) <= n:
        return list(usable[:n])
    largest = usable[0].activation
    parts: dict[int, list[int]] = {}
    for at, example in enumerate(usable):
        part = min(int(_PARTS * example.activation / largest), _PARTS - 1)
        parts.setdefault(part, []).append(at)
    turns = sorted(
        (turn, -part, at)
        for part, members in parts.items()
        for turn, at in enumerate(members)
    )
    return [usable[at] for at in sorted(at for _, _, at in turns[:n])]


def cut_windows(
    evidence: FeatureEvidence, settings: ProtocolSettings
) -> FeatureWindows:
    """Cut the three windows of a feature's examples."""
    usable = distinct_examples(evidence.examples)
    chosen = chosen_examples(usable, settings.n_examples, settings.examples)
    special = sum(
        is_special(example.tokens[example.top])
        for example in evidence.examples
        if example.activation > 0
    )
    windows = {name: settings.window(name) for name in WINDOW_NAMES}
    return FeatureWindows(
        n_examples=len(evidence.examples),
        n_distinct=len(usable),
        n_special=special,
        activations=tuple(example.activation for example in chosen),
        texts={
            name: tuple(example.text(window.left, window.right) for example in chosen)
            for name, window in windows.items()
        },
        top_tokens=tuple(example.text(0, 0).lower() for example in chosen),
        next_tokens=tuple(next_token(example) for example in chosen),
    )


def next_token(example: CleanExample) -> str:
    """Lower-case text of the first token after the top one that holds text."""
    for at in range(example.top + 1, len(example.texts)):
        if example.special[at]:
            return ""
        if example.texts[at].strip():
            return example.texts[at].strip().lower()
    return ""
