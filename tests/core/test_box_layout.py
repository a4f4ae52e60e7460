"""Where boxes stand: ranked by Graphviz, apart, and where a person put them."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest

from glossator.layout.boxes import BoxSpace, lay_out_boxes

Centres = dict[str, tuple[float, float]]


def overlaps(spaces: list[BoxSpace], centres: Centres) -> int:
    at = np.array([centres[space.key] for space in spaces])
    size = np.array([(space.width, space.height) for space in spaces])
    apart = np.abs(at[:, None] - at[None])
    touching = (apart < (size[:, None] + size[None]) / 2 - 1e-3).all(axis=2)
    return int(touching.sum() - len(spaces)) // 2


def test_what_feeds_others_is_low_and_early_tokens_left() -> None:
    spaces = [
        BoxSpace("low", 1, 0, 100, 40),
        BoxSpace("mid", 5, 3, 100, 40),
        BoxSpace("other", 5, 0, 100, 40),
        BoxSpace("top", 9, 3, 100, 40),
    ]
    links = [("low", "mid"), ("mid", "top"), ("other", "top")]
    at = lay_out_boxes(spaces, links)
    assert at["low"][1] > at["mid"][1] > at["top"][1]
    assert at["other"][0] < at["mid"][0]
    mirrored = [
        BoxSpace(s.key, s.layer, 3 - s.column, s.width, s.height) for s in spaces
    ]
    at = lay_out_boxes(mirrored, links)
    assert at["other"][0] > at["mid"][0]


def test_links_from_late_to_early_layers_rank_nothing() -> None:
    spaces = [BoxSpace("early", 1, 0, 80, 40), BoxSpace("late", 7, 1, 80, 40)]
    at = lay_out_boxes(spaces, [("late", "early"), ("early", "late")])
    assert at["early"][1] > at["late"][1]


def test_neighbours_in_a_row_keep_apart() -> None:
    spaces = [BoxSpace(key, 3, 0, 80, 40) for key in "abcd"]
    xs = sorted(x for x, _ in lay_out_boxes(spaces, [], aspect=0.05).values())
    assert all(b - a >= 80 + 20 for a, b in pairwise(xs))


def test_boxes_without_a_link_stand_beneath_by_layer() -> None:
    spaces = [BoxSpace(str(n), n // 4, n % 4, 80, 40) for n in range(16)]
    linked = [BoxSpace("a", 0, 0, 80, 40), BoxSpace("b", 9, 0, 80, 40)]
    at = lay_out_boxes([*spaces, *linked], [("a", "b")])
    assert min(at[space.key][1] for space in spaces) > at["a"][1] > at["b"][1]
    assert at["0"][1] > at["15"][1]
    assert overlaps([*spaces, *linked], at) == 0


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize(("n", "m"), [(40, 60), (300, 2000), (1300, 3000)])
def test_boxes_never_overlap(n: int, m: int, fixed: bool) -> None:
    drawn = Random(n)
    spaces = [
        BoxSpace(
            str(at),
            drawn.randrange(25),
            drawn.randrange(12),
            80 + 20 * (at % 4),
            34 + 17 * (at % 2),
            (5.0 * at, 0.0) if fixed and at < 9 else None,
        )
        for at in range(n)
    ]
    links = [(str(drawn.randrange(n)), str(drawn.randrange(n))) for _ in range(m)]
    assert overlaps(spaces, lay_out_boxes(spaces, links)) == 0


def test_many_boxes_are_no_ribbon() -> None:
    """Graphviz's own rows of hundreds would be 20 times as wide as high."""
    drawn = Random(1)
    spaces = [BoxSpace(str(at), drawn.randrange(25), 0, 150, 40) for at in range(300)]
    links = [(str(drawn.randrange(300)), str(drawn.randrange(300))) for _ in range(600)]
    at = np.array(list(lay_out_boxes(spaces, links, aspect=0.6).values()))
    wide, high = np.ptp(at, axis=0)
    assert 0.5 < wide / high < 4


def test_the_same_boxes_stand_at_the_same_places() -> None:
    spaces = [BoxSpace(str(at), at % 7, at % 5, 90, 40) for at in range(60)]
    links = [(str(at), str((at * 7 + 1) % 60)) for at in range(60)]
    assert lay_out_boxes(spaces, links) == lay_out_boxes(spaces, links)


def test_a_ring_of_links_is_laid_out() -> None:
    spaces = [BoxSpace(key, 3, 0, 80, 40) for key in "abc"]
    at = lay_out_boxes(spaces, [("a", "b"), ("b", "c"), ("c", "a")])
    assert overlaps(spaces, at) == 0


def test_what_a_person_placed_stays_and_the_others_lie_around_it() -> None:
    spaces = [
        BoxSpace("a", 0, 0, 80, 40),
        BoxSpace("b", 1, 0, 80, 40, (5000.0, 321.0)),
        BoxSpace("c", 2, 0, 80, 40),
    ]
    at = lay_out_boxes(spaces, [("a", "b"), ("b", "c")])
    assert at["b"] == (5000.0, 321.0)
    assert at["a"][1] > 321 > at["c"][1]
    assert abs(at["a"][0] - 5000) < 200


def test_nothing_to_lay_out() -> None:
    assert lay_out_boxes([], []) == {}
