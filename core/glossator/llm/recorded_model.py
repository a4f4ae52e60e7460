"""A chat model that is asked nothing twice, keeps to a budget, and tells what it cost.

What is sent is decided at the last moment: a stored answer is taken, a prompt that is
under way already waits for the same reply, and what the budget does not reach for is
not sent. An answer is on disk before anyone is told of it.
"""

import uuid
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from operator import length_hint
from typing import NamedTuple

import msgspec

from glossator.errors import InputError
from glossator.llm.answer_store import AnswerStore
from glossator.llm.budget import Amount, Budget
from glossator.llm.call import Call, call_key
from glossator.llm.chat_model import (
    Answer,
    AnswerProgress,
    ChatModel,
    ChatPrompt,
    NoAnswer,
    Replied,
    Reply,
    Usage,
    Wanted,
)
from glossator.llm.estimate import tokens_of_prompt, tokens_of_text
from glossator.llm.prices import Price
from glossator.progress import CancelToken, Progress

_ASKING = "asking the language model"


class _Question(NamedTuple):
    """A prompt that is to be sent."""

    key: str
    prompt: ChatPrompt
    prompt_tokens: int
    """By letters."""
    worst: Amount


@dataclass
class RecordedModel:
    """Asks a model through the store of answers, within a budget."""

    model: ChatModel
    answers: AnswerStore
    budget: Budget
    price: Price | None
    """None where it is not known."""
    account: str
    """Project that asks, see `Project.id`."""
    thinking: int = 0
    """Tokens that the model may think besides its answer."""
    _calls: list[Call] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Raise InputError where a budget of money cannot be kept to."""
        if self.budget.dollars is not None and self.price is None:
            raise InputError(
                "what it costs is not known, so that a budget of money cannot be kept "
                "to: give its prices, or a budget of tokens",
                source=self.model.name,
            )

    @property
    def name(self) -> str:
        return self.model.name

    def take_calls(self) -> list[Call]:
        """Calls that ended since the last time, for the project's log.

        One that this account made before, stored then, is told of again as it was: its
        entry may have been lost. One of another account is told of as cached.
        """
        calls, self._calls = self._calls, []
        return calls

    def complete(
        self, prompts: Iterable[ChatPrompt], cancel: CancelToken, wanted: Wanted
    ) -> Generator[Progress, None, list[Reply]]:
        """Answer as `ChatModel.complete` says.

        Where the budget does not reach for a prompt, it is tried once more when nothing
        is under way, since calls mostly take less than their worst. If it does not
        reach then either, that is a lasting failure.

        Raises
        ------
        Cancelled, ModelError
            as the model does.
        AnswerStoreError
            if answers cannot be stored.
        """
        batch = _Batch(self, iter(prompts), cancel, wanted, length_hint(prompts))
        while True:
            sent: list[_Question] = []
            coming = batch.to_send(sent)
            first = next(coming, None)
            if first is None:
                if batch.too_dear is None:
                    break
                batch.failure = self.budget.refuse()
                continue
            with closing(
                self.model.complete(chain((first,), coming), cancel, wanted)
            ) as work:
                for step in work:
                    if isinstance(step, AnswerProgress):
                        batch.settle(sent, step.replied)
                    yield batch.progress(step.what)
        yield batch.progress(_ASKING)
        return [batch.replies[at] for at in range(batch.n_taken)]


@dataclass
class _Batch:
    """One `RecordedModel.complete`: what was taken, is under way, and is known."""

    recorder: RecordedModel
    prompts: Iterator[ChatPrompt]
    cancel: CancelToken
    wanted: Wanted
    total: int
    n_taken: int = 0
    replies: dict[int, Reply] = field(default_factory=dict)
    """By number of the prompt."""
    failure: NoAnswer | None = None
    """A lasting one."""
    too_dear: _Question | None = None
    """What the budget did not reach for."""
    _known: dict[str, Reply] = field(default_factory=dict)
    """By key: replies to this batch's prompts."""
    _waiting: dict[str, list[int]] = field(default_factory=dict)
    """By key: numbers of prompts that wait for the same reply."""
    _untold: list[Replied] = field(default_factory=list)

    def to_send(self, sent: list[_Question]) -> Iterator[ChatPrompt]:
        """Prompts that have to be asked, each reserved for when it is taken.

        It ends where the budget does not reach for the next as long as others are under
        way, or at all.
        """
        while (asked := self.too_dear or self._next_open()) is not None:
            self.too_dear = None
            if self.failure is not None:
                self._tell(asked.key, self.failure)
                continue
            if not self.recorder.budget.reserve(asked.worst):
                self.too_dear = asked
                return
            sent.append(asked)
            yield asked.prompt

    def settle(self, sent: list[_Question], replied: Iterable[Replied]) -> None:
        """Take in what the model replied; it is stored before it is told of."""
        calls = []
        for one in replied:
            asked = sent[one.at]
            call = self._call(asked, one)
            used = Amount(call.prompt_tokens + call.answer_tokens, call.cost or 0.0)
            self.recorder.budget.settle(asked.worst, used)
            if one.attempts:
                calls.append(call)
            if isinstance(one.reply, NoAnswer) and one.reply.lasting:
                self.failure = one.reply
        self.recorder._calls += calls
        self.recorder.answers.keep(call for call in calls if not call.failure)
        for one in replied:
            self._tell(sent[one.at].key, one.reply, one.seconds, one.attempts)

    def progress(self, what: str) -> AnswerProgress:
        """Where the batch is, with the replies that were not told of."""
        told, self._untold = tuple(self._untold), []
        return AnswerProgress(len(self.replies), self.total, what, told)

    def _next_open(self) -> _Question | None:
        """The next prompt without a reply that is not under way either."""
        recorder = self.recorder
        for prompt in self.prompts:
            self.cancel.check()
            key = call_key(recorder.name, prompt, self.wanted)
            waiting = self._waiting.setdefault(key, [])
            waiting.append(self.n_taken)
            self.n_taken += 1
            if key in self._known:
                self._tell(key, self._known[key])
            elif len(waiting) > 1:
                continue
            elif stored := recorder.answers.find(key):
                recorder._calls.append(self._told_again(stored, prompt))
                self._tell(key, stored.reply)
            else:
                return self._question(key, prompt)
        return None

    def _tell(
        self, key: str, reply: Reply, seconds: float = 0.0, attempts: int = 0
    ) -> None:
        """Give a reply to all prompts that wait for it."""
        self._known[key] = reply
        for at in self._waiting.pop(key):
            self.replies[at] = reply
            self._untold.append(Replied(at, reply, seconds, attempts))

    def _question(self, key: str, prompt: ChatPrompt) -> _Question:
        tokens = tokens_of_prompt(prompt)
        answer = self.wanted.max_tokens + self.recorder.thinking
        cost = self._cost(Usage(tokens, answer)) or 0.0
        return _Question(key, prompt, tokens, Amount(tokens + answer, cost))

    def _call(self, asked: _Question, replied: Replied) -> Call:
        reply, wanted = replied.reply, self.wanted
        usage = reply.usage
        if usage is None and isinstance(reply, Answer):
            usage = Usage(asked.prompt_tokens, tokens_of_text(reply.text))
        call = Call(
            id=uuid.uuid4().hex,
            key=asked.key,
            at=_now(),
            model=self.recorder.name,
            account=self.recorder.account,
            purpose=wanted.purpose,
            about=asked.prompt.about,
            turns=asked.prompt.turns,
            max_tokens=wanted.max_tokens,
            temperature=wanted.temperature,
            prompt_tokens=usage.prompt_tokens if usage else 0,
            answer_tokens=usage.answer_tokens if usage else 0,
            cost=self._cost(usage) if usage else 0.0,
            seconds=replied.seconds,
            attempts=replied.attempts,
        )
        match reply:
            case Answer():
                return msgspec.structs.replace(
                    call,
                    text=reply.text,
                    ended=reply.ended,
                    odds=reply.odds,
                    estimated=reply.usage is None,
                )
            case NoAnswer():
                return msgspec.structs.replace(call, failure=reply.reason)

    def _told_again(self, stored: Call, prompt: ChatPrompt) -> Call:
        """How the account's log tells of an answer that was there."""
        account = self.recorder.account
        if stored.account == account:
            return stored
        return msgspec.structs.replace(
            stored,
            # The same however often it is asked: a log holds it once.
            id=uuid.uuid5(uuid.UUID(stored.id), account).hex,
            at=_now(),
            account=account,
            purpose=self.wanted.purpose,
            about=prompt.about,
            cost=0.0,
            seconds=0.0,
            cached=True,
        )

    def _cost(self, usage: Usage) -> float | None:
        """What the server says, or what its price comes to."""
        price = self.recorder.price
        if usage.cost is not None or price is None:
            return usage.cost
        return price.cost(usage.prompt_tokens, usage.answer_tokens)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
