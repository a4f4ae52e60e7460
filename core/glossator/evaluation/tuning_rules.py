"""From scores to tiers by thresholds, and the thresholds that judged tiers ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import msgspec
import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from glossator.evaluation.tuning_grid import (
    RULES,
    RuleName,
    TuningGrid,
    changes_of_cut,
    cut_of,
)
from glossator.evaluation.tuning_scores import TUNED, CutScores, Scored
from glossator.protocol.protocol_settings import WINDOW_NAMES, ProtocolSettings

N_JUDGED = 4
"""Tiers that a person may judge: the first of `TUNED`."""

Truth = Int[ndarray, " n_features"]
Thresholds = Float[ndarray, "n_rows 3"]
"""One a window; routing by z has the same for all."""
Counts = Int[ndarray, "*rows 4 5"]
"""Number of features by judged and decided tier."""

_Z: Float[ndarray, " n"] = np.round(np.arange(0.0, 20.05, 0.1), 1)
_RAW: Float[ndarray, " n"] = np.round(np.arange(-0.1, 1.005, 0.01), 2)
_BY_WINDOW = _RAW[::2]
_SMOOTHED = 11
"""Neighbours averaged: 1.1 of z, 0.11 of a raw score."""
_SMOOTHED_BY_WINDOW = 5
_ROUNDS = 2


def tier_counts(
    truth: Truth, tiers: Int[ndarray, "n_rows n_features"]
) -> Int[ndarray, "n_rows 4 5"]:
    """One table of judged and decided tiers a row."""
    width = N_JUDGED * len(TUNED)
    cells = truth * len(TUNED) + tiers + width * np.arange(len(tiers))[:, None]
    found = np.bincount(cells.ravel(), minlength=len(tiers) * width)
    return found.reshape(len(tiers), N_JUDGED, len(TUNED))


def macro_f1(counts: Counts, classes: Sequence[int]) -> Float[ndarray, "*rows"]:
    """Mean F1 over some of the judged tiers; 0 for one that is never hit."""
    chosen = list(classes)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)[..., chosen]
    judged = counts.sum(axis=-1)[..., chosen]
    decided = counts.sum(axis=-2)[..., chosen]
    mean: Float[ndarray, "*rows"] = np.mean(
        2 * hits / np.maximum(judged + decided, 1), axis=-1
    )
    return mean


@dataclass(frozen=True, eq=False)
class Candidate:
    """A cut and a rule over its scores, with thresholds to fit or to keep."""

    settings: ProtocolSettings
    rule: RuleName
    fitted: bool
    scored: Scored

    @property
    def changes(self) -> int:
        """How many settings are not the defaults, fitted thresholds among them."""
        of_rule = {"calibrated": 0, "literal": 1, "literal by window": 3}[self.rule]
        default = kept_thresholds(ProtocolSettings(), self.rule)
        kept = kept_thresholds(self.settings, self.rule)
        own = self.fitted or not np.array_equal(kept, default)
        return changes_of_cut(self.settings) + self.settings.weighted + of_rule + own

    def settings_with(self, thresholds: Thresholds) -> ProtocolSettings:
        by_window = [float(threshold) for threshold in thresholds[0]]
        match self.rule:
            case "calibrated":
                return msgspec.structs.replace(
                    self.settings, routing="calibrated", z_threshold=by_window[0]
                )
            case "literal":
                return msgspec.structs.replace(
                    self.settings,
                    routing="literal",
                    raw_threshold=by_window[0],
                    raw_threshold_of={},
                )
            case "literal by window":
                return msgspec.structs.replace(
                    self.settings,
                    routing="literal",
                    raw_threshold_of=dict(zip(WINDOW_NAMES, by_window, strict=True)),
                )

    def tiers(self, thresholds: Thresholds) -> Int[ndarray, "n_rows n_features"]:
        """Numbers into `TUNED`, a row of thresholds each."""
        if self.rule == "calibrated":
            return self.scored.calibrated(thresholds[:, 0])
        return self.scored.literal(thresholds)

    def fit(
        self, truth: Truth, known: Bool[ndarray, " n_features"], classes: Sequence[int]
    ) -> Thresholds:
        """One row, by the features whose truth is known."""
        if not self.fitted:
            return kept_thresholds(self.settings, self.rule)
        if self.rule != "literal by window":
            curve = macro_f1(tier_counts(truth[known], self._line[:, known]), classes)
            return _same(_line_of(self.rule)[[middle_of_plateau(curve, _SMOOTHED)]])
        part = self.scored.part(known)
        found = _fit_line(_same(_BY_WINDOW), part, truth[known], classes)
        for _ in range(_ROUNDS):
            before = found
            for window in range(len(WINDOW_NAMES)):
                line = np.repeat(found, len(_BY_WINDOW), axis=0)
                line[:, window] = _BY_WINDOW
                found = _fit_line(line, part, truth[known], classes)
            if np.array_equal(found, before):
                break
        return found

    @cached_property
    def _line(self) -> Int[ndarray, "n_thresholds n_features"]:
        return self.tiers(_same(_line_of(self.rule))).astype(np.int8)


def _same(thresholds: Float[ndarray, " n_rows"]) -> Thresholds:
    return np.repeat(thresholds[:, None], len(WINDOW_NAMES), axis=1)


def _line_of(rule: RuleName) -> Float[ndarray, " n_thresholds"]:
    return _Z if rule == "calibrated" else _RAW


def rule_of(settings: ProtocolSettings) -> RuleName:
    if settings.routing == "calibrated":
        return "calibrated"
    return "literal by window" if settings.raw_threshold_of else "literal"


def kept_thresholds(settings: ProtocolSettings, rule: RuleName) -> Thresholds:
    """One row, as the settings have them."""
    if rule == "calibrated":
        return _same(np.array([settings.z_threshold]))
    of = settings.raw_thresholds()
    return np.array([[of[name] for name in WINDOW_NAMES]])


def _fit_line(
    line: Thresholds, scored: Scored, truth: Truth, classes: Sequence[int]
) -> Thresholds:
    curve = macro_f1(tier_counts(truth, scored.literal(line)), classes)
    at = middle_of_plateau(curve, _SMOOTHED_BY_WINDOW)
    return line[at : at + 1]


def middle_of_plateau(curve: Float[ndarray, " n_thresholds"], width: int) -> int:
    """Where the mean of so many neighbours is highest; of equal places the middle.

    A single judged tier that is wrong makes a spike, a threshold that holds for other
    features a plateau.
    """
    from scipy.ndimage import uniform_filter1d

    smooth = uniform_filter1d(curve, width, mode="nearest")
    highest = smooth >= smooth.max() - 1e-9
    first = int(highest.argmax())
    falls = np.flatnonzero(~highest[first:])
    end = first + int(falls[0]) if len(falls) else len(curve)
    return (first + end - 1) // 2


def candidates(
    cuts: Sequence[CutScores], grid: TuningGrid, current: ProtocolSettings
) -> tuple[Candidate, ...]:
    """The current settings, then every rule of the grid over every cut.

    Thresholds that are kept are those of `ProtocolSettings`. Cuts that share their
    scores with an earlier one are left out.
    """
    found: list[Candidate] = []
    seen: list[Scored] = []
    for cut in cuts:
        if cut_of(cut.settings) == cut_of(current):
            found.insert(0, _as_it_is(cut, current))
        if any(cut.equal is known for known in seen):
            continue
        seen.append(cut.equal)
        for weighted, rule in product(grid.weighted, RULES):
            settings = msgspec.structs.replace(
                _with_default_thresholds(cut.settings, rule), weighted=weighted
            )
            scored = cut.weighted if weighted else cut.equal
            ways = (True,) if rule == "literal by window" else (False, True)
            found += [Candidate(settings, rule, fitted, scored) for fitted in ways]
    return tuple(found)


def _as_it_is(cut: CutScores, current: ProtocolSettings) -> Candidate:
    scored = cut.weighted if current.weighted else cut.equal
    return Candidate(current, rule_of(current), False, scored)


def _with_default_thresholds(
    settings: ProtocolSettings, rule: RuleName
) -> ProtocolSettings:
    default = ProtocolSettings()
    if rule == "calibrated":
        return msgspec.structs.replace(
            settings, routing="calibrated", z_threshold=default.z_threshold
        )
    return msgspec.structs.replace(
        settings,
        routing="literal",
        raw_threshold=default.raw_threshold,
        raw_threshold_of={},
    )
