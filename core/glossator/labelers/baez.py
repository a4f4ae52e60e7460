"""``baez``: what verbalizations of a feature's examples have in common.

``baez_last`` reads only their last paragraphs, which published verbalizers write about
the top token itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar, NamedTuple

from glossator.evidence.feature_evidence import ActivationExample
from glossator.evidence.token_text import clean_example
from glossator.labelers.answered_label import Reading
from glossator.labelers.asked import AskedLabeler, Question
from glossator.labelers.held_out import example_id
from glossator.labelers.label import NoLabel, Scored
from glossator.labelers.newest_verbalizer import of_newest, on_one_line
from glossator.llm.chat_model import Wanted
from glossator.llm.prompt_file import stored_prompt
from glossator.verbalize.vectors import cut_after_top
from glossator.verbalize.verbalization import Verbalization

_EXAMPLES = 20
_READING = Reading("[EXPLANATION]", most_words=16)
_BLANK_LINE = re.compile(r"\n\s*\n")


class _Said(NamedTuple):
    example: ActivationExample
    text: str


@dataclass(frozen=True)
class Baez(AskedLabeler):
    name = "baez"
    wanted = Wanted(max_tokens=300, temperature=0.7, purpose=name)
    expected_tokens = 20
    reading = _READING
    last_alone: ClassVar[bool] = False
    """Whether only the last paragraph of each text is shown."""

    def question(self, scored: Scored) -> Question | NoLabel:
        examples = scored.evidence.examples
        said = _said(examples, scored.verbalizations)[:_EXAMPLES]
        if not said:
            return NoLabel(
                self.name,
                "none of its examples is put into words yet: run Verbalize first.",
            )
        largest = examples[0].activation
        asked = stored_prompt("baez")
        texts = (
            f"Example {at}: {on_one_line(self._part(one.text))}\n"
            f"Activation: {min(10, ceil(10 * one.example.activation / largest))}"
            for at, one in enumerate(said, 1)
        )
        what = (
            "last paragraphs of the verbalizations"
            if self.last_alone
            else "verbalizations"
        )
        return Question(
            asked.filled(examples="\n\n".join(texts)),
            asked.hash,
            f"the {what} of {len(said)} examples",
            tuple(example_id(one.example) for one in said),
        )

    def _part(self, text: str) -> str:
        return _BLANK_LINE.split(text.strip())[-1] if self.last_alone else text


@dataclass(frozen=True)
class BaezLast(Baez):
    name = "baez_last"
    wanted = Wanted(max_tokens=300, temperature=0.7, purpose=name)
    last_alone = True


def _said(
    examples: Sequence[ActivationExample], verbalizations: Sequence[Verbalization]
) -> list[_Said]:
    """What is said of these examples, by whichever verbalizer last spoke of one."""
    by_text: dict[str, ActivationExample] = {}
    for example in examples:
        text = cut_after_top(clean_example(example)).text
        by_text.setdefault(on_one_line(text), example)
    about_them = [
        one
        for one in verbalizations
        if one.about == "example" and on_one_line(one.example) in by_text
    ]
    told = {on_one_line(one.example): one.text for one in of_newest(about_them)}
    return [_Said(of, told[text]) for text, of in by_text.items() if text in told]
