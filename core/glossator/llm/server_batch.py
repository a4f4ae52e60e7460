"""Prompts that a server is asked side by side, again after what passes by itself."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glossator.llm.chat_model import ChatPrompt, NoAnswer, Replied, Reply, Wanted
from glossator.llm.error_text import excerpt
from glossator.llm.server_connection import Connection, ServedModel
from glossator.llm.server_failure import (
    Kind,
    ParameterRefused,
    ServerFailure,
    may_pass,
)
from glossator.llm.server_pace import Pace

if TYPE_CHECKING:
    from tenacity import AsyncRetrying

_ATTEMPTS = 8
_LONGEST_PAUSE = 30.0
"""Seconds between two attempts, where the server does not tell."""
_LOADING = 300.0
"""Seconds that a server on this machine has for its first answer, at least: some load
the model only then.
"""
_DEAD_AFTER = 5
"""Prompts, one after another, that fail alike after all attempts."""
_LISTED = 12
_LISTING = 10.0
"""Seconds for a server's list of models."""


@dataclass(frozen=True)
class Manners:
    """How a server is asked."""

    at_once: int = 8
    """Requests under way at most: local servers answer a few side by side and queue the
    others, and those elsewhere mostly take more.
    """
    patience: float = 120.0
    """Seconds for one attempt, from the request to the end of its answer; until a
    server on this machine has answered, more.
    """
    first_pause: float = 1.0
    """Seconds before the second attempt; then twice as long each time."""


class ServerBatch:
    """What is known of a server while it is asked; belongs to one loop."""

    def __init__(
        self,
        connection: Connection,
        served: ServedModel,
        manners: Manners,
        wanted: Wanted,
        refused: frozenset[str],
    ) -> None:
        self._connection = connection
        self._served = served
        self._manners = manners
        self._wanted = wanted
        self._refused = refused
        self._pace = Pace(manners.at_once)
        self._has_answered = False
        self._lasting: NoAnswer | None = None
        self._failed_alike: tuple[Kind | None, int] = (None, 0)
        self.found_refused: deque[str] = deque()
        """Parameters of which that was not known, for another thread to take."""

    async def replied(self, at: int, prompt: ChatPrompt) -> Replied:
        """Ask a prompt until there is a reply, or all has been tried."""
        asked = _Asked(prompt)
        try:
            reply: Reply = await self._retrying()(self._attempt, asked)
        except ServerFailure as failure:
            reply = await self._given_up(failure)
        else:
            self._failed_alike = (None, 0)
        now = asyncio.get_running_loop().time()
        seconds = now - asked.began if asked.attempts else 0.0
        return Replied(at, reply, seconds, asked.attempts)

    def _retrying(self) -> "AsyncRetrying":
        from tenacity import (
            AsyncRetrying,
            RetryCallState,
            retry_if_exception,
            stop_after_attempt,
            wait_exponential,
            wait_random,
        )

        pause = self._manners.first_pause
        growing = wait_exponential(pause, _LONGEST_PAUSE) + wait_random(0, pause)

        def told(state: RetryCallState) -> float:
            failed = state.outcome.exception() if state.outcome else None
            after = failed.after if isinstance(failed, ServerFailure) else None
            return growing(state) if after is None else after

        return AsyncRetrying(
            stop=stop_after_attempt(_ATTEMPTS),
            retry=retry_if_exception(may_pass),
            wait=told,
            sleep=self._pace.sleep,
            reraise=True,
        )

    async def _attempt(self, asked: "_Asked") -> Reply:
        async with self._pace.turn() as now:
            if self._lasting is not None:
                return self._lasting
            asked.began = asked.began if asked.attempts else now
            asked.attempts += 1
            try:
                reply = await self._once(asked.prompt)
            except ServerFailure as failure:
                if failure.is_overload:
                    self._pace.was_too_much(now, failure.after or 0.0)
                raise
            self._pace.went_well()
            self._has_answered = True
            return reply

    async def _once(self, prompt: ChatPrompt) -> Reply:
        """Ask once, and again at once without what the server refuses."""
        patience = self._manners.patience
        if self._served.is_here and not self._has_answered:
            patience = max(patience, _LOADING)
        while True:
            try:
                async with _patient(patience):
                    return await self._connection.ask(
                        prompt, self._wanted, self._refused
                    )
            except ParameterRefused as found:
                new = found.parameters - self._refused
                self._refused |= new
                self.found_refused.extend(sorted(new))

    # -- what failures come to ------------------------------------------------------

    async def _given_up(self, failure: ServerFailure) -> NoAnswer:
        kind, count = self._failed_alike
        count = count + 1 if failure.kind == kind else 1
        self._failed_alike = (failure.kind, count)
        reason = failure.line(self._served.secret, await self._note(failure))
        lasting = failure.lasting or failure.kind == "busy"
        if failure.kind and count >= _DEAD_AFTER and not lasting:
            reason += f" ({count} prompts failed like this, one after another)"
            lasting = True
        reply = NoAnswer(reason, lasting)
        if lasting and self._lasting is None:
            self._lasting = reply
            await self._pace.end()
        return reply

    async def _note(self, failure: ServerFailure) -> str:
        """What a person can mend."""
        if failure.status == 401:
            return self._served.key_note
        if failure.status != 404:
            return ""
        try:
            listed = await listed_models(self._connection, self._manners)
        except ServerFailure:
            return "an address mostly ends in /v1, as in http://localhost:11434/v1"
        if self._served.model in listed:
            return ""
        others = enumerated(listed, self._served.secret)
        return f"it has no model {self._served.model!r}, but {others}"


@dataclass
class _Asked:
    """A prompt, and how often it was sent."""

    prompt: ChatPrompt
    began: float = 0.0
    """The loop's time at the first attempt."""
    attempts: int = 0


async def listed_models(connection: Connection, manners: Manners) -> list[str]:
    """What a server lists, asked once more where it fails. Raises ServerFailure."""
    from tenacity import (
        AsyncRetrying,
        retry_if_exception,
        stop_after_attempt,
        wait_fixed,
    )

    async def listed() -> list[str]:
        async with _patient(_LISTING):
            return await connection.models()

    twice = AsyncRetrying(
        stop=stop_after_attempt(2),
        retry=retry_if_exception(may_pass),
        wait=wait_fixed(manners.first_pause),
        reraise=True,
    )
    return await twice(listed)


@asynccontextmanager
async def _patient(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        why = f"no answer within {seconds:g} s"
        raise ServerFailure(why, kind="timeout") from error


def enumerated(models: Sequence[str], secret: str) -> str:
    shown = ", ".join(excerpt(model, secret) for model in models[:_LISTED])
    more = len(models) - _LISTED
    return (f"{shown} and {more} more" if more > 0 else shown) or "none"
