"""What the report tells of each labelled feature."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glossator.errors import EvidenceError
from glossator.evidence.example_text import ExampleText, Piece, example_text
from glossator.evidence.feature_evidence import (
    ActivationExample,
    EvidenceSource,
    FeatureEvidence,
)
from glossator.export.report.text import (
    counted,
    feature_title,
    moment,
    number,
    one_line,
    p_text,
    plain,
    shown_token,
)
from glossator.export.target import AnnotatedGraph
from glossator.graph.attribution_graph import FeatureKey, NodeIndex
from glossator.graph.influence import node_influence
from glossator.project.node_text import shown_tokens
from glossator.project.revision import LabelRevision, Status, feature_subject
from glossator.protocol.decision import ProtocolResult, Tier
from glossator.protocol.protocol_settings import WINDOW_NAMES

MAX_WITH_EVIDENCE = 400
"""Features whose evidence is printed, so that the file stays one to open."""

SHADES = 8
"""Steps of the background behind active tokens."""
_EXAMPLES, _LOGITS = 5, 8
_STATUS: dict[Status, str] = {
    "imported": "came with the file",
    "proposed": "proposed",
    "accepted": "accepted",
    "edited": "written",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
}


@dataclass(frozen=True)
class ShownPiece:
    text: str
    shade: int
    """0 to 8, by share of the largest activation."""
    top: bool


@dataclass(frozen=True)
class ShownExample:
    activation: str
    pieces: tuple[ShownPiece, ...]
    cut_before: bool
    cut_after: bool


@dataclass(frozen=True)
class ShownEvidence:
    examples: tuple[ShownExample, ...]
    n_examples: int
    promoted: tuple[str, ...]
    facts: str
    origin: str


@dataclass(frozen=True)
class ScoreRow:
    window: str
    n: str
    raw: str
    null: str
    z: str
    p: str
    passed: bool


@dataclass(frozen=True)
class NodeLabel:
    where: str
    label: str


@dataclass(frozen=True)
class FeatureEntry:
    """A labelled (or noted) feature, ready to be printed."""

    title: str
    label: str
    """"" where there is a note alone."""
    told: str
    """How the label came about."""
    reason: str
    tier: Tier | None
    shown_tier: str
    why_tier: str
    scores: tuple[ScoreRow, ...]
    places: str
    node_labels: tuple[NodeLabel, ...]
    """Where a node shows another label than its feature."""
    note: str
    evidence: ShownEvidence | None
    no_evidence: str
    """Why there is none; "" if there is."""


def feature_entries(annotated: AnnotatedGraph) -> tuple[list[FeatureEntry], list[str]]:
    """Features with a label or a note, the most influential first; and problems."""
    problems: list[str] = []
    entries = [
        _entry(annotated, feature, problems, with_evidence=at < MAX_WITH_EVIDENCE)
        for at, feature in enumerate(_told_features(annotated))
    ]
    return entries, problems


def _told_features(annotated: AnnotatedGraph) -> list[FeatureKey]:
    state, graph = annotated.state, annotated.graph
    own = annotated.state.own_labels(annotated.number)
    labelled_nodes = {
        feature for node in own if (feature := graph.feature_of(node)) is not None
    }
    told = [
        feature
        for feature in graph.features
        if state.label(feature)
        or feature in labelled_nodes
        or feature_subject(feature) in state.notes
    ]
    influence = np.nan_to_num(node_influence(graph), nan=np.inf)
    least = {
        feature: float(influence[graph.nodes_of(feature)].min()) for feature in told
    }
    return sorted(told, key=lambda feature: (least[feature], feature))


def _entry(
    annotated: AnnotatedGraph,
    feature: FeatureKey,
    problems: list[str],
    *,
    with_evidence: bool,
) -> FeatureEntry:
    state = annotated.state
    subject = feature_subject(feature)
    last = state.last_revision(subject)
    shown = last if last is not None and last.shown else None
    result = state.result(feature)
    evidence, why_not = None, "Left out here: too many features are labelled."
    if with_evidence:
        evidence, why_not = _evidence(annotated.evidence, feature, problems)
    return FeatureEntry(
        title=feature_title(feature),
        label=plain(shown.text) if shown else "",
        told=_told(shown, result.tier if result else "") if shown else "",
        reason=plain(shown.reason) if shown else "",
        tier=result.tier if result else None,
        shown_tier=result.shown_tier if result else "",
        why_tier=_sentence(result.decision.reason) if result else "Not scored.",
        scores=tuple(_score_rows(result)) if result else (),
        places=_places(annotated, feature),
        node_labels=tuple(_node_labels(annotated, feature)),
        note=plain(state.notes.get(subject, "")),
        evidence=evidence,
        no_evidence=why_not,
    )


def _told(revision: LabelRevision, tier_now: str) -> str:
    """As in ``accepted by ann · token_frequency · 2026-01-02 03:04 UTC``."""
    by = f" by {one_line(revision.author)}" if revision.author else ""
    method = " ".join(filter(None, (revision.method, revision.model)))
    other = revision.tier and revision.tier != tier_now
    tier = f"for tier {one_line(revision.tier)}" if other else ""
    parts = (_STATUS[revision.status] + by, one_line(method), tier, moment(revision.at))
    return " · ".join(part for part in parts if part)


def _sentence(text: str) -> str:
    shown = one_line(text)
    return shown[:1].upper() + shown[1:]


def _score_rows(result: ProtocolResult) -> Iterator[ScoreRow]:
    for name in WINDOW_NAMES:
        score = result.scores.of(name)
        passed = name in result.decision.passed
        if score is None:
            yield ScoreRow(name, "too few", "", "", "", "", passed)
            continue
        null = "–"
        if score.null_mean is not None and score.null_sd is not None:
            null = f"{number(score.null_mean)} ± {number(score.null_sd)}"
        yield ScoreRow(
            name,
            str(score.n_used),
            number(score.raw),
            null,
            "–" if score.z is None else f"{score.z:.1f}".replace("-", "−"),
            "–" if score.p is None else p_text(score.p),
            passed,
        )


def _places(annotated: AnnotatedGraph, feature: FeatureKey) -> str:
    """Tokens at which the feature is active, with position."""
    graph = annotated.graph
    tokens = shown_tokens(graph)
    places = []
    for node in graph.nodes_of(feature).tolist():
        position = int(graph.nodes.position[node])
        token = tokens[position] if position < len(tokens) else ""
        places.append(f"{token} ({position})")
    return ", ".join(places)


def _node_labels(annotated: AnnotatedGraph, feature: FeatureKey) -> Iterator[NodeLabel]:
    state, graph, number_ = annotated.state, annotated.graph, annotated.number
    shared = state.label(feature)
    tokens = shown_tokens(graph)
    for at in graph.nodes_of(feature).tolist():
        label = state.label_at(number_, NodeIndex(at))
        if label and label != shared:
            position = int(graph.nodes.position[at])
            token = tokens[position] if position < len(tokens) else ""
            yield NodeLabel(f"{token} ({position})", plain(label))


# -- evidence -----------------------------------------------------------------------


def _evidence(
    source: EvidenceSource, feature: FeatureKey, problems: list[str]
) -> tuple[ShownEvidence | None, str]:
    try:
        found = source.evidence(feature)
    except EvidenceError as error:
        problems.append(one_line(f"{feature}: {error.message}"))
        return None, f"Its evidence cannot be read: {one_line(error.message)}."
    if found is None:
        return None, "No source of evidence knows this feature."
    examples = _distinct(found.examples)
    largest = found.max_activation
    return ShownEvidence(
        examples=tuple(
            shown_example(example_text(e), largest) for e in examples[:_EXAMPLES]
        ),
        n_examples=len(examples),
        promoted=tuple(shown_token(e.token) for e in found.top_logits[:_LOGITS]),
        facts=_facts(found, len(examples)),
        origin=one_line(Path(found.origin).name),
    ), ""


def _facts(evidence: FeatureEvidence, n_examples: int) -> str:
    parts = [counted(n_examples, "example")]
    if evidence.density is not None:
        parts.append(f"active on {100 * evidence.density:.2g} % of tokens")
    if evidence.examples:
        parts.append(f"largest activation {number(evidence.max_activation)}")
    return " · ".join(parts)


def _distinct(
    examples: tuple[ActivationExample, ...],
) -> list[ActivationExample]:
    """Without repetitions: sources store the strongest in several groups."""
    seen: dict[tuple[int, tuple[str, ...]], ActivationExample] = {}
    for example in examples:
        seen.setdefault((example.top, example.tokens), example)
    return list(seen.values())


def shown_example(text: ExampleText, largest: float) -> ShownExample:
    """An example with shades by share of the feature's largest activation."""
    strongest = max((piece.activation for piece in text.pieces), default=0.0)
    return ShownExample(
        activation=number(strongest),
        pieces=tuple(_merged(text.pieces, largest)),
        cut_before=text.cut_before,
        cut_after=text.cut_after,
    )


def _merged(pieces: tuple[Piece, ...], largest: float) -> Iterator[ShownPiece]:
    """Pieces with their shades; what has none runs on as one."""
    quiet = ""
    for piece in pieces:
        share = piece.activation / largest if largest > 0 else 0.0
        shade = round(SHADES * min(max(share, 0.0), 1.0))
        if shade == 0 and not piece.top:
            quiet += piece.text
            continue
        if quiet:
            yield ShownPiece(quiet, 0, top=False)
            quiet = ""
        yield ShownPiece(piece.text, shade, piece.top)
    if quiet:
        yield ShownPiece(quiet, 0, top=False)
