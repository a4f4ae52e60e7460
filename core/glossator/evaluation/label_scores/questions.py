"""The questions by which a language model judges labels: one class each."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from glossator.evaluation.label_scores.excerpt import Excerpt, lacking
from glossator.evaluation.label_scores.judging import Asked, ShownText
from glossator.evaluation.label_scores.label_score import LabelToScore, NotScored
from glossator.labelers.marked_text import marked_text


@dataclass(frozen=True)
class Detection:
    """Whether the feature is active in a text; nothing says where."""

    name: str = "detection"
    prompt: str = "score_detection"

    def asked(self, label: LabelToScore, *, verbatim: bool) -> Asked | NotScored:
        examples = label.examples
        texts = [
            ShownText(one, whole if verbatim else whole.strip())
            for one in (*examples.positives, *examples.negatives)
            for whole in ["".join(one.texts)]
        ]
        return Asked(label.text, texts)


@dataclass(frozen=True)
class Fuzz:
    """Whether it is active where the marks are.

    A positive is marked where it is active. A negative that holds activations (another
    feature's) is marked by them; any other takes over the marks of the positive that it
    has the length of, so that places tell nothing.
    """

    name: str = "fuzz"
    prompt: str = "score_fuzz"

    def asked(self, label: LabelToScore, *, verbatim: bool) -> Asked | NotScored:
        examples = label.examples
        marks = (
            (one, fuzz_marks(one, examples.positives))
            for one in (*examples.positives, *examples.negatives)
        )
        return Asked(label.text, _marked(marks, verbatim=verbatim))


def fuzz_marks(excerpt: Excerpt, positives: Sequence[Excerpt]) -> frozenset[int]:
    """Positions to mark in a text."""
    if excerpt.active or excerpt.alike is None:
        return excerpt.active
    return positives[excerpt.alike].active


@dataclass(frozen=True)
class Following:
    """Whether what comes after the top token is what a label says (``say X``).

    By the other questions such a label looks wrong where it is right. Negatives are
    other features' examples, marked at their own top tokens.
    """

    name: str = "output"
    prompt: str = "score_output"

    def asked(self, label: LabelToScore, *, verbatim: bool) -> Asked | NotScored:
        if label.said is None:
            return NotScored(
                scorer=self.name, reason="the label does not say what comes next."
            )
        going_on = [
            one
            for one in (*label.examples.positives, *label.examples.others)
            if one.around_top(1, len(one.texts))
        ]
        lack = lacking(going_on)
        if lack:
            return NotScored(scorer=self.name, reason=lack)
        marks = ((one, {one.top}) for one in going_on)
        return Asked(label.said, _marked(marks, verbatim=verbatim))


def _marked(
    marks: Iterable[tuple[Excerpt, Collection[int]]], *, verbatim: bool
) -> list[ShownText]:
    shown = _verbatim if verbatim else marked_text
    return [ShownText(one, shown(one.texts, marked)) for one, marked in marks]


def _verbatim(texts: Sequence[str], marked: Collection[int]) -> str:
    """As `marked_text`, whatever the tokens hold."""
    runs = groupby(range(len(texts)), key=lambda at: at in marked)
    parts = ((inside, "".join(texts[at] for at in run)) for inside, run in runs)
    return "".join(f"<<{text}>>" if inside else text for inside, text in parts)
