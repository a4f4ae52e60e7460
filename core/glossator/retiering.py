"""Tiers by another threshold or routing, decided again from stored scores.

Of features that no longer pass a raised threshold, a run looks for senses in more
windows and more strictly; here the stored senses are what there is, so that some of
them may come out obscure where a run says cross, or the reverse.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from glossator.project.edits import AnyEdit, SetResult
from glossator.project.revision import Subject
from glossator.protocol.decision import TIERS, ProtocolResult, Tier
from glossator.protocol.protocol_settings import (
    WINDOW_NAMES,
    ProtocolSettings,
    RoutingName,
    WindowName,
)
from glossator.protocol.routing import decide

ValueT = TypeVar("ValueT")

_OBSCURE, _CROSS = TIERS.index("obscure"), TIERS.index("cross")
_FIXED: frozenset[Tier] = frozenset({"insufficient", "no evidence"})
"""Tiers that no threshold changes."""


def retiered(result: ProtocolResult, settings: ProtocolSettings) -> ProtocolResult:
    """Decide again on the scores that a result holds.

    Parameters
    ----------
    settings : of these routing, thresholds and `weighted` count.
    """
    if result.tier == "no evidence":
        return result
    return decide(result.scores, settings, result.embedder, result.null_origin)


def retier_edits(
    results: Iterable[tuple[Subject, ProtocolResult]], settings: ProtocolSettings
) -> list[AnyEdit]:
    """Edits that store the results that come out otherwise."""
    edits: list[AnyEdit] = []
    for subject, result in results:
        found = retiered(result, settings)
        if found != result:
            edits.append(SetResult(subject, found))
    return edits


def settings_in_force(
    results: Iterable[ProtocolResult], settings: ProtocolSettings
) -> ProtocolSettings:
    """The settings with routing and thresholds by which most results were decided."""
    held = [result for result in results if result.tier != "no evidence"]
    raw = (
        result.literal.threshold
        for result in held
        if _window(result.literal.tier) not in settings.raw_threshold_of
    )
    weighted = any(
        score is not None and score.weighted_z is not None
        for result in held
        for score in map(result.scores.of, WINDOW_NAMES)
    )
    return msgspec.structs.replace(
        settings,
        routing=_commonest((result.routing for result in held), settings.routing),
        z_threshold=_commonest(
            (result.calibrated.threshold for result in held), settings.z_threshold
        ),
        raw_threshold=_commonest(raw, settings.raw_threshold),
        weighted=settings.weighted or weighted,
    )


def _window(tier: Tier) -> WindowName:
    """The window whose threshold a literal decision tells."""
    return tier if tier in ("output", "cross") else "input"


def _commonest(values: Iterable[ValueT], otherwise: ValueT) -> ValueT:
    counts = Counter(values).most_common(1)
    return counts[0][0] if counts else otherwise


@dataclass(frozen=True, eq=False)
class StoredScores:
    """What decides tiers, of many features at once; NaN where a window has no score.

    For a preview that follows the hand: it tells what `retiered` would decide, without
    sentences.
    """

    z: Float[ndarray, "n_features 3"]
    raw: Float[ndarray, "n_features 3"]
    weighted: Float[ndarray, "n_features 3"]
    has_senses: Bool[ndarray, " n_features"]
    fixed: Mapping[RoutingName, Int[ndarray, " n_features"]]
    """Index in `TIERS` of a tier that no threshold changes; -1 where there is none."""

    @classmethod
    def of(cls, results: Sequence[ProtocolResult]) -> "StoredScores":
        windows = [
            [result.scores.input, result.scores.output, result.scores.cross]
            for result in results
        ]
        shape = (len(results), len(WINDOW_NAMES))

        def column(values: list[list[float | None]]) -> Float[ndarray, "n_features 3"]:
            return np.array(values, dtype=np.float64).reshape(shape)

        return cls(
            z=column([[s.deciding_z if s else None for s in row] for row in windows]),
            raw=column([[s.raw if s else None for s in row] for row in windows]),
            weighted=column(
                [[s.weighted if s else None for s in row] for row in windows]
            ),
            has_senses=np.array(
                [result.scores.senses is not None for result in results], dtype=np.bool_
            ),
            fixed={
                "calibrated": _fixed(result.calibrated.tier for result in results),
                "literal": _fixed(result.literal.tier for result in results),
            },
        )

    def tiers(self, settings: ProtocolSettings) -> list[Tier]:
        """One a feature, in their order."""
        if settings.routing == "calibrated":
            found = self._calibrated(settings.z_threshold)
        else:
            found = self._literal(settings)
        fixed = self.fixed[settings.routing]
        return [TIERS[at] for at in np.where(fixed >= 0, fixed, found).tolist()]

    def passes(self, z_threshold: float) -> Bool[ndarray, " n_features"]:
        """Features of which a window reaches the threshold of calibrated routing."""
        return np.asarray((self.z >= z_threshold).any(axis=1), dtype=np.bool_)

    def _calibrated(self, threshold: float) -> Int[ndarray, " n_features"]:
        largest = np.where(np.isnan(self.z), -np.inf, self.z).argmax(axis=1)
        fallen = np.where(self.has_senses, _CROSS, _OBSCURE)
        return np.where(self.passes(threshold), largest, fallen)

    def _literal(self, settings: ProtocolSettings) -> Int[ndarray, " n_features"]:
        scores = self.weighted if settings.weighted else self.raw
        thresholds = settings.raw_thresholds()
        reached = scores >= np.array([thresholds[window] for window in WINDOW_NAMES])
        sides = np.where(reached, scores, -np.inf)[:, :2]
        fallen = np.where(reached[:, 2], _CROSS, _OBSCURE)
        return np.where(reached[:, :2].any(axis=1), sides.argmax(axis=1), fallen)


def _fixed(tiers: Iterable[Tier]) -> Int[ndarray, " n_features"]:
    found = [TIERS.index(tier) if tier in _FIXED else -1 for tier in tiers]
    return np.array(found, dtype=np.int64)
