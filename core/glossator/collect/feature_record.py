"""Choose of all that was found what the evidence of a feature keeps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from glossator.collect.collect_settings import CollectSettings
from glossator.collect.example_table import ExampleTable
from glossator.collect.feature_files import (
    FeatureRecord,
    WrittenExample,
    WrittenFeature,
    WrittenQuantile,
)
from glossator.collect.logit_effects import LogitTokens
from glossator.collect.run_state import RunState
from glossator.graph.feature_ids import cantor

TOP = "Top activations"
INACTIVE = "Not active"
NEURON_FLOOR = 0.1
"""A neuron is hardly ever silent: it is active above this share of its largest."""
_QUARTERS = (0.75, 0.5, 0.25, 0.0)
"""Where the parts of the activation range begin, as a share of the largest."""
_N_BINS = 40
_LEVELS = (0.5, 0.9, 0.99, 0.999, 1.0)


@dataclass(frozen=True, eq=False)
class RecordMaker:
    """What all features have in common."""

    state: RunState
    features: Sequence[tuple[int, int]]
    """Layer and index."""
    vocabulary: Sequence[str]
    source_set: str
    settings: CollectSettings
    floor: float
    """Share of the largest activation up to which a feature is not active."""

    def record(self, at: int, logits: LogitTokens) -> FeatureRecord:
        """Evidence of one feature, by its place in the order."""
        layer, index = self.features[at]
        seen = self.state.distribution(at)
        density = seen.share_above(self.floor * seen.largest)
        content = WrittenFeature(
            index=cantor(layer, index),
            transcoder_id=self.source_set,
            examples_quantiles=self._groups(at, seen.largest),
            top_logits=list(logits.top),
            bottom_logits=list(logits.bottom),
            act_min=0,
            act_max=_number(seen.largest, 6),
            quantile_values=[_number(seen.quantile(level), 4) for level in _LEVELS],
            histogram=seen.equal_bins(_N_BINS) if seen.largest > 0 else [],
            activation_frequency=_rounded(density, 4),
        )
        return FeatureRecord(layer, index, content)

    def _groups(self, at: int, largest: float) -> list[WrittenQuantile]:
        strongest, samples = self.state.strongest, self.state.samples
        wanted = self.settings
        choice = _Choice(at)
        best = choice.take(strongest.table, strongest.best(at), wanted.n_top)
        groups = [WrittenQuantile(TOP, self._examples(strongest.table, at, best))]
        high = 1.0
        for quarter in _QUARTERS:
            low = max(quarter, self.floor)
            slots = samples.between(at, low * largest, high * largest)
            chosen = choice.take(samples.table, slots, wanted.n_quantile)
            chosen.sort(key=lambda slot: -samples.table.activation[at, slot])
            name = f"{100 * low:.0f} to {100 * high:.0f} % of the largest"
            examples = self._examples(samples.table, at, chosen)
            groups.append(WrittenQuantile(name, examples))
            high = quarter
        slots = samples.silent(at, self.floor * largest)
        chosen = choice.take(samples.table, slots, wanted.n_inactive)
        examples = self._examples(samples.table, at, chosen, active=False)
        groups.append(WrittenQuantile(INACTIVE, examples))
        return [group for group in groups if group.examples]

    def _examples(
        self,
        table: ExampleTable,
        feature: int,
        slots: Sequence[int],
        *,
        active: bool = True,
    ) -> list[WrittenExample]:
        """Of a feature that is not active every activation is written as 0."""
        found = []
        for slot in slots:
            length = int(table.length[feature, slot])
            top = int(table.top[feature, slot])
            ids = table.ids[feature, slot, :length].tolist()
            values = table.activations[feature, slot, :length].tolist()
            found.append(
                WrittenExample(
                    tokens=[self.vocabulary[number] for number in ids],
                    tokens_acts_list=_shortened(values, top)
                    if active
                    else [0] * length,
                    train_token_ind=top,
                )
            )
        return found


@dataclass
class _Choice:
    """Takes examples of one feature: one of a chunk, none that repeats another."""

    feature: int
    chunks: set[int] = field(default_factory=set)
    keys: set[int] = field(default_factory=set)

    def take(self, table: ExampleTable, slots: Iterable[int], n: int) -> list[int]:
        """The first n of the slots that bring something new."""
        taken: list[int] = []
        for slot in slots:
            if len(taken) == n:
                break
            at = self.feature, slot
            chunk = int(table.chunk[at])
            keys = {int(table.near[at]), int(table.before[at])}
            if chunk in self.chunks or keys & self.keys:
                continue
            self.chunks.add(chunk)
            self.keys |= keys
            taken.append(slot)
        return taken


def _shortened(values: Sequence[float], top: int) -> list[float | int]:
    """Three digits, or as many as it takes to tell the top token."""
    short = [_number(value, 3) for value in values]
    if short.index(max(short)) != top:
        short = [_number(value, 9) for value in values]
    return short


def _number(value: float, digits: int) -> float | int:
    """Round to significant digits; whole numbers as integers."""
    short = _rounded(value, digits)
    return int(short) if short.is_integer() else short


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits}g}")
