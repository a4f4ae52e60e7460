"""``glossator compare-methods``: labelling methods held against one another."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from glossator.commands.agreement import add_limits, agreed
from glossator.commands.command import Commands, add_command
from glossator.commands.graphs import warn
from glossator.commands.label import label_and_report, shown_dollars
from glossator.comparing.given import (
    DECIDED,
    AskedModels,
    ChosenModel,
    CompareInput,
    OpenedModels,
    comparable_methods,
    compare_input,
    usable_methods,
    usable_scorers,
)
from glossator.comparing.plan import ComparisonPlan, plan_comparison
from glossator.comparing.run import CompareProgress, compare_locally
from glossator.errors import InputError, ProjectError
from glossator.evaluation.comparison.method_comparison import (
    MODES,
    ComparisonSettings,
    MethodComparison,
    Mode,
)
from glossator.evaluation.comparison.report import comparison_text
from glossator.evaluation.comparison.scorers import SCORERS
from glossator.export.comparison_csv import write_comparison_csv
from glossator.export.report.comparison import write_comparison_page
from glossator.graph.graph_file import read_graph
from glossator.llm.prices import GivenPrice
from glossator.progress import CancelToken, Progress
from glossator.progress_bar import drive_with_bar
from glossator.project.open_files import (
    add_evidence_path,
    add_graphs,
    is_project_file,
)
from glossator.project.project import Project
from glossator.project.revision import now
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.tune import stored_settings

_MODES: dict[str, tuple[Mode, ...]] = {
    "repaired": ("repaired",),
    "as-in-source": ("as in the source",),
    "both": MODES,
}


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "compare-methods",
        run,
        "labelling methods compared on the same features",
        "Have several methods label the same features from the same examples, score "
        "every label on the same held-out texts, and print means, paired differences "
        "with a test, the labels furthest apart and what a label costs. No label of "
        "the project changes; the comparison is kept in it. What was answered is "
        "stored: started again, it goes on.",
    )
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a project; or graphs, with --evidence and --out",
    )
    parser.add_argument(
        "--evidence",
        type=Path,
        action="append",
        default=[],
        metavar="PATH",
        help="of graphs: file or folder with examples; may be given several times",
    )
    parser.add_argument(
        "--out", type=Path, metavar="PROJECT", help="of graphs: project to keep them in"
    )
    _add_compared(parser)
    _add_models(parser)
    _add_written(parser)


def _add_compared(parser: argparse.ArgumentParser) -> None:
    default = ComparisonSettings(methods=(), scorers=())
    parser.add_argument(
        "--methods",
        type=_names,
        metavar="A,B",
        help=f"of {', '.join(comparable_methods())} (default: all that need nothing "
        "that is missing)",
    )
    parser.add_argument(
        "--scorers",
        type=_names,
        metavar="A,B",
        help=f"of {', '.join(SCORERS)} (default: detection, fuzz, embedding, as far as "
        "there is a model to ask)",
    )
    parser.add_argument(
        "--features",
        type=int,
        default=default.n_features,
        metavar="N",
        help="drawn at random (default: %(default)s)",
    )
    parser.add_argument(
        "--tiers",
        type=_names,
        default=(),
        metavar="A,B",
        help=f"draw of these alone: {', '.join(DECIDED)}",
    )
    parser.add_argument("--seed", type=int, default=default.seed, metavar="S")
    parser.add_argument(
        "--mode",
        choices=tuple(_MODES),
        default="repaired",
        help="score by the program's own rules, by those of the published protocol, "
        "faults included, or by both (default: %(default)s)",
    )
    parser.add_argument(
        "--no-baselines",
        action="store_true",
        help="do not score labels that should do worse beside: a third to a half of "
        "the scoring",
    )


def _add_models(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "language models",
        "A model is a folder, a name on the model hub, a provider or the address of a "
        "server; keys are read from the environment or the keyring.",
    )
    group.add_argument("--llm", default="", metavar="MODEL", help="that writes labels")
    group.add_argument(
        "--llm-model", default="", metavar="NAME", help="which of its server's models"
    )
    group.add_argument(
        "--scorer-llm",
        default="",
        metavar="MODEL",
        help="that judges by labels (default: the one that writes them)",
    )
    group.add_argument(
        "--scorer-llm-model",
        default="",
        metavar="NAME",
        help="which of its server's models",
    )
    for of in ("", "scorer-"):
        for what in ("prompt", "answer"):
            group.add_argument(
                f"--{of}{what}-price",
                type=float,
                metavar="N",
                help=f"of --{of}llm: dollars per million tokens of {what}s, if it is "
                "not known",
            )
    add_limits(group)


def _add_written(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write every label with every score"
    )
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a page (HTML)"
    )


def run(options: argparse.Namespace) -> int:
    models = _models_of(options)
    project = _project(options)
    try:
        settings = _settings_of(options, project, models)
        given = compare_input(project, settings, models, stored_settings(project))
        opened = given.open_models()
        plan = drive_with_bar(plan_comparison(given, CancelToken(), opened))
        for line in plan_lines(plan, given):
            print(line)
        if options.plan or not agreed(plan.n_calls, plan.dollars, yes=options.yes):
            return 0
        comparison = _compared(project, given, opened)
    finally:
        project.close()
    print(f"\n{comparison_text(comparison)}")
    if options.csv:
        write_comparison_csv(comparison, options.csv)
        print(f"wrote {options.csv}")
    if options.report:
        write_comparison_page(comparison, options.report, at=now())
        print(f"wrote {options.report}")
    return 0


def _project(options: argparse.Namespace) -> Project:
    """The project named; or that of graphs, after a run of the protocol over it."""
    files: list[Path] = options.files
    if is_project_file(files[0]):
        if len(files) > 1 or options.evidence or options.out:
            raise InputError(
                "a project is compared by itself: no other file, no --evidence, no "
                "--out",
                source=files[0],
            )
        if not files[0].is_file():
            raise ProjectError(f"{files[0]}: no such project file")
        return Project(files[0])
    if not options.evidence or not options.out:
        raise InputError("graphs need --evidence and --out", source=files[0])
    graphs = [read_graph(path) for path in files]
    for path, graph in zip(files, graphs, strict=True):
        warn(path, graph)
    project = add_graphs(options.out, graphs, files)
    try:
        for evidence in options.evidence:
            add_evidence_path(project, str(evidence.absolute()))
        label_and_report(project, ProtocolSettings())
    except BaseException:
        project.close()
        raise
    return project


def _compared(
    project: Project, given: CompareInput, opened: OpenedModels
) -> MethodComparison:
    """Compare, logging the calls as they come; the comparison is kept."""

    def log(progress: Progress) -> None:
        if isinstance(progress, CompareProgress) and progress.calls:
            project.log_calls(progress.calls)

    comparison = drive_with_bar(compare_locally(given, CancelToken(), opened), log)
    project.add_comparison(comparison)
    return comparison


def plan_lines(plan: ComparisonPlan, given: CompareInput) -> Iterator[str]:
    """A plan as it is printed."""
    for mode, n in plan.n_features.items():
        yield (
            f"{len(given.methods)} methods on {n} of {plan.n_candidates:,} features, "
            f"{mode}"
        )
    for reason, n in plan.left_out.items():
        yield f"  {n} drawn and left out: {reason}"
    for planned in plan.all:
        asked = planned.estimate
        yield (
            f"  {planned.what} ({planned.mode}) asks {planned.model}: {asked.calls:,} "
            f"calls ({asked.cached:,} answered before), about "
            f"{asked.prompt_tokens:,} tokens of prompts and {asked.answer_tokens:,} of "
            f"answers, {shown_dollars(asked.cost)}"
        )
    yield (
        f"in all {plan.n_calls:,} calls, about {plan.tokens:,} tokens, "
        f"{shown_dollars(plan.dollars)}"
    )
    yield from plan.problems


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _settings_of(
    options: argparse.Namespace, project: Project, models: AskedModels
) -> ComparisonSettings:
    methods = options.methods
    if methods is None:
        methods = usable_methods(project, with_model=bool(models.labels.named))
    scorers = options.scorers
    if scorers is None:
        scorers = usable_scorers(with_model=bool(models.scoring.named))
    return ComparisonSettings(
        methods=methods,
        scorers=scorers,
        modes=_MODES[options.mode],
        n_features=options.features,
        tiers=options.tiers,
        seed=options.seed,
        baselines=not options.no_baselines,
    )


def _models_of(options: argparse.Namespace) -> AskedModels:
    """Raise InputError where a price is half given."""
    labels = ChosenModel(
        options.llm,
        options.llm_model,
        _price(options.prompt_price, options.answer_price, "--prompt-price"),
    )
    scoring_price = _price(
        options.scorer_prompt_price,
        options.scorer_answer_price,
        "--scorer-prompt-price",
    )
    own = ChosenModel(options.scorer_llm, options.scorer_llm_model, scoring_price)
    return AskedModels(
        labels=labels,
        scoring=own if options.scorer_llm else labels,
        dollars=options.budget_dollars,
        tokens=options.budget_tokens,
        at_once=options.at_once,
        patience=options.patience,
    )


def _price(
    prompt: float | None, answer: float | None, option: str
) -> GivenPrice | None:
    if (prompt is None) != (answer is None):
        raise InputError(
            "give the price of prompt tokens and of answer tokens, or neither",
            source=option,
        )
    return None if prompt is None or answer is None else GivenPrice(prompt, answer)
