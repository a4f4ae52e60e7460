"""Which columns of the node table are shown, and the order of its rows, as stored."""

import msgspec

from glossator_gui.views.node_table.columns import COLUMNS, Column

_HIDDEN = frozenset({Column.ID, Column.METHOD})
"""At the start."""


class TableLayout(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    hidden: tuple[str, ...] = tuple(c.value for c in COLUMNS if c in _HIDDEN)
    by: str = Column.INFLUENCE.value
    descending: bool = False

    @classmethod
    def of(
        cls, shown: frozenset[Column], by: Column, *, descending: bool
    ) -> "TableLayout":
        hidden = tuple(c.value for c in COLUMNS if c not in shown)
        return cls(hidden=hidden, by=by.value, descending=descending)

    @property
    def columns(self) -> frozenset[Column]:
        """Those that are shown; all where none would be."""
        shown = frozenset(c for c in COLUMNS if c.value not in self.hidden)
        return shown or frozenset(COLUMNS)

    @property
    def column(self) -> Column:
        """By which rows are ordered."""
        return next((c for c in COLUMNS if c.value == self.by), Column.INFLUENCE)


def layout_text(layout: TableLayout) -> str:
    return msgspec.json.encode(layout).decode()


def read_layout(text: str) -> TableLayout:
    """What was stored; the first layout where that cannot be read."""
    try:
        return msgspec.json.decode(text, type=TableLayout) if text else TableLayout()
    except msgspec.MsgspecError:
        return TableLayout()
