"""``oai_token-act-pair``, of Bills et al. (2023): every token with its activation.

The model completes a sentence. Activations are whole numbers from 0 to 10, of the
largest that is shown; Neuronpedia's site sends them as stored, though its prompt says
otherwise.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from glossator.labelers.answered_label import Reading
from glossator.labelers.asked import AskedLabeler, Question
from glossator.labelers.label import NoLabel, Scored
from glossator.labelers.shown_example import ShownExample, shown_examples
from glossator.llm.chat_model import Wanted
from glossator.llm.prompt_file import stored_prompt

_EXAMPLES = 10
_SPARSE = 0.2
"""Share of tokens above zero below which these are repeated by themselves."""
_OPENING = "what it looks for is"
"""The end of the prompt's last line."""


@dataclass(frozen=True)
class OaiTokenActPair(AskedLabeler):
    name = "oai_token-act-pair"
    wanted = Wanted(max_tokens=100, temperature=1.0, purpose=name)
    expected_tokens = 25
    reading = Reading(opening=_OPENING, most_words=60, sentences=True)

    def question(self, scored: Scored) -> Question | NoLabel:
        shown = shown_examples(scored.evidence.examples, _EXAMPLES)
        asked = stored_prompt("oai_token_act_pair")
        return Question(
            asked.filled(records=_records(shown)),
            asked.hash,
            f"every token of {len(shown)} examples with its activation",
            tuple(example.id for example in shown),
        )


def _records(shown: Sequence[ShownExample]) -> str:
    largest = max(example.activation for example in shown)
    values = [
        [int(10 * max(activation, 0.0) / largest) for activation in one.activations]
        for one in shown
    ]
    pairs = [
        list(zip(one.texts, of_one, strict=True))
        for one, of_one in zip(shown, values, strict=True)
    ]
    told = _written(pairs)
    every = list(chain.from_iterable(values))
    if sum(value > 0 for value in every) < _SPARSE * len(every):
        active = [[pair for pair in of_one if pair[1] > 0] for of_one in pairs]
        told += f"\n\nThe same records without zeros:\n\n{_written(active)}"
    return told


def _written(records: Sequence[Sequence[tuple[str, int]]]) -> str:
    return "\n".join(
        "\n".join(("<start>", *(f"{text}\t{value}" for text, value in record), "<end>"))
        for record in records
    )
