"""A session by keyboard alone on the real program, from the run to the export.

What is pressed is data, and so is what a person sees then.
"""

import json
import shutil
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

import pytest

import glossator.commands.window
from glossator.cli import main
from glossator.graph.attribution_graph import FeatureKey, NodeIndex
from glossator.graph.graph_file import read_graph
from glossator.project.project import Project
from glossator.project.reviewing.review_quality import AIM, review_quality
from glossator.project.revision import feature_subject
from glossator.project.state import ProjectState
from glossator.settings import projects_folder
from tests.conftest import share_embeddings
from tests.core.kill_writer import visible
from tests.e2e.user import User, no_mouse, start

pytestmark = [
    pytest.mark.model,
    pytest.mark.qt_log_ignore("This plugin does not support", extend=True),
]


class Pressed(NamedTuple):
    """Keys, as `User.play` reads them, and what is to be seen after them."""

    keys: str
    seen: str


TO_PROPOSED = 'Ctrl+1 W "proposed" Return'
DECISIONS = (
    Pressed("A", "accepted"),
    Pressed('E "what it looks like to me" Return', "accepted mine"),
    Pressed("X", "rejected"),
    Pressed("S", "skipped"),
    Pressed("F A", "accepted flagged"),
    Pressed("3 5 A", "accepted tagged3 tagged5"),
    Pressed('Ctrl+N "ask Ben" Escape A', "accepted noted"),
    Pressed("Alt+2 A", "accepted judged"),
    Pressed("J K A", "accepted"),
    Pressed('E "half a tho" Escape S', "skipped"),
)
"""One a feature; what is seen is of the feature that was shown before the keys."""
ROUNDS = 5
"""Of these decisions, in each of two graphs: a hundred features."""
NEXT_GRAPH = f"Ctrl+Tab {TO_PROPOSED}"
GROUPS = tuple(
    Pressed(f'{walk} Ctrl+G "{name}" Return', name)
    for walk, name in (
        ("Ctrl+2 Escape Down Down Down Down O", "what a feature leads to"),
        ("Left Left I", "what leads to another"),
        ("Right Shift+Down", "one above the other"),
        ("Left Shift+Down Shift+Down", "three in a column"),
        ("Up Up Shift+Left", "side by side"),
        ("Right Right Shift+Up", "grammar"),
        ("Up Shift+Right", "say a capital"),
        ("Up Shift+Up", "an answer"),
        ("Left Left Left Left Shift+Down", "how it comes about"),
        ("Down Shift+Down", "names of places"),
    )
)
"""Wherever the arrows lead: Down first goes to the likeliest logit."""
FIND = Pressed('Ctrl+F "looks like to me"', "what it looks like to me")
FILTER = Pressed('Escape T / "looks like to me" Return', "what it looks like to me")
EXPORT = "Ctrl+E Home Return Ctrl+A"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, kept_embeddings: Path) -> Path:
    """Folders of a user who has opened the demo once: the protocol has run."""
    home = tmp_path_factory.mktemp("person")
    with pytest.MonkeyPatch.context() as patch:
        live_in(home, patch)
        share_embeddings(kept_embeddings)
        assert start(["demo"], wait_for_the_run) == 0
    return home


def live_in(home: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("HOME", str(home))
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        patch.setenv(name, str(home / name.lower()))
    patch.setattr(glossator.commands.window, "display_available", lambda: True)


def wait_for_the_run(user: User) -> None:
    window = user.window
    user.wait_for(
        lambda: bool(window.session.state.results) and not window.run.slot.running,
        seconds=600,
    )


def seen_of(state: ProjectState, feature: FeatureKey) -> set[str]:
    """What a person sees said of a feature, in the words of `DECISIONS`."""
    subject = feature_subject(feature)
    seen: set[str] = {state.review_state(feature)}
    seen |= {f"tagged{tag}" for tag in state.tags.get(subject, ())}
    seen |= {state.marks[subject]} if state.marks.get(subject) else set()
    seen |= {"flagged"} if subject in state.flags else set()
    seen |= {"noted"} if state.notes.get(subject) == "ask Ben" else set()
    seen |= {"judged"} if state.judged_tier(feature) == "output" else set()
    seen |= {"mine"} if state.label(feature) == "what it looks like to me" else set()
    return seen


def decide(user: User, pressed: Pressed) -> FeatureKey:
    """Decide on the feature that is shown; another one is shown afterwards."""
    session = user.window.session
    feature = session.feature
    assert feature is not None
    before = session.state.review_state(feature)
    assert before == "proposed"
    user.play(pressed.keys)
    assert session.feature != feature
    seen = seen_of(session.state, feature) - {before}
    assert seen == set(pressed.seen.split()), (pressed.keys, seen)
    return feature


def review(user: User) -> None:
    """A hundred features, half of them in the next graph; how long the window took."""
    decided: set[FeatureKey] = set()
    took: list[float] = []
    for keys in (TO_PROPOSED, NEXT_GRAPH):
        user.play(keys)
        for pressed in DECISIONS * ROUNDS:
            decided.add(decide(user, pressed))
            took.append(user.answered_in)
    assert len(decided) == 100
    late = quantiles(took, n=20)[-1]
    print(f"the window's part of a decision: {median(took) * 1000:.1f} ms, ", end="")
    print(f"95 % within {late * 1000:.1f} ms, at most {max(took) * 1000:.1f} ms")


def group(user: User) -> None:
    for n, pressed in enumerate(GROUPS, start=1):
        user.play(pressed.keys)
        names = [supernode.name for supernode in user.supernodes()]
        assert len(names) == n
        assert names[-1] == pressed.seen


def find_and_filter(user: User) -> None:
    """What was labelled is found again, and is what is left in the table."""
    session = user.window.session
    user.play(FIND.keys)
    user.wait_for(lambda: bool(user.window.finding.found))
    user.play("Return")
    assert session.feature is not None
    assert session.state.label(session.feature) == FIND.seen
    user.play(FILTER.keys)
    state, number = session.state, session.graph_id
    assert number is not None
    rows = user.window.table.view.model.rowCount()
    nodes = map(NodeIndex, range(len(state.graphs[number].graph)))
    assert 0 < rows == sum(state.label_at(number, n) == FILTER.seen for n in nodes)


def undo_title(user: User) -> str:
    """What would be undone next; "" where there is nothing."""
    project = user.window.session.project
    return project.steps().undo if project else ""


def undo_until(user: User, title: str) -> int:
    """Undo until that is what would be undone next; how many steps."""
    steps = 0
    while undo_title(user) != title:
        user.play("Ctrl+Z")
        steps += 1
    return steps


def export(user: User, target: Path) -> None:
    user.play(EXPORT)
    user.type(str(target))
    user.play("Return")
    user.wait_for(lambda: not user.window.export.slot.running)


def test_a_session_by_keyboard_alone(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = shutil.copytree(home, tmp_path / "home", symlinks=True)
    live_in(own, monkeypatch)
    target = tmp_path / "annotated.json"
    ends: list[dict[str, object]] = []

    def work(user: User) -> None:
        session = user.window.session
        begun, of_the_run = visible(session.state), undo_title(user)
        review(user)
        group(user)
        find_and_filter(user)
        ends.append(visible(session.state))
        export(user, target)
        done = undo_until(user, of_the_run)
        assert done > 110
        assert visible(session.state) == begun
        done += undo_until(user, "")
        assert not visible(session.state)["results"]
        for _ in range(done):
            user.play("Ctrl+Shift+Z")
        assert visible(session.state) == ends[0]

    with no_mouse():
        assert start(["demo"], work) == 0
    check_file(projects_folder() / "demo.gloss", ends[0])
    check_export(target, ends[0])


def check_file(path: Path, end: dict[str, object]) -> None:
    project = Project(path, read_only=True)
    assert visible(project.state) == end
    assert project.verify() == []
    project.close()


def check_export(target: Path, end: dict[str, object]) -> None:
    """The file that was written has the labels and the supernodes."""
    imported = read_graph(target).imported
    texts = {label.text for label in imported.labels.values()}
    assert {supernode.name for supernode in imported.supernodes} == {
        pressed.seen for pressed in GROUPS
    }
    assert "what it looks like to me" in texts


def needs_a_person(state: ProjectState, feature: FeatureKey) -> bool:
    """After a run, nobody having reviewed: its tier asks for one, or no label came."""
    result = state.result(feature)
    assert result is not None
    by_tier = result.tier in ("obscure", "insufficient", "no evidence")
    return by_tier or not state.label(feature)


def test_what_the_demo_leaves_to_a_person(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    live_in(home, monkeypatch)
    path = projects_folder() / "demo.gloss"
    project = Project(path, read_only=True)
    state = project.state
    project.close()
    quality = review_quality(state)
    for graph, entry in zip(quality.graphs, state.graphs.values(), strict=True):
        unsettled = [f for f in entry.graph.features if needs_a_person(state, f)]
        assert graph.left == len(unsettled)
        assert graph.share == len(unsettled) / graph.feature_nodes
    assert main(["quality", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [graph["left"] for graph in told["graphs"]] == [
        graph.left for graph in quality.graphs
    ]
    n_left = sum(graph.left for graph in quality.graphs)
    nodes = sum(graph.feature_nodes for graph in quality.graphs)
    with capsys.disabled():
        for graph in quality.graphs:
            print(
                f"{graph.slug}: {graph.left} decisions, {graph.share:.0%} of the "
                f"{graph.feature_nodes} feature nodes"
            )
        print(f"in all {n_left / nodes:.0%}, where at most {AIM:.0%} is the aim")
