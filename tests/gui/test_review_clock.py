"""How long a decision takes, and how fast a person goes."""

import pytest

from glossator_gui.desks.review_clock import MOST, PAUSE, ReviewClock, pace_text


class Hands:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_time_counts_from_when_a_feature_is_shown(hands: Hands) -> None:
    clock = ReviewClock(hands)
    hands.now = 50.0
    clock.start()
    hands.now = 54.5
    assert clock.seconds == 4.5
    assert clock.decided() == 4.5
    assert clock.seconds == 0.0
    hands.now += 10 * MOST
    assert clock.seconds == MOST


def test_a_window_that_is_not_in_use_stops_the_time(hands: Hands) -> None:
    clock = ReviewClock(hands)
    clock.start()
    hands.now = 3.0
    clock.pause()
    hands.now = 100.0
    assert clock.seconds == 3.0
    clock.pause()
    clock.resume()
    clock.resume()
    hands.now = 102.0
    assert clock.seconds == 5.0


def test_the_pace_is_the_median_without_pauses(hands: Hands) -> None:
    clock = ReviewClock(hands)
    clock.start()
    for seconds in (2.0, 4.0):
        hands.now += seconds
        clock.decided()
    few = clock.pace
    assert few is None, "two decisions tell no pace"
    for seconds in (PAUSE + 1, 60.0):
        hands.now += seconds
        clock.decided()
    some = clock.pace
    assert some == 4.0
    for _ in range(20):
        hands.now += 10.0
        clock.decided()
    assert clock.pace == 10.0, "only the last twenty count"
    clock.forget()
    assert clock.pace is None


@pytest.mark.parametrize(
    ("seconds", "waiting", "text"),
    [
        (None, 10, ""),
        (36.0, 10, "100/h · 6 min left"),
        (36.0, 1000, "100/h · 10.0 h left"),
        (2.0, 3, "1800/h · under a minute left"),
        (36.0, 0, "100/h"),
    ],
)
def test_pace_in_words(seconds: float | None, waiting: int, text: str) -> None:
    assert pace_text(seconds, waiting) == text
