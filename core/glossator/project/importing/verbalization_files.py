"""Verbalizations made elsewhere, found in the project by layer and index."""

from pathlib import Path

import msgspec

from glossator.project.importing.found_labels import Gathering
from glossator.project.importing.label_files import is_json_lines
from glossator.verbalize.verbalization_file import Place, read_verbalizations


class _Clues(msgspec.Struct):
    """Keys that tell a line of verbalizations from one of labels."""

    text: msgspec.Raw = msgspec.Raw(b"")
    label: msgspec.Raw = msgspec.Raw(b"")


def holds_verbalizations(path: Path) -> bool:
    """Whether a file is JSON lines whose first has a text, and no label."""
    if not is_json_lines(path):
        return False
    try:
        with path.open("rb") as file:
            first = next((line for line in file if line.strip()), b"")
        clues = msgspec.json.decode(first.removeprefix(b"\xef\xbb\xbf"), type=_Clues)
    except (OSError, msgspec.MsgspecError):
        return False
    return bool(bytes(clues.text)) and not bytes(clues.label)


def gather_verbalizations(gathered: Gathering, path: Path) -> None:
    """Take those of features of the project.

    Raises
    ------
    VerbalizeError
        that names line and field; a line that cannot be used refuses all of it.
    """
    features = {
        Place(feature.layer, feature.index, feature.attention): feature
        for feature in gathered.known
    }
    for place, verbalization in read_verbalizations(path):
        if place in features:
            gathered.verbalizations.append((features[place], verbalization))
        else:
            sign = "a" if place.attention else ""
            gathered.miss(f"{place.layer}/{sign}{place.index}")
