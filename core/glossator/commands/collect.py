"""``glossator collect``: evidence from a local model run."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import get_args

from glossator.collect.collect_run import collect_evidence
from glossator.collect.collect_settings import CollectInput, CollectSettings
from glossator.collect.corpus import CorpusFiles
from glossator.collect.feature_files import write_feature_files
from glossator.commands.command import Commands, add_command
from glossator.commands.graphs import graphs_of, use_evidence
from glossator.file_summary import one_line
from glossator.model.language_model import DtypeName
from glossator.progress import CancelToken
from glossator.progress_bar import drive_with_bar
from glossator.project.open_files import file_stem, is_project_file
from glossator.settings import collections_folder


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "collect",
        run,
        "compute evidence by running the model",
        "Run the model that the graphs are of over texts, and keep what the features "
        "of the graphs do: examples, density, histogram, promoted and suppressed "
        "tokens. Stopped, it goes on where it was when it is started again. A project "
        "uses what was collected from then on.",
    )
    parser.add_argument("source", type=Path, metavar="PROJECT_OR_GRAPH")
    parser.add_argument(
        "--model",
        required=True,
        metavar="NAME",
        help="folder, or name on the Hugging Face hub",
    )
    parser.add_argument(
        "--replacement",
        required=True,
        metavar="NAME",
        help="folder or hub name of the transcoders, or neurons, or: signed neurons",
    )
    parser.add_argument(
        "--texts",
        type=Path,
        nargs="+",
        required=True,
        metavar="PATH",
        help=".txt, .jsonl (both also .gz) or .parquet files, or folders of them",
    )
    parser.add_argument(
        "--field", default="text", help="key or column of the text (default: text)"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="folder of the evidence (default: one in the user's data folder)",
    )
    parser.add_argument(
        "--viewer-files",
        type=Path,
        metavar="DIR",
        help="also write one JSON file a feature, for circuit-tracer's viewer",
    )
    _add_settings(parser)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    default = CollectSettings()
    for name, what in (
        ("top", "strongest examples of a feature"),
        ("quantile", "examples from each quarter of the activation range"),
        ("inactive", "examples in which the feature is not active"),
    ):
        parser.add_argument(
            f"--n-{name}",
            type=int,
            default=getattr(default, f"n_{name}"),
            metavar="N",
            help=f"{what} (default: %(default)s)",
        )
    for name, what in (
        ("context", "tokens kept on each side of the top token"),
        ("context-length", "tokens that the model sees at once"),
        ("max-tokens", "tokens after which to stop, 0 for all"),
        ("batch-tokens", "tokens run at once, 0 to fit the device"),
        ("seed", "decides which weaker examples are kept"),
    ):
        parser.add_argument(
            f"--{name}",
            type=int,
            default=getattr(default, name.replace("-", "_")),
            metavar="N",
            help=f"{what} (default: %(default)s)",
        )
    parser.add_argument(
        "--bos",
        default=default.bos,
        metavar="TOKEN",
        help="token set before each text (default: the tokenizer's own)",
    )
    parser.add_argument(
        "--reads",
        default="",
        metavar="HOOK",
        help="where transcoders read inside a block, if their files do not tell, as in "
        "mlp.hook_in",
    )
    parser.add_argument(
        "--device", default=default.device, help="cuda, mps or cpu (default: the best)"
    )
    parser.add_argument("--dtype", choices=get_args(DtypeName), default=default.dtype)


def run(options: argparse.Namespace) -> int:
    source: Path = options.source
    graphs = graphs_of(source)
    given = CollectInput(
        model=options.model,
        replacement=options.replacement,
        corpus=CorpusFiles(tuple(options.texts), options.field),
        features=tuple(dict.fromkeys(f for graph in graphs for f in graph.features)),
        folder=Path(),
        settings=_settings(options).checked(),
        reads=options.reads,
    )
    if options.out is None:
        name = f"{file_stem(graphs[0].model)}-{given.digest()[:12]}"
        given = replace(given, folder=collections_folder() / name)
    else:
        given = replace(given, folder=options.out)
    report = drive_with_bar(collect_evidence(given, CancelToken()))
    print(one_line(report.text))
    if options.viewer_files is not None:
        n = write_feature_files(report.folder, options.viewer_files)
        print(f"wrote {n} files to {options.viewer_files}")
    if is_project_file(source):
        use_evidence(source, report.folder)
    print(f"wrote {report.folder}")
    return 0


def _settings(options: argparse.Namespace) -> CollectSettings:
    return CollectSettings(
        **{name: getattr(options, name) for name in CollectSettings.__struct_fields__}
    )
