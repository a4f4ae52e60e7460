"""Comparisons of labelling methods that were made in a project.

They are only added, and are no part of the history that undo takes back: nothing of the
project is different after one.
"""

import zlib
from typing import NamedTuple

import msgspec

from glossator.errors import ProjectError
from glossator.evaluation.comparison.method_comparison import MethodComparison
from glossator.project.store import Store


class StoredComparison(NamedTuple):
    id: int
    at: str
    """UTC, ISO 8601."""
    comparison: MethodComparison


def store_comparison(store: Store, comparison: MethodComparison) -> int:
    """Add a comparison; returns its id."""
    return store.add_comparison(zlib.compress(msgspec.json.encode(comparison)))


def stored_comparisons(store: Store) -> list[StoredComparison]:
    """All of them, the newest last.

    Raises
    ------
    ProjectError
        if one is broken.
    """
    found = []
    for number, at, data in store.comparisons():
        try:
            found.append(StoredComparison(number, at, _decoded(data)))
        except (zlib.error, msgspec.MsgspecError) as error:
            raise ProjectError(
                f"{store.path}: comparison {number} is broken ({error})"
            ) from error
    return found


def comparison_problems(store: Store) -> list[str]:
    """Those that cannot be read."""
    problems = []
    for number, _, data in store.comparisons():
        try:
            _decoded(data)
        except (zlib.error, msgspec.MsgspecError) as error:
            problems.append(f"comparison {number}: {error}")
    return problems


def _decoded(data: bytes) -> MethodComparison:
    return msgspec.json.decode(zlib.decompress(data), type=MethodComparison)
