"""Verbalizations by the vector they speak of."""

from collections.abc import Iterable
from dataclasses import dataclass

from glossator.verbalize.verbalization import About, Verbalization


@dataclass(frozen=True)
class Samples:
    """What one origin says of one vector, in the order of the samples."""

    about: About
    example: str
    """Text up to the token that was read; "" for a feature's own vector."""
    origin: str
    layer: int | None
    samples: tuple[Verbalization, ...]


def by_vector(verbalizations: Iterable[Verbalization]) -> tuple[Samples, ...]:
    """Group samples of the same vector; a feature's own vector comes first."""
    groups: dict[tuple[About, str, str, int | None], list[Verbalization]] = {}
    for said in verbalizations:
        key = (said.about, said.example, said.origin, said.layer)
        groups.setdefault(key, []).append(said)
    found = [
        Samples(*key, tuple(sorted(said, key=lambda one: one.sample)))
        for key, said in groups.items()
    ]
    return tuple(sorted(found, key=lambda group: group.about != "feature"))
