"""How long a person has had a feature before deciding, and how fast they go."""

import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import TypeAlias

Clock: TypeAlias = Callable[[], float]
"""Seconds that only rise."""

MOST = 600.0
"""Seconds; a longer look at a feature counts as this."""
PAUSE = 120.0
"""Seconds; whoever takes longer did something else, and it counts not for the pace."""
_LAST = 20
_ENOUGH = 3


class ReviewClock:
    """Counts while a feature is shown and the window is in use."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._held = 0.0
        self._last: deque[float] = deque(maxlen=_LAST)

    def start(self) -> None:
        """Another feature is shown."""
        self._since, self._held = self._clock(), 0.0

    def pause(self) -> None:
        """The window is not in use."""
        self._held, self._since = self.seconds, None

    def resume(self) -> None:
        if self._since is None:
            self._since = self._clock()

    @property
    def seconds(self) -> float:
        """For how long the feature has been looked at, at most `MOST`."""
        running = 0.0 if self._since is None else self._clock() - self._since
        return min(self._held + running, MOST)

    def decided(self) -> float:
        """A decision was made: the seconds it took, counted into the pace."""
        seconds = self.seconds
        if seconds <= PAUSE:
            self._last.append(seconds)
        self.start()
        return seconds

    def forget(self) -> None:
        """Another project: another pace."""
        self._last.clear()

    @property
    def pace(self) -> float | None:
        """Seconds a decision, the median of the last ones; None for too few."""
        return median(self._last) if len(self._last) >= _ENOUGH else None


def pace_text(seconds: float | None, waiting: int) -> str:
    """Decisions an hour and the time left; "" where it cannot be told yet."""
    if seconds is None:
        return ""
    rate = 3600 / max(seconds, 0.5)
    shown = f"{rate:.0f}/h"
    if not waiting:
        return shown
    minutes = waiting * seconds / 60
    if minutes < 1:
        left = "under a minute"
    elif minutes < 90:
        left = f"{minutes:.0f} min"
    else:
        left = f"{minutes / 60:.1f} h"
    return f"{shown} · {left} left"
