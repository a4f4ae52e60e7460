"""Tier-1 labels by counting: what stands at, or right after, the top token.

For an input feature the commonest token or n-gram that ends at the top token; for an
output feature ``say X``, X being the commonest next tokens, checked against the logits
that the feature promotes. Where no single one is common, the commonest few are listed:
on real neurons such a list beats a small language model as label writer.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.token_text import (
    CleanExample,
    distinct_examples,
)
from glossator.labelers.held_out import example_id, shown_evidence
from glossator.labelers.label import Label, NoLabel, Scored
from glossator.labelers.shown_example import bare_token
from glossator.protocol.comparators import promoted_tokens
from glossator.protocol.windows import next_token

_COMMON = 0.5
"""Share of examples from which one token alone makes the label."""
_NGRAM_KEEPS = 0.8
"""A longer n-gram is taken if it keeps this share of the shorter one's examples."""
_LONGEST = 3
_LISTED = 5


@dataclass(frozen=True)
class TokenFrequency:
    """Labels input and output features from the tokens around the top token."""

    n_examples: int = 20
    hold_out: bool = False
    """Whether it counts on the train side of the examples alone."""
    name: str = "token_frequency"

    def label(self, scored: Scored) -> Label | NoLabel:
        seen = shown_evidence(scored.evidence, hold_out=self.hold_out)
        examples = distinct_examples(seen.examples)[: self.n_examples]
        match scored.result.tier:
            case "input":
                label = self._input_label(examples)
            case "output":
                label = self._output_label(examples, seen)
            case other:
                return NoLabel(
                    self.name,
                    "counts tokens only where the tier is input or output, not "
                    f"{other}.",
                )
        if isinstance(label, NoLabel):
            return label
        return replace(label, examples=tuple(map(example_id, examples)))

    def _input_label(self, examples: Sequence[CleanExample]) -> Label | NoLabel:
        words = [_ngram(example, 1) for example in examples]
        counts = Counter(word for word in words if word)
        if not counts:
            return NoLabel(self.name, "the top tokens hold no text.")
        best, n = counts.most_common(1)[0]
        if n < _COMMON * len(examples):
            return self._list("", counts, len(examples), "top tokens")
        for length in range(2, _LONGEST + 1):
            longer = Counter(
                gram
                for example in examples
                if (gram := _ngram(example, length)).endswith(best) and gram != best
            )
            if not longer:
                break
            gram, m = longer.most_common(1)[0]
            if m < _NGRAM_KEEPS * n:
                break
            best, n = gram, m
        return Label(
            bare_token(best),
            self.name,
            f"{n} of {len(examples)} examples end in {bare_token(best)!r} at the top.",
        )

    def _output_label(
        self, examples: Sequence[CleanExample], evidence: FeatureEvidence
    ) -> Label | NoLabel:
        nexts = [next_token(example) for example in examples]
        counts = Counter(token for token in nexts if token)
        if not counts:
            return NoLabel(self.name, "no example goes on after its top token.")
        promoted = frozenset(promoted_tokens(evidence))
        agreed = [token for token in counts if token in promoted]
        check = (
            f"; {len(agreed)} of {len(counts)} next tokens are among its "
            f"{len(promoted)} top logits"
            if promoted
            else "; no logits to check against"
        )
        best, n = counts.most_common(1)[0]
        if n >= _COMMON * len(examples):
            return Label(
                f"say {bare_token(best)}",
                self.name,
                f"{bare_token(best)!r} comes next in {n} of {len(examples)} examples"
                f"{check}.",
            )
        preferred = Counter({t: counts[t] for t in agreed}) if agreed else counts
        return self._list("say ", preferred, len(examples), "next tokens", check)

    def _list(
        self, prefix: str, counts: Counter[str], n: int, what: str, check: str = ""
    ) -> Label:
        common = counts.most_common(_LISTED)
        covered = sum(count for _, count in common)
        return Label(
            prefix + ", ".join(_quoted(word) for word, _ in common),
            self.name,
            f"the commonest {what}; together {covered} of {n} examples{check}.",
        )


def _ngram(example: CleanExample, length: int) -> str:
    """Lower-case text of the tokens that end at the top token; "" if cut short."""
    start = example.top - length + 1
    if start < 0 or any(example.special[start : example.top + 1]):
        return ""
    return "".join(example.texts[start : example.top + 1]).strip(" ").lower()


def _quoted(text: str) -> str:
    """In a list, what holds no letter or digit stands in quotes."""
    shown = bare_token(text)
    return shown if any(c.isalnum() for c in shown) else f"“{shown}”"
