"""The command by itself: quick where it has nothing to read, settings put aside."""

import subprocess
import sys
from pathlib import Path

import pytest

from glossator.cli import COMMANDS, build_parser, main
from glossator.project.project import Project
from glossator.settings import preferences_file, projects_folder, window_settings_file


def test_the_version_is_told_without_reading_any_command() -> None:
    code = (
        "import sys\n"
        "from glossator.cli import main\n"
        "main(['--version'])\n"
        "heavy = ('numpy', 'msgspec', 'torch', 'PySide6', 'networkx', 'sqlite3')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    version, loaded = done.stdout.splitlines()
    assert version.startswith("glossator ")
    assert loaded == "[]"


def test_the_help_of_all_lists_every_command() -> None:
    text = build_parser().format_help()
    for name in COMMANDS:
        assert f"\n    {name} " in text


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_read_by_its_name_alone(name: str) -> None:
    text = build_parser(name).format_help()
    assert f"\n    {name} " in text
    assert sum(f"\n    {other} " in text for other in COMMANDS) == 1


def test_a_file_alone_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "work.gloss"
    Project(path).close()
    assert main([str(path)]) == 2
    assert "no display" in capsys.readouterr().err


def test_settings_are_put_aside_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = projects_folder() / "work.gloss"
    kept.parent.mkdir(parents=True)
    Project(kept).close()
    for path in (preferences_file(), window_settings_file()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    assert main(["--reset-settings"]) == 0
    assert not preferences_file().exists()
    assert not window_settings_file().exists()
    told = capsys.readouterr().out
    for path in (preferences_file(), window_settings_file()):
        old = path.with_name(f"{path.name}.old")
        assert old.read_text() == "x"
        assert str(old) in told
    assert kept.is_file()
    assert main(["--reset-settings"]) == 0
    assert "already" in capsys.readouterr().out
