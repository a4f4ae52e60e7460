"""What all methods have in common that ask a chat model, one question a feature."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

from glossator.errors import ModelError
from glossator.evidence.token_text import visible_token
from glossator.graph.attribution_graph import FeatureKey
from glossator.labelers.answered_label import Reading, Unusable, label_in
from glossator.labelers.held_out import shown_evidence
from glossator.labelers.label import Label, LabelsProgress, NoLabel, Scored
from glossator.llm.chat_model import (
    Answer,
    AnswerProgress,
    ChatModel,
    ChatPrompt,
    NoAnswer,
    Reply,
    Wanted,
)
from glossator.progress import CancelToken, Progress

_QUOTED = 60
"""Letters of an answer in a reason."""


class Question(NamedTuple):
    """What a method asks about one feature."""

    prompt: ChatPrompt
    prompt_hash: str
    shown: str
    """What of the feature it shows, as in "the top tokens of 10 examples"."""
    examples: tuple[str, ...]
    """Ids of those that it shows."""
    listed: tuple[str, ...] = ()
    """The feature's own tokens, where they are listed."""
    before: str = ""
    """Goes before what is answered, as in "say "."""


@dataclass(frozen=True)
class AskedLabeler(ABC):
    """A method of its own says what to ask, and how an answer is read."""

    model: ChatModel | None
    """None as long as it is only to be known what would be asked."""
    hold_out: bool = field(default=True, kw_only=True)
    """Whether it sees the train side of the examples alone."""

    name: ClassVar[str]
    wanted: ClassVar[Wanted]
    expected_tokens: ClassVar[int]
    reading: ClassVar[Reading]

    @abstractmethod
    def question(self, scored: Scored) -> Question | NoLabel:
        """What to ask of a feature, of which there are only examples that may be seen.

        At least one; they are distinct, strongest first.
        """

    def told_besides(self, answer: Answer) -> str:
        """A sentence on how the model came to its answer, if it says so."""
        return ""

    @property
    def methods(self) -> frozenset[str]:
        return frozenset({self.name})

    def asked(self, batch: Sequence[Scored]) -> list[ChatPrompt]:
        """The prompts, of those features that it asks about."""
        questions = map(self._question, batch)
        return [one.prompt for one in questions if isinstance(one, Question)]

    def labels(
        self, batch: Sequence[Scored], cancel: CancelToken
    ) -> Generator[Progress, None, list[Label | NoLabel]]:
        """Label features as `Labeler.labels` says.

        Once one question is answered nothing is raised: where the model fails for
        good after that, the other features have no label, and a reason.
        """
        found: dict[int, Label | NoLabel] = {}
        asked: list[tuple[int, Question]] = []
        for at, scored in enumerate(batch):
            one = self._question(scored)
            if isinstance(one, Question):
                asked.append((at, one))
            else:
                found[at] = one
        if asked:
            yield from self._ask(asked, found, cancel)
        return [found[at] for at in range(len(batch))]

    def _ask(
        self,
        asked: Sequence[tuple[int, Question]],
        found: dict[int, Label | NoLabel],
        cancel: CancelToken,
    ) -> Generator[Progress, None, None]:
        """Put what is answered to what was found; it goes ahead, too."""
        model = self.model
        if model is None:
            raise ModelError(
                "it asks a chat model, and none is chosen", source=self.name
            )
        prompts = [question.prompt for _, question in asked]
        work = model.complete(prompts, cancel, self.wanted)
        replies: list[Reply] | None = None
        while replies is None:
            try:
                step = next(work)
            except StopIteration as finished:
                replies = finished.value
                continue
            ahead = {
                asked[one.at][0]: self._label(asked[one.at][1], one.reply, model)
                for one in (step.replied if isinstance(step, AnswerProgress) else ())
                if not _is_lasting(one.reply)
            }
            found.update(ahead)
            said = tuple(ahead.items())
            yield LabelsProgress(step.done, step.total, step.what, said)
        _check_any(replies, model)
        for (at, question), reply in zip(asked, replies, strict=True):
            if at not in found:
                found[at] = self._label(question, reply, model)

    def _question(self, scored: Scored) -> Question | NoLabel:
        seen = shown_evidence(scored.evidence, hold_out=self.hold_out)
        if not seen.examples:
            return NoLabel(self.name, "there is no example of it that holds text.")
        found = self.question(scored._replace(evidence=seen))
        if isinstance(found, NoLabel):
            return found
        subject = _subject(seen.feature)
        return found._replace(prompt=replace(found.prompt, about=subject))

    def _label(
        self, asked: Question, reply: Reply, model: ChatModel
    ) -> Label | NoLabel:
        if isinstance(reply, NoAnswer):
            why = reply.reason.rstrip(".")
            return NoLabel(self.name, f"the language model failed: {why}.")
        text = label_in(reply, self.reading, asked.prompt, asked.listed)
        if isinstance(text, Unusable):
            quoted = _quoted(text.part or reply.text)
            return NoLabel(
                self.name, f"the language model answered “{quoted}”, {text.why}."
            )
        besides = self.told_besides(reply)
        reason = f"a language model's name for {asked.shown}."
        return Label(
            f"{asked.before}{text}",
            self.name,
            f"{reason} {besides}" if besides else reason,
            model=model.name,
            prompt_hash=asked.prompt_hash,
            examples=asked.examples,
        )


def _check_any(replies: Sequence[Reply], model: ChatModel) -> None:
    """Raises ModelError if nothing was answered, and would not be now."""
    if any(isinstance(reply, Answer) for reply in replies):
        return
    for reply in replies:
        if isinstance(reply, NoAnswer) and reply.lasting:
            raise ModelError(reply.reason, source=model.name)


def _is_lasting(reply: Reply) -> bool:
    return isinstance(reply, NoAnswer) and reply.lasting


def _subject(feature: FeatureKey) -> str:
    """As projects name features."""
    return f"{'a' if feature.attention else 'f'}:{feature.layer}:{feature.index}"


def _quoted(text: str) -> str:
    line = visible_token(" ".join(text.split()))
    return line if len(line) <= _QUOTED else f"{line[: _QUOTED - 1]}…"
