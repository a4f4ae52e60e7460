"""``np_max-act-logits`` of Neuronpedia: what a feature reads, or what it makes said.

The model tries four methods in order: what the top tokens share, what the next tokens
share ("say …"), what the promoted tokens share, what the texts share.
"""

import re
from dataclasses import dataclass

from glossator.evidence.feature_evidence import FeatureEvidence
from glossator.evidence.token_text import readable_tokens
from glossator.labelers.answered_label import Reading
from glossator.labelers.asked import AskedLabeler, Question
from glossator.labelers.label import NoLabel, Scored
from glossator.labelers.listed_lines import listed_lines
from glossator.labelers.shown_example import bare_token, shown_examples
from glossator.llm.chat_model import Answer, Wanted
from glossator.llm.prompt_file import stored_prompt

_EXAMPLES = 10
_REACH = 24
"""Tokens of a text on each side of its top token."""
_PROMOTED = 10
_SUCCEEDED = re.compile(r"\bmethod\s*(\d)\W*(?:succe|works)", re.IGNORECASE)


@dataclass(frozen=True)
class NpMaxActLogits(AskedLabeler):
    """Where nothing is shared the model is to answer with the first top token."""

    name = "np_max-act-logits"
    wanted = Wanted(max_tokens=240, temperature=1.0, purpose=name)
    expected_tokens = 80
    reading = Reading("Explanation", never=r"\bmethod\s*\d")

    def question(self, scored: Scored) -> Question | NoLabel:
        shown = shown_examples(scored.evidence.examples, _EXAMPLES)
        top_tokens = tuple(example.top_token for example in shown)
        next_tokens = tuple(example.next_token for example in shown)
        promoted = _promoted(scored.evidence)
        asked = stored_prompt("np_max_act_logits")
        prompt = asked.filled(
            next_tokens=listed_lines(next_tokens),
            top_tokens=listed_lines(top_tokens),
            promoted=listed_lines(promoted) or "(not known)",
            texts=listed_lines(example.around(_REACH) for example in shown),
        )
        return Question(
            prompt,
            asked.hash,
            f"the next tokens, top tokens and texts of {len(shown)} examples and "
            f"{len(promoted)} promoted tokens",
            tuple(example.id for example in shown),
            (*top_tokens, *next_tokens, *promoted),
        )

    def told_besides(self, answer: Answer) -> str:
        """Which of the four methods it says it went by, if one."""
        numbers = set(_SUCCEEDED.findall(answer.text))
        return (
            f"It says that method {numbers.pop()} succeeds."
            if len(numbers) == 1
            else ""
        )


def _promoted(evidence: FeatureEvidence) -> tuple[str, ...]:
    """The strongest top logits as text, each once."""
    texts = (readable_tokens([effect.token])[0] for effect in evidence.top_logits)
    return tuple(dict.fromkeys(map(bare_token, texts)))[:_PROMOTED]
