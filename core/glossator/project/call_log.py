"""The log of what language models were asked for a project, and of what that cost.

It only grows, and is no part of the history that undo takes back: what was paid stays
paid.
"""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from glossator.errors import ProjectError
from glossator.llm.call import Call
from glossator.project.revision import Subject
from glossator.project.store import CallRow, Store

_PAGE = 200
"""Calls read at once."""


class Spent(NamedTuple):
    """What a model was asked for one purpose."""

    model: str
    purpose: str
    calls: int
    """That this project made."""
    failed: int
    """Of these."""
    cached: int
    """Answers that another project had paid for; they count in no other sum."""
    prompt_tokens: int
    answer_tokens: int
    dollars: float
    """Of the calls whose cost is known."""
    unpriced: int
    """Calls whose cost is not known."""


def log_call(store: Store, call: Call) -> None:
    """Add a call, once."""
    store.add_call(_row(call, zlib.compress(msgspec.json.encode(call))))


def logged_calls(store: Store, subject: Subject | None) -> Iterator[Call]:
    """Calls about a subject, or all; the newest last, and read as they are wanted.

    Raises
    ------
    ProjectError
        if one is broken.
    """
    for number, row in _rows(store, subject):
        try:
            yield _call(row)
        except (zlib.error, msgspec.MsgspecError) as error:
            raise ProjectError(
                f"{store.path}: call {number} of the log is broken ({error})"
            ) from error


def spent_in(store: Store) -> tuple[Spent, ...]:
    """Totals by model and purpose, those first that were asked first."""
    if not store.has("call"):
        return ()
    rows = store.rows(
        "SELECT model, purpose, sum(cached = 0), sum(failed), sum(cached), "
        "sum(iif(cached, 0, prompt_tokens)), sum(iif(cached, 0, answer_tokens)), "
        "total(cost), sum(cost IS NULL) "
        "FROM call GROUP BY model, purpose ORDER BY min(number)"
    )
    return msgspec.convert(rows, type=tuple[Spent, ...])


def call_problems(store: Store) -> list[str]:
    """Entries that cannot be read, or say otherwise in their columns."""
    problems = []
    for number, row in _rows(store, None):
        try:
            call = _call(row)
        except (zlib.error, msgspec.MsgspecError) as error:
            problems.append(f"call {number}: {error}")
            continue
        if _row(call, row.data) != row:
            problems.append(f"call {number}: its columns are not those of its data")
    return problems


def _rows(store: Store, subject: Subject | None) -> Iterator[tuple[int, CallRow]]:
    last = 0
    while page := store.calls_after(last, subject, _PAGE):
        yield from page
        last, _ = page[-1]


def _row(call: Call, data: bytes) -> CallRow:
    return CallRow(
        id=call.id,
        at=call.at,
        model=call.model,
        purpose=call.purpose,
        subject=Subject(call.about),
        prompt_tokens=call.prompt_tokens,
        answer_tokens=call.answer_tokens,
        cost=call.cost,
        failed=int(bool(call.failure)),
        cached=int(call.cached),
        data=data,
    )


def _call(row: CallRow) -> Call:
    return msgspec.json.decode(zlib.decompress(row.data), type=Call)
