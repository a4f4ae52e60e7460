"""``glossator verbalize``: vectors of features put into words."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from glossator.commands.command import Commands, add_command
from glossator.errors import InputError, ProjectError
from glossator.file_summary import one_line
from glossator.graph.attribution_graph import FeatureKey
from glossator.progress import CancelToken, Progress
from glossator.progress_bar import drive_with_bar
from glossator.project.open_files import evidence_paths, opaque_numbers, resolved
from glossator.project.project import Project
from glossator.project.verbalizations import verbalization_edits
from glossator.verbalize.checkpoint import DtypeName
from glossator.verbalize.description import Sampling
from glossator.verbalize.verbalization import About
from glossator.verbalize.verbalize_input import VerbalizeInput
from glossator.verbalize.verbalize_report import VerbalizeProgress
from glossator.verbalize.verbalize_run import verbalize


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "verbalize",
        run,
        "put features into words",
        "Have a natural-language-autoencoder verbalizer describe what the model holds "
        "at the top tokens of features' examples, or features' own vectors, and store "
        "the texts in the project beside the examples.",
    )
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument(
        "--verbalizer",
        required=True,
        metavar="NAME",
        help="a checkpoint's folder or hub name, the address of an NLA server "
        "(http://host:5009), or neuronpedia:MODEL/SOURCE",
    )
    parser.add_argument(
        "--reconstructor",
        default="",
        metavar="NAME",
        help="a checkpoint that measures how much the texts say",
    )
    parser.add_argument(
        "--model",
        default="",
        metavar="NAME",
        help="the model that the graphs are of, folder or hub name",
    )
    parser.add_argument(
        "--replacement",
        default="",
        metavar="NAME",
        help="also features' own vectors, from the folder or hub name of their "
        "transcoders, or: neurons, signed neurons",
    )
    _add_amounts(parser)
    _add_device(parser)
    parser.epilog = (
        "Keys are read from NLA_SERVER_SECRET and NEURONPEDIA_API_KEY, and stored "
        "nowhere."
    )


def _add_amounts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--features",
        nargs="+",
        default=["obscure"],
        metavar="WHICH",
        help="obscure (the default), all, or features as LAYER/INDEX",
    )
    parser.add_argument(
        "--examples",
        type=int,
        default=VerbalizeInput.n_examples,
        metavar="N",
        help="strongest examples read, 0 for none (default: %(default)s)",
    )
    parser.add_argument(
        "--elsewhere",
        action="store_true",
        help="also own vectors of features that write at other layers than the "
        "verbalizer reads",
    )
    parser.add_argument("--samples", type=int, default=3, metavar="N")
    parser.add_argument(
        "--temperature", type=float, default=Sampling.temperature, metavar="T"
    )
    parser.add_argument("--seed", type=int, default=Sampling.seed)


def _add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", default="auto", help="cuda, mps or cpu (default: the best there is)"
    )
    parser.add_argument("--dtype", choices=get_args(DtypeName), default="auto")


def run(options: argparse.Namespace) -> int:
    path: Path = options.project
    if not path.is_file():
        raise ProjectError(f"{path}: no such project file")
    project = Project(path)
    try:
        given = _given(project, options).checked()
        step: int | None = None

        def store(progress: Progress) -> None:
            nonlocal step
            if isinstance(progress, VerbalizeProgress):
                edits = verbalization_edits(project.state, progress.finished)
                step = project.apply("verbalize", edits, into=step) or step

        report = drive_with_bar(verbalize(given, CancelToken()), store)
    finally:
        project.close()
    for reason in report.left_out:
        print(one_line(f"left out: {reason}"), file=sys.stderr)
    print(
        f"{report.n_verbalizations} verbalizations by {one_line(report.verbalizer)}, "
        f"which reads block {report.layer}"
    )
    return 0


def _given(project: Project, options: argparse.Namespace) -> VerbalizeInput:
    about: list[About] = ["example"] if options.examples > 0 else []
    if options.replacement:
        about.append("feature")
    paths = [Path(resolved(path)) for path in evidence_paths(project)]
    return VerbalizeInput(
        features=_features(project, options.features),
        verbalizer=options.verbalizer,
        sampling=Sampling(options.samples, options.temperature, seed=options.seed),
        about=tuple(about),
        reconstructor=options.reconstructor,
        model=options.model,
        replacement=options.replacement,
        evidence_paths=tuple(paths),
        opaque_numbers=opaque_numbers(project.state),
        n_examples=max(options.examples, 1),
        extrapolate="asked for with --elsewhere" if options.elsewhere else "",
        device=options.device,
        dtype=options.dtype,
    )


def _features(project: Project, names: Sequence[str]) -> tuple[FeatureKey, ...]:
    """Those of the names; raises InputError where there are none."""
    state = project.state
    features = state.features()
    if list(names) == ["all"]:
        return features
    if list(names) == ["obscure"]:
        found = [f for f in features if (r := state.result(f)) and r.tier == "obscure"]
        if not found:
            raise InputError(
                "no feature is obscure; run the protocol first, or name others",
                source="--features",
            )
        return tuple(found)
    by_name = {str(feature): feature for feature in features}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise InputError(f"no feature {unknown[0]!r}", source="--features")
    return tuple(by_name[name] for name in names)
