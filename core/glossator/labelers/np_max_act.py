"""``np_max-act`` of Neuronpedia: what the top tokens share, or else their texts."""

from dataclasses import dataclass

from glossator.labelers.answered_label import Reading
from glossator.labelers.asked import AskedLabeler, Question
from glossator.labelers.label import NoLabel, Scored
from glossator.labelers.listed_lines import listed_lines
from glossator.labelers.shown_example import shown_examples
from glossator.llm.chat_model import Wanted
from glossator.llm.prompt_file import stored_prompt

_EXAMPLES = 10
_REACH = 24
"""Tokens of a text on each side of its top token."""


@dataclass(frozen=True)
class NpMaxAct(AskedLabeler):
    """Where nothing is shared the model is to answer with the first top token."""

    name = "np_max-act"
    wanted = Wanted(max_tokens=240, temperature=1.0, purpose=name)
    expected_tokens = 50
    reading = Reading("Explanation", never=r"\bmethod\s*\d")

    def question(self, scored: Scored) -> Question | NoLabel:
        shown = shown_examples(scored.evidence.examples, _EXAMPLES)
        top_tokens = tuple(example.top_token for example in shown)
        asked = stored_prompt("np_max_act")
        prompt = asked.filled(
            tokens=listed_lines(top_tokens),
            texts=listed_lines(example.around(_REACH) for example in shown),
        )
        return Question(
            prompt,
            asked.hash,
            f"the top tokens and texts of {len(shown)} examples",
            tuple(example.id for example in shown),
            top_tokens,
        )
