"""How many requests a server gets at once, and when it gets none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Pace:
    """Halves the requests under way where a server has too many, and adds slowly.

    Belongs to one loop.
    """

    def __init__(self, at_once: int) -> None:
        self._most = at_once
        self._now = float(at_once)
        self._under_way = 0
        self._free_at = 0.0
        self._slowed_at = 0.0
        self._changed = asyncio.Condition()
        self._ended = asyncio.Event()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Wait until one more request may be under way; gives the loop's time then."""
        loop = asyncio.get_running_loop()
        async with self._changed:
            await self._changed.wait_for(self._has_room)
            self._under_way += 1
        try:
            while (left := self._free_at - loop.time()) > 0 and not self.has_ended:
                await self.sleep(left)
            yield loop.time()
        finally:
            self._under_way -= 1
            async with self._changed:
                self._changed.notify_all()

    def went_well(self) -> None:
        self._now = min(float(self._most), self._now + 1 / self._now)

    def was_too_much(self, since: float, rest: float = 0.0) -> None:
        """Ask less at once; what was under way together counts once.

        Parameters
        ----------
        since : the loop's time when the request was made.
        rest : seconds in which nothing at all is asked.
        """
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now + rest)
        if since >= self._slowed_at:
            self._now = max(1.0, self._now / 2)
            self._slowed_at = now

    async def sleep(self, seconds: float) -> None:
        """Wait; no longer once all is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), seconds)

    @property
    def has_ended(self) -> bool:
        return self._ended.is_set()

    async def end(self) -> None:
        """Let everyone through who waits: nothing is asked any more."""
        self._ended.set()
        async with self._changed:
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return self.has_ended or self._under_way < int(self._now)
