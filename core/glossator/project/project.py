"""A project: the one way in for changes, and their undo."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import msgspec

from glossator.errors import InputError, ProjectError
from glossator.evaluation.comparison.method_comparison import MethodComparison
from glossator.graph.attribution_graph import AttributionGraph
from glossator.llm.call import Call
from glossator.project.call_log import (
    Spent,
    call_problems,
    log_call,
    logged_calls,
    spent_in,
)
from glossator.project.comparisons import (
    StoredComparison,
    comparison_problems,
    store_comparison,
    stored_comparisons,
)
from glossator.project.edits import AddRevision, AnyEdit
from glossator.project.effects import (
    ChangeKind,
    changes,
    decode_edit,
    encode,
    inverse_of,
    kind_of,
    redo_of,
    show_edit,
    target_of,
    unshow_edit,
    write_edit,
)
from glossator.project.graph_import import imported_edits
from glossator.project.loading import load_state
from glossator.project.revision import GraphId, Subject, now
from glossator.project.state import ProjectGraph, ProjectState
from glossator.project.store import Store


class Change(NamedTuple):
    """What a screen is told: which kinds of things are different now, and by whom."""

    kinds: frozenset[ChangeKind]
    by: str
    subjects: frozenset[Subject] = frozenset()
    """Features and single nodes of which something is said anew."""


class ChangeListener(Protocol):
    def __call__(self, change: Change) -> None: ...


class Steps(NamedTuple):
    """What undo and redo would do now; "" where there is nothing."""

    undo: str
    redo: str


class Project:
    """An open project file and its state."""

    def __init__(
        self, path: Path, *, read_only: bool = False, snapshot: bool = False
    ) -> None:
        """Open a project, creating its file where there is none.

        Parameters
        ----------
        snapshot : show the file as it is now, read-only; another may have it open, and
            go on changing it.

        Raises
        ------
        ProjectError
            if the file is no project, is broken, locked or cannot be written.
        """
        self._store = Store(path, read_only=read_only, snapshot=snapshot)
        self.state = ProjectState()
        self._listeners: list[ChangeListener] = []
        try:
            load_state(self.state, self._store)
        except BaseException:
            self._store.close()
            raise

    @property
    def path(self) -> Path:
        return self._store.path

    @property
    def id(self) -> str:
        """Made with the file, and the same in its copies; "" of an older, only read."""
        return self._store.meta().get("id", "")

    @property
    def read_only(self) -> bool:
        """Whether it was opened only to be read."""
        return self._store.read_only

    def close(self) -> None:
        self._listeners.clear()
        self._store.close()

    def on_change(self, listener: ChangeListener) -> None:
        self._listeners.append(listener)

    # -- graphs ---------------------------------------------------------------------

    def add_graph(self, graph: AttributionGraph, path: Path) -> GraphId:
        """Add a graph with the annotations it brings; the same file is added once.

        Raises
        ------
        InputError
            if it is of another model or feature source than the project.
        """
        for entry in self.state.graphs.values():
            if entry.graph.original == graph.original:
                return entry.id
        ours = (self.state.model, self.state.source_set)
        theirs = (graph.model, graph.source_set)
        if self.state.graphs and ours != theirs:
            raise InputError(
                f"a graph of {' / '.join(theirs)}, but the project is of "
                f"{' / '.join(ours)}; open it in a project of its own",
                source=path,
                field="metadata.scan",
            )
        with self._store.transaction():
            if not self.state.graphs:
                self._store.put_meta("model", graph.model)
                self._store.put_meta("source_set", graph.source_set)
            number = self._store.add_graph(graph.slug, str(path), graph.original)
            edits = imported_edits(self.state, number, graph, origin=path.name)
            numbers = [write_edit(self._store, edit) for edit in edits]
        self.state.model, self.state.source_set = theirs
        self.state.graphs[number] = ProjectGraph(number, path, graph)
        for edit, revision_number in zip(edits, numbers, strict=True):
            show_edit(self.state, edit, revision_number)
        kinds: set[ChangeKind] = {"graphs", "labels", "pins", "supernodes"}
        self._tell(Change(frozenset(kinds), "open"))
        return number

    # -- edits ----------------------------------------------------------------------

    def apply(
        self, title: str, edits: Sequence[AnyEdit], *, into: int | None = None
    ) -> int | None:
        """Apply edits as one step of the history; they are on disk when this returns.

        Parameters
        ----------
        title : what undo will name, as in "accept label".
        into : an earlier step to grow (a run that stores batch by batch). A new one is
            started if it was undone meanwhile, or if a later step changed the same
            things: undoing in order would not lead back otherwise.

        Returns
        -------
        The step, or None if no edit changes anything.

        Raises
        ------
        ProjectError
            if it cannot be stored; file and memory are then as before.
        """
        pairs: list[tuple[AnyEdit, AnyEdit]] = []
        for edit in edits:
            self._check_storable(edit)
        try:
            with self._store.transaction():
                step = self._open_step(title, into, edits)
                stored: list[tuple[str, str]] = []
                for edit in edits:
                    if not changes(self.state, edit):
                        continue
                    inverse = inverse_of(self.state, edit)
                    number = write_edit(self._store, edit)
                    again = redo_of(edit, number)
                    stored.append((encode(again), encode(inverse)))
                    show_edit(self.state, edit, number)
                    pairs.append((edit, inverse))
                if not pairs:
                    raise _NothingToDo
                self._store.add_step_edits(step, stored)
        except _NothingToDo:
            return None
        except BaseException:
            self._unshow(pairs)
            raise
        self._tell_edits([edit for edit, _ in pairs], title)
        return step

    def steps(self) -> Steps:
        """Titles of what undo and redo would do."""
        undo, redo = (self._store.next_step(done=done) for done in (True, False))
        return Steps(undo.title if undo else "", redo.title if redo else "")

    def undo(self) -> str:
        """Take the last step back; its title, or "" if there is none."""
        return self._travel(back=True)

    def redo(self) -> str:
        """Do again what was undone last; its title, or "" if there is none."""
        return self._travel(back=False)

    # -- calls of language models ---------------------------------------------------

    def log_calls(self, calls: Iterable[Call]) -> None:
        """Add calls to the log, all or none, each once; no part of the history."""
        with self._store.transaction():
            for call in calls:
                log_call(self._store, call)

    def calls(self, subject: Subject | None = None) -> Iterator[Call]:
        """Calls about a subject, or all; the newest last, read as they are wanted."""
        return logged_calls(self._store, subject)

    def spent(self) -> tuple[Spent, ...]:
        """What was asked and what it cost, by model and purpose."""
        return spent_in(self._store)

    # -- comparisons of methods -----------------------------------------------------

    def add_comparison(self, comparison: MethodComparison) -> int:
        """Keep a comparison; no part of the history."""
        with self._store.transaction():
            return store_comparison(self._store, comparison)

    def comparisons(self) -> list[StoredComparison]:
        """All that were kept, the newest last."""
        return stored_comparisons(self._store)

    # -- drafts, settings, the file -------------------------------------------------

    def draft(self, subject: Subject) -> str:
        """A half-typed label; not a label, no part of the history."""
        return dict(self._store.values("draft")).get(subject, "")

    def save_draft(self, subject: Subject, text: str) -> None:
        with self._store.transaction():
            self._store.put_value("draft", subject, text or None)

    def setting(self, key: str) -> str:
        return self._store.settings().get(key, "")

    def put_setting(self, key: str, value: str) -> None:
        with self._store.transaction():
            self._store.put_setting(key, value)

    def save_copy(self, target: Path) -> None:
        """Write a consistent copy of the file while the project stays open."""
        self._store.save_copy(target)

    def verify(self) -> list[str]:
        """Everything that is wrong with the file, one sentence each."""
        problems: list[str] = []
        try:
            problems += self._store.integrity_problems()
            problems += self._node_problems()
            problems += self._history_problems()
            problems += call_problems(self._store)
            problems += comparison_problems(self._store)
        except ProjectError as error:
            problems.append(str(error).removeprefix(f"{self.path}: "))
        return problems

    # -- inside ---------------------------------------------------------------------

    def _node_problems(self) -> list[str]:
        problems: list[str] = []
        sizes = {graph: len(entry.graph) for graph, entry in self.state.graphs.items()}
        for graph, pins in self.state.pins.items():
            if not all(0 <= pin < sizes.get(graph, 0) for pin in pins):
                problems.append(f"graph {graph} has a pin that is no node")
        for graph, supernodes in self.state.supernodes.items():
            n = sizes.get(graph, 0)
            problems += [
                f"supernode {number} of graph {graph} has a member that is no node"
                for number, supernode in supernodes.items()
                if not all(0 <= member < n for member in supernode.members)
            ]
        problems += [
            f"graph {graph} has a refused group with a member that is no node"
            for graph, groups in self.state.refused_groups.items()
            if not all(0 <= node < sizes.get(graph, 0) for g in groups for node in g)
        ]
        return problems

    def _history_problems(self) -> list[str]:
        problems: list[str] = []
        for (step,) in self._store.rows("SELECT id FROM step ORDER BY id"):
            for seq, pair in enumerate(self._store.step_edits(int(step))):
                try:
                    for text in pair:
                        decode_edit(text)
                except msgspec.MsgspecError as error:
                    problems.append(f"step {step}, edit {seq}: {error}")
        return problems

    def _check_storable(self, edit: AnyEdit) -> None:
        """Refuse what would not come back from the file as it is."""
        try:
            same = decode_edit(encode(edit)) == edit
        except (msgspec.MsgspecError, UnicodeEncodeError):
            same = False
        if not same:
            raise ProjectError(f"{self.path}: cannot store {str(edit)[:200]}")

    def _open_step(self, title: str, into: int | None, edits: Sequence[AnyEdit]) -> int:
        if into is not None and self._store.is_done(into):
            touched = {
                target_of(self._stored_edit(text))
                for text in self._store.edits_after(into)
            }
            if touched.isdisjoint(target_of(edit) for edit in edits):
                return into
        return self._store.add_step(title)

    def _stored_edit(self, text: str) -> AnyEdit:
        try:
            return decode_edit(text)
        except msgspec.MsgspecError as error:
            raise ProjectError(
                f"{self.path}: a stored step is broken ({error})"
            ) from error

    def _travel(self, *, back: bool) -> str:
        step = self._store.next_step(done=back)
        if step is None:
            return ""
        stored = self._store.step_edits(step.id)
        texts = (
            [inverse for _, inverse in reversed(stored)]
            if back
            else [edit for edit, _ in stored]
        )
        via: Literal["undo", "redo"] = "undo" if back else "redo"
        edits = [_stamped(self._stored_edit(text), via) for text in texts]
        pairs: list[tuple[AnyEdit, AnyEdit]] = []
        try:
            with self._store.transaction():
                for edit in edits:
                    inverse = inverse_of(self.state, edit)
                    show_edit(self.state, edit, write_edit(self._store, edit))
                    pairs.append((edit, inverse))
                self._store.set_done(step.id, done=not back)
        except BaseException:
            self._unshow(pairs)
            raise
        self._tell_edits(edits, via)
        return step.title

    def _unshow(self, pairs: list[tuple[AnyEdit, AnyEdit]]) -> None:
        """Take back in memory what the file did not take."""
        for edit, inverse in reversed(pairs):
            unshow_edit(self.state, edit, inverse)

    def _tell_edits(self, edits: Sequence[AnyEdit], by: str) -> None:
        touched = (target_of(edit)[1] for edit in edits)
        subjects = frozenset(of for of in touched if isinstance(of, str))
        self._tell(Change(frozenset(map(kind_of, edits)), by, subjects))

    def _tell(self, change: Change) -> None:
        for listener in list(self._listeners):
            listener(change)


class _NothingToDo(Exception):
    """Rolls back a step that would change nothing."""


def _stamped(edit: AnyEdit, via: Literal["undo", "redo"]) -> AnyEdit:
    """A revision that is set again is a new revision, of now."""
    if isinstance(edit, AddRevision):
        revision = msgspec.structs.replace(edit.revision, via=via, at=now())
        return AddRevision(edit.subject, revision)
    return edit
