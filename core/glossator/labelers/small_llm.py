"""Tier-1 labels by a small language model: one name for a list of tokens.

It is asked where there is something to sum up. For an input feature it gets the top
tokens, for an output feature the next tokens and those that the feature promotes; what
it answers is a label or nothing (`answered_label`).
"""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from glossator.errors import ModelError
from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.token_text import visible_token
from glossator.labelers.answered_label import Unusable, label_in
from glossator.labelers.label import Label, NoLabel, Scored
from glossator.llm.chat_model import ChatModel, ChatPrompt, NoAnswer, Reply
from glossator.llm.prompt_file import stored_prompt
from glossator.progress import CancelToken, Progress
from glossator.protocol.comparators import promoted_tokens
from glossator.protocol.decision import ProtocolResult, Tier
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.protocol.windows import cut_windows

_MAX_TOKENS = 32
_DOMINANT = 0.8
"""Share of examples from which one token alone is label enough."""
_LISTED = 12
_PROMOTED = 10
_QUOTED = 60
"""Letters of an answer in a reason."""


class _Question(NamedTuple):
    prompt: ChatPrompt
    prompt_hash: str
    listed: tuple[str, ...]
    """The feature's own tokens in the prompt."""
    about: str
    """What the tokens are, in words."""


@dataclass(frozen=True)
class SmallLlm:
    """Labels input and output features."""

    model: ChatModel
    settings: ProtocolSettings
    """Those of the run: they say which examples count."""
    name: str = "small_llm"

    @property
    def methods(self) -> frozenset[str]:
        return frozenset({self.name})

    def labels(
        self, batch: Sequence[Scored], cancel: CancelToken
    ) -> Generator[Progress, None, list[Label | NoLabel]]:
        asked = [self._question(*scored) for scored in batch]
        prompts = [one.prompt for one in asked if isinstance(one, _Question)]
        replies = yield from self.model.complete(
            prompts, cancel, max_tokens=_MAX_TOKENS, one_line=True
        )
        coming = iter(replies)
        return [
            self._label(one, next(coming), scored.result.tier)
            if isinstance(one, _Question)
            else one
            for one, scored in zip(asked, batch, strict=True)
        ]

    def _question(
        self, evidence: FeatureEvidence, result: ProtocolResult
    ) -> _Question | NoLabel:
        """What to ask of a feature; nothing where its tokens need no name."""
        windows = cut_windows(evidence, self.settings)
        match result.tier:
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
        about = f"{len(listed)} distinct {what} of {len(tokens)} examples"
        if result.tier == "output":
            promoted = [visible_token(t) for t in promoted_tokens(evidence)[:_PROMOTED]]
            values["promoted"] = ", ".join(promoted) or "not known"
            listed = (*listed, *promoted)
        asked = stored_prompt(f"name_{result.tier}")
        return _Question(asked.filled(**values), asked.hash, listed, about)

    def _label(self, asked: _Question, reply: Reply, tier: Tier) -> Label | NoLabel:
        if isinstance(reply, NoAnswer):
            if reply.lasting:
                raise ModelError(reply.reason, source=self.model.name)
            why = reply.reason.rstrip(".")
            return NoLabel(self.name, f"the language model failed: {why}.")
        text = label_in(reply, asked.prompt, asked.listed)
        if isinstance(text, Unusable):
            quoted = _quoted(reply.text)
            return NoLabel(
                self.name, f"the language model answered “{quoted}”, {text.why}."
            )
        return Label(
            f"say {text}" if tier == "output" else text,
            self.name,
            f"a language model's name for {asked.about}.",
            model=self.model.name,
            prompt_hash=asked.prompt_hash,
        )


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


def _quoted(text: str) -> str:
    line = visible_token(" ".join(text.split()))
    return line if len(line) <= _QUOTED else f"{line[: _QUOTED - 1]}…"
