"""``glossator library``: the accepted labels of all projects, by feature."""

import argparse
import re
import sys
from pathlib import Path

import msgspec

from glossator.commands.command import Commands, Run, add_command
from glossator.errors import InputError
from glossator.export.target_file import write_whole
from glossator.file_summary import one_line
from glossator.preferences import read_preferences, write_preferences
from glossator.project.library.label_library import LabelLibrary
from glossator.project.library.library_entry import (
    LibraryEntry,
    entry_lines,
    read_entries,
)
from glossator.project.library.library_keeper import LibraryKeeper, offered_text
from glossator.project.project import Project
from glossator.settings import library_file

_FEATURE = re.compile(r"\d{1,18}/a?\d{1,18}")
"""As a `FeatureKey` is shown: ``20/123``, ``20/a5`` of an attention layer."""


def add(commands: Commands) -> None:
    parser = add_command(
        commands,
        "library",
        run,
        "look after the accepted labels of all projects",
        "The label library holds what was accepted in any project, by feature, and "
        "proposes it in other projects that have the feature.",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)

    def action(name: str, act: Run, text: str) -> argparse.ArgumentParser:
        described = f"{text[:1].upper()}{text[1:]}."
        own = actions.add_parser(name, help=text, description=described)
        own.set_defaults(act=act)
        return own

    listing = action("list", _list, "count labels, or print those of a model")
    listing.add_argument("--model", default="", help="print the labels of its features")
    export = action("export", _export, "write labels as JSON Lines, one a line")
    export.add_argument("file", type=Path, metavar="FILE.jsonl")
    export.add_argument("--model", default="", help="only those of its features")
    taking = action("import", _import, "take labels that were exported, all or none")
    taking.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl")
    forgetting = action("forget", _forget, "forget labels; projects keep theirs")
    forgetting.add_argument("--project", default="", help="accepted in it: its name")
    forgetting.add_argument(
        "--feature", type=_feature, metavar="LAYER/INDEX", help="as 20/123"
    )
    forgetting.add_argument("--model", default="", help="of its features")
    for name, text in (("on", "keep"), ("off", "no longer keep")):
        switch = action(name, _switch, f"{text} labels, and propose them elsewhere")
        switch.set_defaults(wanted=name == "on")
    action("verify", _verify, "check that the file is whole")
    action("path", _path, "print where the file is")


def run(options: argparse.Namespace) -> int:
    act: Run = options.act
    return act(options)


def join_library(project: Project) -> None:
    """Let the library, if it is wanted, learn from a project and propose to it."""
    try:
        wanted = read_preferences().library
    except InputError as error:
        _warn(f"The label library is left alone: {error}")
        return
    library = LabelLibrary(library_file()) if wanted else None
    offered = LibraryKeeper(project, library, _warn).offer()
    if offered:
        print(offered_text(offered))


def _warn(text: str) -> None:
    print(f"warning: {one_line(text)}", file=sys.stderr)


def _feature(text: str) -> str:
    if _FEATURE.fullmatch(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no feature; write LAYER/INDEX")
    return text


def _list(options: argparse.Namespace) -> int:
    library = LabelLibrary(library_file())
    if options.model:
        for entry in library.entries(options.model):
            print(_line(entry))
        return 0
    for count in library.counts():
        source = count.source_set or "no named source"
        told = f"{count.model} / {source}: {count.n_labels} of {count.project or '?'}"
        print(one_line(told))
    return 0


def _line(entry: LibraryEntry) -> str:
    origin = ", ".join(filter(None, (entry.author, entry.project, entry.at[:10])))
    place = f"{entry.source_set} {entry.feature}".strip()
    return one_line(f"{place}: {entry.text} ({origin})")


def _export(options: argparse.Namespace) -> int:
    entries = LabelLibrary(library_file()).entries(options.model)
    write_whole(options.file, entry_lines(entries))
    print(f"{len(entries)} label(s) written to {one_line(str(options.file))}")
    return 0


def _import(options: argparse.Namespace) -> int:
    files: list[Path] = options.files
    entries = [entry for path in files for entry in read_entries(path)]
    n_added = LabelLibrary(library_file()).add(entries)
    print(f"{n_added} label(s) added, {len(entries) - n_added} are here already")
    return 0


def _forget(options: argparse.Namespace) -> int:
    project, feature, model = options.project, options.feature, options.model
    if not (project or feature or model):
        raise InputError("say of what: --project, --feature or --model")
    library = LabelLibrary(library_file())
    chosen = [
        entry
        for entry in library.entries(model)
        if project in ("", entry.project, entry.project_id)
        and feature in (None, str(entry.feature))
    ]
    library.forget(chosen)
    print(f"{len(chosen)} label(s) forgotten")
    return 0


def _switch(options: argparse.Namespace) -> int:
    wanted: bool = options.wanted
    write_preferences(msgspec.structs.replace(read_preferences(), library=wanted))
    return 0


def _verify(options: argparse.Namespace) -> int:
    problems = LabelLibrary(library_file()).verify()
    for problem in problems:
        print(f"glossator: {one_line(problem)}", file=sys.stderr)
    if not problems:
        print(f"{library_file()}: no problem found")
    return 1 if problems else 0


def _path(options: argparse.Namespace) -> int:
    print(library_file())
    return 0
