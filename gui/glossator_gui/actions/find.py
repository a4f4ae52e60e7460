"""Finding nodes and features."""

from glossator_gui.actions.spec import ActionSpec

FIND: tuple[ActionSpec, ...] = ()
