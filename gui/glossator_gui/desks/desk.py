"""What connects one part of the window with the session."""

from collections.abc import Mapping
from typing import Protocol

from glossator_gui.actions.spec import Handler


class Desk(Protocol):
    """Turns what its views say into edits and jobs, and shows what became of them."""

    def handlers(self) -> Mapping[str, Handler]:
        """What the desk does for which action, by the action's name."""
