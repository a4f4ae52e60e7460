"""One self-contained page of a comparison of labelling methods, light or dark."""

from dataclasses import dataclass
from pathlib import Path

from glossator.evaluation.comparison.apart import Apart, furthest_apart
from glossator.evaluation.comparison.method_comparison import (
    ComparisonTable,
    MethodComparison,
    measure_of,
    value_of,
)
from glossator.evaluation.comparison.rows import (
    CostRow,
    DifferenceRow,
    MeanRow,
    MethodRow,
    cost_rows,
    difference_rows,
    mean_rows,
    method_rows,
    notes,
    value_text,
)
from glossator.export.colours import TIER_COLOURS
from glossator.export.report.comparison_plot import Plot, comparison_plot
from glossator.export.report.content import Fact
from glossator.export.report.features import SHADES, ShownExample, shown_example
from glossator.export.report.template import rendered
from glossator.export.report.text import feature_title, moment, one_line, plain
from glossator.export.target_file import write_whole
from glossator.project.comparisons import StoredComparison
from glossator.protocol.decision import Tier

_APART = 12
_EXAMPLES = 4


@dataclass(frozen=True)
class LabelSide:
    """What one of two methods calls a feature."""

    method: str
    label: str
    scores: tuple[Fact, ...]


@dataclass(frozen=True)
class ApartCard:
    """A feature that two methods call differently, with what both saw."""

    title: str
    tier: Tier
    distance: str
    sides: tuple[LabelSide, LabelSide]
    examples: tuple[ShownExample, ...]
    promoted: tuple[str, ...]


@dataclass(frozen=True)
class ComparisonSection:
    """All that is told of one mode."""

    title: str
    plot: Plot | None
    """None where no label could be scored."""
    means: list[MeanRow]
    methods: list[MethodRow]
    differences: list[DifferenceRow]
    apart: tuple[ApartCard, ...]
    costs: list[CostRow]
    notes: list[str]


@dataclass(frozen=True)
class ComparisonPage:
    title: str
    facts: list[Fact]
    sections: tuple[ComparisonSection, ...]


@dataclass(frozen=True)
class ComparisonSummary:
    """What the report of a graph tells of the newest comparison of its project."""

    facts: list[Fact]
    tables: tuple[tuple[str, list[MeanRow]], ...]
    """A mode and its means."""


def comparison_summary(stored: StoredComparison | None) -> ComparisonSummary | None:
    """Its means alone: the page of the comparison has the rest."""
    if stored is None:
        return None
    comparison = stored.comparison
    return ComparisonSummary(
        _facts(comparison, stored.at),
        tuple(
            (table.mode, mean_rows(comparison, table)) for table in comparison.tables
        ),
    )


def write_comparison_page(
    comparison: MethodComparison, path: Path, *, at: str = ""
) -> None:
    """Write the page.

    Parameters
    ----------
    at : when the comparison was made, as it is stored.

    Raises
    ------
    InputError
        if it cannot be written; what was there before is then untouched.
    """
    page = comparison_page(comparison, at=at)
    text = rendered(
        "comparison.html.jinja",
        "comparison.css",
        page=page,
        tier_colours=TIER_COLOURS,
        n_shades=SHADES,
    )
    write_whole(path, text.encode())


def comparison_page(comparison: MethodComparison, *, at: str = "") -> ComparisonPage:
    """All that the template prints."""
    return ComparisonPage(
        title=_title(comparison),
        facts=_facts(comparison, at),
        sections=tuple(_section(comparison, table) for table in comparison.tables),
    )


def _title(comparison: MethodComparison) -> str:
    features = (one.feature for table in comparison.tables for one in table.features)
    first = next(features, None)
    named = f" on {first.model} / {first.source_set}" if first else ""
    return one_line(f"Labelling methods{named}")


def _facts(comparison: MethodComparison, at: str) -> list[Fact]:
    settings = comparison.settings
    found = [
        Fact("Tiers", ", ".join(settings.tiers) or "all that have examples"),
        Fact("Labels written by", comparison.label_model or "no language model"),
        Fact("Judged by", comparison.scoring_model or "no language model"),
        Fact("Embedder", comparison.embedder),
        Fact("Seed", str(settings.seed)),
        Fact("Made", moment(at) if at else ""),
    ]
    return [Fact(name, one_line(value)) for name, value in found if value]


def _section(comparison: MethodComparison, table: ComparisonTable) -> ComparisonSection:
    means = mean_rows(comparison, table)
    return ComparisonSection(
        title=table.mode,
        plot=comparison_plot(comparison, table) if means else None,
        means=means,
        methods=method_rows(comparison, table),
        differences=difference_rows(comparison, table),
        apart=tuple(_card(table, pair) for pair in furthest_apart(table, _APART)),
        costs=cost_rows(comparison, table),
        notes=[one_line(note) for note in notes(comparison, table)],
    )


def _card(table: ComparisonTable, pair: Apart) -> ApartCard:
    feature = pair.feature
    one, other = pair.labels
    return ApartCard(
        title=feature_title(feature.feature),
        tier=feature.tier,
        distance=f"{pair.distance:.2f}",
        sides=(
            _side(table, pair, pair.one, one),
            _side(table, pair, pair.other, other),
        ),
        examples=tuple(
            shown_example(text, feature.largest) for text in feature.shown[:_EXAMPLES]
        ),
        promoted=tuple(map(plain, feature.promoted)),
    )


def _side(table: ComparisonTable, pair: Apart, method: str, label: str) -> LabelSide:
    return LabelSide(
        method=method,
        label=plain(label),
        scores=tuple(
            Fact(score.scorer, value_text(value_of(score, measure), measure))
            for score in pair.scores_of(method)
            for measure in [measure_of(table, score.scorer)]
        ),
    )
