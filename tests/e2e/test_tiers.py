"""A user tries another threshold by keyboard, applies it, and takes it back."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt

from glossator.demo import demo_project
from glossator.project.edits import SetResult
from glossator.project.project import Project
from glossator.project.revision import feature_subject
from glossator.protocol.decision import FeatureScores, WindowScore
from glossator.protocol.protocol_settings import ProtocolSettings
from glossator.protocol.routing import decide
from tests.e2e.user import User, start

CTRL = Qt.KeyboardModifier.ControlModifier
LOW = WindowScore(n_used=9, raw=0.1, weighted=0.1, jackknife_error=0.0, z=0.0)


def scored_demo(path: Path) -> None:
    """The demo with made scores: z of the input window runs from 0 to 9.9."""
    project = demo_project(path)
    edits = []
    for at, feature in enumerate(project.state.features()):
        scores = FeatureScores(
            n_examples=9,
            n_distinct=9,
            input=msgspec.structs.replace(LOW, z=at % 100 / 10),
            output=LOW,
            cross=LOW,
            p=0.01,
        )
        result = decide(scores, ProtocolSettings(), "embedder", "null")
        edits.append(SetResult(feature_subject(feature), result))
    project.apply("run protocol", edits)
    project.close()


def n_input(z: float, n: int) -> int:
    return sum(at % 100 / 10 >= z for at in range(n))


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)
def test_try_apply_and_undo_by_keyboard(tmp_path: Path) -> None:
    path = tmp_path / "demo.gloss"
    scored_demo(path)
    seen: list[tuple[str, int]] = []

    def work(user: User) -> None:
        window = user.window
        state, view = window.session.state, window.tiers.view

        def note(what: str) -> None:
            user.wait_for(lambda: window.tiers.settled)
            tiers = Counter(result.tier for result in state.results.values())
            seen.append((what, tiers["input"]))

        note("at first")
        user.press(Qt.Key.Key_5, CTRL)
        user.wait_for(lambda: window.tiers.settled)
        user.press(Qt.Key.Key_End)
        user.press(Qt.Key.Key_Return)
        assert window.session.selected_features
        assert {f.layer for f in window.session.selected_features} == {29}
        for _ in range(10):
            if user.target() is view.threshold.slider:
                break
            user.press(Qt.Key.Key_Tab)
        for _ in range(2):
            user.press(Qt.Key.Key_PageUp)
        note("tried")
        changing = n_input(3.0, len(state.results)) - n_input(5.0, len(state.results))
        assert view.apply.text() == f"Apply to {changing} features"
        user.press(Qt.Key.Key_Tab)
        user.press(Qt.Key.Key_Space)
        note("applied")
        assert user.target() is view.bars, "the keyboard stays on the page"
        user.press(Qt.Key.Key_Z, CTRL)
        note("undone")
        user.press(Qt.Key.Key_Y, CTRL)
        note("redone")

    assert start(["open", str(path)], work) == 0
    project = Project(path, read_only=True)
    n = len(project.state.results)
    assert seen == [
        ("at first", n_input(3.0, n)),
        ("tried", n_input(3.0, n)),
        ("applied", n_input(5.0, n)),
        ("undone", n_input(3.0, n)),
        ("redone", n_input(5.0, n)),
    ]
    settings = msgspec.json.decode(project.setting("protocol"), type=ProtocolSettings)
    assert settings.z_threshold == 5.0
    assert project.verify() == []
    project.close()
