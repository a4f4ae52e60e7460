"""Settings that a project remembers."""

from typing import TypeVar

import msgspec

from glossator.labelers.label_settings import LabelSettings
from glossator.project.project import Project
from glossator.protocol.protocol_settings import ProtocolSettings

SettingsT = TypeVar("SettingsT", ProtocolSettings, LabelSettings)


def stored_settings(
    project: Project | None, key: str, otherwise: SettingsT
) -> SettingsT:
    """What the project remembers; what cannot be read counts as nothing."""
    stored = project.setting(key) if project else ""
    try:
        return msgspec.json.decode(stored, type=type(otherwise))
    except msgspec.MsgspecError:
        return otherwise
