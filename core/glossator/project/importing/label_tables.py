"""Labels of a table, found in the project by feature, feature number or node id."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from glossator.errors import InputError
from glossator.graph.attribution_graph import FeatureKey, NodeIndex
from glossator.project.edits import JudgedTier
from glossator.project.importing.found_labels import Gathering, LabelKey, NodeKey
from glossator.project.importing.label_files import LabelRecord, LabelRow, read_rows
from glossator.project.revision import LabelRevision, now, storable
from glossator.project.state import ProjectState

_NO_LABEL = ("rejected", "withdrawn")


def gather_table(gathered: Gathering, path: Path) -> None:
    """Read a table; a row that cannot be used refuses all of it.

    Raises
    ------
    InputError
        that names row and column.
    """
    index = _Index(gathered.state)
    said: dict[LabelKey, LabelRow] = {}
    for row in read_rows(path):
        index.check_source(row, path)
        keys = index.keys_of(row, path)
        record = row.record
        if not keys and (record.label or record.note or record.judged_tier):
            gathered.miss(_name(record))
        for key in keys:
            if record.judged_tier:
                _judge(gathered, index.feature_of(key), record.judged_tier, row, path)
            if record.note.strip():
                gathered.notes.setdefault(key, storable(record.note))
            if record.label.strip() and record.status not in _NO_LABEL:
                _check_agrees(said.setdefault(key, row), row, path)
            feature = index.feature_of(key)
            if record.status == "rejected" and feature is not None:
                gathered.refused[feature] = None
    by_feature: defaultdict[FeatureKey, list[tuple[NodeKey, LabelRevision]]]
    by_feature = defaultdict(list)
    for key, row in said.items():
        feature = index.feature_of(key)
        if isinstance(key, NodeKey) and feature is not None:
            by_feature[feature].append((key, _revision(row.record)))
        else:
            gathered.labels[key] = _revision(row.record)
    for feature, labelled in by_feature.items():
        _add_nodes(gathered, feature, labelled)


def _add_nodes(
    gathered: Gathering,
    feature: FeatureKey,
    labelled: Sequence[tuple[NodeKey, LabelRevision]],
) -> None:
    """Take labels of single nodes of a feature.

    As of a graph's own labels, the commonest is the feature's where it has none, and
    nodes that are labelled otherwise keep theirs; so do nodes that have one here.
    """
    if feature not in gathered.labels:
        counts = Counter(revision.text for _, revision in labelled)
        ((text, _),) = counts.most_common(1)
        first = next(revision for _, revision in labelled if revision.text == text)
        gathered.labels[feature] = first
    for key, revision in labelled:
        if revision.text != gathered.labels[feature].text or gathered.has_own(key):
            gathered.labels[key] = revision


def _check_agrees(first: LabelRow, row: LabelRow, path: Path) -> None:
    if first.record.label != row.record.label:
        raise InputError(
            f"{_name(row.record)} is {row.record.label[:60]!r} here and "
            f"{first.record.label[:60]!r} in {first.where}",
            source=path,
            field=f"{row.where}, label",
        )


def _judge(
    gathered: Gathering,
    feature: FeatureKey | None,
    tier: JudgedTier,
    row: LabelRow,
    path: Path,
) -> None:
    """Take a judged tier; a node's is its feature's."""
    where = f"{row.where}, judged_tier"
    if feature is None:
        raise InputError(
            f"{tier!r} of {_name(row.record)}, which is no feature; only features are "
            "of a tier",
            source=path,
            field=where,
        )
    before = gathered.judgements.setdefault(feature, tier)
    if before != tier:
        raise InputError(
            f"{_name(row.record)} is {tier!r} here and {before!r} in a row above",
            source=path,
            field=where,
        )


def _revision(record: LabelRecord) -> LabelRevision:
    return LabelRevision(
        text=storable(record.label),
        status=record.status or "imported",
        author=storable(record.author),
        method=storable(record.method),
        model=storable(record.labeler_model),
        prompt_hash=storable(record.prompt_hash),
        evidence=storable(record.evidence),
        tier=storable(record.tier),
        at=storable(record.at) or now(),
    )


def _name(record: LabelRecord) -> str:
    if record.node_id:
        return record.node_id
    if record.feature is not None:
        return f"feature {record.feature}"
    return f"{record.layer}/{record.index}"


class _Index:
    """Features and nodes of the project's graphs by all their names."""

    def __init__(self, state: ProjectState) -> None:
        self._state = state
        self._sets = {state.source_set}
        self._by_place: defaultdict[tuple[int, int], dict[FeatureKey, None]]
        self._by_place = defaultdict(dict)
        self._by_number: defaultdict[int, dict[FeatureKey, None]] = defaultdict(dict)
        self._by_node_id: defaultdict[str, list[NodeKey]] = defaultdict(list)
        for feature in state.features():
            self._by_place[feature.layer, feature.index][feature] = None
            self._sets.add(feature.source_set)
        for number, entry in state.graphs.items():
            nodes = entry.graph.nodes
            # An id that several nodes share is the feature's.
            own = {nodes.node_id[at]: at for at in reversed(range(len(nodes)))}
            for at in np.flatnonzero(nodes.is_feature)[::-1].tolist():
                own[nodes.node_id[at]] = at
                key = entry.graph.feature_of(NodeIndex(at))
                if key is not None:
                    self._by_number[int(nodes.wire_feature[at])][key] = None
            for node_id, at in own.items():
                self._by_node_id[storable(node_id)].append(
                    NodeKey(number, NodeIndex(at))
                )

    def feature_of(self, key: LabelKey) -> FeatureKey | None:
        if isinstance(key, FeatureKey):
            return key
        return self._state.graphs[key.graph].graph.feature_of(key.node)

    def check_source(self, row: LabelRow, path: Path) -> None:
        """Refuse a row of another model or source set, where it names one."""
        model, source_set = row.record.model, row.record.source_set
        state = self._state
        for name, theirs, ours in (
            ("model", model, {storable(state.model)}),
            ("source_set", source_set, set(map(storable, self._sets))),
        ):
            if theirs and theirs not in ours:
                raise InputError(
                    f"{theirs!r}, but the project is of {state.model} / "
                    f"{state.source_set}",
                    source=path,
                    field=f"{row.where}, {name}",
                )

    def keys_of(self, row: LabelRow, path: Path) -> list[LabelKey]:
        """What a row is about; a node id may be in several graphs."""
        record = row.record
        if record.node_id:
            return [
                key
                for key in self._by_node_id.get(record.node_id, ())
                if not record.graph or record.graph == self._slug(key)
            ]
        if record.layer is not None and record.index is not None:
            found = list(self._by_place.get((record.layer, record.index), ()))
        else:
            found = [
                feature
                for feature in self._by_number.get(record.feature or 0, ())
                if record.layer in (None, feature.layer)
            ]
        found.sort(key=lambda f: (f.source_set != record.source_set, f.attention))
        if len({feature.layer for feature in found}) > 1:
            raise InputError(
                f"{record.feature} is the number of features of several layers; "
                "tell the layer",
                source=path,
                field=f"{row.where}, feature",
            )
        return [*found[:1]]

    def _slug(self, key: NodeKey) -> str:
        return storable(self._state.graphs[key.graph].graph.slug)
