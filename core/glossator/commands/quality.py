"""``glossator quality``: what the review of a project tells, and what is left of it."""

import argparse
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

from glossator.commands.command import Commands, add_command
from glossator.errors import ProjectError
from glossator.evaluation.label_scores.label_score import Interval
from glossator.file_summary import one_line
from glossator.project.project import Project
from glossator.project.reviewing.review_quality import (
    AIM,
    Acceptance,
    ReviewQuality,
    review_quality,
)


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "quality",
        run,
        "what the review tells of labels, and what is left of it",
        "Print how many decisions each graph leaves to a person, what became of the "
        "labels that each method proposed, how long decisions take, and what blind "
        "re-checks found.",
    )
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(options: argparse.Namespace) -> int:
    if not options.project.is_file():
        raise ProjectError(f"{options.project}: no such project file")
    project = Project(options.project, read_only=True)
    try:
        quality = review_quality(project.state)
    finally:
        project.close()
    if options.json:
        print(json.dumps(as_json(quality), indent=2, ensure_ascii=False))
    else:
        print("\n".join(one_line(line) for line in as_text(quality)))
    return 0


def as_json(quality: ReviewQuality) -> dict[str, object]:
    """All figures, shares in [0, 1]."""
    found = dataclasses.asdict(quality)
    for graph, one in zip(found["graphs"], quality.graphs, strict=True):
        graph["share"] = one.share
    for name in ("by_tier", "by_method"):
        for row, acceptance in zip(found[name], getattr(quality, name), strict=True):
            row |= {"share": acceptance.share, "interval": acceptance.interval}
    again = quality.rechecked
    found["rechecked"] |= {"share": again.share, "interval": again.interval}
    return {"aim": AIM, **found}


def as_text(quality: ReviewQuality) -> Iterator[str]:
    for graph in quality.graphs:
        within = "within" if graph.share <= AIM else "over"
        yield (
            f"graph {graph.slug}: {graph.left} decisions left to a person of "
            f"{graph.feature_nodes} feature nodes ({graph.share:.0%}, {within} the aim "
            f"of {AIM:.0%}); {graph.open} of them open, {graph.to_confirm} labels to "
            "confirm"
        )
    for name, rows in (("tier", quality.by_tier), ("method", quality.by_method)):
        yield from (f"{name} {row.name}: {_accepted(row)}" for row in rows)
    for pace in quality.pace:
        yield f"seconds per label, {pace.name}: {pace.median:.1f} (n {pace.n})"
    again = quality.rechecked
    if again.share is not None:
        yield (
            f"re-checked blindly: {again.same} of {again.n} the same "
            f"{_range(again.interval)}, {again.different} different, {again.better} "
            "better the second time"
        )


def _accepted(row: Acceptance) -> str:
    parts = []
    if row.share is not None:
        parts.append(
            f"{row.share:.0%} accepted unchanged {_range(row.interval)}, "
            f"{row.accepted} of {row.decided}; {row.edited} edited, "
            f"{row.rejected} rejected"
        )
    if row.written:
        parts.append(f"{row.written} written without a proposal")
    return "; ".join(parts)


def _range(interval: Interval | None) -> str:
    return f"[{interval[0]:.0%} to {interval[1]:.0%}]" if interval else ""
