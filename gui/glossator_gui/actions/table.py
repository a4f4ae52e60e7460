"""All actions: menus, tool bar, keys and help are made from this table."""

from glossator_gui.actions.edit import EDIT
from glossator_gui.actions.file import FILE
from glossator_gui.actions.find import BY_FILTER, FIND, SELECTED, TABLE
from glossator_gui.actions.graph import GRAPH
from glossator_gui.actions.help import HELP
from glossator_gui.actions.protocol import PROTOCOL
from glossator_gui.actions.review import REVIEW
from glossator_gui.actions.select import SELECT
from glossator_gui.actions.spec import ActionSpec
from glossator_gui.actions.supernodes import SUPERNODES
from glossator_gui.actions.view import VIEW

ACTIONS: tuple[ActionSpec, ...] = (
    *FILE,
    *EDIT,
    *FIND,
    *SELECT,
    BY_FILTER,
    *REVIEW,
    *SELECTED,
    *GRAPH,
    *SUPERNODES,
    *PROTOCOL,
    *TABLE,
    *VIEW,
    *HELP,
)


def key_table() -> list[tuple[str, str]]:
    """Action and keys, for the help."""
    return [
        (spec.text.rstrip("…"), ", ".join(spec.keys)) for spec in ACTIONS if spec.keys
    ]
