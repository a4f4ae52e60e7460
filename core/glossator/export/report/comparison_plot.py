"""Means of methods with their intervals, placed along an axis a scorer.

Places are percentages of the axis, so that the page draws them at any width, and in its
own colours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, floor

from glossator.evaluation.comparison.means import MethodMean, method_means
from glossator.evaluation.comparison.method_comparison import (
    CHANCE,
    ComparisonTable,
    Measure,
    MethodComparison,
)
from glossator.evaluation.comparison.rows import interval_text, value_text
from glossator.evaluation.label_scores.statistics import MeanOverFeatures

_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_MOST_STEPS = 6
_FAR = 1e-9
"""What rounding may leave beyond a tick."""


@dataclass(frozen=True)
class Tick:
    at: float
    text: str


@dataclass(frozen=True)
class Place:
    """One method by one scorer; what there is no number of is None."""

    at: float
    low: float | None
    high: float | None
    another: float | None
    """Where another feature's label lies."""
    top_token: float | None
    text: str
    told: str
    """The same in words."""


@dataclass(frozen=True)
class Axis:
    scorer: str
    measure: Measure
    ticks: tuple[Tick, ...]
    chance: float


@dataclass(frozen=True)
class PlotRow:
    method: str
    places: tuple[Place | None, ...]
    """One an axis."""


@dataclass(frozen=True)
class Plot:
    axes: tuple[Axis, ...]
    rows: tuple[PlotRow, ...]

    @property
    def baselines(self) -> bool:
        """Whether any baseline is shown."""
        places = [place for row in self.rows for place in row.places if place]
        return any(p.another is not None or p.top_token is not None for p in places)


def comparison_plot(comparison: MethodComparison, table: ComparisonTable) -> Plot:
    """Axes of numbers with the same chance level have the same ends."""
    means = method_means(comparison, table)
    measures = {mean.scorer: mean.measure for mean in means}
    scales = {
        chance: _scale(mean for mean in means if CHANCE[mean.measure] == chance)
        for chance in {CHANCE[measure] for measure in measures.values()}
    }
    return Plot(
        axes=tuple(
            scales[CHANCE[measure]].axis(scorer, measure)
            for scorer, measure in measures.items()
        ),
        rows=tuple(
            PlotRow(
                method,
                tuple(
                    scales[CHANCE[mean.measure]].place(mean)
                    for mean in means
                    if mean.method == method
                ),
            )
            for method in comparison.names
        ),
    )


@dataclass(frozen=True)
class _Scale:
    """From tick to tick."""

    low: float
    step: float
    n_steps: int

    def at(self, value: float) -> float:
        return round(100 * (value - self.low) / (self.step * self.n_steps), 2)

    def axis(self, scorer: str, measure: Measure) -> Axis:
        values = [self.low + self.step * n for n in range(self.n_steps + 1)]
        ticks = (Tick(self.at(value), self._text(value)) for value in values)
        return Axis(scorer, measure, tuple(ticks), self.at(CHANCE[measure]))

    def _text(self, value: float) -> str:
        shown = round(value, 2) + 0.0  # no negative zero
        digits = 1 if self.step >= 0.1 else 2
        return f"{shown:.{digits}f}".replace("-", "−")

    def place(self, mean: MethodMean) -> Place | None:
        own = mean.own
        if own.mean is None:
            return None
        low, high = own.interval or (None, None)
        text = value_text(own.mean, mean.measure)
        told = f"{mean.method}, {mean.scorer}: {text}"
        if own.interval:
            told += f", 95 % {interval_text(own.interval, mean.measure)}"
        return Place(
            at=self.at(own.mean),
            low=None if low is None else self.at(low),
            high=None if high is None else self.at(high),
            another=self._mean(mean.baselines.get("another label")),
            top_token=self._mean(mean.baselines.get("top token")),
            text=text,
            told=f"{told}, {own.n} features",
        )

    def _mean(self, baseline: MeanOverFeatures | None) -> float | None:
        if baseline is None or baseline.mean is None:
            return None
        return self.at(baseline.mean)


def _scale(means: Iterable[MethodMean]) -> _Scale:
    """With all that is shown, and the chance level, inside; the finest of few steps."""
    values = [value for mean in means for value in _values(mean)]
    scales = (_with_step(step, min(values), max(values)) for step in _STEPS)
    return next(scale for scale in scales if scale.n_steps <= _MOST_STEPS)


def _with_step(step: float, least: float, most: float) -> _Scale:
    low = floor(least / step + _FAR)
    return _Scale(low * step, step, max(ceil(most / step - _FAR) - low, 1))


def _values(mean: MethodMean) -> Iterator[float]:
    yield CHANCE[mean.measure]
    for one in (mean.own, *mean.baselines.values()):
        if one.mean is not None:
            yield one.mean
    if mean.own.interval:
        yield from mean.own.interval
