"""Activation examples by group, as rows of a list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from glossator.evidence.example_text import example_text
from glossator.evidence.feature_evidence import ActivationExample, FeatureEvidence
from glossator.evidence.token_text import CleanExample, clean_example
from glossator_gui.views.feature_panel.shaded_text import running_text
from glossator_gui.views.plain_text import number, one_line

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class GroupHeading:
    text: str


Row = GroupHeading | ActivationExample


def grouped_rows(examples: Sequence[ActivationExample]) -> list[Row]:
    """Groups in the order of their strongest example, each under its heading.

    Sources store the strongest examples twice, as the top and in their quantile: what
    is listed above is only counted.
    """
    groups: dict[str, list[ActivationExample]] = {}
    repeats: dict[str, int] = {}
    seen: set[tuple[int, tuple[str, ...]]] = set()
    for group in dict.fromkeys(example.group for example in examples):
        groups[group], repeats[group] = [], 0
        for example in examples:
            if example.group != group:
                continue
            identity = (example.top, example.tokens)
            if identity in seen:
                repeats[group] += 1
            else:
                seen.add(identity)
                groups[group].append(example)
    rows: list[Row] = []
    for group, members in groups.items():
        text = _heading(group, len(members), repeats[group], alone=len(groups) == 1)
        if text:
            rows.append(GroupHeading(text))
        rows += members
    return rows


def _heading(group: str, n: int, repeated: int, *, alone: bool) -> str:
    if alone and not group and not repeated:
        return ""
    parts = [one_line(group)] if group else [] if alone else ["No group"]
    parts.append(f"{n} example{'' if n == 1 else 's'}")
    if repeated:
        parts.append(f"{repeated} repeat{'' if repeated == 1 else 's'} hidden")
    return " · ".join(parts)


def sense_text(number: int) -> str:
    return f"sense {number}"


def _senses_of(
    rows: Sequence[Row], senses: Mapping[CleanExample, int]
) -> dict[int, int]:
    found: dict[int, int] = {}
    for at, row in enumerate(rows):
        if isinstance(row, ActivationExample) and clean_example(row) in senses:
            found[at] = senses[clean_example(row)]
    return found


class ExampleModel(QAbstractListModel):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[Row] = []
        self.senses: dict[int, int] = {}
        """Number of the sense, of the rows of examples that are of one."""
        self.maximum = 0.0

    def show_evidence(
        self, evidence: FeatureEvidence | None, senses: Mapping[CleanExample, int]
    ) -> None:
        self.beginResetModel()
        self.rows = grouped_rows(evidence.examples) if evidence else []
        self.senses = _senses_of(self.rows, senses) if senses else {}
        self.maximum = evidence.max_activation if evidence else 0.0
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        if role != Qt.ItemDataRole.DisplayRole or not index.isValid():
            return None
        row = self.rows[index.row()]
        if isinstance(row, GroupHeading):
            return row.text
        sense = self.senses.get(index.row())
        of = f", {sense_text(sense)}" if sense else ""
        return f"{number(row.activation)}{of}: {running_text(example_text(row))}"

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self.rows[index.row()], GroupHeading):
            return Qt.ItemFlag.ItemNeverHasChildren
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
