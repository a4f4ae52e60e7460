"""The command ``glossator``."""

import argparse
import io
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, TypeAlias

from glossator.cli_options import build_parser, settings_of
from glossator.demo import demo_project
from glossator.errors import GlossatorError, InputError, ProjectError
from glossator.evaluation.tier_report import (
    ScoredFeatures,
    format_tier_table,
    tiers_report_text,
)
from glossator.evaluation.tiers_by_layer import (
    expected_false,
    layers_of,
    sense_counts,
    tier_counts,
)
from glossator.evaluation.tuning_cost import Assumptions
from glossator.evaluation.tuning_report import report_json, report_text
from glossator.export.project_export import ExportOrder, export_project
from glossator.export.target import AnnotatedGraph, ExportOptions
from glossator.export.target_file import file_names
from glossator.export.targets import TARGETS, Target
from glossator.file_summary import as_lines, one_line, summarise
from glossator.graph.attribution_graph import AttributionGraph
from glossator.graph.graph_file import read_graph
from glossator.headless import label_project
from glossator.progress import CancelToken, drive
from glossator.project.importing.label_import import import_edits, import_report
from glossator.project.importing.label_sources import read_labels
from glossator.project.open_files import (
    add_evidence_path,
    add_graphs,
    checked_project,
    is_project_file,
    open_files,
    state_of,
)
from glossator.project.project import Project
from glossator.project.revision import GraphId
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.settings import projects_folder
from glossator.tune import tune_projects

WINDOW_GROUP = "glossator.window"

Command: TypeAlias = Callable[[argparse.Namespace], int]


class WindowEntry(Protocol):
    """What the window registers in the entry point group ``glossator.window``."""

    def __call__(self, project: Project | None, *, start_run: bool) -> int: ...


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; errors are one line on stderr and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = build_parser().parse_args(arguments)
    try:
        return COMMANDS[options.command](options)
    except GlossatorError as error:
        print(f"glossator: {one_line(str(error))}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("glossator: stopped; what was finished is stored", file=sys.stderr)
        return 130


# -- commands --------------------------------------------------------------------------


def _demo(options: argparse.Namespace) -> int:
    out: Path = options.out
    headless: bool = options.headless
    if not headless and not display_available():
        print("No display here: running the demo without a window.")
        headless = True
    if headless:
        return _demo_headless(out)
    window = _window()
    folder = projects_folder()
    project = demo_project(folder / "demo.gloss")
    return window(project, start_run=not project.state.results)


def _demo_headless(out: Path) -> int:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create ({error.strerror})", source=out) from error
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        project = demo_project(Path(folder) / "demo.gloss")
        try:
            for entry in project.state.graphs.values():
                print(
                    f"{one_line(entry.graph.slug)}: {entry.graph.prompt!r}, "
                    f"{len(entry.graph)} nodes, {len(entry.graph.links)} links"
                )
            print(next(iter(project.state.graphs.values())).graph.description)
            _label_and_report(project, ProtocolSettings())
            target = TARGETS["graph-json"]
            names = file_names(project.state.graphs, target.suffix)
            for number in project.state.graphs:
                annotated = AnnotatedGraph(project.state, number)
                _write(target, annotated, out / names[number], ExportOptions())
        finally:
            project.close()
    return 0


def _open(options: argparse.Namespace) -> int:
    files: list[Path] = options.files
    if not display_available():
        raise InputError("no display here; the window needs one", source="open")
    window = _window()
    project = open_files(files, projects=projects_folder())
    return window(project, start_run=False)


def _label(options: argparse.Namespace) -> int:
    paths: list[Path] = options.graphs
    settings = settings_of(options).checked()
    graphs = [read_graph(path) for path in paths]
    for path, graph in zip(paths, graphs, strict=True):
        _warn(path, graph)
    out: Path = options.out
    existed = out.exists()
    project = add_graphs(out, graphs, paths)
    try:
        for evidence in options.evidence:
            add_evidence_path(project, str(evidence.absolute()))
        _label_and_report(project, settings)
        print(f"wrote {out}")
    except BaseException:
        if not existed and not project.steps().undo:
            project.close()
            out.unlink()
        raise
    finally:
        project.close()
    return 0


def _warn(path: Path, graph: AttributionGraph) -> None:
    """Say on stderr what was mended or left aside to read a graph."""
    for warning in graph.warnings:
        print(one_line(f"{path}: {warning}"), file=sys.stderr)


def _label_and_report(project: Project, settings: ProtocolSettings) -> None:
    report = label_project(project, settings)
    state = project.state
    scored = {f: r for f in state.features() if (r := state.result(f)) is not None}
    print(format_tier_table(tier_counts(scored.items()), sense_counts(scored.values())))
    print(expected_false(scored.values()).sentence)
    proposed = sum(state.review_state(f) == "proposed" for f in scored)
    print(
        f"{len(scored)} features on {report.device}, {settings.routing} routing; "
        f"{proposed} labels proposed, the rest waits for review; literal routing at "
        f"{settings.raw_threshold:g} would score cross for {report.cross_scored}"
    )


def _tiers(options: argparse.Namespace) -> int:
    paths: list[Path] = options.projects
    parts = [
        part
        for path in paths
        for part in _scored_parts(path, options.graph, by_graph=len(paths) == 1)
    ]
    print(tiers_report_text(parts))
    return 0


def _scored_parts(
    path: Path, slug: str | None, *, by_graph: bool
) -> list[ScoredFeatures]:
    """What the protocol said of a project's graphs, one by one or together."""
    project = Project(path, read_only=True)
    project.close()
    state = project.state
    chosen = _chosen_graphs(project, slug)
    groups = [[n] for n in chosen] if by_graph else [chosen]
    parts = []
    for group in groups:
        graphs = [state.graphs[number].graph for number in group]
        features = dict.fromkeys(f for graph in graphs for f in graph.features)
        results = {f: r for f in features if (r := state.result(f)) is not None}
        name = graphs[0].slug if by_graph else str(path)
        parts.append(ScoredFeatures(name, results, layers_of(graphs)))
    return parts


def _chosen_graphs(project: Project, slug: str | None) -> list[GraphId]:
    """All graphs of a project, or the one of that name."""
    graphs = project.state.graphs
    chosen = [n for n, g in graphs.items() if slug in (None, g.graph.slug)]
    if not chosen:
        slugs = ", ".join(entry.graph.slug for entry in graphs.values())
        raise InputError(
            f"no graph {slug!r}; the project holds {slugs or 'none'}",
            source=project.path,
        )
    return chosen


def _export(options: argparse.Namespace) -> int:
    source: Path = options.source
    out: Path = options.out
    target = TARGETS[options.to]
    chosen = ExportOptions(drawn=options.drawn, transparent=options.transparent)
    if not is_project_file(source):
        if out.exists() and out.samefile(source):
            raise InputError("the export would replace the graph itself", source=out)
        graph = read_graph(source)
        _warn(source, graph)
        state, number = state_of(graph, source)
        _write(target, AnnotatedGraph(state, number), out, chosen)
        return 0
    places = _places(source, out, target, options.graph)
    order = ExportOrder(source, options.to, places, chosen)
    report = drive(export_project(order, CancelToken()), lambda progress: None)
    _tell(report.paths, report.notes)
    if report.problems:
        raise GlossatorError(report.problems[0])
    return 0


def _places(
    source: Path, out: Path, target: Target, slug: str | None
) -> dict[GraphId, Path]:
    """Where the graphs of a project go: several into a folder, which is made."""
    project = Project(source, read_only=True)
    project.close()
    graphs = project.state.graphs
    chosen = _chosen_graphs(project, slug)
    names = file_names(graphs, target.suffix)
    places = {n: out if len(chosen) == 1 else out / names[n] for n in chosen}
    try:
        for path in places.values():
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot create ({error.strerror})", source=out) from error
    return places


def _write(
    target: Target, annotated: AnnotatedGraph, path: Path, options: ExportOptions
) -> None:
    written = target.export(annotated, path, options)
    _tell(written.paths, written.notes)


def _tell(paths: Sequence[Path], notes: Sequence[str]) -> None:
    for path in paths:
        print(f"wrote {path}")
    for note in notes:
        print(one_line(note))


def _import(options: argparse.Namespace) -> int:
    path: Path = options.project
    if not path.is_file():
        raise ProjectError(f"{path}: no such project file")
    project = Project(path)
    try:
        found = read_labels(options.source, project.state)
        edits = import_edits(project.state, found)
        project.apply(f"import labels from {found.source}", edits)
        for line in import_report(found, edits):
            print(one_line(line))
    finally:
        project.close()
    return 0


def _tune(options: argparse.Namespace) -> int:
    report = tune_projects(options.projects)
    assumed = Assumptions(options.price_in, options.price_out, options.seconds)
    print((report_json if options.json else report_text)(report, assumed))
    return 0


def _info(options: argparse.Namespace) -> int:
    summary = summarise(options.file)
    if options.json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
    else:
        print("\n".join(as_lines(summary)))
    return 0


def _verify(options: argparse.Namespace) -> int:
    problems = checked_project(options.project)
    for problem in problems:
        line = one_line(f"{options.project}: {problem}")
        print(f"glossator: {line}", file=sys.stderr)
    if not problems:
        print(f"{options.project}: no problem found")
    return 1 if problems else 0


# -- the window ------------------------------------------------------------------------


def display_available() -> bool:
    """Whether a window could be seen: a display, and a platform that uses it."""
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in ("offscreen", "minimal"):
        return False
    if platform.system() != "Linux":
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _window() -> WindowEntry:
    found = list(entry_points(group=WINDOW_GROUP))
    if not found:
        raise InputError(
            "the window is not installed; install it with: pip install glossator"
        )
    try:
        entry: WindowEntry = found[0].load()
    except ImportError as error:
        raise InputError(
            f"the window cannot start ({error}); install Qt with: "
            "pip install PySide6-Essentials pyqtgraph"
        ) from error
    return entry


COMMANDS: Mapping[str, Command] = {
    "demo": _demo,
    "open": _open,
    "label": _label,
    "export": _export,
    "import": _import,
    "tiers": _tiers,
    "tune": _tune,
    "info": _info,
    "verify": _verify,
}


if __name__ == "__main__":
    sys.exit(main())
