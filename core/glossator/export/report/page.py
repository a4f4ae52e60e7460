"""``html``: one self-contained report of a graph and its labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from glossator.errors import InputError
from glossator.evaluation.tiers_by_layer import tier_counts
from glossator.export.colours import (
    ACTIVATION,
    NEGATIVE,
    POSITIVE,
    TIER_COLOURS,
)
from glossator.export.figure.tint import tint
from glossator.export.report.comparison import (
    ComparisonSummary,
    comparison_summary,
)
from glossator.export.report.content import (
    Count,
    Fact,
    ScoreLine,
    SupernodeRow,
    facts,
    provenance,
    review_counts,
    score_lines,
    supernode_rows,
    who_labelled,
)
from glossator.export.report.features import (
    SHADES,
    FeatureEntry,
    feature_entries,
)
from glossator.export.report.template import rendered
from glossator.export.report.text import one_line, plain
from glossator.export.report.tiers import TierFindings, scored_features, tier_findings
from glossator.export.target import AnnotatedGraph, ExportOptions, Written
from glossator.export.target_file import write_whole

if TYPE_CHECKING:
    from markupsafe import Markup

_TEMPLATE, _STYLE = "report.html.jinja", "report.css"
_MOST_PROBLEMS = 5


@dataclass(frozen=True)
class Figures:
    """Elements of the page that matplotlib drew."""

    links: "Markup"
    supernodes: "Markup | None"
    """None where nothing is grouped or pinned."""
    tiers: "Markup | None"
    """None where nothing of the graph is scored."""
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ReportPage:
    """All that the template prints."""

    title: str
    prompt: str
    facts: list[Fact]
    review: list[Count]
    who: list[Count]
    tiers: tuple[TierFindings, ...]
    """Empty where nothing of the graph or of the project is scored."""
    comparison: ComparisonSummary | None
    """Of the project's labelling methods; None where none is stored."""
    scores: list[ScoreLine]
    why_no_score: list[str]
    supernodes: list[SupernodeRow]
    features: list[FeatureEntry]
    provenance: list[Fact]
    figures: Figures


def export_html(
    annotated: AnnotatedGraph, path: Path, options: ExportOptions
) -> Written:
    """Write the report; the figures in it are always opaque."""
    page, problems = report_page(annotated)
    write_whole(path, _rendered(page).encode())
    notes = problems[:_MOST_PROBLEMS]
    if len(problems) > len(notes):
        notes.append(f"{len(problems) - len(notes)} more features are like that.")
    return Written((path,), (*page.figures.notes, *notes))


def report_page(annotated: AnnotatedGraph) -> tuple[ReportPage, list[str]]:
    """What the report says, and evidence that could not be read."""
    graph = annotated.graph
    features, problems = feature_entries(annotated)
    scores, why_no_score = score_lines(annotated)
    page = ReportPage(
        title=one_line(graph.slug) or "Attribution graph",
        prompt=plain(graph.prompt),
        facts=facts(annotated),
        review=review_counts(annotated),
        who=who_labelled(annotated),
        tiers=tier_findings(annotated),
        comparison=comparison_summary(annotated.comparison),
        scores=scores,
        why_no_score=why_no_score,
        supernodes=supernode_rows(annotated),
        features=features,
        provenance=provenance(annotated),
        figures=_figures(annotated),
    )
    return page, problems


def _figures(annotated: AnnotatedGraph) -> Figures:
    # matplotlib is slow to load, and the other targets do not need it.
    from markupsafe import Markup

    from glossator.export.figure.links import draw_link_graph
    from glossator.export.figure.printing import inline_svg
    from glossator.export.figure.supernodes import draw_supernodes
    from glossator.export.figure.tier_chart import draw_tier_chart

    links = draw_link_graph(annotated)
    notes = list(links.notes)
    supernodes = None
    try:
        sheet = draw_supernodes(annotated)
    except InputError:
        pass
    else:
        supernodes = Markup(inline_svg(sheet, "supernodes"))
        notes += sheet.notes
    scored = scored_features(annotated, "", annotated.graph.features)
    tiers = None
    if scored.results:
        chart = draw_tier_chart(tier_counts(scored.results.items()), scored.depth)
        tiers = Markup(inline_svg(chart, "tiers"))
    return Figures(
        links=Markup(inline_svg(links, "links")),
        supernodes=supernodes,
        tiers=tiers,
        notes=tuple(notes),
    )


def _rendered(page: ReportPage) -> str:
    return rendered(
        _TEMPLATE,
        _STYLE,
        page=page,
        tier_colours=TIER_COLOURS,
        positive=POSITIVE,
        negative=NEGATIVE,
        shades=[tint(ACTIVATION, at / SHADES) for at in range(1, SHADES + 1)],
    )
