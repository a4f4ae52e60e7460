"""Verbalizations of a project: what is added, and what is then said of a feature."""

from collections.abc import Iterable

import msgspec

from glossator.graph.attribution_graph import FeatureKey
from glossator.project.edits import AnyEdit, SetVerbalizations
from glossator.project.revision import feature_subject, storable
from glossator.project.state import ProjectState
from glossator.verbalize.verbalization import Verbalization
from glossator.verbalize.verbalize_report import Found


def verbalization_edits(state: ProjectState, found: Iterable[Found]) -> list[AnyEdit]:
    """Add verbalizations to those that are there; what is there already is no edit."""
    fresh: dict[FeatureKey, list[Verbalization]] = {}
    seen: dict[FeatureKey, set[Verbalization]] = {}
    for feature, verbalization in found:
        said = _storable(verbalization)
        known = seen.setdefault(
            feature, {_undated(old) for old in state.verbalized(feature)}
        )
        if _undated(said) not in known:
            known.add(_undated(said))
            fresh.setdefault(feature, []).append(said)
    return [
        SetVerbalizations(feature_subject(feature), (*state.verbalized(feature), *new))
        for feature, new in fresh.items()
    ]


def removal_edits(
    state: ProjectState, feature: FeatureKey, unwanted: Iterable[Verbalization]
) -> list[AnyEdit]:
    """Take verbalizations of a feature out; undo brings them back."""
    out = set(unwanted)
    kept = tuple(v for v in state.verbalized(feature) if v not in out)
    return [SetVerbalizations(feature_subject(feature), kept)]


def _undated(verbalization: Verbalization) -> Verbalization:
    return msgspec.structs.replace(verbalization, at="")


def _storable(verbalization: Verbalization) -> Verbalization:
    texts = {
        name: storable(value)
        for name in ("text", "origin", "example", "extrapolates")
        if isinstance(value := getattr(verbalization, name), str)
    }
    return msgspec.structs.replace(verbalization, **texts)
