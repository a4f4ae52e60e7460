"""Which keys bring about which action: those of the table, or the person's own."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QKeySequence

from glossator_gui.actions.spec import ActionSpec

_GROUP = "keys"
_RESERVED = (
    "Tab",
    "Shift+Tab",
    "Return",
    "Enter",
    "Space",
    "Up",
    "Down",
    "Left",
    "Right",
)
"""What lists, buttons and fields live on."""


def reserved(key: str) -> bool:
    """Whether a key belongs to the controls themselves."""
    return normal(key) in {normal(name) for name in _RESERVED}


def normal(key: str) -> str:
    """A key as it is stored and compared, whoever wrote it."""
    portable = QKeySequence.SequenceFormat.PortableText
    return QKeySequence(key, portable).toString(portable)


def default_keys(specs: Iterable[ActionSpec]) -> dict[str, tuple[str, ...]]:
    """The keys of the table."""
    return {spec.name: tuple(normal(key) for key in spec.keys) for spec in specs}


class KeyMap(QObject):
    """The keys of every action. Only what differs from the table is stored."""

    changed = Signal()

    def __init__(
        self,
        specs: Iterable[ActionSpec],
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.defaults = default_keys(specs)
        self._settings = settings
        self._own = self._stored()

    def keys(self, name: str) -> tuple[str, ...]:
        """Keys of an action, the first of them the one that is printed."""
        return self._own.get(name, self.defaults[name])

    def all(self) -> dict[str, tuple[str, ...]]:
        return {name: self.keys(name) for name in self.defaults}

    def put(self, wanted: Mapping[str, tuple[str, ...]]) -> None:
        """Go by other keys from now on, and after a restart.

        Raises
        ------
        ValueError
            if two actions were to share a key.
        """
        known = {name: keys for name, keys in wanted.items() if name in self.defaults}
        shared = conflicts({**self.defaults, **known})
        if shared:
            raise ValueError(f"{shared[0]} and {shared[1]} share {shared[2]}")
        self._own = {
            name: keys for name, keys in known.items() if keys != self.defaults[name]
        }
        self._settings.remove(_GROUP)
        for name, keys in self._own.items():
            self._settings.setValue(f"{_GROUP}/{name}", " ".join(keys))
        self.changed.emit()

    @property
    def n_own(self) -> int:
        """How many actions have other keys than the table says."""
        return len(self._own)

    def _stored(self) -> dict[str, tuple[str, ...]]:
        """What was stored, as far as it still fits the table of this version."""
        own: dict[str, tuple[str, ...]] = {}
        for name in self.defaults:
            stored = self._settings.value(f"{_GROUP}/{name}")
            if stored is None:
                continue
            keys = tuple(filter(None, (normal(key) for key in str(stored).split())))
            if not conflicts({**self.defaults, **own, name: keys}):
                own[name] = keys
        return own


def conflicts(keys: Mapping[str, tuple[str, ...]]) -> tuple[str, str, str] | None:
    """Two actions that share a key, and the key; None where there are none."""
    owners: dict[str, str] = {}
    for name, held in keys.items():
        for key in held:
            if key in owners and owners[key] != name:
                return owners[key], name, key
            owners[key] = name
    return None


def owner(keys: Mapping[str, tuple[str, ...]], key: str) -> str | None:
    """The action that has a key."""
    return next((name for name, held in keys.items() if normal(key) in held), None)
