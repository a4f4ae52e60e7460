"""What a user wants of every project that says nothing else, kept between starts.

The window goes by them. Commands do not: a command line means the same everywhere.
"""

import os
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from glossator.device import DEVICE_VARIABLE
from glossator.errors import InputError
from glossator.json_document import decode
from glossator.labelers.label_settings import LabelSettings
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.settings import preferences_file

DeviceChoice: TypeAlias = Literal["", "cuda", "mps", "cpu"]

_MEGABYTE = 1 << 20


class Preferences(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    protocol: ProtocolSettings = ProtocolSettings()
    labelling: LabelSettings = LabelSettings()
    device: DeviceChoice = ""
    """Of models that run here; "" is the best there is."""
    embeddings_mb: int = 2048
    """The embeddings that are kept take so much of the disk at most."""
    library: bool = True
    """Keep accepted labels in the library, and propose those that it knows."""

    @property
    def embeddings_bytes(self) -> int:
        return self.embeddings_mb * _MEGABYTE

    def checked(self) -> "Preferences":
        """Return self.

        Raises
        ------
        InputError
            if a value cannot be used; names it.
        """
        self.protocol.checked()
        self.labelling.checked()
        if self.embeddings_mb < 0:
            raise InputError(f"{self.embeddings_mb} MB", field="embeddings_mb")
        return self


def read_preferences(path: Path | None = None) -> Preferences:
    """The stored ones; the defaults where there are none.

    Raises
    ------
    InputError
        if the file is broken; it stays as it is.
    """
    path = path or preferences_file()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Preferences()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", source=path) from error
    return decode(data, Preferences, source=path)


def write_preferences(preferences: Preferences, path: Path | None = None) -> None:
    """Store them whole or not at all.

    Raises
    ------
    InputError
        if the file cannot be written.
    """
    path = path or preferences_file()
    data = msgspec.json.format(msgspec.json.encode(preferences.checked()), indent=1)
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise InputError(
            f"cannot be written ({error.strerror})", source=path
        ) from error


def use_device(choice: DeviceChoice) -> None:
    """Have this process, and those that it starts, run models there."""
    if choice:
        os.environ[DEVICE_VARIABLE] = choice
    else:
        os.environ.pop(DEVICE_VARIABLE, None)
