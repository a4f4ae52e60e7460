"""``eleuther_acts``, of delphi: whole texts, marked where the feature is active.

Top 20 as on Neuronpedia: marks alone, the answer at once. Top 5 as autointerp_baez sets
delphi: activations of the marked tokens as well, and reasoning before the answer.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from glossator.labelers.answered_label import Reading
from glossator.labelers.asked import AskedLabeler, Question
from glossator.labelers.label import NoLabel, Scored
from glossator.labelers.marked_text import marked_text
from glossator.labelers.shown_example import ShownExample, shown_examples
from glossator.llm.chat_model import Wanted
from glossator.llm.prompt_file import stored_prompt

_MARKED = 0.6
"""Share of an example's own largest activation above which a token is marked."""
_VALUES = 11
"""Activations told of one example."""
_READING = Reading("[EXPLANATION]", most_words=60, sentences=True, never=r"<<[^<>]+>>")


@dataclass(frozen=True)
class EleutherActsTop20(AskedLabeler):
    name = "eleuther_acts_top20"
    wanted = Wanted(max_tokens=500, temperature=1.0, purpose=name)
    expected_tokens = 25
    reading = _READING

    def question(self, scored: Scored) -> Question | NoLabel:
        shown = shown_examples(scored.evidence.examples, 20)
        return _asked("eleuther_acts_top20", shown, [_marked(one) for one in shown])


@dataclass(frozen=True)
class EleutherActsTop5(AskedLabeler):
    name = "eleuther_acts_top5"
    wanted = Wanted(max_tokens=1000, temperature=0.7, purpose=name)
    expected_tokens = 200
    reading = _READING

    def question(self, scored: Scored) -> Question | NoLabel:
        shown = shown_examples(scored.evidence.examples, 5)
        largest = max(one.activation for one in shown)
        texts = [f"{_marked(one)}\n{_values(one, largest)}" for one in shown]
        return _asked("eleuther_acts_top5", shown, texts)


def _asked(
    prompt: str, shown: Sequence[ShownExample], texts: Sequence[str]
) -> Question:
    asked = stored_prompt(prompt)
    examples = "\n".join(f"Example {at}: {text}" for at, text in enumerate(texts, 1))
    return Question(
        asked.filled(examples=examples),
        asked.hash,
        f"the active tokens in {len(shown)} texts",
        tuple(one.id for one in shown),
    )


def _places(example: ShownExample) -> list[int]:
    return [
        at
        for at, activation in enumerate(example.activations)
        if activation > _MARKED * example.activation
    ]


def _marked(example: ShownExample) -> str:
    return marked_text(example.texts, frozenset(_places(example)))


def _values(example: ShownExample, largest: float) -> str:
    """Tokens in quotes as JSON has them, each with its activation, 1 to 10."""
    pairs = (
        f"({json.dumps(example.texts[at], ensure_ascii=False)} : "
        f"{min(10, ceil(10 * example.activations[at] / largest))})"
        for at in _places(example)[:_VALUES]
    )
    return f"Activations: {', '.join(pairs)}"
