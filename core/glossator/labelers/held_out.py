"""A feature's examples parted in two: those that labels are made of, and a test.

Whatever proposes labels and whatever scores them parts the examples here, before it
looks at any. Repeated texts are left out first; examples that share a long run of
tokens, as overlapping stretches of one document do, stay on one side.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.evidence.token_text import (
    CleanExample,
    clean_example,
    distinct_examples,
)

FEWEST = 10
"""Distinct examples of which some are kept back."""
SHARED_RUN = 8
"""Tokens in a row by which two examples are of one text."""


@dataclass(frozen=True, eq=False)
class Split:
    train: FeatureEvidence
    """With the examples that a method may see, strongest first."""
    test: tuple[ActivationExample, ...]
    """Kept back, strongest first."""
    all_shown: str = ""
    """Why none is kept back; "" where some are."""


def held_out(evidence: FeatureEvidence) -> Split:
    """Part the examples; the order in which the source has them makes no difference.

    Both sides span the range of activations: ranks alternate, as far as texts that
    belong together allow. The strongest is shown, and never fewer than are kept back.
    """
    examples = _distinct(evidence.examples)
    train: list[int] = []
    test: list[int] = []
    enough = len(examples) >= FEWEST
    for group in _same_text([clean for clean, _ in examples]):
        fits = enough and len(test) + len(group) <= len(train)
        (test if fits else train).extend(group)
    shown, kept = (
        tuple(examples[rank][1] for rank in sorted(ranks)) for ranks in (train, test)
    )
    why = ""
    if not enough:
        why = f"{len(examples)} distinct examples are too few to keep some back"
    elif not kept:
        why = f"all {len(examples)} distinct examples share text with one another"
    return Split(replace(evidence, examples=shown), kept, why)


def shown_evidence(evidence: FeatureEvidence, *, hold_out: bool) -> FeatureEvidence:
    """What a method is to see: the train side, or all distinct examples."""
    if hold_out:
        return held_out(evidence).train
    distinct = tuple(example for _, example in _distinct(evidence.examples))
    return replace(evidence, examples=distinct)


def example_id(example: ActivationExample | CleanExample) -> str:
    """Tells an example by its text and the place of its top token."""
    if isinstance(example, ActivationExample):
        example = clean_example(example)
    told = f"{example.top}\n{''.join(example.texts)}"
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _distinct(
    examples: Sequence[ActivationExample],
) -> list[tuple[CleanExample, ActivationExample]]:
    """`distinct_examples`, with what each of them was cleaned from."""
    ordered = sorted(
        examples, key=lambda one: (one.tokens, one.activations.tolist(), one.group)
    )
    stored: dict[CleanExample, ActivationExample] = {}
    for example in ordered:
        if not example.repeated:
            stored.setdefault(clean_example(example), example)
    return [(clean, stored[clean]) for clean in distinct_examples(ordered)]


def _same_text(examples: Sequence[CleanExample]) -> list[list[int]]:
    """Ranks of examples that share a run, be it through others; by their best rank."""
    import networkx as nx

    shared: nx.Graph[int] = nx.Graph()
    shared.add_nodes_from(range(len(examples)))
    first: dict[tuple[str, ...], int] = {}
    for rank, example in enumerate(examples):
        for run in text_runs(example):
            shared.add_edge(first.setdefault(run, rank), rank)
    return sorted(sorted(group) for group in nx.connected_components(shared))


def text_runs(example: CleanExample) -> set[tuple[str, ...]]:
    """Each run of words and signs; of a shorter text all of it."""
    words = tuple(
        word
        for text, special in zip(example.texts, example.special, strict=True)
        if not special and (word := text.strip().casefold())
    )
    last = max(len(words) - SHARED_RUN, 0)
    return {words[at : at + SHARED_RUN] for at in range(last + 1)}
