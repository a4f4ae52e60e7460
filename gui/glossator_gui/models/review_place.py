"""Where a person is in the review of a project: kept in it, no part of its history."""

import msgspec


class ReviewPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """To go on where one left."""

    queue: str = "to review"
    is_filter: bool = False
    """Whether `queue` is the name of a saved filter."""
    order: str = ""
    all_graphs: bool = False
    feature: str = ""
    """Subject of the focused feature."""
    top: int = 0
    """The first row in sight."""


def read_place(stored: str) -> ReviewPlace:
    """What a project holds; the start where it holds nothing that can be read."""
    try:
        return msgspec.json.decode(stored, type=ReviewPlace)
    except msgspec.MsgspecError:
        return ReviewPlace()


def place_text(place: ReviewPlace) -> str:
    return msgspec.json.encode(place).decode()
