"""How many features of each layer are of which tier."""

from collections import Counter
from collections.abc import Iterable

from glossator.graph.attribution_graph import FeatureKey
from glossator.protocol.decision import TIERS, ProtocolResult, Tier


def tier_table(
    results: Iterable[tuple[FeatureKey, ProtocolResult]],
) -> dict[int, Counter[Tier]]:
    """Number of features by layer and tier."""
    table: dict[int, Counter[Tier]] = {}
    for feature, result in results:
        table.setdefault(feature.layer, Counter())[result.tier] += 1
    return dict(sorted(table.items()))


def format_tier_table(table: dict[int, Counter[Tier]]) -> str:
    """Lay the table out as text, one layer a line and a line of totals."""
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
    return "\n".join(lines)
