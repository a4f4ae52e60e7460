"""Tiers by layer, and the tests of them, as plain text."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glossator.evaluation.layer_questions import percent
from glossator.evaluation.tiers_by_layer import (
    LayerTest,
    Stratum,
    TierCounts,
    expected_false,
    layer_tests,
    layer_thirds,
    sense_counts,
    stratum,
    tier_counts,
)
from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.decision import TIERS, ProtocolResult, Tier


@dataclass(frozen=True)
class ScoredFeatures:
    """Features of one model that were scored, as of a project or one of its graphs."""

    name: str
    results: Mapping[FeatureKey, ProtocolResult]
    n_layers: int | None = None
    """Of the model, where known."""

    @property
    def depth(self) -> int:
        """Number of layers that is reckoned with."""
        at_hand = max((feature.layer for feature in self.results), default=0) + 1
        return max(self.n_layers or 0, at_hand)

    @property
    def thirds(self) -> str:
        """Which layers are early, middle and late, as one sentence."""
        known = (
            "in the graphs" if self.depth == self.n_layers else "with a scored feature"
        )
        places = (
            f"{name} {_span(layers)}"
            for name, layers in zip(
                ("early", "middle", "late"), layer_thirds(self.depth), strict=True
            )
            if layers
        )
        layers = f"{self.depth} layer{'' if self.depth == 1 else 's'}"
        return f"Of {layers}, up to the highest {known}: {', '.join(places)}."


def _span(layers: range) -> str:
    return f"{layers[0]}–{layers[-1]}" if len(layers) > 1 else f"{layers[0]}"


def format_tier_table(
    table: TierCounts, senses: Mapping[tuple[Tier, int], int] | None = None
) -> str:
    """Lay the table out as text, one layer a line and a line of totals.

    Parameters
    ----------
    senses : number of features by tier and number of senses, told below the totals.
    """
    used = [tier for tier in TIERS if any(counts[tier] for counts in table.values())]
    width = {tier: max(len(tier), 6) for tier in used}
    lines = ["layer  " + "  ".join(f"{tier:>{width[tier]}}" for tier in used)]
    total: Counter[Tier] = Counter()
    for layer, counts in table.items():
        total += counts
        cells = "  ".join(f"{counts[tier] or '·':>{width[tier]}}" for tier in used)
        lines.append(f"{layer:>5}  {cells}")
    cells = "  ".join(f"{total[tier]:>{width[tier]}}" for tier in used)
    lines.append(f"{'all':>5}  {cells}")
    if senses:
        lines.append(f"of these: {senses_text(senses)}")
    return "\n".join(lines)


def senses_text(senses: Mapping[tuple[Tier, int], int]) -> str:
    """As in ``cross, 2 senses (4); cross, 3 senses (1)``."""
    return "; ".join(
        f"{tier}, {n_senses} senses ({n:,})"
        for (tier, n_senses), n in sorted(
            senses.items(), key=lambda item: (TIERS.index(item[0][0]), item[0][1])
        )
    )


def format_layer_tests(tests: Sequence[LayerTest]) -> str:
    """Lay the tests out as text: a line of shares and one of the answer each."""
    width = max((len(test.question) for test in tests), default=0)
    head = f"{'':{width}}  {'early':>14}  {'middle':>14}  {'late':>14}  {'p':>8}"
    lines = [head]
    for test in tests:
        cells = "".join(
            f"  {share_text(hits, total):>14}"
            for hits, total in zip(test.hits, test.totals, strict=True)
        )
        lines.append(f"{test.question:{width}}{cells}  {_p(test.p):>8}")
        lines.append(f"  {test.answer}")
    lines.append("p is one-sided, of each question by itself.")
    return "\n".join(lines)


def share_text(hits: int, total: int) -> str:
    """As in ``60 % of 120``."""
    return f"{percent(hits / total)} of {total:,}" if total else "–"


def _p(p: float | None) -> str:
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else "> 0.999" if p > 0.999 else f"{p:.3f}"


def strata_of(parts: Sequence[ScoredFeatures]) -> list[Stratum]:
    """One stratum a part; a feature of several parts counts in the first alone."""
    seen: set[FeatureKey] = set()
    strata = []
    for part in parts:
        new = {f: r for f, r in part.results.items() if f not in seen}
        seen.update(new)
        strata.append(stratum(new, part.depth))
    return strata


def tiers_report_text(parts: Sequence[ScoredFeatures]) -> str:
    """Table, expected false discoveries and tests of each part, then of all."""
    texts = [_part_text(part) for part in parts]
    if len(parts) > 1:
        together = {f: r for part in parts for f, r in part.results.items()}
        texts.append(
            f"All {len(parts)}, compared inside each by relative depth\n\n"
            f"{expected_false(together.values()).sentence}\n\n"
            f"{format_layer_tests(layer_tests(strata_of(parts)))}"
        )
    return "\n\n\n".join(texts)


def _part_text(part: ScoredFeatures) -> str:
    if not part.results:
        return f"{part.name}\n\nNo feature is scored."
    table = format_tier_table(
        tier_counts(part.results.items()), sense_counts(part.results.values())
    )
    return (
        f"{part.name}\n\n{table}\n\n{expected_false(part.results.values()).sentence}\n\n"
        f"{part.thirds}\n{format_layer_tests(layer_tests(strata_of([part])))}"
    )
