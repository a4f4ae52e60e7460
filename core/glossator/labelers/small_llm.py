"""Tier-1 labels by a small language model: one name for a list of tokens.

It is asked where there is something to sum up. For an input feature it gets the top
tokens, for an output feature the next tokens and those that the feature promotes; what
it answers is a label or nothing (`answered_label`).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from glossator.evidence.token_text import distinct_examples, visible_token
from glossator.labelers.answered_label import Reading
from glossator.labelers.asked import AskedLabeler, Question
from glossator.labelers.held_out import example_id
from glossator.labelers.label import NoLabel, Scored
from glossator.llm.chat_model import Wanted
from glossator.llm.prompt_file import stored_prompt
from glossator.protocol.comparators import promoted_tokens
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.protocol.windows import chosen_examples, cut_windows

_DOMINANT = 0.8
"""Share of examples from which one token alone is label enough."""
_LISTED = 12
_PROMOTED = 10


@dataclass(frozen=True)
class SmallLlm(AskedLabeler):
    """Labels input and output features."""

    settings: ProtocolSettings
    """Those of the run: they say which examples count."""

    name = "small_llm"
    wanted = Wanted(max_tokens=32, one_line=True, purpose=name)
    expected_tokens = 6
    reading = Reading(says=True)

    def question(self, scored: Scored) -> Question | NoLabel:
        """What to ask of a feature; nothing where its tokens need no name."""
        windows = cut_windows(scored.evidence, self.settings)
        match scored.result.tier:
            case "input":
                tokens, what = windows.top_tokens, "top tokens"
            case "output":
                tokens, what = windows.next_tokens, "next tokens"
            case other:
                return NoLabel(self.name, f"{other} features are not asked about.")
        strengths = _strengths(tokens, windows.activations)
        if not strengths:
            return NoLabel(self.name, f"the {what} hold no text.")
        first = next(iter(strengths))
        count = tokens.count(first)
        if count >= _DOMINANT * len(tokens):
            return NoLabel(
                self.name,
                f"{count} of {len(tokens)} {what} are one: there is nothing to sum up.",
            )
        listed = tuple(visible_token(token) for token in strengths)
        values = {
            "tokens": ", ".join(
                f"{token} ({strength})"
                for token, strength in zip(listed, strengths.values(), strict=True)
            )
        }
        shown = f"{len(listed)} distinct {what} of {len(tokens)} examples"
        if scored.result.tier == "output":
            promoted = promoted_tokens(scored.evidence)[:_PROMOTED]
            told = [visible_token(token) for token in promoted]
            values["promoted"] = ", ".join(told) or "not known"
            listed = (*listed, *told)
        asked = stored_prompt(f"name_{scored.result.tier}")
        return Question(
            asked.filled(**values),
            asked.hash,
            shown,
            self._examples(scored),
            listed,
            before="say " if scored.result.tier == "output" else "",
        )

    def _examples(self, scored: Scored) -> tuple[str, ...]:
        """Ids of those that `cut_windows` takes."""
        usable = distinct_examples(scored.evidence.examples)
        settings = self.settings
        chosen = chosen_examples(usable, settings.n_examples, settings.examples)
        return tuple(map(example_id, chosen))


def _strengths(tokens: Sequence[str], activations: Sequence[float]) -> dict[str, int]:
    """Distinct tokens, the commonest first, with their largest activation, 1 to 10.

    Parameters
    ----------
    tokens : one an example; "" where it has none.
    activations : of the examples, falling.
    """
    largest = activations[0] if activations else 1.0
    strongest: dict[str, float] = {}
    for token, activation in zip(tokens, activations, strict=True):
        strongest.setdefault(token, activation)
    common = Counter(token for token in tokens if token).most_common(_LISTED)
    return {
        token: max(1, round(10 * strongest[token] / largest)) for token, _ in common
    }
