"""A feature's activation examples, logits and density, wherever they come from."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from glossator.errors import EvidenceError
from glossator.graph.attribution_graph import FeatureKey

LARGEST = float(np.finfo(np.float32).max)
"""Activations are kept as float32; a number beyond is refused."""


@dataclass(frozen=True, eq=False)
class ActivationExample:
    """A stretch of text on which the feature was recorded."""

    tokens: tuple[str, ...]
    """As stored; `token_text.readable_tokens` makes text of them."""
    activations: NDArray[np.float32]
    """One a token."""
    group: str = ""
    """Name of the quantile or interval it was drawn from."""
    repeated: bool = False
    """Marked by its source as a repetition of another example."""

    @cached_property
    def top(self) -> int:
        """Position of the top token: the first of the largest activations."""
        return int(np.argmax(self.activations))

    @cached_property
    def activation(self) -> float:
        """Activation at the top token."""
        return float(self.activations[self.top])


@dataclass(frozen=True)
class LogitEffect:
    token: str
    value: float | None
    """None where the source ranks tokens without telling the size."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """How often the feature takes which activation, zero left out."""

    edges: NDArray[np.float64]
    """n_bins + 1, rising."""
    counts: NDArray[np.float64]
    """n_bins."""

    @classmethod
    def of(
        cls, edges: NDArray[np.float64], counts: NDArray[np.float64]
    ) -> "Histogram | None":
        """None where edges do not rise, or numbers are none to reckon with."""
        bounded = all((np.abs(x) <= LARGEST).all() for x in (edges, counts))
        if not bounded or (np.diff(edges) <= 0).any() or (counts < 0).any():
            return None
        return cls(edges, counts)

    def percentile(self, activation: float) -> float:
        """Share of the recorded activations below, in [0, 1]; linear inside a bin."""
        total = float(self.counts.sum())
        if total <= 0:
            return 0.0
        cumulative = np.concatenate(([0.0], np.cumsum(self.counts))) / total
        return float(np.interp(activation, self.edges, cumulative))


@dataclass(frozen=True)
class StoredExplanation:
    """A label that the source brings along, by whatever method."""

    text: str
    method: str
    """"" where the source does not name it."""
    model: str = ""
    """The language model that wrote it."""
    at: str = ""
    """When, in ISO 8601; "" where the source does not tell."""

    @property
    def by(self) -> str:
        """Method and model, as far as the source tells."""
        return " · ".join(filter(None, (self.method, self.model)))


@dataclass(frozen=True, eq=False)
class FeatureEvidence:
    """All that one source knows of a feature."""

    feature: FeatureKey
    examples: tuple[ActivationExample, ...]
    """Strongest first; ties in the order of the source."""
    origin: str
    """The file it was read from."""
    top_logits: tuple[LogitEffect, ...] = ()
    """Tokens the feature promotes most, strongest first."""
    bottom_logits: tuple[LogitEffect, ...] = ()
    density: float | None = None
    """Share of tokens on which the feature is active, in [0, 1]."""
    histogram: Histogram | None = None
    explanations: tuple[StoredExplanation, ...] = ()

    @cached_property
    def max_activation(self) -> float:
        return max((example.activation for example in self.examples), default=0.0)


def strongest_first(
    examples: list[ActivationExample],
) -> tuple[ActivationExample, ...]:
    return tuple(sorted(examples, key=lambda example: -example.activation))


@runtime_checkable
class EvidenceSource(Protocol):
    """Where evidence is looked up; a source reads lazily and keeps no copy."""

    @property
    def name(self) -> str:
        """What a person would call it: the kind and the path."""
        ...

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        """What is known of the feature; None where the source has nothing on it.

        Raises
        ------
        EvidenceError
            if the source holds a record of the feature that cannot be read.
        """
        ...


@dataclass(frozen=True)
class CombinedEvidence:
    """Several sources, asked in order until one knows the feature.

    A record that cannot be read is told only if no other source knows the feature.
    """

    sources: tuple[EvidenceSource, ...] = ()

    @property
    def name(self) -> str:
        return ", ".join(source.name for source in self.sources) or "no evidence"

    def evidence(self, feature: FeatureKey) -> FeatureEvidence | None:
        problem: EvidenceError | None = None
        for source in self.sources:
            try:
                found = source.evidence(feature)
            except EvidenceError as error:
                problem = problem or error
                continue
            if found is not None:
                return found
        if problem is not None:
            raise problem
        return None
