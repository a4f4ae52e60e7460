"""``verbalizations``: what verbalizers say, one JSON object a line, to import again."""

from pathlib import Path

from glossator.export.target import AnnotatedGraph, ExportOptions, Written
from glossator.export.target_file import write_whole
from glossator.verbalize.verbalization_file import as_lines


def export_verbalizations(
    annotated: AnnotatedGraph, path: Path, options: ExportOptions
) -> Written:
    """Write those of the graph's features, feature by feature."""
    found = [
        (feature, said)
        for feature in annotated.graph.features
        for said in annotated.state.verbalized(feature)
    ]
    write_whole(path, as_lines(found))
    notes = () if found else ("No feature of the graph is put into words.",)
    return Written((path,), notes)
